// Compiles a schema's text. A keyword that it does not know, or a value of the wrong kind, is a bug of the schema and thrown at once:
// nothing in a schema is silently ignored except annotations and formats other than date-time.
using System.Text.Json;
using System.Text.RegularExpressions;

namespace CabinCrew.Protocol.Schemas;

internal sealed class SchemaCompiler
{
    private const string DefinitionPrefix = "#/$defs/";
    private const int ForeignPatternsMax = 50;

    private bool isForeign;
    private int patterns;

    private readonly List<(Schema From, string Target)> references = [];
    private readonly Dictionary<string, Schema> definitions = new(StringComparer.Ordinal);

    public static Schema Compile(JsonElement document) => new SchemaCompiler().Whole(document);

    /// <summary>The same for a schema that is not ours: its expressions are bounded, never backtrack, and are built at once, so that what is wrong with them is known here.</summary>
    public static Schema CompileForeign(JsonElement document) => new SchemaCompiler { isForeign = true }.Whole(document);

    private Schema Whole(JsonElement document)
    {
        var root = Node(document, "#");
        definitions["#"] = root;
        foreach (var (from, target) in references)
            from.Ref = definitions.TryGetValue(target, out var schema) ? schema : throw Bad("$ref", $"'{target}' does not exist");
        return root;
    }

    private Schema Node(JsonElement e, string at)
    {
        if (e.ValueKind is JsonValueKind.True) return Schema.Anything;
        if (e.ValueKind is JsonValueKind.False) return Schema.Nothing;
        if (e.ValueKind is not JsonValueKind.Object) throw Bad(at, "a schema is an object or a boolean");
        foreach (var member in e.EnumerateObject()) Know(member.Name, at);

        if (e.TryGetProperty("$defs", out var defs))
        {
            if (at != "#") throw Bad(at, "$defs stands at the top only");
            foreach (var d in defs.EnumerateObject()) definitions[DefinitionPrefix + d.Name] = Node(d.Value, $"{at}/$defs/{d.Name}");
        }

        var schema = new Schema
        {
            Types = e.TryGetProperty("type", out var type) ? Types(type, at) : null,
            Enum = e.TryGetProperty("enum", out var choices) ? [.. choices.EnumerateArray()] : null,
            Const = e.TryGetProperty("const", out var constant) ? constant : null,
            Properties = Map(e, "properties", at)?.ToDictionary(StringComparer.Ordinal),
            PatternProperties = Map(e, "patternProperties", at)?.Select(p => (Expression(p.Key), p.Value)).ToList(),
            AdditionalProperties = Sub(e, "additionalProperties", at),
            PropertyNames = Sub(e, "propertyNames", at),
            Required = Strings(e, "required"),
            DependentRequired = e.TryGetProperty("dependentRequired", out var dependent)
                ? [.. dependent.EnumerateObject().Select(d => (d.Name, (IReadOnlyList<string>)[.. d.Value.EnumerateArray().Select(Text)]))]
                : null,
            MinProperties = Count(e, "minProperties"),
            MaxProperties = Count(e, "maxProperties"),
            Items = Sub(e, "items", at),
            MinItems = Count(e, "minItems"),
            MaxItems = Count(e, "maxItems"),
            UniqueItems = e.TryGetProperty("uniqueItems", out var unique) && unique.GetBoolean(),
            Pattern = e.TryGetProperty("pattern", out var pattern) ? Expression(Text(pattern)) : null,
            PatternText = pattern.ValueKind is JsonValueKind.String ? pattern.GetString() : null,
            IsDateTime = e.TryGetProperty("format", out var format) && Text(format) == "date-time",
            MinLength = Count(e, "minLength"),
            MaxLength = Count(e, "maxLength"),
            Minimum = Bound(e, "minimum"),
            Maximum = Bound(e, "maximum"),
            ExclusiveMinimum = Bound(e, "exclusiveMinimum"),
            ExclusiveMaximum = Bound(e, "exclusiveMaximum"),
            AllOf = List(e, "allOf", at),
            AnyOf = List(e, "anyOf", at),
            OneOf = List(e, "oneOf", at),
            Not = Sub(e, "not", at),
            If = Sub(e, "if", at),
            Then = Sub(e, "then", at),
            Else = Sub(e, "else", at),
        };
        if (e.TryGetProperty("$ref", out var reference)) references.Add((schema, Text(reference)));
        return schema;
    }

