// One introduction of several servers: the answers to initialize or server/discover made into one (MCP-01).
// Invariant: what the client is told holds for at least one server each; the version is the lowest that was agreed, and the stateless era is offered only where every server speaks it.
using System.Buffers;
using System.Text;
using System.Text.Json;
using CabinCrew.Gateways.Mcp.Wire;

namespace CabinCrew.Gateways.Mcp.Sessions.Several;

internal static class MergedHello
{
    private const string Name = "cabincrew";
    private static readonly string Version = typeof(MergedHello).Assembly.GetName().Version?.ToString(3) ?? "0";

    /// <summary>The JSON text of the merged result of <c>initialize</c>.</summary>
    public static ReadOnlyMemory<byte> Initialize(IReadOnlyList<Gathered> welcomes) => Write(json =>
    {
        json.WriteString("protocolVersion", welcomes.Select(w => Text(w, "protocolVersion"u8)).OfType<string>().Order(StringComparer.Ordinal).FirstOrDefault() ?? "");
        Capabilities(json, welcomes);
        json.WriteStartObject("serverInfo");
        Implementation(json);
        json.WriteEndObject();
        Instructions(json, welcomes);
    });

    /// <summary>The JSON text of the merged result of <c>server/discover</c>.</summary>
    public static ReadOnlyMemory<byte> Discover(IReadOnlyList<Gathered> found) => Write(json =>
    {
        json.WriteString("resultType", "complete");
        json.WriteStartArray("supportedVersions");
        foreach (var version in found.Select(Versions).Aggregate((a, b) => [.. a.Where(b.Contains)])) json.WriteStringValue(version);
        json.WriteEndArray();
        Capabilities(json, found);
        json.WriteStartObject("_meta");
        json.WriteStartObject("io.modelcontextprotocol/serverInfo");
        Implementation(json);
        json.WriteEndObject();
        json.WriteEndObject();
        Instructions(json, found);
        MergedLists.Caching(json, found);
    });

    private static List<string> Versions(Gathered found) => [.. JsonParts.Elements(JsonParts.Member(found.Result, "supportedVersions"u8)).Select(JsonParts.Text).OfType<string>()];

    private static void Implementation(Utf8JsonWriter json)
    {
        json.WriteString("name", Name);
        json.WriteString("version", Version);
    }

    private static void Capabilities(Utf8JsonWriter json, IReadOnlyList<Gathered> all)
    {
        json.WritePropertyName("capabilities");
        Union(json, [.. all.Select(a => JsonParts.Member(a.Result, "capabilities"u8)).Where(JsonParts.IsObject)]);
    }

    // Objects are united member by member, "true" of anyone counts, and of anything else the first.
    private static void Union(Utf8JsonWriter json, List<ReadOnlyMemory<byte>> objects)
    {
        json.WriteStartObject();
        var names = new List<string>();
        var values = new Dictionary<string, List<ReadOnlyMemory<byte>>>(StringComparer.Ordinal);
        foreach (var (name, value) in objects.SelectMany(JsonParts.Members))
        {
            var key = JsonParts.Text(name)!;
            if (!values.TryGetValue(key, out var those))
            {
                names.Add(key);
                values.Add(key, those = []);
            }
            those.Add(value);
        }
        foreach (var name in names)
        {
            json.WritePropertyName(name);
            var those = values[name];
            if (those.All(JsonParts.IsObject)) Union(json, those);
            else if (those.Any(JsonParts.IsTrue)) json.WriteBooleanValue(true);
            else json.WriteRawValue(those[0].Span, skipInputValidation: true);
        }
        json.WriteEndObject();
    }

    private static void Instructions(Utf8JsonWriter json, IReadOnlyList<Gathered> all)
    {
        var text = new StringBuilder();
        foreach (var one in all)
            if (Text(one, "instructions"u8) is { Length: > 0 } words) text.Append(text.Length > 0 ? "\n\n" : "").Append(one.Leg.Link!.Name).Append(":\n").Append(words);
        if (text.Length > 0) json.WriteString("instructions", text.ToString());
    }

    private static string? Text(Gathered from, ReadOnlySpan<byte> member) => JsonParts.Text(JsonParts.Member(from.Result, member));

    internal static ReadOnlyMemory<byte> Write(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }
        return buffer.WrittenMemory;
    }
}
