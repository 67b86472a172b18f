// A JSON number as the reference's reader makes it a double: the digits that fit 64 bits, times or by one power of ten. That is not the nearest double, and unigram models are full of
// near ties that the last bit decides.
namespace CabinCrew.LocalModels.Tokens;

internal static class ReferenceNumber
{
    private const int PowersMax = 308;

    private static readonly double[] Powers = [.. Enumerable.Range(0, PowersMax + 1).Select(e => double.Parse($"1e{e}", System.Globalization.CultureInfo.InvariantCulture))];

    /// <param name="text">One number of JSON, read strictly before.</param>
    public static double Of(ReadOnlySpan<byte> text)
    {
        var negative = text[0] == '-';
        if (negative) text = text[1..];
        var mark = text.IndexOfAny((byte)'e', (byte)'E');
        var exponent = mark < 0 ? 0 : int.Parse(text[(mark + 1)..], System.Globalization.CultureInfo.InvariantCulture);
        var (significand, full, fraction) = (0UL, false, false);
        foreach (var c in mark < 0 ? text : text[..mark])
        {
            if (c == '.')
            {
                fraction = true;
                continue;
            }
            var digit = (ulong)(c - '0');
            full |= significand > (ulong.MaxValue - digit) / 10;
            if (!full) significand = significand * 10 + digit;
            if (full != fraction) exponent += full ? 1 : -1;
        }
        var value = (double)significand;
        for (; exponent < -PowersMax && value != 0; exponent += PowersMax) value /= Powers[PowersMax];
        value = exponent < 0 ? value / Powers[Math.Min(-exponent, PowersMax)] : value * Powers[Math.Min(exponent, PowersMax)];
        return negative ? -value : value;
    }
}
