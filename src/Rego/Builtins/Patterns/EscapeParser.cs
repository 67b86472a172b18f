// Backslash escapes, the same inside and outside of brackets.
using System.Globalization;
using System.Text;

namespace CabinCrew.Rego.Builtins.Patterns;

internal static class EscapeParser
{
    /// <summary><c>\d</c>, <c>\pL</c>, <c>\p{Greek}</c> and their like; null, with nothing taken, for any other escape.</summary>
    public static CharClass? Class(string text, ref int at, bool fold)
    {
        if (at + 1 >= text.Length) return null;
        CharClass? set = text[at + 1] switch
        {
            'd' => CharClass.Digit,
            'D' => CharClass.Digit.Negate(),
            's' => CharClass.Space,
            'S' => CharClass.Space.Negate(),
            'w' => CharClass.Word,
            'W' => CharClass.Word.Negate(),
            _ => null,
        };
        if (set is not null)
        {
            at += 2;
            return set;
        }

        return text[at + 1] is 'p' or 'P' ? Property(text, ref at, fold) : null;
    }

    public static int CodePoint(string text, ref int at)
    {
        var start = at;
        if (at + 1 >= text.Length) throw new PatternException("trailing backslash at end of expression", "");
        var c = text[at + 1];
        at += 2;
        switch (c)
        {
            case 'a': return '\a';
            case 'f': return '\f';
            case 'n': return '\n';
            case 'r': return '\r';
            case 't': return '\t';
            case 'v': return '\v';
            case 'x': return Hex(text, ref at, start);
            case '0' or (>= '1' and <= '7') when c == '0' || (at < text.Length && text[at] is >= '0' and <= '7'): return Octal(text, ref at);
        }

        if (c < 0x80 && !char.IsAsciiLetterOrDigit(c)) return c;
        throw new PatternException("invalid escape sequence", text[start..Math.Min(start + (char.IsHighSurrogate(c) ? 3 : 2), text.Length)]);
    }

    private static CharClass Property(string text, ref int at, bool fold)
    {
        var start = at;
        var negative = text[at + 1] == 'P';
        at += 2;
        if (at >= text.Length) throw new PatternException("invalid character class range", text[start..]);
        string name;
        if (text[at] == '{')
        {
            var close = text.IndexOf('}', at);
            if (close < 0) throw new PatternException("invalid character class range", text[start..]);
            name = text[(at + 1)..close];
            at = close + 1;
        }
        else
        {
            name = text[at++].ToString();
        }

        if (name.StartsWith('^')) (name, negative) = (name[1..], !negative);
        var set = CharClass.Unicode(name) ?? throw new PatternException("invalid character class range", text[start..at]);
        if (fold) set = set.Fold();
        return negative ? set.Negate() : set;
    }

    private static int Octal(string text, ref int at)
    {
        var value = text[at - 1] - '0';
        for (var digits = 1; digits < 3 && at < text.Length && text[at] is >= '0' and <= '7'; digits++, at++) value = (value * 8) + text[at] - '0';
        return value;
    }

    private static int Hex(string text, ref int at, int start)
    {
        var digits = "";
        if (at < text.Length && text[at] == '{')
        {
            var close = text.IndexOf('}', at);
            if (close > 0) (digits, at) = (text[(at + 1)..close], close + 1);
        }
        else if (at + 2 <= text.Length)
        {
            (digits, at) = (text.Substring(at, 2), at + 2);
        }

        return int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) && value is >= 0 and <= 0x10FFFF
            ? value
            : throw new PatternException("invalid escape sequence", text[start..Math.Min(at, text.Length)]);
    }
}
