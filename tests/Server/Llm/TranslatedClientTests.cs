// The client library of one provider before the API of another, where the route translates: nothing of the client changes but its base address (LLM-01, LLM-04).
using System.ClientModel;
using System.Net;
using System.Text.Json;
using Anthropic;
using Anthropic.Models.Messages;
using OpenAI;
using OpenAI.Chat;

namespace CabinCrew.Server.Tests.Llm;

public sealed class TranslatedClientTests
{
    private const string Models = "m-1: { to: [ { provider: claude, model: claude-x, translate: true } ] }\n  claude-x: { to: [ { provider: one, model: m-1, translate: { bound: max_tokens } } ] }";

    private static readonly string[] CallStream =
    [
        ModelDouble.MessageStream()[0],
        "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"look\",\"input\":{}}}",
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"at\\\":\"}}",
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"7}\"}}",
        "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}",
        "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":3}}",
        "event: message_stop\ndata: {\"type\":\"message_stop\"}",
    ];

    private static ChatClient OpenAi(StandingModels at) => new("m-1", new ApiKeyCredential(StandingModels.Key), new OpenAIClientOptions { Endpoint = at.Address });

    private static AnthropicClient Claude(StandingModels at) => new() { ApiKey = StandingModels.Key, BaseUrl = at.Address.GetLeftPart(UriPartial.Authority) };

    [Fact, Clause("LLM-01")]
    public async Task OpenAis_client_before_anthropics_api()
    {
        await using var at = await StandingModels.OpenAsync("", Models);
        at.Model.Answer = (http, _) => ModelDouble.Json(http, ModelDouble.Message("hello"));
        var whole = await OpenAi(at).CompleteChatAsync([new SystemChatMessage("be brief"), new UserChatMessage("hello")], new ChatCompletionOptions { Temperature = 0.5f });
        Assert.Equal(("hello", 12, ChatFinishReason.Stop), (whole.Value.Content[0].Text, whole.Value.Usage.TotalTokenCount, whole.Value.FinishReason));
        var asked = Assert.Single(at.Model.Seen);
        Assert.Equal(("/v1/messages", "be brief", "claude-x", 4096, StandingModels.ProviderKey, "2023-06-01"),
            (asked.Path, asked.Json.GetProperty("system").GetString(), asked.Json.GetProperty("model").GetString(), asked.Json.GetProperty("max_tokens").GetInt32(), asked.Headers["x-api-key"], asked.Headers["anthropic-version"]));

        at.Model.Answer = (http, _) => ModelDouble.Events(http, ModelDouble.MessageStream("Hel", "lo"));
        var (text, counted) = ("", 0);
        await foreach (var update in OpenAi(at).CompleteChatStreamingAsync("hello"))
        {
            text += string.Concat(update.ContentUpdate.Select(c => c.Text));
            counted = update.Usage?.TotalTokenCount ?? counted;
        }
        Assert.Equal(("Hello", 12), (text, counted));
    }

    [Fact, Clause("LLM-01")]
    public async Task Its_tools_too_streamed_and_answered()
    {
        await using var at = await StandingModels.OpenAsync("", Models);
        at.Model.Answer = (http, _) => ModelDouble.Events(http, CallStream);
        var options = new ChatCompletionOptions { Tools = { ChatTool.CreateFunctionTool("look", "looks", BinaryData.FromString("""{"type":"object","properties":{"at":{"type":"integer"}}}""")) } };
        var (name, arguments, finish) = ("", "", (ChatFinishReason?)null);
        await foreach (var update in OpenAi(at).CompleteChatStreamingAsync([new UserChatMessage("look")], options))
        {
            name += string.Concat(update.ToolCallUpdates.Select(c => c.FunctionName));
            arguments += string.Concat(update.ToolCallUpdates.Select(c => c.FunctionArgumentsUpdate?.ToString()));
            finish = update.FinishReason ?? finish;
        }
        Assert.Equal(("look", """{"at":7}""", ChatFinishReason.ToolCalls), (name, arguments, finish));

        at.Model.Answer = (http, _) => ModelDouble.Json(http, ModelDouble.Message("a cat"));
        var call = ChatToolCall.CreateFunctionToolCall("t1", "look", BinaryData.FromString("""{"at":7}"""));
        var answered = await OpenAi(at).CompleteChatAsync([new UserChatMessage("look"), new AssistantChatMessage([call]), new ToolChatMessage("t1", "fur")], options);
        Assert.Equal("a cat", answered.Value.Content[0].Text);
        var result = at.Model.Seen.Last().Json.GetProperty("messages")[2].GetProperty("content")[0];
        Assert.Equal(("tool_result", "t1", "fur"), (result.GetProperty("type").GetString(), result.GetProperty("tool_use_id").GetString(), result.GetProperty("content").GetString()));
    }

    [Fact, Clause("LLM-01")]
    public async Task Anthropics_client_before_openais_api()
    {
        await using var at = await StandingModels.OpenAsync("", Models);
        at.Model.Answer = (http, _) => ModelDouble.Json(http, ModelDouble.Chat("hello"));
        var asking = new MessageCreateParams { Model = "claude-x", MaxTokens = 9, System = "be brief", Messages = [new UserMessageParam { Content = "hello" }] };
        var whole = await Claude(at).Messages.Create(asking);
        Assert.True(whole.Content[0].TryPickText(out var said));
        Assert.Equal(("hello", 9L, 3L), (said.Text, whole.Usage.InputTokens, whole.Usage.OutputTokens));
        var asked = Assert.Single(at.Model.Seen);
        Assert.Equal(("/v1/chat/completions", "m-1", 9, $"Bearer {StandingModels.ProviderKey}"), (asked.Path, asked.Json.GetProperty("model").GetString(), asked.Json.GetProperty("max_tokens").GetInt32(), asked.Headers["authorization"]));

        at.Model.Answer = (http, _) => ModelDouble.Events(http, ModelDouble.ChatStream("Hel", "lo"));
        var text = "";
        await foreach (var one in Claude(at).Messages.CreateStreaming(asking))
            if (one.TryPickContentBlockDelta(out var delta) && delta.Delta.TryPickText(out var part)) text += part.Text;
        Assert.Equal("Hello", text);
    }

    private const string No = """
        package cabincrew.llm

        deny contains "not this" if { some said in input.exchange.texts; contains(said.text, "codename") }

        """;

    // Whatever the provider's API: the gate sees what goes and what comes back, and the caller hears of it in its own shape.
    [Theory, Clause("LLM-02")]
    [InlineData(false), InlineData(true)]
    public async Task What_is_translated_is_judged_on_both_ways(bool stream)
    {
        await using var at = await StandingModels.OpenAsync("policies: [ { rego: policy } ]", Models, ("policy/no.rego", No));
        at.Model.Answer = (http, _) => stream ? ModelDouble.Events(http, ModelDouble.MessageStream("the code", "name is x")) : ModelDouble.Json(http, ModelDouble.Message("the codename is x"));
        var (status, body, _) = await at.PostAsync("/v1/chat/completions", Asking("x", stream));
        Assert.Equal((HttpStatusCode.Forbidden, "response_withheld"), (status, JsonElement.Parse(body).GetProperty("error").GetProperty("code").GetString()));
        Assert.DoesNotContain("codename is", body, StringComparison.Ordinal);
        await at.PostAsync("/v1/chat/completions", Asking("the codename", stream));
        Assert.Single(at.Model.Seen);
        var told = (await at.EventsAsync()).Where(e => e.TryGetProperty("gateway", out _)).Select(e => e.GetProperty("extensions").GetProperty("data")).Where(d => d.TryGetProperty("method", out _)).Select(d => $"{d.GetProperty("kind").GetString()} {d.GetProperty("method").GetString()} {d.GetProperty("route").GetString()}");
        Assert.Equal(["request messages m-1: first in the file, translated to messages", "response chat.completions m-1: first in the file, translated to messages", "request messages m-1: first in the file, translated to messages"], told);
    }

    [Fact, Clause("LLM-03")]
    public async Task A_credential_does_not_leave_by_translation_either()
    {
        await using var at = await StandingModels.OpenAsync("restore: true", Models);
        // Made up of two parts, so that no scanner takes this file for a leak.
        var token = "glpat-" + "Zq3vB8nK2mXw7RtYc5Ld";
        at.Model.Answer = (http, asked) => ModelDouble.Json(http, ModelDouble.Message("you said: " + asked.Json.GetProperty("messages")[0].GetProperty("content")[0].GetProperty("text").GetString()));
        var (_, body, _) = await at.PostAsync("/v1/chat/completions", Asking($"use {token}"));
        Assert.DoesNotContain(token, Assert.Single(at.Model.Seen).Body, StringComparison.Ordinal);
        Assert.Contains($"you said: use {token}", body, StringComparison.Ordinal);
    }

    [Fact, Clause("LLM-04")]
    public async Task What_cannot_be_told_there_is_asked_of_who_takes_it_as_it_is_or_refused_by_name()
    {
        await using var at = await StandingModels.OpenAsync("", "m-1: { to: [ { provider: claude, translate: true }, { provider: two } ] }\n  m-2: { to: [ { provider: claude, translate: true } ] }");
        var (status, _, _) = await at.PostAsync("/v1/chat/completions", Asking("x").Replace("\"stream\"", "\"seed\":7,\"stream\"", StringComparison.Ordinal));
        Assert.Equal((HttpStatusCode.OK, "/two/v1/chat/completions"), (status, Assert.Single(at.Model.Seen).Path));
        (status, var body, _) = await at.PostAsync("/v1/chat/completions", Asking("x").Replace("\"stream\"", "\"seed\":7,\"stream\"", StringComparison.Ordinal).Replace("m-1", "m-2", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("'/seed' cannot be translated", body, StringComparison.Ordinal);
        Assert.Single(at.Model.Seen);
    }

    [Fact, Clause("LLM-07")]
    public async Task A_providers_error_comes_in_the_callers_shape()
    {
        await using var at = await StandingModels.OpenAsync("", Models);
        at.Model.Answer = (http, _) => ModelDouble.Json(http, """{"type":"error","error":{"type":"invalid_request_error","message":"too long"}}""", 400);
        var refused = await Assert.ThrowsAsync<ClientResultException>(() => OpenAi(at).CompleteChatAsync("hello"));
        Assert.Equal(400, refused.Status);
        Assert.Contains("too long", refused.Message, StringComparison.Ordinal);
    }

    // A server that counts nothing is told as one that counted nothing, and what was reserved stays spent.
    [Fact, Clause("MCP-08")]
    public async Task What_nobody_counted_stays_spent_however_it_is_told()
    {
        await using var at = await StandingModels.OpenAsync("limits: { usd_per_day: 1 }", "claude-x: { to: [ { provider: one, translate: true, price: { input: 0, output: 10000 } } ] }");
        at.Model.Answer = (http, _) => ModelDouble.Json(http, """{"id":"c","model":"g","choices":[{"message":{"role":"assistant","content":"x"},"finish_reason":"stop"}]}""");
        const string ask = """{"model":"claude-x","max_tokens":60,"messages":[{"role":"user","content":"x"}]}""";
        Assert.Equal(HttpStatusCode.OK, (await at.PostAsync("/v1/messages", ask)).Status);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await at.PostAsync("/v1/messages", ask)).Status);
    }

    private static string Asking(string text, bool stream = false) => JsonSerializer.Serialize(new { model = "m-1", stream, messages = new[] { new { role = "user", content = text } } });
}
