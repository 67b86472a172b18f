// Letters that a text spells by a backslash: what stands in a string of a string. Linear; no text is refused.
using System.Globalization;
using System.Text;

namespace CabinCrew.Gateways.Llm.Wire;

internal static class Escapes
{
    /// <summary>The text as whoever reads it as a part of JSON would take it; null: it says the same.</summary>
    public static string? Decode(string text)
    {
        var at = text.IndexOf('\\', StringComparison.Ordinal);
        if (at < 0) return null;
        var meant = new StringBuilder(text.Length).Append(text, 0, at);
        var any = false;
        while (at < text.Length)
        {
            var (letter, length) = text[at] == '\\' ? Letter(text, at) : (text[at], 1);
            any |= length > 1;
            meant.Append(letter);
            at += length;
        }
        return any ? meant.ToString() : null;
    }

    /// <summary>Somewhere a printable letter of ASCII is spelled by its number.</summary>
    public static bool SpellsLetters(string text)
    {
        for (var at = 0; text.IndexOf("\\u00", at, StringComparison.OrdinalIgnoreCase) is >= 0 and var found; at = found + 1)
            if (Letter(text, found) is (>= ' ' and <= '~', > 2)) return true;
        return false;
    }

    private static (char Letter, int Length) Letter(string text, int at)
    {
        if (at + 1 >= text.Length) return ('\\', 1);
        return text[at + 1] switch
        {
            'n' => ('\n', 2),
            't' => ('\t', 2),
            'r' => ('\r', 2),
            'b' => ('\b', 2),
            'f' => ('\f', 2),
            '"' or '\\' or '/' => (text[at + 1], 2),
            'u' when at + 6 <= text.Length && ushort.TryParse(text.AsSpan(at + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit) => ((char)unit, 6),
            _ => ('\\', 1),
        };
    }
}
