// A set of code points as sorted, disjoint ranges.
using System.Globalization;
using System.Text;

namespace CabinCrew.Rego.Builtins.Patterns;

/// <remarks>A class, as all that is kept in lists: lists of structs, tuples too, are compiled anew at every start.</remarks>
internal sealed record CharRange(int From, int To);

internal sealed class CharClass
{
    private const int Last = 0x10FFFF;

    public static readonly CharClass Any = new([new(0, Last)]);
    public static readonly CharClass NotNewline = Of("\n").Negate();
    public static readonly CharClass Digit = new([new('0', '9')]);
    public static readonly CharClass Space = new([new('\t', '\n'), new('\f', '\r'), new(' ', ' ')]);
    public static readonly CharClass Word = new([new('0', '9'), new('A', 'Z'), new('_', '_'), new('a', 'z')]);

    private readonly CharRange[] ranges;

    private CharClass(CharRange[] ranges) => this.ranges = ranges;

    public ReadOnlySpan<CharRange> Ranges => ranges;

    /// <summary>The only code point, or -1.</summary>
    public int Single => ranges is [var (from, to)] && from == to ? from : -1;

    public static CharClass Of(string characters)
    {
        var ranges = new List<CharRange>();
        foreach (var rune in characters.EnumerateRunes()) ranges.Add(new(rune.Value, rune.Value));
        return From(ranges);
    }

    public static CharClass Of(int codePoint) => new([new(codePoint, codePoint)]);

    /// <summary>Puts the ranges in order, and together where they touch.</summary>
    public static CharClass From(List<CharRange> given)
    {
        given.Sort(static (a, b) => a.From != b.From ? a.From.CompareTo(b.From) : a.To.CompareTo(b.To));
        var merged = new List<CharRange>(given.Count);
        foreach (var (from, to) in given)
        {
            if (merged.Count > 0 && from <= merged[^1].To + 1) merged[^1] = new(merged[^1].From, Math.Max(merged[^1].To, to));
            else merged.Add(new(from, to));
        }

        return new CharClass([.. merged]);
    }

    public CharClass Negate()
    {
        var gaps = new List<CharRange>();
        var next = 0;
        foreach (var (from, to) in ranges)
        {
            if (from > next) gaps.Add(new(next, from - 1));
            next = to + 1;
        }

        if (next <= Last) gaps.Add(new(next, Last));
        return new CharClass([.. gaps]);
    }

    /// <summary>With the other case of every letter.</summary>
    public CharClass Fold()
    {
        if (ranges.Length == 0) return this;
        if (ranges[^1].To < 0x80) return FoldAscii();
        var folded = new List<CharRange>(ranges);
        foreach (var (letter, other) in LetterCases.Pairs)
        {
            if (Contains(letter) && !Contains(other)) folded.Add(new(other, other));
        }

        return folded.Count == ranges.Length ? this : From(folded);
    }

    // What the letters' table says of these, without the table, which takes long to make.
    private CharClass FoldAscii()
    {
        var folded = new List<CharRange>(ranges);
        for (int letter = 'a'; letter <= 'z'; letter++)
        {
            var (lower, upper) = (Contains(letter), Contains(letter - 0x20));
            if (lower != upper) folded.Add(lower ? new(letter - 0x20, letter - 0x20) : new(letter, letter));
            if ((lower || upper) && letter is 'k' or 's') folded.Add(letter == 'k' ? new(0x212A, 0x212A) : new(0x17F, 0x17F));
        }

        return folded.Count == ranges.Length ? this : From(folded);
    }

    public bool Contains(int codePoint)
    {
        int low = 0, high = ranges.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            if (codePoint < ranges[middle].From) high = middle - 1;
            else if (codePoint > ranges[middle].To) low = middle + 1;
            else return true;
        }

