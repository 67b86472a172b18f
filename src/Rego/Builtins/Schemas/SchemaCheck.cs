// Whether a document is a JSON schema at all: keywords of the right type, known types, patterns that compile, references that lead somewhere.
using System.Runtime.CompilerServices;
using CabinCrew.Rego.Builtins.Patterns;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Schemas;

internal static class SchemaCheck
{
    private const string Types = "array boolean integer number null object string";

    /// <summary>What is wrong with it, or null.</summary>
    public static string? Problem(BuiltinContext context, Value schema) => Problem(context, schema, schema);

    private static string? Problem(BuiltinContext context, Value root, Value schema)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        context.Charge(1);
        if (schema is BooleanValue) return null;
        if (schema is not ObjectValue map) return $"Invalid type. Expected: valid schema, given: {TypeNames.Of(schema)}";
        for (var i = 0; i < map.Count; i++)
        {
            if (Keyword(context, root, ((StringValue)map.Keys[i]).Text, map.Values[i]) is { } problem) return problem;
        }

        return null;
    }

    private static string? Keyword(BuiltinContext context, Value root, string keyword, Value value)
    {
        switch (keyword)
        {
            case "type":
                return Type(value);
            case "$ref":
                return value is not StringValue reference ? Wrong(keyword, "string", value)
                    : SchemaReference.Resolve(root, reference.Text) is null ? $"Object has no key '{reference.Text.Split('/')[^1]}'" : null;
            case "properties" or "patternProperties" or "definitions" or "$defs":
                return value is ObjectValue members ? Members(context, root, keyword, members) : Wrong(keyword, "object", value);
            case "allOf" or "anyOf" or "oneOf":
                return value is ArrayValue { Count: > 0 } options ? Each(context, root, options) : Wrong(keyword, "valid schema", value);
            case "items":
                return value is ArrayValue tuple ? Each(context, root, tuple) : Problem(context, root, value);
            case "additionalProperties" or "additionalItems" or "not" or "if" or "then" or "else" or "contains" or "propertyNames":
                return Problem(context, root, value);
            case "required":
                return value is ArrayValue names && names.Items.ToArray().All(name => name is StringValue) ? null : Wrong(keyword, "array", value);
            case "enum":
                return value is ArrayValue ? null : Wrong(keyword, "array", value);
            case "minLength" or "maxLength" or "minItems" or "maxItems" or "minProperties" or "maxProperties":
                return value is NumberValue { IsInteger: true, Sign: >= 0 } ? null : $"{keyword} must be of an integer";
            case "minimum" or "maximum":
                return value is NumberValue ? null : $"{keyword} must be of a number";
            case "multipleOf":
                return value is NumberValue { Sign: > 0 } ? null : "multipleOf must be strictly greater than 0";
            case "uniqueItems":
                return value is BooleanValue ? null : $"{keyword} must be of a boolean";
            case "pattern":
                return value is StringValue pattern ? Pattern(context, pattern.Text) : $"{keyword} must be of a string";
            default:
                return null;
        }
    }

    private static string? Type(Value value)
    {
        ReadOnlySpan<Value> names = value is ArrayValue array ? array.Items : [value];
        foreach (var name in names)
        {
            if (name is not StringValue { Text: var text }) return Wrong("type", "string or array", name);
            if (!Types.Split(' ').Contains(text)) return $"has a primitive type that is NOT VALID -- given: /{text}/ Expected valid values are:[{Types}]";
        }

        return null;
    }

    private static string? Members(BuiltinContext context, Value root, string keyword, ObjectValue members)
    {
        for (var i = 0; i < members.Count; i++)
        {
            if (keyword == "patternProperties" && Pattern(context, ((StringValue)members.Keys[i]).Text) is { } refused) return refused;
            if (Problem(context, root, members.Values[i]) is { } problem) return problem;
        }

        return null;
    }

    private static string? Each(BuiltinContext context, Value root, ArrayValue schemas)
    {
        foreach (var schema in schemas.Items)
        {
            if (Problem(context, root, schema) is { } problem) return problem;
        }

        return null;
    }

    private static string? Pattern(BuiltinContext context, string text)
    {
        try
        {
            context.Patterns.Get("regex", text, Patterns.Pattern.Compile);
            return null;
        }
        catch (PatternException)
        {
            return $"Invalid regex pattern '{text}'";
        }
    }

    private static string Wrong(string keyword, string wanted, Value got) => $"Invalid type. Expected: {wanted}, given: {TypeNames.Of(got)} for {keyword}";
}
