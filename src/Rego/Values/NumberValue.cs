// A number. Whole ones that fit are a long; all others keep an exact decimal beside their text, so that
// 1, 1.0 and 1e0 are equal, no digit is lost, and output shows the text that came in.
using System.Globalization;
using System.Numerics;

namespace CabinCrew.Rego.Values;

public sealed class NumberValue : Value
{
    /// <summary>Longer texts are refused: parsing and comparing must stay cheap.</summary>
    public const int TextCharsMax = 16_384;

    private const int InternedFrom = -128;
    private const int InternedTo = 1_023;

    private static readonly NumberValue[] interned = Intern();

    private readonly long whole;
    private readonly string? text;
    private readonly ExactDecimal? exact;

    private NumberValue(long whole, string? text, ExactDecimal? exact) : base(ValueKind.Number)
    {
        this.whole = whole;
        this.text = text;
        this.exact = exact;
    }

    public static NumberValue Zero => Of(0);

    /// <summary>The number as it was written, or its decimal digits.</summary>
    public string Text => text ?? whole.ToString(CultureInfo.InvariantCulture);

    public bool IsInteger => exact is null || exact.IsInteger;

    public int Sign => exact is null ? Math.Sign(whole) : exact.Sign;

    /// <summary>Written with digits alone: 1000, but neither 1000.0 nor 1e3. What Go reads as an integer.</summary>
    internal bool IsWrittenWhole => text is null || !text.AsSpan(text[0] == '-' ? 1 : 0).ContainsAnyExceptInRange('0', '9');

    internal bool IsPlain => text is null;

    public static NumberValue Of(long number) =>
        number is >= InternedFrom and <= InternedTo ? interned[number - InternedFrom] : new NumberValue(number, null, null);

    public static NumberValue Of(BigInteger number) => number >= long.MinValue && number <= long.MaxValue
        ? Of((long)number)
        : new NumberValue(0, number.ToString(CultureInfo.InvariantCulture), ExactDecimal.Of(number));

    /// <summary>Shortest text that reads back as the same double. Not for NaN or infinities.</summary>
    public static NumberValue Of(double number) =>
        number == Math.Floor(number) && Math.Abs(number) < 1e15
            ? Of((long)number)
            : Parse(number.ToString("R", CultureInfo.InvariantCulture).Replace("E+", "e+", StringComparison.Ordinal).Replace("E-", "e-", StringComparison.Ordinal))!;

    /// <summary>Reads a JSON number; null where the text is not one or is beyond the limits.</summary>
    public static NumberValue? Parse(string text)
    {
        if (TryPlain(text, out var plain)) return Of(plain);
        var exact = ExactDecimal.Parse(text);
        if (exact is null) return null;
        return exact.TryLong(out var whole) ? new NumberValue(whole, text, null) : new NumberValue(0, text, exact);
    }

    /// <summary>True where the number is whole and fits a long.</summary>
    public bool TryInt64(out long number)
    {
        number = whole;
        return exact is null;
    }

    /// <summary>True where the number is whole and of bearable size.</summary>
    public bool TryInteger(out BigInteger number)
    {
        number = whole;
        return exact is null || exact.TryInteger(out number);
    }

    public double ToDouble() => exact is null ? whole : double.Parse(Text, NumberStyles.Float, CultureInfo.InvariantCulture);

    internal ExactDecimal ToExact() => exact ?? ExactDecimal.Of(whole);

    private protected override int CompareSameKind(Value other)
    {
        var right = (NumberValue)other;
        return exact is null && right.exact is null ? whole.CompareTo(right.whole) : ToExact().CompareTo(right.ToExact());
    }

    private protected override bool EqualsSameKind(Value other)
    {
        var right = (NumberValue)other;
        if (exact is null || right.exact is null) return exact is null && right.exact is null && whole == right.whole;
        return exact.Equals(right.exact);
    }

    private protected override int ComputeHash() => exact?.GetHashCode() ?? HashCode.Combine((int)whole, (int)(whole >> 32));

    // Only the canonical spelling: "-0", "007" and "+1" are not plain.
    private static bool TryPlain(string text, out long number)
    {
        number = 0;
        if (text.Length is 0 or > 20) return false;
        var first = text[0] == '-' ? 1 : 0;
        if (first == text.Length || (text[first] == '0' && text.Length > 1)) return false;
        for (var i = first; i < text.Length; i++)
        {
            if (!char.IsAsciiDigit(text[i])) return false;
        }

        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);
    }

    private static NumberValue[] Intern()
    {
        var numbers = new NumberValue[InternedTo - InternedFrom + 1];
        for (var i = 0; i < numbers.Length; i++) numbers[i] = new NumberValue(i + InternedFrom, null, null);
        return numbers;
    }
}
