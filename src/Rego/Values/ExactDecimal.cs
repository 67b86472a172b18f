// mantissa * 10^exponent without trailing zeros in the mantissa, so equal numbers have equal parts.
// Comparison never expands an exponent further than the number of digits: 1e999999 costs what 1 costs.
using System.Globalization;
using System.Numerics;

namespace CabinCrew.Rego.Values;

internal sealed class ExactDecimal : IEquatable<ExactDecimal>, IComparable<ExactDecimal>
{
    /// <summary>Numbers with more digits before the point than this are never expanded.</summary>
    private const int WholeDigitsMax = 20_000;

    private const int ExponentMax = 1_000_000_000;

    private readonly int digits;

    private ExactDecimal(BigInteger mantissa, int exponent, int digits)
    {
        Mantissa = mantissa;
        Exponent = exponent;
        this.digits = digits;
    }

    public BigInteger Mantissa { get; }

    public int Exponent { get; }

    public int Sign => Mantissa.Sign;

    public bool IsInteger => Exponent >= 0;

    /// <summary>How far the first digit stands left of the point: 1 for 1..9, 0 for 0.1..0.9.</summary>
    public int Magnitude => digits + Exponent;

    public static ExactDecimal Of(BigInteger number) => FromDigits(number.Sign < 0, BigInteger.Abs(number).ToString(CultureInfo.InvariantCulture), 0);

    /// <summary>JSON's number grammar; null for anything else.</summary>
    public static ExactDecimal? Parse(string text)
    {
        if (text.Length > NumberValue.TextCharsMax) return null;
        var at = 0;
        var negative = text.Length > 0 && text[0] == '-';
        if (negative) at++;
        var wholeStart = at;
        at = SkipDigits(text, at);
        var wholeEnd = at;
        if (wholeEnd == wholeStart || (text[wholeStart] == '0' && wholeEnd > wholeStart + 1)) return null;
        int fractionStart = at, fractionEnd = at;
        if (at < text.Length && text[at] == '.')
        {
            fractionStart = at + 1;
            fractionEnd = at = SkipDigits(text, fractionStart);
            if (fractionEnd == fractionStart) return null;
        }

        var exponent = 0;
        if (at < text.Length && text[at] is 'e' or 'E' && !TryExponent(text.AsSpan(at + 1), out exponent)) return null;
        if (at < text.Length && text[at] is not ('e' or 'E')) return null;
        var all = string.Concat(text.AsSpan(wholeStart, wholeEnd - wholeStart), text.AsSpan(fractionStart, fractionEnd - fractionStart));
        return FromDigits(negative, all, exponent - (fractionEnd - fractionStart));
    }

    public ExactDecimal TimesTenTo(int power) => Mantissa.IsZero ? this : new ExactDecimal(Mantissa, Exponent + power, digits);

    public bool TryLong(out long number)
    {
        number = 0;
        if (Exponent < 0 || Magnitude > 19 || !TryInteger(out var big) || big < long.MinValue || big > long.MaxValue) return false;
        number = (long)big;
        return true;
    }

    public bool TryInteger(out BigInteger number)
    {
        number = Mantissa;
        if (Exponent < 0 || Magnitude > WholeDigitsMax) return false;
        if (Exponent > 0) number *= BigInteger.Pow(10, Exponent);
        return true;
    }

    /// <summary>The whole number at or below; false where it is beyond the limits.</summary>
    public bool TryFloor(out BigInteger number)
    {
        if (Exponent >= 0) return TryInteger(out number);
        if (Magnitude < 0 || digits <= -Exponent - 1)
        {
            number = Sign < 0 ? -1 : 0;
            return true;
        }

        number = BigInteger.DivRem(Mantissa, BigInteger.Pow(10, -Exponent), out var rest);
        if (rest.Sign < 0) number -= 1;
        return true;
    }

    public int CompareTo(ExactDecimal? other)
    {
        if (other is null) return 1;
        if (Sign != other.Sign) return Sign < other.Sign ? -1 : 1;
        if (Sign == 0) return 0;
        if (Magnitude != other.Magnitude) return Magnitude > other.Magnitude == Sign > 0 ? 1 : -1;
        if (Exponent == other.Exponent) return Mantissa.CompareTo(other.Mantissa);
        // Same magnitude: the exponents differ by no more than the digits do.
        return Exponent > other.Exponent
            ? (Mantissa * BigInteger.Pow(10, Exponent - other.Exponent)).CompareTo(other.Mantissa)
            : Mantissa.CompareTo(other.Mantissa * BigInteger.Pow(10, other.Exponent - Exponent));
    }

    public bool Equals(ExactDecimal? other) => other is not null && Exponent == other.Exponent && Mantissa == other.Mantissa;

    public override bool Equals(object? other) => Equals(other as ExactDecimal);

    public override int GetHashCode() => HashCode.Combine(Mantissa, Exponent);

    private static ExactDecimal FromDigits(bool negative, string digits, int exponent)
    {
        var significant = digits.AsSpan().TrimStart('0');
        var trimmed = significant.TrimEnd('0');
        if (trimmed.IsEmpty) return new ExactDecimal(BigInteger.Zero, 0, 1);
        var mantissa = BigInteger.Parse(trimmed, NumberStyles.None, CultureInfo.InvariantCulture);
        return new ExactDecimal(negative ? -mantissa : mantissa, exponent + (significant.Length - trimmed.Length), trimmed.Length);
    }

    private static bool TryExponent(ReadOnlySpan<char> text, out int exponent)
    {
        exponent = 0;
        var sign = text.Length > 0 && text[0] is '+' or '-' ? 1 : 0;
        if (sign == text.Length || SkipDigits(text, sign) != text.Length) return false;
        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent)
            && exponent is > -ExponentMax and < ExponentMax;
    }

    private static int SkipDigits(ReadOnlySpan<char> text, int at)
    {
        while (at < text.Length && char.IsAsciiDigit(text[at])) at++;
        return at;
    }
}
