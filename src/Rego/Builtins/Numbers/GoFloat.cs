// A binary float with a mantissa of up to 64 bits, which is what OPA computes with wherever a number is not whole
// (Go's big.Float). Invariant: the mantissa is zero or has its top bit set; value = mantissa * 2^exponent.
using System.Globalization;
using System.Numerics;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Numbers;

internal readonly struct GoFloat
{
    public const int Bits = 64;

    /// <summary>What <c>sum</c> and <c>product</c> round to after each step.</summary>
    public const int DoubleBits = 53;

    /// <summary>Decimal exponents beyond this are refused: expanding them would cost more than any policy is worth.</summary>
    private const int MagnitudeMax = 5_000;

    private readonly bool negative;
    private readonly ulong mantissa;
    private readonly int exponent;
    private readonly int precision;

    private GoFloat(bool negative, ulong mantissa, int exponent, int precision)
    {
        this.negative = negative;
        this.mantissa = mantissa;
        this.exponent = exponent;
        this.precision = precision;
    }

    public bool IsZero => mantissa == 0;

    /// <summary>Null where the number is too large or too small to compute with.</summary>
    public static GoFloat? Of(NumberValue number, int precision = Bits)
    {
        var exact = number.ToExact();
        if (Math.Abs((long)exact.Magnitude) > MagnitudeMax) return exact.Sign == 0 ? new GoFloat(false, 0, 0, precision) : null;
        var digits = BigInteger.Abs(exact.Mantissa);
        if (exact.Exponent >= 0) return Round(exact.Sign < 0, digits * BigInteger.Pow(10, exact.Exponent), 0, false, precision);
        return Quotient(exact.Sign < 0, digits, BigInteger.Pow(10, -exact.Exponent), 0, precision);
    }

    public GoFloat Add(GoFloat other, int precision = Bits)
    {
        if (IsZero) return other.RoundTo(precision);
        if (other.IsZero) return RoundTo(precision);
        var (high, low) = exponent >= other.exponent ? (this, other) : (other, this);
        // Past 200 bits the smaller one can only break a tie.
        var shift = Math.Min(high.exponent - low.exponent, 200);
        var tiny = shift < high.exponent - low.exponent;
        var sum = (high.Signed << shift) + (tiny ? low.negative ? -1 : 1 : low.Signed);
        return Round(sum.Sign < 0, BigInteger.Abs(sum), high.exponent - shift, tiny, precision);
    }

    public GoFloat Subtract(GoFloat other) => Add(new GoFloat(!other.negative, other.mantissa, other.exponent, other.precision));

    public GoFloat Multiply(GoFloat other, int precision = Bits) =>
        Round(negative != other.negative, (BigInteger)mantissa * other.mantissa, exponent + other.exponent, false, precision);

    /// <summary>The divisor must not be zero.</summary>
    public GoFloat Divide(GoFloat other) => Quotient(negative != other.negative, mantissa, other.mantissa, exponent - other.exponent, Bits);

    /// <summary>Shortest digits that read back as the same float: whole numbers in full, the rest as Go's %g.</summary>
    public NumberValue ToNumber()
    {
        if (IsZero) return NumberValue.Zero;
        var (digits, point) = Shortest();
        var sign = negative ? "-" : "";
        if (IsWhole()) return NumberValue.Parse(sign + digits.PadRight(point, '0'))!;
        return NumberValue.Parse(sign + (point - 1 is < -4 or >= 6 ? Scientific(digits, point - 1) : Positional(digits, point)))!;
    }

    private BigInteger Signed => negative ? -(BigInteger)mantissa : mantissa;

    private bool IsWhole() => exponent >= 0 || (exponent > -Bits && BitOperations.TrailingZeroCount(mantissa) >= -exponent);

    private GoFloat RoundTo(int bits) => Round(negative, mantissa, exponent, false, bits);

    private static GoFloat Quotient(bool negative, BigInteger dividend, BigInteger divisor, int exponent, int precision)
    {
        var shift = (int)Math.Max(0, precision + 3 - (dividend.GetBitLength() - divisor.GetBitLength()));
        var quotient = BigInteger.DivRem(dividend << shift, divisor, out var rest);
        return Round(negative, quotient, exponent - shift, !rest.IsZero, precision);
    }

    // Half to even; "more" says that something nonzero lies below the lowest bit.
    private static GoFloat Round(bool negative, BigInteger value, int exponent, bool more, int precision)
    {
        if (value.IsZero) return new GoFloat(false, 0, 0, precision);
        var excess = (int)value.GetBitLength() - precision;
        if (excess > 0)
        {
            var kept = value >> excess;
            var rest = value - (kept << excess);
            var half = BigInteger.One << (excess - 1);
            var order = rest.CompareTo(half);
            if (order > 0 || (order == 0 && (more || !kept.IsEven))) kept += 1;
            value = kept;
            exponent += excess;
        }

        var shift = Bits - (int)value.GetBitLength();
        if (shift < 0) (value, exponent, shift) = (value >> 1, exponent + 1, 0);
        return new GoFloat(negative, (ulong)(value << shift), exponent - shift, precision);
    }

    // The decimal between the two neighbours' midpoints that needs the fewest digits.
    private (string Digits, int Point) Shortest()
    {
        var half = BigInteger.One << (Bits - precision);
        var middle = (BigInteger)mantissa << 1;
        BigInteger low = middle - half, high = middle + half;
        var scale = exponent - 1;
        var factor = scale < 0 ? BigInteger.Pow(5, -scale) : BigInteger.One << scale;
        var tens = Math.Min(scale, 0);
        var upper = (high * factor).ToString(CultureInfo.InvariantCulture);
        var exact = (middle * factor).ToString(CultureInfo.InvariantCulture).PadLeft(upper.Length, '0');
        var lower = (low * factor).ToString(CultureInfo.InvariantCulture).PadLeft(upper.Length, '0');
        var inclusive = (mantissa >> (Bits - precision) & 1) == 0;
        return Trim(ShortestDigits(lower, exact, upper, inclusive), upper.Length + tens);
    }

    private static string ShortestDigits(string lower, string exact, string upper, bool inclusive)
    {
        for (var i = 0; i < exact.Length; i++)
        {
            var lastOfLower = lower.AsSpan(i + 1).TrimEnd('0').IsEmpty;
            var lastOfUpper = upper.AsSpan(i + 1).TrimEnd('0').IsEmpty;
            var down = !lower.AsSpan(0, i + 1).SequenceEqual(exact.AsSpan(0, i + 1)) || (inclusive && lastOfLower);
            var raised = Raise(exact.AsSpan(0, i + 1));
            var order = string.CompareOrdinal(raised, upper[..(i + 1)]);
            var up = raised.Length == i + 1 && (order < 0 || (order == 0 && (inclusive || !lastOfUpper)));
            if (!down && !up) continue;
            var roundUp = !down || (up && IsAboveHalf(exact.AsSpan(i + 1), exact[i]));
            return (roundUp ? raised : exact[..(i + 1)]).PadRight(exact.Length, '0');
        }

        return exact;
    }

    // One more in the last digit; one digit longer where all were nines.
    private static string Raise(ReadOnlySpan<char> digits)
    {
        var raised = digits.ToArray();
        for (var i = raised.Length - 1; i >= 0; i--)
        {
            if (raised[i] != '9')
            {
                raised[i]++;
                return new string(raised);
            }

            raised[i] = '0';
        }

        return "1" + new string(raised);
    }

    private static bool IsAboveHalf(ReadOnlySpan<char> rest, char last)
    {
        if (rest.IsEmpty || rest[0] < '5') return false;
        return rest[0] > '5' || !rest[1..].TrimEnd('0').IsEmpty || (last - '0') % 2 == 1;
    }

    private static (string Digits, int Point) Trim(string digits, int point)
    {
        var significant = digits.TrimStart('0');
        return (significant.TrimEnd('0'), point - (digits.Length - significant.Length));
    }

    private static string Positional(string digits, int point) => point <= 0
        ? "0." + new string('0', -point) + digits
        : point >= digits.Length ? digits.PadRight(point, '0') : digits[..point] + "." + digits[point..];

    private static string Scientific(string digits, int exponent) =>
        (digits.Length == 1 ? digits : digits[..1] + "." + digits[1..])
        + (exponent < 0 ? "e-" : "e+") + Math.Abs(exponent).ToString("00", CultureInfo.InvariantCulture);
}
