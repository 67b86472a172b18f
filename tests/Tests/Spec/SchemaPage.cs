// A reference page about a document that policies see, made of its schema and of a real document, so that it cannot be wrong.
using System.Text;
using System.Text.Json;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Tests.Spec;

/// <param name="Path">Dotted, with <c>[]</c> for the items of an array.</param>
internal sealed record SchemaMember(string Path, string Type, string Description, bool Required);

internal static class SchemaPage
{
    public static string Of(string intro, JsonElement schema, JsonElement example)
    {
        var page = new StringBuilder(intro);
        foreach (var member in Members(schema)) page.Append($"| `{member.Path}` | {member.Type} | {member.Description.Replace("|", "\\|", StringComparison.Ordinal)} |\n");
        return page.Append("\n## A document\n\n```json\n").Append(Encoding.UTF8.GetString(WireJson.Indented(example))).Append("```\n").ToString();
    }

    public static IEnumerable<SchemaMember> Members(JsonElement schema) => Below(schema, schema, "");

    private static IEnumerable<SchemaMember> Below(JsonElement root, JsonElement node, string path)
    {
        var (plain, _) = Resolve(root, node);
        if (plain.TryGetProperty("items", out var items)) return Below(root, items, path + "[]");
        if (!plain.TryGetProperty("properties", out var properties)) return [];
        var required = plain.GetProperty("required").EnumerateArray().Select(r => r.GetString()).ToHashSet();
        return properties.EnumerateObject().SelectMany(p =>
        {
            var at = path.Length == 0 ? p.Name : $"{path}.{p.Name}";
            var description = p.Value.TryGetProperty("description", out var own) ? own.GetString()! : "";
            return Below(root, p.Value, at).Prepend(new(at, Type(root, p.Value), description, required.Contains(p.Name)));
        });
    }

    // A member is a reference, or one or null, or itself.
    private static (JsonElement Plain, bool Nullable) Resolve(JsonElement root, JsonElement node)
    {
        if (node.TryGetProperty("anyOf", out var choices)) return (Resolve(root, choices[1]).Plain, true);
        return node.TryGetProperty("$ref", out var reference)
            ? (root.GetProperty("$defs").GetProperty(reference.GetString()!["#/$defs/".Length..]), false)
            : (node, false);
    }

    private static string Type(JsonElement root, JsonElement node)
    {
        var (plain, nullable) = Resolve(root, node);
        var type = plain.TryGetProperty("enum", out var words) ? string.Join(", ", words.EnumerateArray().Select(w => $"`{w.GetString()}`"))
            : plain.TryGetProperty("const", out var value) ? $"`{value.GetRawText()}`"
            : !plain.TryGetProperty("type", out var types) ? "any value"
            : types.ValueKind == JsonValueKind.Array ? string.Join(" or ", types.EnumerateArray().Select(t => t.GetString()))
            : types.GetString() == "array" ? $"array of {Plural(Type(root, plain.GetProperty("items")))}" : types.GetString()!;
        return nullable ? $"{type} or null" : type;
    }

    private static string Plural(string type) => type is "object" or "string" ? type + "s" : type;
}
