// What a text says to whoever reads past its disguise: without what nobody sees (characters without width, soft hyphens, marks that sit on letters), and with letters of other alphabets, full
// width or mathematics as the Latin ones that they look like. For detectors that stand on anchors; each character knows its place. One pass, by LetterFold's table, but with its case kept.
using System.Buffers;
using System.Globalization;
using CabinCrew.Governance.Detection.Injection;

namespace CabinCrew.Governance.Detection;

/// <summary>The plain text. Its memory goes back to the pool when it is disposed of, cleared: it may have held a secret.</summary>
internal sealed class Disguise : IDisposable
{
    private const char Nothing = '\0';

    // Halves of characters beyond the first 65,536 of which some are letters in disguise: tags, mathematical letters, squared ones and flags.
    private const string HighHalves = "\uD835\uD83C\uDB40";

    private static readonly SearchValues<char> Disguised = SearchValues.Create([.. Enumerable.Range(0x80, char.MaxValue - 0x7F).Select(c => (char)c).Where(c => !char.IsSurrogate(c) && Of(c) != c), .. HighHalves]);

    // The first bytes of all of them in UTF-8.
    private static readonly SearchValues<byte> Leads = SearchValues.Create([0xC2, 0xC3, 0xC4, 0xC5, .. Enumerable.Range(0xC8, 0xD3 - 0xC8 + 1).Select(b => (byte)b), 0xD4, 0xD8, 0xE1, 0xE2, 0xE3, 0xEA, 0xEF, 0xF0, 0xF3]);

    private readonly char[] chars;
    private readonly List<(int Index, int Place)> runs = [];
    private readonly int count;

    private Disguise(ReadOnlySpan<char> text, int first)
    {
        chars = ArrayPool<char>.Shared.Rent(text.Length);
        text[..first].CopyTo(chars);
        count = first;
        runs.Add((0, 0));
        for (var at = first; at < text.Length;)
        {
            var run = text[at..].IndexOfAny(Disguised);
            var plain = text.Slice(at, run < 0 ? text.Length - at : run);
            plain.CopyTo(chars.AsSpan(count));
            count += plain.Length;
            at += plain.Length;
            if (at == text.Length) break;
            var isPair = at + 1 < text.Length && char.IsSurrogatePair(text[at], text[at + 1]);
            var shown = isPair ? Of(text[at], text[at + 1]) : Of(text[at]);
            if (isPair && shown is null)
            {
                (chars[count], chars[count + 1]) = (text[at], text[at + 1]);
                count += 2;
                at += 2;
                continue;
            }
            at += isPair ? 2 : 1;
            if (shown != Nothing) chars[count++] = shown!.Value;
            // From here on a character further is a character further.
            if (shown == Nothing || isPair) runs.Add((count, at));
        }
    }

    public ReadOnlySpan<char> Chars => chars.AsSpan(0, count);

    /// <summary>Null: nothing in the text is in disguise.</summary>
    public static Disguise? Of(ReadOnlySpan<char> text) => !System.Text.Ascii.IsValid(text) && text.IndexOfAny(Disguised) is >= 0 and var first ? new(text, first) : null;

    /// <summary>The text without its disguise.</summary>
    public static string Plain(string text)
    {
        using var plain = Of(text);
        return plain?.Chars.ToString() ?? text;
    }

    /// <summary>Whether something in UTF-8 text is in disguise, and close enough to Latin letters to be read as one word with them. What is not is another language.</summary>
    public static bool MayBeIn(ReadOnlySpan<byte> utf8)
    {
        if (System.Text.Ascii.IsValid(utf8)) return false;
        for (var at = 0; utf8[at..].IndexOfAny(Leads) is >= 0 and var step;)
        {
            at += step;
            var length = utf8[at] switch { < 0xE0 => 2, < 0xF0 => 3, _ => 4 };
            var isNear = (at > 0 && IsPlain(utf8[at - 1])) || (at + length < utf8.Length && IsPlain(utf8[at + length]));
            if ((length == 3 && IsFullWidth(utf8[at..])) || (length == 4 ? IsLetterOrTag(utf8[at..]) : isNear)) return true;
            at++;
        }
        return false;
    }

    /// <summary>What stands in the text where something was found in the plain one.</summary>
    public TextMatch InText(TextMatch match)
    {
        var start = PlaceOf(match.Start);
        return match with { Start = start, Length = PlaceOf(match.Start + match.Length) - start };
    }

    public void Dispose() => ArrayPool<char>.Shared.Return(chars, clearArray: true);

    private int PlaceOf(int index)
    {
        var (low, high) = (0, runs.Count - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (runs[middle].Index <= index) low = middle;
            else high = middle - 1;
        }
        return runs[low].Place + index - runs[low].Index;
    }

    private static char Of(char c) => c switch
    {
        < '\u0080' => c,
        '\u2018' or '\u2019' or '\u201B' or '\u02BC' => '\'',
        _ => LetterFold.Of(c) switch
        {
            LetterFold.Nothing => Nothing,
            >= (byte)'a' and <= (byte)'z' and var letter => char.IsUpper(c) ? (char)(letter & ~0x20) : (char)letter,
            (byte)'0' => CharUnicodeInfo.GetDecimalDigitValue(c) is >= 0 and var digit ? (char)('0' + digit) : c,
            LetterFold.Space => char.IsWhiteSpace(c) ? ' ' : c,
            < 0x80 and var sign => (char)sign,
            _ => c,
        },
    };

    // Null: it is what it is.
    private static char? Of(char high, char low)
    {
        var code = char.ConvertToUtf32(high, low);
        return LetterFold.Of(high, low) switch
        {
            _ when code is >= 0xE0020 and <= 0xE007E => (char)(code & 0x7F),
            LetterFold.Nothing => Nothing,
            // Mathematical alphabets have their capitals first; squared letters and those of flags are capitals.
            >= (byte)'a' and <= (byte)'z' and var letter => code >= 0x1F000 || (code - 0x1D400) % 52 < 26 ? (char)(letter & ~0x20) : (char)letter,
            (byte)'0' => (char)('0' + (code - 0x1D7CE) % 10),
            _ => null,
        };
    }

    private static bool IsFullWidth(ReadOnlySpan<byte> utf8) => utf8 is [0xEF, 0xBC, (>= 0x90 and <= 0x99) or (>= 0xA1 and <= 0xBA), ..] or [0xEF, 0xBD, >= 0x81 and <= 0x9A, ..];

    private static bool IsLetterOrTag(ReadOnlySpan<byte> utf8) => utf8 is [0xF3, 0xA0, ..] or [0xF0, 0x9D, ..] or [0xF0, 0x9F, 0x84 or 0x85 or 0x87, ..];

    private static bool IsPlain(byte b) => char.IsAsciiLetterOrDigit((char)b) || b is (byte)'_' or (byte)'-';
}
