// glob.match and glob.quote_meta.
using System.Text;
using CabinCrew.Rego.Builtins.Strings;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Patterns;

internal static class GlobFunctions
{
    public static Builtin[] Table =>
    [
        new("glob.match", "pattern: string, delimiters: any<array[string], null>, match: string -> result: boolean", Match),
        new("glob.quote_meta", "pattern: string -> output: string", QuoteMeta),
    ];

    private static Value? Match(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Text(args, 0, out var pattern)) return null;
        if (Delimiters(context, args[1]) is not { } delimiters || !context.Text(args, 2, out var text)) return null;
        context.Charge(text.Length / StringFunctions.CharsPerElement);
        try
        {
            var glob = context.Patterns.Get("glob " + delimiters, pattern, text => Glob.Compile(text, delimiters));
            return Value.From(glob.IsMatch(text));
        }
        catch (FormatException refused)
        {
            return context.Fail(refused.Message);
        }
    }

    // No list means none; an empty list means a dot.
    private static string? Delimiters(BuiltinContext context, Value given)
    {
        if (given is NullValue) return "";
        if (given is not ArrayValue array)
        {
            context.FailOperand(1, given, "array", "null");
            return null;
        }

        var delimiters = new StringBuilder();
        foreach (var item in array.Items)
        {
            if (item is not StringValue { Text: var text } || GoText.CountRunes(text) != 1)
            {
                context.FailElement(1, given, item, "rune");
                return null;
            }

            delimiters.Append(text);
        }

        return delimiters.Length == 0 ? "." : delimiters.ToString();
    }

    private static Value? QuoteMeta(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Text(args, 0, out var pattern)) return null;
        var quoted = new StringBuilder();
        foreach (var c in pattern) quoted.Append(c is '*' or '?' or '\\' or '[' or ']' or '{' or '}' or '!' ? "\\" : "").Append(c);
        return new StringValue(quoted.ToString());
    }
}
