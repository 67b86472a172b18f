// json.marshal, json.unmarshal and their kin. Text is written as Go's encoding/json writes it: <, > and & escaped.
using System.Text;
using System.Text.Json;
using CabinCrew.Rego.Builtins.Strings;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Encodings;

internal static class JsonFunctions
{
    public static Builtin[] Table =>
    [
        new("json.marshal", "x: any -> y: string", static (context, args) => new StringValue(GoJson.Write(context, args[0], null, ""))),
        new("json.marshal_with_options", "x: any, opts: object<pretty: boolean, indent: string, prefix: string>[string: any] -> y: string", MarshalWithOptions),
        new("json.unmarshal", "x: string -> y: any", Unmarshal),
        new("json.is_valid", "x: string -> result: boolean", IsValid),
    ];

    private static Value? MarshalWithOptions(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Object(args, 1, out var options)) return null;
        string indent = "\t", prefix = "";
        bool? pretty = null;
        var implied = false;
        for (var i = 0; i < options.Count; i++)
        {
            var key = options.Keys[i];
            switch (Formatting.Plain(key), options.Values[i])
            {
                case ("indent", StringValue text):
                    (indent, implied) = (text.Text, true);
                    break;
                case ("prefix", StringValue text):
                    (prefix, implied) = (text.Text, true);
                    break;
                case ("pretty", BooleanValue flag):
                    pretty = flag.Flag;
                    break;
                case ("indent" or "prefix", var wrong):
                    return context.Fail($"operand 2 key {key} failed cast to string: operand {i} must be string but got {TypeNames.Of(wrong)}", BuiltinContext.TypeError);
                case ("pretty", _):
                    return context.Fail($"operand 2 key {key} failed cast to bool", BuiltinContext.TypeError);
                default:
                    return context.Fail($"operand 2 object contained unknown key {key}", BuiltinContext.TypeError);
            }
        }

        return new StringValue(pretty ?? implied ? prefix + GoJson.Write(context, args[0], indent, prefix) : GoJson.Write(context, args[0], null, ""));
    }

    private static Value? Unmarshal(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Text(args, 0, out var text)) return null;
        return TryRead(context, text, out var problem) ?? context.Fail(problem);
    }

    /// <summary>Null, and the reason, where the text is no JSON document.</summary>
    public static Value? TryRead(BuiltinContext context, string text, out string problem)
    {
        context.Charge(text.Length / StringFunctions.CharsPerElement);
        problem = "";
        try
        {
            return Value.FromJson(text);
        }
        catch (JsonException refused)
        {
            var end = refused.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
            problem = $"invalid JSON: {(end < 0 ? refused.Message : refused.Message[..end])}";
            return null;
        }
    }

    private static Value? IsValid(BuiltinContext context, ReadOnlySpan<Value> args) =>
        Value.From(args[0] is StringValue text && TryRead(context, text.Text, out _) is not null);
}
