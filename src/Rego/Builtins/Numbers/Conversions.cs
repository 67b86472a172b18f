// to_number, format_int and the deprecated casts.
using System.Globalization;
using System.Numerics;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Numbers;

internal static class Conversions
{
    public static Builtin[] Table =>
    [
        new("to_number", "x: any<number, string, boolean, null> -> num: number", ToNumber),
        new("format_int", "number: number, base: number -> output: string", FormatInt),
        new("cast_array", "any -> array[any]", static (context, args) =>
            args[0] switch { ArrayValue array => array, SetValue set => ArrayValue.Of(set.Items), var other => context.FailOperand(0, other, "array", "set") }, BuiltinTraits.Deprecated),
        new("cast_set", "any -> set[any]", static (context, args) =>
            args[0] switch { SetValue set => set, ArrayValue array => SetValue.Of(array.Items), var other => context.FailOperand(0, other, "array", "set") }, BuiltinTraits.Deprecated),
        new("cast_string", "any -> string", static (context, args) => Only(context, args, ValueKind.String), BuiltinTraits.Deprecated),
        new("cast_boolean", "any -> boolean", static (context, args) => Only(context, args, ValueKind.Boolean), BuiltinTraits.Deprecated),
        new("cast_null", "any -> null", static (context, args) => Only(context, args, ValueKind.Null), BuiltinTraits.Deprecated),
        new("cast_object", "any -> object[any: any]", static (context, args) => Only(context, args, ValueKind.Object), BuiltinTraits.Deprecated),
    ];

    /// <summary>The text of a whole number in base 2, 8, 10 or 16.</summary>
    public static string InBase(BigInteger number, int numberBase)
    {
        if (numberBase == 10) return number.ToString(CultureInfo.InvariantCulture);
        var magnitude = BigInteger.Abs(number);
        var text = numberBase switch
        {
            16 => magnitude.ToString("x", CultureInfo.InvariantCulture).TrimStart('0'),
            2 => magnitude.ToString("b", CultureInfo.InvariantCulture).TrimStart('0'),
            _ => Octal(magnitude),
        };
        return (number.Sign < 0 ? "-" : "") + (text.Length == 0 ? "0" : text);
    }

    private static string Octal(BigInteger magnitude)
    {
        var bits = magnitude.ToString("b", CultureInfo.InvariantCulture).TrimStart('0');
        bits = bits.PadLeft((bits.Length + 2) / 3 * 3, '0');
        return string.Create(bits.Length / 3, bits, static (octal, bits) =>
        {
            for (var i = 0; i < octal.Length; i++) octal[i] = (char)('0' + (bits[i * 3] - '0') * 4 + (bits[i * 3 + 1] - '0') * 2 + bits[i * 3 + 2] - '0');
        });
    }

    private static Value? ToNumber(BuiltinContext context, ReadOnlySpan<Value> args) => args[0] switch
    {
        NullValue => NumberValue.Zero,
        BooleanValue boolean => NumberValue.Of(boolean.Flag ? 1 : 0),
        NumberValue number => number,
        StringValue word when IsNoNumber(word.Text) => context.FailOperand(0, word, "valid number string"),
        StringValue word => NumberValue.Parse(word.Text) ?? Lenient(word.Text) ?? context.Fail($"strconv.ParseFloat: parsing {GoText.Quote(word.Text)}: invalid syntax"),
        var other => context.FailOperand(0, other, "null", "boolean", "number", "string"),
    };

    // What a float can be and a JSON number cannot.
    private static bool IsNoNumber(string text) => text.TrimStart('+', '-').ToLowerInvariant() is "nan" or "inf" or "infinity";

    // Go reads a little more than JSON allows: a leading plus, a bare point.
    private static NumberValue? Lenient(string text)
    {
        var negative = text.StartsWith('-');
        var digits = text.StartsWith('+') || negative ? text[1..] : text;
        var point = digits.IndexOf('.');
        if (point == 0) digits = "0" + digits;
        if (point >= 0 && (point + 1 == text.Length || digits.EndsWith('.'))) digits += "0";
        digits = digits.TrimStart('0') is { Length: > 0 } rest && char.IsAsciiDigit(rest[0]) ? rest : "0" + digits.TrimStart('0');
        return text.Length > 1 && char.IsAsciiDigit(text[^1]) | text[^1] == '.' ? NumberValue.Parse(negative ? "-" + digits : digits) : null;
    }

    private static Value? FormatInt(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Number(args, 0, out var number) || !context.Number(args, 1, out var numberBase)) return null;
        if (!numberBase.TryInt64(out var chosen) || chosen is not (2 or 8 or 10 or 16))
        {
            return context.Fail("operand 2 must be one of {2, 8, 10, 16}", BuiltinContext.TypeError);
        }

        var exact = number.ToExact();
        if (!exact.TryFloor(out var whole)) return context.Fail("number too large to format");
        if (exact.Sign < 0 && !exact.IsInteger) whole += 1;
        return new StringValue(InBase(whole, (int)chosen));
    }

    private static Value? Only(BuiltinContext context, ReadOnlySpan<Value> args, ValueKind kind) =>
        args[0].Kind == kind ? args[0] : context.FailOperand(0, args[0], TypeNames.Of(kind));
}
