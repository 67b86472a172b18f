// A set of code points as sorted, disjoint ranges.
using System.Globalization;
using System.Text;

namespace CabinCrew.Rego.Builtins.Patterns;

internal sealed class CharClass
{
    private const int Last = 0x10FFFF;

    public static readonly CharClass Any = new([(0, Last)]);
    public static readonly CharClass NotNewline = Of("\n").Negate();
    public static readonly CharClass Digit = new([('0', '9')]);
    public static readonly CharClass Space = new([('\t', '\n'), ('\f', '\r'), (' ', ' ')]);
    public static readonly CharClass Word = new([('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')]);

    private readonly (int From, int To)[] ranges;

    private CharClass((int From, int To)[] ranges) => this.ranges = ranges;

    public ReadOnlySpan<(int From, int To)> Ranges => ranges;

    /// <summary>The only code point, or -1.</summary>
    public int Single => ranges is [var (from, to)] && from == to ? from : -1;

    public static CharClass Of(string characters) => From(characters.EnumerateRunes().Select(rune => (rune.Value, rune.Value)));

    public static CharClass Of(int codePoint) => new([(codePoint, codePoint)]);

    public static CharClass From(IEnumerable<(int From, int To)> given)
    {
        var merged = new List<(int From, int To)>();
        foreach (var (from, to) in given.Order())
        {
            if (merged.Count > 0 && from <= merged[^1].To + 1) merged[^1] = (merged[^1].From, Math.Max(merged[^1].To, to));
            else merged.Add((from, to));
        }

        return new CharClass([.. merged]);
    }

    public CharClass Negate()
    {
        var gaps = new List<(int, int)>();
        var next = 0;
        foreach (var (from, to) in ranges)
        {
            if (from > next) gaps.Add((next, from - 1));
            next = to + 1;
        }

        if (next <= Last) gaps.Add((next, Last));
        return new CharClass([.. gaps]);
    }

    /// <summary>With the other case of every letter.</summary>
    public CharClass Fold()
    {
        if (ranges.Length == 0) return this;
        if (ranges[^1].To < 0x80) return FoldAscii();
        var folded = new List<(int, int)>(ranges);
        foreach (var (letter, other) in LetterCases.Pairs)
        {
            if (Contains(letter) && !Contains(other)) folded.Add((other, other));
        }

        return folded.Count == ranges.Length ? this : From(folded);
    }

    // What the letters' table says of these, without the table, which takes long to make.
    private CharClass FoldAscii()
    {
        var folded = new List<(int, int)>(ranges);
        for (int letter = 'a'; letter <= 'z'; letter++)
        {
            var (lower, upper) = (Contains(letter), Contains(letter - 0x20));
            if (lower != upper) folded.Add(lower ? (letter - 0x20, letter - 0x20) : (letter, letter));
            if ((lower || upper) && letter is 'k' or 's') folded.Add(letter == 'k' ? (0x212A, 0x212A) : (0x17F, 0x17F));
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
        var ranges = new List<(int From, int To)>();
        for (var c = 0; c <= Last; c++)
        {
            var category = CharUnicodeInfo.GetUnicodeCategory(c);
            if (!(chosen?.Invoke(category) ?? (int)category == index)) continue;
            if (ranges.Count > 0 && ranges[^1].To == c - 1) ranges[^1] = (ranges[^1].From, c);
            else ranges.Add((c, c));
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
        "Latin" => new([('A', 'Z'), ('a', 'z'), (0xAA, 0xAA), (0xBA, 0xBA), (0xC0, 0xD6), (0xD8, 0xF6), (0xF8, 0x2B8), (0x1E00, 0x1EFF), (0x2C60, 0x2C7F), (0xA722, 0xA787), (0xFB00, 0xFB06), (0xFF21, 0xFF3A), (0xFF41, 0xFF5A)]),
        "Greek" => new([(0x370, 0x373), (0x375, 0x377), (0x37A, 0x37D), (0x37F, 0x37F), (0x384, 0x384), (0x386, 0x386), (0x388, 0x3E1), (0x3F0, 0x3FF), (0x1F00, 0x1FFE)]),
        "Cyrillic" => new([(0x400, 0x484), (0x487, 0x52F), (0x1C80, 0x1C88), (0x2DE0, 0x2DFF), (0xA640, 0xA69F)]),
        "Armenian" => new([(0x531, 0x556), (0x559, 0x58A), (0x58D, 0x58F)]),
        "Hebrew" => new([(0x591, 0x5F4), (0xFB1D, 0xFB4F)]),
        "Arabic" => new([(0x600, 0x604), (0x606, 0x60B), (0x60D, 0x61A), (0x61C, 0x61E), (0x620, 0x63F), (0x641, 0x64A), (0x656, 0x66F), (0x671, 0x6DC), (0x6DE, 0x6FF), (0x750, 0x77F), (0x8A0, 0x8FF), (0xFB50, 0xFDFF), (0xFE70, 0xFEFC)]),
        "Devanagari" => new([(0x900, 0x950), (0x955, 0x963), (0x966, 0x97F), (0xA8E0, 0xA8FF)]),
        "Thai" => new([(0xE01, 0xE3A), (0xE40, 0xE5B)]),
        "Hangul" => new([(0x1100, 0x11FF), (0x302E, 0x302F), (0x3131, 0x318E), (0xA960, 0xA97C), (0xAC00, 0xD7A3), (0xD7B0, 0xD7FB)]),
        "Hiragana" => new([(0x3041, 0x3096), (0x309D, 0x309F), (0x1B001, 0x1B11F)]),
        "Katakana" => new([(0x30A1, 0x30FA), (0x30FD, 0x30FF), (0x31F0, 0x31FF), (0xFF66, 0xFF6F), (0xFF71, 0xFF9D)]),
        "Han" => new([(0x2E80, 0x2FD5), (0x3005, 0x3005), (0x3007, 0x3007), (0x3021, 0x3029), (0x3038, 0x303B), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAD9), (0x20000, 0x323AF)]),
        _ => null,
    };
}
