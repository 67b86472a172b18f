// Cuts text from elsewhere to a length, and never a character in two: half of a surrogate pair is no text, and no JSON either.
namespace CabinCrew.Governance.Policies;

internal static class TextCut
{
    /// <summary>The first characters, at most so many.</summary>
    public static string Start(string text, int max) => text.Length <= max ? text : text[..(char.IsHighSurrogate(text[max - 1]) ? max - 1 : max)];

    /// <summary>The same for messages, with a sign that it goes on.</summary>
    public static string Clip(string text, int max) => text.Length <= max ? text : Start(text, max) + "…";
}