        return false;
    }

    /// <summary>A general category (<c>L</c>, <c>Lu</c>) or one of the larger scripts; null where the name is neither.</summary>
    public static CharClass? Unicode(string name)
    {
        if (Script(name) is { } script) return script;
        Func<UnicodeCategory, bool>? chosen = name switch
        {
            "L" => static c => c <= UnicodeCategory.OtherLetter,
            "M" => static c => c is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark,
            "N" => static c => c is UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber,
            "P" => static c => c is >= UnicodeCategory.ConnectorPunctuation and <= UnicodeCategory.OtherPunctuation,
            "S" => static c => c is >= UnicodeCategory.MathSymbol and <= UnicodeCategory.OtherSymbol,
            "Z" => static c => c is UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator,
            "C" => static c => c is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse or UnicodeCategory.Surrogate,
            _ => null,
        };
        var index = Array.IndexOf(Categories, name);
        if (chosen is null && index < 0) return null;
        var ranges = new List<CharRange>();
        for (var c = 0; c <= Last; c++)
        {
            var category = CharUnicodeInfo.GetUnicodeCategory(c);
            if (!(chosen?.Invoke(category) ?? (int)category == index)) continue;
            if (ranges.Count > 0 && ranges[^1].To == c - 1) ranges[^1] = new(ranges[^1].From, c);
            else ranges.Add(new(c, c));
        }

        return new CharClass([.. ranges]);
    }

    // In the order of UnicodeCategory.
    private static readonly string[] Categories =
    [
        "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po",
        "Sm", "Sc", "Sk", "So",
    ];

    private static CharClass? Script(string name) => name switch
    {
        "Any" => Any,
        "Latin" => new([new('A', 'Z'), new('a', 'z'), new(0xAA, 0xAA), new(0xBA, 0xBA), new(0xC0, 0xD6), new(0xD8, 0xF6), new(0xF8, 0x2B8), new(0x1E00, 0x1EFF), new(0x2C60, 0x2C7F), new(0xA722, 0xA787), new(0xFB00, 0xFB06), new(0xFF21, 0xFF3A), new(0xFF41, 0xFF5A)]),
        "Greek" => new([new(0x370, 0x373), new(0x375, 0x377), new(0x37A, 0x37D), new(0x37F, 0x37F), new(0x384, 0x384), new(0x386, 0x386), new(0x388, 0x3E1), new(0x3F0, 0x3FF), new(0x1F00, 0x1FFE)]),
        "Cyrillic" => new([new(0x400, 0x484), new(0x487, 0x52F), new(0x1C80, 0x1C88), new(0x2DE0, 0x2DFF), new(0xA640, 0xA69F)]),
        "Armenian" => new([new(0x531, 0x556), new(0x559, 0x58A), new(0x58D, 0x58F)]),
        "Hebrew" => new([new(0x591, 0x5F4), new(0xFB1D, 0xFB4F)]),
        "Arabic" => new([new(0x600, 0x604), new(0x606, 0x60B), new(0x60D, 0x61A), new(0x61C, 0x61E), new(0x620, 0x63F), new(0x641, 0x64A), new(0x656, 0x66F), new(0x671, 0x6DC), new(0x6DE, 0x6FF), new(0x750, 0x77F), new(0x8A0, 0x8FF), new(0xFB50, 0xFDFF), new(0xFE70, 0xFEFC)]),
        "Devanagari" => new([new(0x900, 0x950), new(0x955, 0x963), new(0x966, 0x97F), new(0xA8E0, 0xA8FF)]),
        "Thai" => new([new(0xE01, 0xE3A), new(0xE40, 0xE5B)]),
        "Hangul" => new([new(0x1100, 0x11FF), new(0x302E, 0x302F), new(0x3131, 0x318E), new(0xA960, 0xA97C), new(0xAC00, 0xD7A3), new(0xD7B0, 0xD7FB)]),
        "Hiragana" => new([new(0x3041, 0x3096), new(0x309D, 0x309F), new(0x1B001, 0x1B11F)]),
        "Katakana" => new([new(0x30A1, 0x30FA), new(0x30FD, 0x30FF), new(0x31F0, 0x31FF), new(0xFF66, 0xFF6F), new(0xFF71, 0xFF9D)]),
        "Han" => new([new(0x2E80, 0x2FD5), new(0x3005, 0x3005), new(0x3007, 0x3007), new(0x3021, 0x3029), new(0x3038, 0x303B), new(0x3400, 0x4DBF), new(0x4E00, 0x9FFF), new(0xF900, 0xFAD9), new(0x20000, 0x323AF)]),
        _ => null,
    };
}
