// Go's durations: "1h15m30.918s".
using System.Globalization;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Times;

internal static class GoDuration
{
    /// <summary>Nanoseconds; null, and Go's message, where the text is no duration or does not fit.</summary>
    public static long? Parse(string text, out string problem)
    {
        problem = $"time: invalid duration {GoText.Quote(text)}";
        var negative = text.StartsWith('-');
        var rest = text.AsSpan(text.StartsWith('+') || negative ? 1 : 0);
        if (rest.SequenceEqual("0")) return 0;
        if (rest.IsEmpty) return null;
        Int128 total = 0;
        while (!rest.IsEmpty)
        {
            var length = rest.IndexOfAnyExcept("0123456789.");
            if (length < 0)
            {
                if (rest.ContainsAnyInRange('0', '9')) problem = $"time: missing unit in duration {GoText.Quote(text)}";
                return null;
            }

            var number = rest[..length];
            rest = rest[length..];
            var unitLength = rest.IndexOfAny("0123456789.");
            var unit = rest[..(unitLength < 0 ? rest.Length : unitLength)];
            rest = rest[unit.Length..];
            if (!number.ContainsAnyInRange('0', '9') || number.Count('.') > 1) return null;
            if (Unit(unit) is not { } scale)
            {
                problem = $"time: unknown unit {GoText.Quote(unit.ToString())} in duration {GoText.Quote(text)}";
                return null;
            }

            if (Amount(number, scale) is not { } amount) return null;
            total += amount;
            if (total > (Int128)long.MaxValue + 1) return null;
        }

        if (negative) total = -total;
        return total <= long.MaxValue ? (long)total : null;
    }

    private static Int128? Amount(ReadOnlySpan<char> number, long scale)
    {
        var point = number.IndexOf('.');
        var whole = point < 0 ? number : number[..point];
        var fraction = point < 0 ? default : number[(point + 1)..];
        if (whole.Length > 20) return null;
        var amount = whole.IsEmpty ? 0 : Int128.Parse(whole, NumberStyles.None, CultureInfo.InvariantCulture) * scale;
        fraction = fraction[..Math.Min(fraction.Length, 15)];
        if (fraction.IsEmpty) return amount;
        var tens = (Int128)1;
        for (var i = 0; i < fraction.Length; i++) tens *= 10;
        return amount + (Int128.Parse(fraction, NumberStyles.None, CultureInfo.InvariantCulture) * scale / tens);
    }

    private static long? Unit(ReadOnlySpan<char> unit) => unit switch
    {
        "ns" => 1,
        "us" or "\u00b5s" or "\u03bcs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => null,
    };
}
