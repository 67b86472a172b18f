// Parameters that a server wants repeated in headers (x-mcp-header, 2026-07-28): learnt from the tools it lists, put into the calls of them.
// Invariant: an annotation that breaks the rules makes its tool unusable here: it is left out of the headers, and its calls are refused.
using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using CabinCrew.Gateways.Http;

namespace CabinCrew.Gateways.Mcp.Servers.Remote;

internal sealed class ParameterHeaders
{
    public const string Prefix = "Mcp-Param-";

    private const string Annotation = "x-mcp-header";
    private const int ToolsMax = 10_000;
    private const int PathMax = 16;
    private const long IntegerMax = (1L << 53) - 1;

    private readonly ConcurrentDictionary<string, Tool> tools = new(StringComparer.Ordinal);

    private sealed record Tool(IReadOnlyList<(string[] Path, string Header)> Parameters, string? Fault);

    /// <param name="result">Of <c>tools/list</c>.</param>
    public void Learn(ReadOnlyMemory<byte> result)
    {
        // Most servers use none: one look at the bytes spares the parsing.
        if (result.Span.IndexOf("x-mcp-header"u8) < 0 && tools.IsEmpty) return;
        using var document = JsonDocument.Parse(result);
        if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty("tools", out var list) || list.ValueKind != JsonValueKind.Array) return;
        foreach (var tool in list.EnumerateArray())
        {
            if (tool.ValueKind != JsonValueKind.Object || !tool.TryGetProperty("name", out var name) || name.ValueKind != JsonValueKind.String) continue;
            List<(string[], string)> found = [];
            var fault = tool.TryGetProperty("inputSchema", out var schema) ? Walk(schema, [], reachable: true, found) : null;
            fault ??= found.GroupBy(f => f.Item2, StringComparer.OrdinalIgnoreCase).FirstOrDefault(g => g.Count() > 1) is { } twin ? $"the header '{twin.Key}' stands for two parameters" : null;
            if (found.Count == 0 && fault is null) tools.TryRemove(name.GetString()!, out _);
            else if (tools.Count < ToolsMax) tools[name.GetString()!] = new(fault is null ? found : [], fault);
        }
    }

    /// <summary>Why a call of this tool cannot be made; null: it can.</summary>
    public string? Fault(string tool) => tools.TryGetValue(tool, out var known) ? known.Fault : null;

    public IEnumerable<(string Name, string Value)> Of(string tool, ReadOnlyMemory<byte> arguments)
    {
        if (arguments.IsEmpty || !tools.TryGetValue(tool, out var known) || known.Parameters.Count == 0) yield break;
        using var document = JsonDocument.Parse(arguments);
        foreach (var (path, header) in known.Parameters)
        {
            var at = document.RootElement;
            if (!path.All(step => at.ValueKind == JsonValueKind.Object && at.TryGetProperty(step, out at))) continue;
            var value = at.ValueKind switch
            {
                JsonValueKind.String => at.GetString(),
                JsonValueKind.Number when at.TryGetInt64(out var whole) && Math.Abs(whole) <= IntegerMax => whole.ToString(CultureInfo.InvariantCulture),
                JsonValueKind.True => "true",
                JsonValueKind.False => "false",
                _ => null,
            };
            if (value is not null) yield return (Prefix + header, HeaderText.Encode(value));
        }
    }

    private static string? Walk(JsonElement schema, string[] path, bool reachable, List<(string[], string)> found)
    {
        if (path.Length > PathMax) return null;
        if (schema.ValueKind == JsonValueKind.Array) return schema.EnumerateArray().Select(item => Walk(item, path, false, found)).FirstOrDefault(f => f is not null);
        if (schema.ValueKind != JsonValueKind.Object) return null;
        if (schema.TryGetProperty(Annotation, out var annotation))
        {
            var name = annotation.ValueKind == JsonValueKind.String ? annotation.GetString()! : "";
            if (!reachable || path.Length == 0) return $"'{Annotation}' stands where no argument is read";
            if (name.Length is 0 or > 128 || !name.All(IsTokenChar)) return $"'{Annotation}' names no header";
            if (!schema.TryGetProperty("type", out var type) || type.ValueKind != JsonValueKind.String || type.GetString() is not ("string" or "integer" or "boolean")) return $"'{Annotation}' goes with strings, integers and booleans only";
            found.Add((path, name));
        }
        foreach (var member in schema.EnumerateObject())
        {
            string? fault = null;
            if (member.Name == "properties" && member.Value.ValueKind == JsonValueKind.Object)
                fault = member.Value.EnumerateObject().Select(p => Walk(p.Value, [.. path, p.Name], reachable, found)).FirstOrDefault(f => f is not null);
            else if (member.Name is not ("default" or "const" or "enum" or "examples")) fault = Walk(member.Value, path, false, found);
            if (fault is not null) return fault;
        }
        return null;
    }

    private static bool IsTokenChar(char c) => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c, StringComparison.Ordinal);
}
