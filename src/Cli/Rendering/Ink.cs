// Colours as ANSI SGR sequences, or nothing at all. Takes text that is already safe (SafeText) and adds only its own escapes.
namespace CabinCrew.Cli.Rendering;

internal enum Tone { Plain, Strong, Faint, Red, Green, Yellow, Blue, Cyan, StrongRed, StrongGreen }

internal sealed class Ink(bool color)
{
    public bool Color { get; } = color;

    public string Write(Tone tone, string text) => !Color || tone == Tone.Plain || text.Length == 0 ? text : $"\e[{Code(tone)}m{text}\e[0m";

    public string Strong(string text) => Write(Tone.Strong, text);

    public string Faint(string text) => Write(Tone.Faint, text);

    public string Red(string text) => Write(Tone.Red, text);

    public string Green(string text) => Write(Tone.Green, text);

    public string Yellow(string text) => Write(Tone.Yellow, text);

    public string Cyan(string text) => Write(Tone.Cyan, text);

    private static string Code(Tone tone) => tone switch
    {
        Tone.Plain => "0",
        Tone.Strong => "1",
        Tone.Faint => "2",
        Tone.Red => "31",
        Tone.Green => "32",
        Tone.Yellow => "33",
        Tone.Blue => "34",
        Tone.Cyan => "36",
        Tone.StrongRed => "1;7;31",
        Tone.StrongGreen => "1;7;32",
    };
}
