// One list of several servers' lists: each entry as its server wrote it, but for the name that tells whose it is (MCP-01).
// Invariant: an entry that could not be addressed afterwards (no name, a URI that is another server's) is not shown.
using System.Text.Json;
using CabinCrew.Gateways.Mcp.Wire;

namespace CabinCrew.Gateways.Mcp.Sessions.Several;

internal sealed class MergedLists(SharedNames names, Owners resources, Owners tasks)
{
    /// <summary>The member of the result that holds the list; null: the method lists nothing.</summary>
    public static string? Member(string method) => method switch
    {
        McpMethods.ToolsList => "tools",
        McpMethods.PromptsList => "prompts",
        McpMethods.ResourcesList => "resources",
        McpMethods.ResourceTemplatesList => "resourceTemplates",
        McpMethods.TasksList => "tasks",
        _ => null,
    };

    /// <summary>The JSON text of the merged result; empty: the places where the servers go on do not fit into one cursor.</summary>
    public ReadOnlyMemory<byte> Merge(string method, IReadOnlyList<Gathered> pages)
    {
        var more = new List<(string, ReadOnlyMemory<byte>)>();
        foreach (var page in pages)
            if (JsonParts.Member(page.Result, "nextCursor"u8) is { IsEmpty: false } cursor && cursor.Span[0] is (byte)'"') more.Add((page.Leg.Link!.Name, cursor));
        var next = more.Count > 0 ? Cursors.Write(more) : "";
        if (next is null) return default;
        var member = Member(method)!;
        return MergedHello.Write(json =>
        {
            if (pages.Any(p => !JsonParts.Member(p.Result, "resultType"u8).IsEmpty)) json.WriteString("resultType", "complete");
            json.WriteStartArray(member);
            foreach (var page in pages)
                foreach (var entry in JsonParts.Elements(JsonParts.Member(page.Result, System.Text.Encoding.ASCII.GetBytes(member))))
                    if (Shown(method, page.Leg.Link!, entry) is { IsEmpty: false } shown) json.WriteRawValue(shown.Span, skipInputValidation: true);
            json.WriteEndArray();
            if (next.Length > 0) json.WriteString("nextCursor", next);
            Caching(json, pages);
        });
    }

    /// <summary>The shortest life, and private where anyone says so; nothing where anyone says nothing.</summary>
    public static void Caching(Utf8JsonWriter json, IReadOnlyList<Gathered> pages)
    {
        long? least = long.MaxValue;
        var scopes = new HashSet<string?>();
        foreach (var page in pages)
        {
            least = long.TryParse(JsonParts.Member(page.Result, "ttlMs"u8).Span, out var life) && least is { } so ? Math.Min(so, life) : null;
            scopes.Add(JsonParts.Text(JsonParts.Member(page.Result, "cacheScope"u8)));
        }
        if (least is { } shortest) json.WriteNumber("ttlMs", shortest);
        if (!scopes.Contains(null)) json.WriteString("cacheScope", scopes.Contains("private") ? "private" : scopes.First());
    }

    private ReadOnlyMemory<byte> Shown(string method, Link link, ReadOnlyMemory<byte> entry)
    {
        switch (method)
        {
            case McpMethods.ResourcesList:
                return JsonParts.Text(JsonParts.Member(entry, "uri"u8)) is { } uri && resources.Claim(uri, link) ? entry : default;
            case McpMethods.ResourceTemplatesList:
                return JsonParts.Text(JsonParts.Member(entry, "uriTemplate"u8)) is { } template && resources.ClaimTemplate(template, link) ? entry : default;
            case McpMethods.TasksList:
                return JsonParts.Text(JsonParts.Member(entry, "taskId"u8)) is { } task && tasks.Claim(task, link) ? entry : default;
            default:
                var name = JsonParts.Member(entry, "name"u8);
                return JsonParts.Text(name) is { } own ? JsonParts.Replace(entry, name, JsonParts.Quoted(names.Share(link, own))) : default;
        }
    }
}
