// docs/reference/policy-input.md, made of the schema and of a real document, so that it cannot be wrong.
using System.Text;
using System.Text.Json;
using CabinCrew.Governance.Policies;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Tests.Spec;

/// <param name="Path">Dotted, with <c>[]</c> for the items of an array.</param>
internal sealed record PolicyInputMember(string Path, string Type, string Description, bool Required);

internal static class PolicyInputPage
{
    private const string Intro = """
        # What policies see

        Rego policies of the package `cabincrew.preflight` are asked about one step's validated plan at a time. This is `input`: the same values that the plan-token binds, who asked
        for them, and when. `cabincrew schema policy-input` prints the JSON schema; policies are type-checked against it when they are loaded, so a
        reference to a member that does not exist is an error, never a rule that silently does nothing. Written from the schema by the tests; do not edit.

        - Every member is always there. `null` stands where there is no value, and built-in functions given `null` are errors, which count as deny.
        - Nothing is cut short in silence: all changed lines are here. A plan whose document would exceed 32 MiB is not judged, which counts as deny.
        - Bodies beyond 4 MiB are of kind `large` and have no `text` and no `json`. A policy that relies on bodies should say so:
          `deny contains "too large to read" if some a in input.artifacts; a.body.kind == "large"`.
        - A body of invalid JSON (a key twice, for example) is of kind `text`: a policy that needs the parsed value should deny what has none.
        - The values of mapped secrets read `[redacted:NAME]`, wherever they stood.
        - `metadata`, `type`, `action`, `target` and bodies are what the engine says. `changes`, `refs` and `totals` are what take-off will be held to.

        | member | type | meaning |
        | --- | --- | --- |

        """;

    /// <summary>The plan that the page shows.</summary>
    public static readonly PolicySubject Example = Subjects.Of(Subjects.Update("src/app.conf", "retries = 5") with { DeletedLines = [new(1, "retries = 3")] }) with
    {
        RequesterIsHuman = true, RequesterRoles = ["maintainer"], Environment = "staging", Now = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero), Config = JsonElement.Parse("""{"run":["./tune.sh"]}"""), EngineId = "script",
        Artifacts = [Subjects.Artifact("changes", """{"metadata":{"summary":"more retries"}}""", "--- a/src/app.conf\n+++ b/src/app.conf\n@@ -1 +1 @@\n-retries = 3\n+retries = 5\n") with { Type = "file_patch", Action = "apply" }],
    };

    public static string Of(JsonElement schema, JsonElement example)
    {
        var page = new StringBuilder(Intro);
        foreach (var member in Members(schema)) page.Append($"| `{member.Path}` | {member.Type} | {member.Description.Replace("|", "\\|", StringComparison.Ordinal)} |\n");
        return page.Append("\n## A document\n\n```json\n").Append(Encoding.UTF8.GetString(WireJson.Indented(example))).Append("```\n").ToString();
    }

    public static IEnumerable<PolicyInputMember> Members(JsonElement schema) => Below(schema, schema, "");

    private static IEnumerable<PolicyInputMember> Below(JsonElement root, JsonElement node, string path)
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
