// Numbers as ECMAScript writes them (ECMA-262, Number::toString; RFC 8785 section 3.2.2.3). The digits are .NET's shortest
// round-trip digits, which are the same; only where the point and the exponent go differs.
using System.Buffers;
using System.Globalization;

namespace CabinCrew.Protocol.Json;

internal static class EcmaNumber
{
    private const int LengthMax = 32;

    public static void Append(IBufferWriter<byte> to, double value)
    {
        if (!double.IsFinite(value)) throw new ArgumentException("NaN and Infinity have no canonical form", nameof(value));
        if (value == 0)
        {
            to.Write("0"u8); // -0 too
            return;
        }

        Span<byte> shortest = stackalloc byte[LengthMax];
        value.TryFormat(shortest, out var length, "R", CultureInfo.InvariantCulture);

        Span<byte> digits = stackalloc byte[LengthMax];
        var (count, point) = Digits(shortest[..length], digits);
        if (value < 0) to.Write("-"u8);
        Lay(to, digits[..count], point);
    }

    /// <summary>The significant digits, and where the decimal point stands counted from before the first of them.</summary>
    private static (int Count, int Point) Digits(ReadOnlySpan<byte> shortest, Span<byte> digits)
    {
        var (count, point, exponent, seenPoint) = (0, 0, 0, false);
        for (var i = 0; i < shortest.Length; i++)
        {
            var c = shortest[i];
            if (c is (byte)'-' && i == 0) continue;
            if (c is (byte)'.') seenPoint = true;
            else if (c is (byte)'E')
            {
                exponent = int.Parse(shortest[(i + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
                break;
            }
            else
            {
                if (count == 0 && c is (byte)'0')
                {
                    if (seenPoint) point--;
                    continue;
                }
                digits[count++] = c;
                if (!seenPoint) point++;
            }
        }
        while (count > 1 && digits[count - 1] is (byte)'0') count--;
        return (count, point + exponent);
    }

    private static void Lay(IBufferWriter<byte> to, ReadOnlySpan<byte> digits, int point)
    {
        switch (point)
        {
            case > 0 and <= 21 when digits.Length <= point:
                to.Write(digits);
                for (var i = digits.Length; i < point; i++) to.Write("0"u8);
                break;
            case > 0 and <= 21:
                to.Write(digits[..point]);
                to.Write("."u8);
                to.Write(digits[point..]);
                break;
            case > -6 and <= 0:
                to.Write("0."u8);
                for (var i = point; i < 0; i++) to.Write("0"u8);
                to.Write(digits);
                break;
            default:
                to.Write(digits[..1]);
                if (digits.Length > 1)
                {
                    to.Write("."u8);
                    to.Write(digits[1..]);
                }
                to.Write(point > 0 ? "e+"u8 : "e-"u8);
                Span<byte> exponent = stackalloc byte[8];
                Math.Abs(point - 1).TryFormat(exponent, out var length, provider: CultureInfo.InvariantCulture);
                to.Write(exponent[..length]);
                break;
        }
    }
}
