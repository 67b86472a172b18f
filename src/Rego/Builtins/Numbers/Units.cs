// units.parse and units.parse_bytes: an amount with a decimal or binary unit as an exact number.
using System.Numerics;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Numbers;

internal static class Units
{
    private const int ExponentDigitsMax = 5;

    public static Builtin[] Table =>
    [
        new("units.parse", "x: string -> y: number", Parse),
        new("units.parse_bytes", "x: string -> y: number", ParseBytes),
    ];

    private static Value? Parse(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Text(args, 0, out var raw)) return null;
        if (Split(context, raw, "amount", out var amount, out var unit) is not { } number) return null;
        // m is milli and M is mega; otherwise case does not matter.
        if (unit.Length > 1) unit = unit[..1] + unit[1..].ToLowerInvariant();
        if (unit == "m") return Fixed(number.TimesTenTo(-3));
        var scale = unit is "" ? BigInteger.One : Scale(unit.Length > 1 || unit == "M" ? unit : unit.ToLowerInvariant());
        if (scale is null) return context.Fail($"unit {unit} not recognized");
        return Fixed(Times(number, scale.Value));
    }

    private static Value? ParseBytes(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Text(args, 0, out var raw)) return null;
        if (Split(context, raw, "byte amount", out _, out var unit) is not { } number) return null;
        unit = unit.ToLowerInvariant();
        var known = unit is "" or "b" ? "" : unit.EndsWith('b') ? unit[..^1] : unit;
        var scale = known is "" ? BigInteger.One : Scale(known == "m" ? "M" : known);
        if (scale is null) return context.Fail($"byte unit {unit} not recognized");
        var bytes = Times(number, scale.Value);
        if (!bytes.TryFloor(out var whole)) return context.Fail("exponent too large");
        return NumberValue.Of(bytes.Sign < 0 && !bytes.IsInteger ? whole + 1 : whole);
    }

    private static BigInteger? Scale(string unit) => unit switch
    {
        "k" => 1_000,
        "M" => 1_000_000,
        "g" => 1_000_000_000,
        "t" => 1_000_000_000_000,
        "p" => 1_000_000_000_000_000,
        "e" => 1_000_000_000_000_000_000,
        "ki" or "Ki" => 1L << 10,
        "mi" or "Mi" => 1L << 20,
        "gi" or "Gi" => 1L << 30,
        "ti" or "Ti" => 1L << 40,
        "pi" or "Pi" => 1L << 50,
        "ei" or "Ei" => 1L << 60,
        _ => null,
    };

    // The number is the longest start made of digits, a point, a sign and an exponent; the rest is the unit.
    private static ExactDecimal? Split(BuiltinContext context, string raw, string noun, out string amount, out string unit)
    {
        amount = unit = "";
        var text = raw.Replace("\"", "", StringComparison.Ordinal);
        if (text.Contains(' ', StringComparison.Ordinal)) return Refuse(context, "spaces not allowed in resource strings");
        var end = 0;
        while (end < text.Length && (char.IsAsciiDigit(text[end]) || text[end] == '.' || (end == 0 && text[end] is '-' or '+'))) end++;
        var exponent = end;
        if (end > 0 && exponent < text.Length && text[exponent] is 'e' or 'E')
        {
            var digits = exponent + 1 < text.Length && text[exponent + 1] is '-' or '+' ? exponent + 2 : exponent + 1;
            var stop = digits;
            while (stop < text.Length && char.IsAsciiDigit(text[stop])) stop++;
            if (stop > digits)
            {
                end = stop;
                if (text.AsSpan(digits, stop - digits).TrimStart('0').Length > ExponentDigitsMax) return Refuse(context, "exponent too large");
            }
        }

        (amount, unit) = (text[..end], text[end..]);
        if (amount.Length == 0) return Refuse(context, $"no {noun} provided");
        return ReadAmount(amount) ?? Refuse(context, $"could not parse {noun} to a number");
    }

    private static ExactDecimal? Refuse(BuiltinContext context, string message)
    {
        context.Fail(message);
        return null;
    }

    private static ExactDecimal? ReadAmount(string amount)
    {
        var negative = amount[0] == '-';
        var digits = amount.TrimStart('+', '-').TrimStart('0');
        if (digits.Length == 0) digits = amount.Contains('0', StringComparison.Ordinal) ? "0" : "";
        if (digits.Length > 0 && !char.IsAsciiDigit(digits[0])) digits = "0" + digits;
        var point = digits.IndexOf('.', StringComparison.Ordinal);
        if (point >= 0 && (point + 1 == digits.Length || !char.IsAsciiDigit(digits[point + 1]))) digits = digits.Insert(point + 1, "0");
        return amount is "." or "-." or "+." ? null : ExactDecimal.Parse(negative ? "-" + digits : digits);
    }

    private static ExactDecimal Times(ExactDecimal number, BigInteger scale) => ExactDecimal.Of(number.Mantissa * scale).TimesTenTo(number.Exponent);

    // Whole numbers in full, others with ten digits after the point.
    private static NumberValue Fixed(ExactDecimal number)
    {
        if (number.TryInteger(out var whole)) return NumberValue.Of(whole);
        ExactDecimal scaled = number.TimesTenTo(10), doubled = Times(scaled, 2);
        if (!doubled.TryFloor(out var twice)) return NumberValue.Zero;
        var rounded = (twice + 1) >> 1;
        var digits = BigInteger.Abs(rounded).ToString(System.Globalization.CultureInfo.InvariantCulture).PadLeft(11, '0');
        return NumberValue.Parse((rounded.Sign < 0 ? "-" : "") + digits[..^10] + "." + digits[^10..])!;
    }
}
