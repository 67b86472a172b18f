// The methods of MCP that this server has, in both eras of the protocol: with initialize (up to 2025-11-25), and stateless, where every request says its version.
using System.Text.Json;
using CabinCrew.Protocol;
using CabinCrew.Servers.Files.Tools;

namespace CabinCrew.Servers.Files.Rpc;

internal sealed class Dispatcher(Toolbox toolbox)
{
    private const string Modern = "2026-07-28", VersionKey = "io.modelcontextprotocol/protocolVersion", CapabilitiesKey = "io.modelcontextprotocol/clientCapabilities";
    private const int ListingMilliseconds = 3_600_000;

    /// <summary>Newest first.</summary>
    public static readonly IReadOnlyList<string> Legacy = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];

    private static readonly string Version = typeof(Dispatcher).Assembly.GetName().Version!.ToString(3);

    public async Task<byte[]> AnswerAsync(JsonElement id, string method, JsonElement parameters, CancellationToken ct)
    {
        var meta = parameters.ValueKind == JsonValueKind.Object && parameters.TryGetProperty("_meta", out var m) && m.ValueKind == JsonValueKind.Object ? m : default;
        var version = meta.ValueKind == JsonValueKind.Object && meta.TryGetProperty(VersionKey, out var v) && v.ValueKind == JsonValueKind.String ? v.GetString() : null;
        if (version is not null && version != Modern) return Unsupported(id, version);
        if (version is null && method == "server/discover") return Reply.Error(id, Reply.InvalidParams, $"params._meta needs {VersionKey}");
        if (version is not null && (!meta.TryGetProperty(CapabilitiesKey, out var capabilities) || capabilities.ValueKind != JsonValueKind.Object)) return Reply.Error(id, Reply.InvalidParams, $"params._meta needs {CapabilitiesKey}, an object");
        var modern = version is not null;
        return method switch
        {
            "initialize" => Initialize(id, parameters),
            "server/discover" => Reply.Result(id, w =>
            {
                Complete(w, modern, cached: true);
                w.WriteStartArray("supportedVersions");
                w.WriteStringValue(Modern);
                foreach (var known in Legacy) w.WriteStringValue(known);
                w.WriteEndArray();
                Capabilities(w);
            }),
            "ping" => Reply.Result(id, w => Complete(w, modern)),
            "tools/list" => Reply.Result(id, w =>
            {
                Complete(w, modern, cached: true);
                w.WriteStartArray("tools");
                foreach (var tool in toolbox.All) tool.WriteTo(w);
                w.WriteEndArray();
            }),
            "tools/call" => await CallAsync(id, parameters, modern, ct).ConfigureAwait(false),
            "resources/list" => Empty(id, modern, "resources"),
            "resources/templates/list" => Reply.Result(id, w =>
            {
                Complete(w, modern, cached: true);
                w.WriteStartArray("resourceTemplates");
                w.WriteStartObject();
                w.WriteString("uriTemplate", $"file://{toolbox.Tree.Path}/{{+path}}");
                w.WriteString("name", "file");
                w.WriteString("description", "A file of the directory that this server serves.");
                w.WriteEndObject();
                w.WriteEndArray();
            }),
            "resources/read" => ReadResource(id, parameters, modern),
            _ => Reply.Error(id, Reply.MethodNotFound, $"there is no method '{(method.Length <= 100 ? method : method[..100])}' here"),
        };
    }

    private static byte[] Unsupported(JsonElement id, string version) => Reply.Error(id, Reply.UnsupportedVersion, "Unsupported protocol version", w =>
    {
        w.WriteStartArray("supported");
        w.WriteStringValue(Modern);
        foreach (var known in Legacy) w.WriteStringValue(known);
        w.WriteEndArray();
        w.WriteString("requested", version.Length <= 100 ? version : version[..100]);
    });

    private byte[] Initialize(JsonElement id, JsonElement parameters)
    {
        var asked = parameters.ValueKind == JsonValueKind.Object && parameters.TryGetProperty("protocolVersion", out var v) && v.ValueKind == JsonValueKind.String ? v.GetString() : null;
        if (asked is null) return Reply.Error(id, Reply.InvalidParams, "initialize needs protocolVersion");
        return Reply.Result(id, w =>
        {
            w.WriteString("protocolVersion", Legacy.Contains(asked) ? asked : Legacy[0]);
            Capabilities(w);
            w.WriteStartObject("serverInfo");
            Identity(w);
            w.WriteEndObject();
        });
    }

    private void Capabilities(Utf8JsonWriter w)
    {
        w.WriteStartObject("capabilities");
        w.WriteStartObject("tools");
        w.WriteEndObject();
        w.WriteStartObject("resources");
        w.WriteEndObject();
        w.WriteEndObject();
        w.WriteString("instructions", toolbox.Instructions);
    }

    private static void Identity(Utf8JsonWriter w)
    {
        w.WriteString("name", "cabincrew-files");
        w.WriteString("title", "CabinCrew files");
        w.WriteString("version", Version);
    }

    /// <summary>What every result of the stateless era says; and how long one that may be kept holds good.</summary>
    private static void Complete(Utf8JsonWriter w, bool modern, bool cached = false)
    {
        if (!modern) return;
        w.WriteString("resultType", "complete");
        w.WriteStartObject("_meta");
        w.WriteStartObject("io.modelcontextprotocol/serverInfo");
        Identity(w);
        w.WriteEndObject();
        w.WriteEndObject();
        if (!cached) return;
        w.WriteNumber("ttlMs", ListingMilliseconds);
        w.WriteString("cacheScope", "private");
    }

    private static byte[] Empty(JsonElement id, bool modern, string member) => Reply.Result(id, w =>
    {
        Complete(w, modern, cached: true);
        w.WriteStartArray(member);
        w.WriteEndArray();
    });

    private async Task<byte[]> CallAsync(JsonElement id, JsonElement parameters, bool modern, CancellationToken ct)
    {
        if (parameters.ValueKind != JsonValueKind.Object || !parameters.TryGetProperty("name", out var name) || name.ValueKind != JsonValueKind.String) return Reply.Error(id, Reply.InvalidParams, "tools/call needs the name of a tool");
        if (toolbox.Find(name.GetString()!) is not { } tool) return Reply.Error(id, Reply.InvalidParams, $"Unknown tool: {name.GetString()}");
        var given = parameters.TryGetProperty("arguments", out var a) ? a : default;
        if (given.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Object)) return Reply.Error(id, Reply.InvalidParams, "arguments must be an object");
        var answer = await toolbox.CallAsync(tool, new(given), ct).ConfigureAwait(false);
        return Reply.Result(id, w =>
        {
            Complete(w, modern);
            w.WriteStartArray("content");
            foreach (var text in answer.Texts)
            {
                w.WriteStartObject();
                w.WriteString("type", "text");
                w.WriteString("text", text);
                w.WriteEndObject();
            }
            w.WriteEndArray();
            w.WriteBoolean("isError", answer.IsError);
        });
    }

    private byte[] ReadResource(JsonElement id, JsonElement parameters, bool modern)
    {
        var text = parameters.ValueKind == JsonValueKind.Object && parameters.TryGetProperty("uri", out var u) && u.ValueKind == JsonValueKind.String ? u.GetString()! : "";
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || !uri.IsFile || uri.Host.Length > 0 || uri.Query.Length > 0 || uri.Fragment.Length > 0)
            return Reply.Error(id, Reply.InvalidParams, $"resources/read needs the URI of a file beneath file://{toolbox.Tree.Path}/");
        var read = toolbox.ReadResource(uri.LocalPath);
        if (!read.Try(out var content, out var problem)) return Reply.Error(id, Reply.InvalidParams, problem.ToString());
        return Reply.Result(id, w =>
        {
            Complete(w, modern);
            if (modern)
            {
                w.WriteNumber("ttlMs", 0);
                w.WriteString("cacheScope", "private");
            }
            w.WriteStartArray("contents");
            w.WriteStartObject();
            w.WriteString("uri", text);
            w.WriteString("mimeType", content.IsText ? "text/plain" : "application/octet-stream");
            if (content.IsText) w.WriteString("text", content.Bytes.Span);
            else w.WriteBase64String("blob", content.Bytes.Span);
            w.WriteEndObject();
            w.WriteEndArray();
        });
    }
}
