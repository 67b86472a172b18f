// Frames for tests, cut from their text the plain way.
using System.Text;
using System.Text.Json;
using CabinCrew.Gateways.Mcp.Wire;

namespace CabinCrew.Gateways.Tests.Gate;

internal static class Frames
{
    public static Frame Of(string json)
    {
        ReadOnlyMemory<byte> bytes = Encoding.UTF8.GetBytes(json);
        var top = Members(bytes);
        var parameters = top.GetValueOrDefault("params");
        var inner = Members(parameters);
        var meta = Members(inner.GetValueOrDefault("_meta"));
        var name = inner.TryGetValue("name", out var given) ? given : inner.GetValueOrDefault("uri");
        var answer = top.TryGetValue("result", out var result) ? result : top.GetValueOrDefault("error");
        return new()
        {
            Bytes = bytes,
            Kind = top.ContainsKey("result") ? FrameKind.Result : top.ContainsKey("error") ? FrameKind.Error : top.ContainsKey("id") ? FrameKind.Request : FrameKind.Notification,
            Id = top.GetValueOrDefault("id"),
            Method = Text(top.GetValueOrDefault("method")),
            Params = parameters,
            Answer = answer,
            Name = Text(name),
            NameText = name,
            Arguments = inner.GetValueOrDefault("arguments"),
            Inputs = top.ContainsKey("result") ? Members(answer).GetValueOrDefault("inputRequests") : inner.GetValueOrDefault(top.ContainsKey("id") ? "inputResponses" : "inputRequests"),
            Task = inner.TryGetValue("taskId", out var task) || Members(answer).TryGetValue("taskId", out task) ? task : Members(answer).GetValueOrDefault("task"),
            ProgressToken = meta.GetValueOrDefault("progressToken"),
        };
    }

    public static Frame Call(string tool, string arguments = "{}", string id = "1") =>
        Of($$$"""{"jsonrpc":"2.0","id":{{{id}}},"method":"tools/call","params":{"name":{{{JsonSerializer.Serialize(tool)}}},"arguments":{{{arguments}}}}}""");

    public static Frame Result(string result, string id = "1") => Of($$"""{"jsonrpc":"2.0","id":{{id}},"result":{{result}}}""");

    private static string? Text(ReadOnlyMemory<byte> json) => json.IsEmpty ? null : JsonSerializer.Deserialize<string>(json.Span);

    private static Dictionary<string, ReadOnlyMemory<byte>> Members(ReadOnlyMemory<byte> json)
    {
        var members = new Dictionary<string, ReadOnlyMemory<byte>>();
        if (json.IsEmpty) return members;
        var reader = new Utf8JsonReader(json.Span);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return members;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            members[name] = json[start..(int)reader.BytesConsumed];
        }
        return members;
    }
}
