// The keywords about strings and numbers.
using System.Numerics;
using CabinCrew.Rego.Builtins.Encodings;
using CabinCrew.Rego.Builtins.Network;
using CabinCrew.Rego.Builtins.Patterns;
using CabinCrew.Rego.Builtins.Times;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Schemas;

internal readonly struct SchemaScalars(BuiltinContext context, SchemaValidator validator)
{
    public void Check(Value value, ObjectValue schema, string field)
    {
        if (value is StringValue word) CheckText(word.Text, schema, field);
        else CheckNumber((NumberValue)value, schema, field);
    }

    private void CheckText(string text, ObjectValue schema, string field)
    {
        var length = NumberValue.Of(GoText.CountRunes(text));
        if (schema.Get("minLength") is NumberValue least && length.CompareTo(least) < 0) validator.Add(field, "string_gte", $"String length must be greater than or equal to {least.Text}");
        if (schema.Get("maxLength") is NumberValue most && length.CompareTo(most) > 0) validator.Add(field, "string_lte", $"String length must be less than or equal to {most.Text}");
        if (schema.Get("pattern") is StringValue pattern)
        {
            context.Charge(text.Length / Strings.StringFunctions.CharsPerElement);
            if (!context.Patterns.Get("regex", pattern.Text, Pattern.Compile).IsMatch(text)) validator.Add(field, "pattern", $"Does not match pattern '{pattern.Text}'");
        }

        if (schema.Get("format") is StringValue format && !HasFormat(text, format.Text)) validator.Add(field, "format", $"Does not match format '{format.Text}'");
    }

    // Formats that nobody here knows hold.
    private static bool HasFormat(string text, string format) => format switch
    {
        "date" => TimeReader.Read(text, "2006-01-02", out _) is not null,
        "time" => TimeReader.Read(text, "15:04:05Z07:00", out _) is not null || TimeReader.Read(text, "15:04:05", out _) is not null,
        "date-time" => TimeReader.Read(text, TimeLayout.Rfc3339, out _) is not null,
        "ipv4" => text.Contains('.', StringComparison.Ordinal) && Cidr.ParseAddress(text) is not null,
        "ipv6" => text.Contains(':', StringComparison.Ordinal) && Cidr.ParseAddress(text) is not null,
        "uri" => UriParts.Parse(text, out _) is { Scheme.Length: > 0 },
        "uri-reference" => UriParts.Parse(text, out _) is not null,
        "uuid" => Guid.TryParseExact(text, "D", out _),
        "email" => text.IndexOf('@', StringComparison.Ordinal) is > 0 and var at && at < text.Length - 1 && !text.Contains(' ', StringComparison.Ordinal),
        "hostname" => text.Length is > 0 and < 256 && text.Split('.').All(label => label.Length is > 0 and < 64 && label.All(c => char.IsAsciiLetterOrDigit(c) || c == '-') && label[0] != '-' && label[^1] != '-'),
        "regex" => IsPattern(text),
        "json-pointer" => text.Length == 0 || text[0] == '/',
        _ => true,
    };

    private static bool IsPattern(string text)
    {
        try
        {
            Pattern.Compile(text);
            return true;
        }
        catch (PatternException)
        {
            return false;
        }
    }

    private void CheckNumber(NumberValue number, ObjectValue schema, string field)
    {
        // In draft 4 the exclusive ones are flags beside the limit, later they are limits.
        if (schema.Get("minimum") is NumberValue least)
        {
            var open = schema.Get("exclusiveMinimum") is BooleanValue { Flag: true };
            if (number.CompareTo(least) is var order && (order < 0 || (open && order == 0))) validator.Add(field, open ? "number_gt" : "number_gte", $"Must be greater than {(open ? "" : "or equal to ")}{least.Text}");
        }

        if (schema.Get("maximum") is NumberValue most)
        {
            var open = schema.Get("exclusiveMaximum") is BooleanValue { Flag: true };
            if (number.CompareTo(most) is var order && (order > 0 || (open && order == 0))) validator.Add(field, open ? "number_lt" : "number_lte", $"Must be less than {(open ? "" : "or equal to ")}{most.Text}");
        }

        if (schema.Get("exclusiveMinimum") is NumberValue above && number.CompareTo(above) <= 0) validator.Add(field, "number_gt", $"Must be greater than {above.Text}");
        if (schema.Get("exclusiveMaximum") is NumberValue below && number.CompareTo(below) >= 0) validator.Add(field, "number_lt", $"Must be less than {below.Text}");
        if (schema.Get("multipleOf") is NumberValue step && !IsMultiple(number, step)) validator.Add(field, "multiple_of", $"Must be a multiple of {step.Text}");
    }

    private static bool IsMultiple(NumberValue number, NumberValue step)
    {
        ExactDecimal a = number.ToExact(), b = step.ToExact();
        var shift = -Math.Min(a.Exponent, b.Exponent);
        return a.TimesTenTo(shift).TryInteger(out var dividend) && b.TimesTenTo(shift).TryInteger(out var divisor) && BigInteger.Remainder(dividend, divisor).IsZero;
    }
}
