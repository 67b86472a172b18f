// The streams of each API, with a text in as many parts as a test likes, and what a client makes of what came.
using System.Text.Json;

namespace CabinCrew.Server.Tests.Llm;

/// <param name="Events">Of a text in parts, the end included.</param>
internal sealed record StreamShape(string Path, string Asking, Func<string[], string[]> Events)
{
    private const string Rest = "\"stream\":true";

    public static readonly IReadOnlyDictionary<string, StreamShape> All = new Dictionary<string, StreamShape>
    {
        ["chat"] = new("/v1/chat/completions", $$"""{"model":"m-1",{{Rest}},"messages":[{"role":"user","content":"x"}]}""", ModelDouble.ChatStream),
        ["completions"] = new("/v1/completions", $$"""{"model":"m-1",{{Rest}},"prompt":"x"}""", parts =>
            [.. parts.Select(p => $$"""data: {"id":"cmpl-1","object":"text_completion","created":1,"model":"m-1","choices":[{"index":0,"text":{{Q(p)}},"logprobs":null,"finish_reason":null}]}"""), """data: {"id":"cmpl-1","object":"text_completion","created":1,"model":"m-1","choices":[{"index":0,"text":"","logprobs":null,"finish_reason":"stop"}]}""", "data: [DONE]"]),
        ["messages"] = new("/v1/messages", $$"""{"model":"claude-x","max_tokens":9,{{Rest}},"messages":[{"role":"user","content":"x"}]}""", ModelDouble.MessageStream),
        ["responses"] = new("/v1/responses", $$"""{"model":"m-1",{{Rest}},"input":"x"}""", parts =>
        [
            Event("response.created", """{"sequence_number":0,"response":{"id":"resp_1","object":"response","created_at":1,"status":"in_progress","instructions":"You are brief.","model":"m-1","output":[],"tools":[],"usage":null}}"""),
            Event("response.output_item.added", """{"output_index":0,"item":{"id":"msg_1","type":"message","status":"in_progress","role":"assistant","content":[]}}"""),
            Event("response.content_part.added", """{"item_id":"msg_1","output_index":0,"content_index":0,"part":{"type":"output_text","text":"","annotations":[]}}"""),
            .. parts.Select((p, i) => Event("response.output_text.delta", $$"""{"item_id":"msg_1","output_index":0,"content_index":0,"delta":TEXT,"obfuscation":"{{"aB3xYz91q"[..(i % 9)]}}"}""", p)),
            Event("response.output_text.done", """{"item_id":"msg_1","output_index":0,"content_index":0,"text":TEXT}""", string.Concat(parts)),
            Event("response.output_item.done", """{"output_index":0,"item":{"id":"msg_1","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":TEXT,"annotations":[]}]}}""", string.Concat(parts)),
            Event("response.completed", """{"response":{"id":"resp_1","object":"response","status":"completed","model":"m-1","output":[{"id":"msg_1","type":"message","content":[{"type":"output_text","text":TEXT}]}],"usage":{"input_tokens":9,"output_tokens":3}}}""", string.Concat(parts)),
        ]),
    };

    public string[] Of(params string[] parts) => Events(parts);

    public static string Raw(IEnumerable<string> events) => string.Concat(events.Select(e => e + "\n\n"));

    /// <summary>What a client puts together of the deltas that came.</summary>
    public static string Said(string stream)
    {
        var said = "";
        foreach (var line in stream.Split('\n').Where(l => l.StartsWith("data: {", StringComparison.Ordinal)))
        {
            var json = JsonElement.Parse(line[6..]);
            if (json.TryGetProperty("choices", out var choices) && choices.GetArrayLength() > 0)
                said += (choices[0].TryGetProperty("text", out var text) ? text : choices[0].GetProperty("delta").TryGetProperty("content", out var content) ? content : default) is { ValueKind: JsonValueKind.String } part ? part.GetString() : "";
            else if (json.TryGetProperty("delta", out var delta))
                said += delta.ValueKind == JsonValueKind.String ? delta.GetString() : delta.TryGetProperty("text", out var block) ? block.GetString() : "";
        }
        return said;
    }

    private static string Q(string text) => JsonSerializer.Serialize(text);

    private static string Event(string type, string json, string text = "") => $"event: {type}\ndata: {{\"type\":\"{type}\",{json[1..].Replace("TEXT", Q(text), StringComparison.Ordinal)}";
}
