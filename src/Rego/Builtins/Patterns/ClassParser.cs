// A bracket expression: ranges, escapes, POSIX names, negation.
using System.Text;

namespace CabinCrew.Rego.Builtins.Patterns;

internal readonly struct ClassParser(string text)
{
    /// <summary>Starts at the opening bracket and ends behind the closing one.</summary>
    public CharClass Read(ref int at, bool fold)
    {
        var start = at++;
        var negative = at < text.Length && text[at] == '^';
        if (negative) at++;
        var ranges = new List<CharRange>();
        for (var first = true; first || at >= text.Length || text[at] != ']'; first = false)
        {
            if (at >= text.Length) throw new PatternException("missing closing ]", text[start..]);
            if (Posix(ref at) is { } posix) ranges.AddRange(posix.Ranges);
            else if (text[at] == '\\' && EscapeParser.Class(text, ref at, fold) is { } set) ranges.AddRange(set.Ranges);
            else ranges.Add(Range(ref at, start, first));
        }

        at++;
        var all = CharClass.From(ranges);
        if (fold) all = all.Fold();
        return negative ? all.Negate() : all;
    }

    private CharRange Range(ref int at, int start, bool first)
    {
        var rangeStart = at;
        // As Perl allows and RE2 does not: a dash that is neither first, last nor between two ends.
        if (text[at] == '-' && !first && at + 1 < text.Length && text[at + 1] != ']') throw new PatternException("invalid character class range", text[at..(at + 2)]);
        var low = Character(ref at, start);
        if (at + 1 >= text.Length || text[at] != '-' || text[at + 1] == ']') return new(low, low);
        at++;
        var high = Character(ref at, start);
        return high < low ? throw new PatternException("invalid character class range", text[rangeStart..at]) : new(low, high);
    }

    private int Character(ref int at, int start)
    {
        if (at >= text.Length) throw new PatternException("missing closing ]", text[start..]);
        if (text[at] == '\\') return EscapeParser.CodePoint(text, ref at);
        Rune.DecodeFromUtf16(text.AsSpan(at), out var rune, out var length);
        at += length;
        return rune.Value;
    }

    private CharClass? Posix(ref int at)
    {
        if (!text.AsSpan(at).StartsWith("[:", StringComparison.Ordinal)) return null;
        var close = text.IndexOf(":]", at + 2, StringComparison.Ordinal);
        if (close < 0) return null;
        var name = text[(at + 2)..close];
        var negative = name.StartsWith('^');
        CharClass? set = (negative ? name[1..] : name) switch
        {
            "alnum" => CharClass.From([new('0', '9'), new('A', 'Z'), new('a', 'z')]),
            "alpha" => CharClass.From([new('A', 'Z'), new('a', 'z')]),
            "ascii" => CharClass.From([new(0, 0x7F)]),
            "blank" => CharClass.Of("\t "),
            "cntrl" => CharClass.From([new(0, 0x1F), new(0x7F, 0x7F)]),
            "digit" => CharClass.Digit,
            "graph" => CharClass.From([new('!', '~')]),
            "lower" => CharClass.From([new('a', 'z')]),
            "print" => CharClass.From([new(' ', '~')]),
            "punct" => CharClass.From([new('!', '/'), new(':', '@'), new('[', '`'), new('{', '~')]),
            "space" => CharClass.From([new('\t', '\r'), new(' ', ' ')]),
            "upper" => CharClass.From([new('A', 'Z')]),
            "word" => CharClass.Word,
            "xdigit" => CharClass.From([new('0', '9'), new('A', 'F'), new('a', 'f')]),
            _ => null,
        };
        if (set is null) throw new PatternException("invalid character class range", text[at..(close + 2)]);
        at = close + 2;
        return negative ? set.Negate() : set;
    }
}
