// json.match_schema and json.verify_schema.
using CabinCrew.Rego.Builtins.Encodings;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Schemas;

internal static class SchemaFunctions
{
    private const string Document = "any<string, object[any: any]>";

    public static Builtin[] Table =>
    [
        new("json.verify_schema", $"schema: {Document} -> output: array<boolean, any<string, null>>", Verify),
        new("json.match_schema", $"document: {Document}, schema: {Document} -> output: array<boolean, array[object<error: string, type: string, field: string, desc: string>]>", Match),
    ];

    private static ArrayValue Verify(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        var problem = "";
        if (Load(context, args[0], ref problem) is { } schema) problem = SchemaCheck.Problem(context, schema) ?? "";
        return problem.Length == 0 ? ArrayValue.Of(BooleanValue.True, NullValue.Instance) : ArrayValue.Of(BooleanValue.False, new StringValue("jsonschema: " + problem));
    }

    private static Value? Match(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        var problem = "";
        if (Load(context, args[0], ref problem) is not { } document || Load(context, args[1], ref problem) is not { } schema) return context.Fail(problem);
        if (SchemaCheck.Problem(context, schema) is { } invalid) return context.Fail(invalid);
        var errors = new SchemaValidator(context, schema).Validate(document);
        return ArrayValue.Of(Value.From(errors.Count == 0), errors);
    }

    private static Value? Load(BuiltinContext context, Value given, ref string problem)
    {
        if (given is ObjectValue or ArrayValue) return AsJson(given);
        problem = given is StringValue ? "invalid JSON string" : "wrong type, expected string or object";
        return given is StringValue text ? JsonFunctions.TryRead(context, text.Text, out _) : null;
    }

    // Sets become arrays, keys strings.
    private static Value AsJson(Value value) => Value.FromJson(value.ToJson());
}
