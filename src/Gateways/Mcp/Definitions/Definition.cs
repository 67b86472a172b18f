// What a server says it offers: tools, prompts, resources and their templates, as one entry of a list, with the digest that a pin is about (MCP-05). Pure.
using System.Text;
using System.Text.Json;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;

namespace CabinCrew.Gateways.Mcp.Definitions;

public enum DefinitionKind { Tool, Prompt, Resource, Template }

public readonly record struct DefinitionKey(DefinitionKind Kind, string Name);

/// <param name="Key">Null: it has no name that could be pinned.</param>
/// <param name="From">Where it stands in the list's answer.</param>
/// <param name="Json">As the server wrote it.</param>
/// <param name="Digest">Null: it has no canonical form, and so cannot be pinned.</param>
internal sealed record Definition(DefinitionKey? Key, int From, int Length, ReadOnlyMemory<byte> Json, Digest? Digest)
{
    /// <summary>Longer than this a definition is not one that a person could read before accepting it.</summary>
    public const int BytesMax = 256 * 1024;

    /// <summary>With what must not be kept cut out.</summary>
    public ReadOnlyMemory<byte> Kept { get; init; } = Json;

    public string Text => Encoding.UTF8.GetString(Kept.Span);
}

public static class DefinitionKinds
{
    /// <summary>The kind that a method lists, with the member that holds the list; null: it lists nothing that is pinned.</summary>
    internal static (DefinitionKind Kind, string Member)? ListedBy(string method) => method switch
    {
        "tools/list" => (DefinitionKind.Tool, "tools"),
        "prompts/list" => (DefinitionKind.Prompt, "prompts"),
        "resources/list" => (DefinitionKind.Resource, "resources"),
        "resources/templates/list" => (DefinitionKind.Template, "resourceTemplates"),
        _ => null,
    };

    /// <summary>The request that uses what a list offers.</summary>
    internal static string UsedBy(DefinitionKind kind) => kind switch
    {
        DefinitionKind.Tool => "tools/call",
        DefinitionKind.Prompt => "prompts/get",
        DefinitionKind.Resource => "resources/read",
        DefinitionKind.Template => "resources/read",
    };

    /// <summary>What a request uses; null: nothing that is pinned.</summary>
    internal static DefinitionKind? UsedIn(string method) => method switch
    {
        "tools/call" => DefinitionKind.Tool,
        "prompts/get" => DefinitionKind.Prompt,
        "resources/read" or "resources/subscribe" => DefinitionKind.Resource,
        _ => null,
    };

    internal static string NameMember(DefinitionKind kind) => kind switch
    {
        DefinitionKind.Tool or DefinitionKind.Prompt => "name",
        DefinitionKind.Resource => "uri",
        DefinitionKind.Template => "uriTemplate",
    };

    public static string Word(this DefinitionKind kind) => kind switch
    {
        DefinitionKind.Tool => "tool",
        DefinitionKind.Prompt => "prompt",
        DefinitionKind.Resource => "resource",
        DefinitionKind.Template => "template",
    };
}

internal static class DefinitionDigest
{
    /// <summary>Over the canonical form. A resource's size and time of change are its content's, not its definition's.</summary>
    public static Digest? Of(DefinitionKind kind, JsonElement definition)
    {
        try
        {
            if (!HasExactNumbers(definition)) return Digest.Of(Encoding.UTF8.GetBytes("raw\n" + definition.GetRawText()));
            if (kind != DefinitionKind.Resource) return CanonicalJson.Hash(definition);
            var rest = System.Text.Json.Nodes.JsonObject.Create(definition)!;
            rest.Remove("size");
            if (rest["annotations"] is System.Text.Json.Nodes.JsonObject annotations) annotations.Remove("lastModified");
            return Digest.Of(CanonicalJson.Write(rest));
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or JsonException or FormatException)
        {
            return null;
        }
    }

    // Two integers beyond 2^53 could share one canonical form: then the bytes themselves are what is pinned.
    private static bool HasExactNumbers(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject().All(m => HasExactNumbers(m.Value)),
        JsonValueKind.Array => value.EnumerateArray().All(HasExactNumbers),
        JsonValueKind.Number => value.GetRawText().Length <= 15,
        _ => true,
    };
}
