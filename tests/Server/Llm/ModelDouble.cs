// Stands in for a provider: answers by what the test gives it, and keeps what it was asked. Shapes as the public API documents have them.
using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace CabinCrew.Server.Tests.Llm;

internal sealed record Asked(string Path, string Body, IReadOnlyDictionary<string, string> Headers)
{
    public JsonElement Json => JsonElement.Parse(Body);
}

internal sealed class ModelDouble : IAsyncDisposable
{
    private Web? web;

    public ConcurrentQueue<Asked> Seen { get; } = new();

    public Uri Address => web!.Address;

    /// <summary>Writes the answer; the body was read.</summary>
    public Func<HttpContext, Asked, Task> Answer { get; set; } = (http, _) => Json(http, Chat("hello"));

    public static async Task<ModelDouble> StartAsync()
    {
        var model = new ModelDouble();
        model.web = await Web.StartAsync(async http =>
        {
            using var reader = new StreamReader(http.Request.Body);
            var asked = new Asked(http.Request.Path, await reader.ReadToEndAsync(), http.Request.Headers.ToDictionary(h => h.Key.ToLowerInvariant(), h => h.Value.ToString()));
            model.Seen.Enqueue(asked);
            await model.Answer(http, asked);
        });
        return model;
    }

    public ValueTask DisposeAsync() => web!.DisposeAsync();

    public static async Task Json(HttpContext http, string body, int status = 200)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync(body);
    }

    public static async Task Events(HttpContext http, params string[] events)
    {
        if (!http.Response.HasStarted) http.Response.ContentType = "text/event-stream";
        foreach (var one in events)
        {
            await http.Response.WriteAsync(one + "\n\n");
            await http.Response.Body.FlushAsync();
        }
    }

    public static string Chat(string text) => """{"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"m-1","choices":[{"index":0,"message":{"role":"assistant","content":""" + JsonSerializer.Serialize(text)
        + ""","refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12}}""";

    public static string[] ChatStream(params string[] parts) =>
    [
        """data: {"id":"c1","object":"chat.completion.chunk","created":1700000000,"model":"m-1","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}""",
        .. parts.Select(p => """data: {"id":"c1","object":"chat.completion.chunk","created":1700000000,"model":"m-1","choices":[{"index":0,"delta":{"content":""" + JsonSerializer.Serialize(p) + """},"finish_reason":null}]}"""),
        """data: {"id":"c1","object":"chat.completion.chunk","created":1700000000,"model":"m-1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""",
        "data: [DONE]",
    ];

    public static string Message(string text) => """{"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[{"type":"text","text":""" + JsonSerializer.Serialize(text)
        + """}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":9,"output_tokens":3}}""";

    public static string[] MessageStream(params string[] parts) =>
    [
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-x\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":9,\"output_tokens\":1}}}",
        "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}",
        .. parts.Select(p => "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":" + JsonSerializer.Serialize(p) + "}}"),
        "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}",
        "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":3}}",
        "event: message_stop\ndata: {\"type\":\"message_stop\"}",
    ];
}