    private static void Know(string keyword, string at)
    {
        switch (keyword)
        {
            case "$schema" or "$id" or "$comment" or "title" or "description" or "default" or "examples" or "deprecated" or "readOnly" or "writeOnly":
            case "$defs" or "$ref" or "type" or "enum" or "const" or "format" or "pattern" or "minLength" or "maxLength":
            case "properties" or "patternProperties" or "additionalProperties" or "propertyNames" or "required" or "dependentRequired":
            case "minProperties" or "maxProperties" or "items" or "minItems" or "maxItems" or "uniqueItems":
            case "minimum" or "maximum" or "exclusiveMinimum" or "exclusiveMaximum":
            case "allOf" or "anyOf" or "oneOf" or "not" or "if" or "then" or "else":
                return;
            default:
                throw Bad(at, $"the keyword '{keyword}' is not supported");
        }
    }

    private static JsonTypes Types(JsonElement type, string at)
    {
        if (type.ValueKind is JsonValueKind.String) return One(Text(type));
        JsonTypes all = 0;
        foreach (var t in type.EnumerateArray()) all |= One(Text(t));
        return all != 0 ? all : throw Bad(at, "'type' is empty");

        JsonTypes One(string word) => word switch
        {
            "null" => JsonTypes.Null,
            "boolean" => JsonTypes.Boolean,
            "integer" => JsonTypes.Integer,
            "number" => JsonTypes.Number,
            "string" => JsonTypes.String,
            "array" => JsonTypes.Array,
            "object" => JsonTypes.Object,
            _ => throw Bad(at, $"'{word}' is not a type"),
        };
    }

    // Built on first use: most documents never touch most patterns, and an automaton costs more to build than all else here.
    private Lazy<Regex> Expression(string ecma)
    {
        if (isForeign)
        {
            if (++patterns > ForeignPatternsMax) throw Bad("#", $"there are more than {ForeignPatternsMax} patterns");
            ForeignPattern.Check(ecma);
            var built = new Regex(EcmaPattern.Translate(ecma), RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
            return new(built);
        }
        var dotnet = EcmaPattern.Translate(ecma);
        var options = EcmaPattern.CannotBacktrackFar(ecma) ? RegexOptions.CultureInvariant : RegexOptions.CultureInvariant | RegexOptions.NonBacktracking;
        return new(() => new Regex(dotnet, options));
    }

    private Dictionary<string, Schema>? Map(JsonElement e, string keyword, string at) => e.TryGetProperty(keyword, out var map)
        ? map.EnumerateObject().ToDictionary(p => p.Name, p => Node(p.Value, $"{at}/{keyword}/{p.Name}"), StringComparer.Ordinal)
        : null;

    private Schema? Sub(JsonElement e, string keyword, string at) => e.TryGetProperty(keyword, out var sub) ? Node(sub, $"{at}/{keyword}") : null;

    private List<Schema>? List(JsonElement e, string keyword, string at) => e.TryGetProperty(keyword, out var list)
        ? [.. list.EnumerateArray().Select((s, i) => Node(s, $"{at}/{keyword}/{i}"))]
        : null;

    private static List<string>? Strings(JsonElement e, string keyword) =>
        e.TryGetProperty(keyword, out var list) ? [.. list.EnumerateArray().Select(Text)] : null;

    private static int? Count(JsonElement e, string keyword) => e.TryGetProperty(keyword, out var n) ? n.GetInt32() : null;

    private static double? Bound(JsonElement e, string keyword) => e.TryGetProperty(keyword, out var n) ? n.GetDouble() : null;

    private static string Text(JsonElement e) => e.GetString() ?? throw Bad("#", "null where a string is expected");

    private static InvalidOperationException Bad(string at, string why) => new($"schema {at}: {why}");
}
