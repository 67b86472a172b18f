// Parameters that a server wants repeated in headers (x-mcp-header, 2026-07-28): learnt from the tools it lists, put into the calls of them.
// Invariant: an annotation that breaks the rules makes its tool unusable here: it is left out of the headers, and its calls are refused.
using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using CabinCrew.Gateways.Http;

namespace CabinCrew.Gateways.Mcp.Servers.Remote;

/// <param name="Value">Null: the arguments have no such value, and there is no header.</param>
internal sealed record ExpectedHeader(string Name, string? Value, bool IsNumber);

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

    /// <summary>The headers of a call.</summary>
    public IEnumerable<(string Name, string Value)> Of(string tool, ReadOnlyMemory<byte> arguments) =>
        Expected(tool, arguments).Where(e => e.Value is not null).Select(e => (e.Name, HeaderText.Encode(e.Value!)));

    /// <summary>What the headers of a call say, not encoded. Of a tool that was never listed: nothing.</summary>
    public IReadOnlyList<ExpectedHeader> Expected(string tool, ReadOnlyMemory<byte> arguments)
    {
        if (!tools.TryGetValue(tool, out var known) || known.Parameters.Count == 0) return [];
        if (arguments.IsEmpty) return [.. known.Parameters.Select(p => new ExpectedHeader(Prefix + p.Header, null, false))];
        using var document = JsonDocument.Parse(arguments);
        return [.. known.Parameters.Select(p => Expected(document.RootElement, p.Path, Prefix + p.Header))];
    }

    private static ExpectedHeader Expected(JsonElement at, string[] path, string header)
    {
        if (!path.All(step => at.ValueKind == JsonValueKind.Object && at.TryGetProperty(step, out at))) return new(header, null, false);
        return new(header, at.ValueKind switch
        {
            JsonValueKind.String => at.GetString(),
            // 42 and 42.0 are one integer.
            JsonValueKind.Number when at.TryGetDecimal(out var number) && decimal.IsInteger(number) && Math.Abs(number) <= IntegerMax => number.ToString("0", CultureInfo.InvariantCulture),
            JsonValueKind.True => "true",
            JsonValueKind.False => "false",
            _ => null,
        }, at.ValueKind is JsonValueKind.Number);
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
