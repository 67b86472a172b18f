// yaml.marshal, yaml.unmarshal and yaml.is_valid. Nothing here is loaded before a policy uses one of them.
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using CabinCrew.Rego.Builtins.Strings;
using CabinCrew.Rego.Values;
using CabinCrew.Rego.Yaml;

namespace CabinCrew.Rego.Builtins.Encodings;

internal static class YamlFunctions
{
    public static Builtin[] Table =>
    [
        new("yaml.marshal", "x: any -> y: string", Marshal),
        new("yaml.unmarshal", "x: string -> y: any", static (context, args) =>
            context.Text(args, 0, out var text) ? Read(context, text, out var problem) ?? context.Fail(problem) : null),
        new("yaml.is_valid", "x: string -> result: boolean", static (context, args) => Value.From(args[0] is StringValue text && Read(context, text.Text, out _) is not null)),
    ];

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Value? Read(BuiltinContext context, string text, out string problem)
    {
        context.Charge(text.Length / StringFunctions.CharsPerElement);
        return YamlReader.Read(context.Charge, text, out problem);
    }

    private static StringValue Marshal(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        var text = new StringBuilder();
        Append(context, text, args[0], 0, inLine: false);
        if (text.Length == 0 || text[^1] != '\n') text.Append('\n');
        context.Charge(text.Length / StringFunctions.CharsPerElement);
        return new StringValue(text.ToString());
    }

    // "inLine": something stands before on this line, so a collection begins on the next one.
    private static void Append(BuiltinContext context, StringBuilder text, Value value, int indent, bool inLine)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        context.Charge(1 + (indent / StringFunctions.CharsPerElement));
        switch (value)
        {
            case ObjectValue { Count: > 0 } map:
                for (var i = 0; i < map.Count; i++)
                {
                    if (i > 0 || inLine) Line(text, indent);
                    text.Append(Scalar(JsonValueWriter.KeyName(map.Keys[i]))).Append(':');
                    AppendMember(context, text, map.Values[i], indent);
                }

                break;
            case ArrayValue { Count: > 0 } or SetValue { Count: > 0 }:
                var items = value is ArrayValue array ? array.Items : ((SetValue)value).Items;
                for (var i = 0; i < items.Length; i++)
                {
                    if (i > 0 || inLine) Line(text, indent);
                    text.Append("- ");
                    Append(context, text, items[i], indent + 2, inLine: false);
                }

                break;
            default:
                text.Append(value switch { ObjectValue => "{}", ArrayValue or SetValue => "[]", StringValue word => Scalar(word.Text), _ => value.ToString() });
                break;
        }
    }

    // Lists stand at the indent of their key, objects two further.
    private static void AppendMember(BuiltinContext context, StringBuilder text, Value value, int indent)
    {
        if (value is ObjectValue { Count: > 0 }) Append(context, text, value, indent + 2, inLine: true);
        else if (value is ArrayValue { Count: > 0 } or SetValue { Count: > 0 }) Append(context, text, value, indent, inLine: true);
        else Append(context, text.Append(' '), value, indent, inLine: true);
    }

    private static void Line(StringBuilder text, int indent) => text.Append('\n').Append(' ', indent);

    private static string Scalar(string word) => IsPlain(word) ? word : Quoted(word);

    private static bool IsPlain(string word)
    {
        if (word.Length == 0 || char.IsWhiteSpace(word[0]) || char.IsWhiteSpace(word[^1])) return false;
        if (word.AsSpan().ContainsAny("\n\r\t\"'#:{}[],&*!|>%@`\\") || word.Any(c => char.IsControl(c) || char.IsSurrogate(c) || c > 0x7e)) return false;
        if (word[0] is '-' or '?' or '=' or '~' or '<' or '.' or '+' || char.IsAsciiDigit(word[0])) return false;
        return word.ToLowerInvariant() is not ("null" or "true" or "false" or "yes" or "no" or "on" or "off" or "y" or "n");
    }

    private static string Quoted(string word)
    {
        var text = new StringBuilder("\"");
        foreach (var c in word)
        {
            text.Append(c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                _ when char.IsControl(c) || c is '\u2028' or '\u2029' or '\uFEFF' => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => c.ToString(),
            });
        }

        return text.Append('"').ToString();
    }
}
