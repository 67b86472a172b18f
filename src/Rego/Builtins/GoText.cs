// Texts as Go writes them: quoted strings, and strings by code point.
using System.Text;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins;

internal static class GoText
{
    public static string Quote(string text)
    {
        var quoted = new StringBuilder();
        ValueText.AppendQuoted(quoted, text);
        return quoted.ToString();
    }

    /// <summary>How many code points a text has.</summary>
    public static int CountRunes(ReadOnlySpan<char> text)
    {
        var count = text.Length;
        for (var at = text.IndexOfAnyInRange('\uD800', '\uDBFF'); at >= 0;)
        {
            if (at + 1 < text.Length && char.IsLowSurrogate(text[at + 1])) count--;
            text = text[(at + 1)..];
            at = text.IndexOfAnyInRange('\uD800', '\uDBFF');
        }

        return count;
    }

    public static bool HasSurrogates(ReadOnlySpan<char> text) => text.ContainsAnyInRange('\uD800', '\uDFFF');

    /// <summary>Where a text of one or two UTF-16 units that starts here ends.</summary>
    public static int NextRune(ReadOnlySpan<char> text, int at) =>
        char.IsHighSurrogate(text[at]) && at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]) ? at + 2 : at + 1;

    /// <summary>The UTF-16 offset of the n-th code point, or the length where there are fewer.</summary>
    public static int OffsetOf(ReadOnlySpan<char> text, int rune)
    {
        if (!HasSurrogates(text)) return Math.Min(rune, text.Length);
        var at = 0;
        for (; rune > 0 && at < text.Length; rune--) at = NextRune(text, at);
        return at;
    }
}
