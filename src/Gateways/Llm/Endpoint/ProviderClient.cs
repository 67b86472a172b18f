// Asks a provider (LLM-01, LLM-07): one POST, its answer read strictly, and shown whole, or event by event to whoever judges it. A request is never sent a second time by this.
// Invariants: what the provider sends is bounded in bytes and time; a stream that ends before its end is a failure, not a short answer.
using System.Net;
using System.Net.Http.Headers;
using CabinCrew.Gateways.Http;
using CabinCrew.Gateways.Llm.Configuration;
using CabinCrew.Gateways.Llm.Recordings;
using CabinCrew.Gateways.Llm.Wire;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Llm.Endpoint;

/// <param name="key">Null: it asks for none.</param>
public sealed class ProviderClient(ProviderDefinition provider, string? key, HttpMessageInvoker http, int answerBytesMax, TimeSpan within, TimeProvider clock) : IProvider
{
    private const string AnthropicVersion = "2023-06-01";
    private const int HeaderCharsMax = 1024;

    // What a caller's client library tells a provider of the API, and what a provider tells of the request.
    private static readonly string[] HeadersThere = ["anthropic-version", "anthropic-beta"], HeadersBack = RecordingFormat.Headers;

    public ProviderDefinition Provider => provider;

    public async Task<Outcome<ProviderAnswer>> AskAsync(ProviderRequest asked, IHttpExchange caller, CancellationToken ct)
    {
        var (api, _, body, stream) = asked;
        using var limited = new CancellationTokenSource(within, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(ct, limited.Token);
        try
        {
            using var request = Request(api, body, stream, caller);
            using var response = await http.SendAsync(request, both.Token).ConfigureAwait(false);
            if (response.Content.Headers.ContentEncoding.Any(e => !e.Equals("identity", StringComparison.OrdinalIgnoreCase))) return Invalid("its answer is compressed, which nobody had asked for");
            await using var content = await response.Content.ReadAsStreamAsync(both.Token).ConfigureAwait(false);
            var type = response.Content.Headers.ContentType?.MediaType;
            var answer = new ProviderAnswer((int)response.StatusCode, Carried.Stream(), [.. HeadersBack.Select(name => (name, Value(response.Headers, name))).Where(h => h.Item2.Length > 0)]);
            if (type == "text/event-stream" && response.IsSuccessStatusCode) return await EventsAsync(api, content, answer, asked.More, both.Token).ConfigureAwait(false) is { } problem ? problem : answer;
            return (await WholeAsync(content, both.Token).ConfigureAwait(false)).Map(whole => answer with { Carried = whole });
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return Failed($"no whole answer within {within.TotalSeconds:0.###} s");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or InvalidDataException)
        {
            return e is InvalidDataException ? Invalid(e.Message) : Failed(e.Message);
        }
    }

    private HttpRequestMessage Request(LlmApi api, ReadOnlyMemory<byte> body, bool stream, IHttpExchange caller)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(provider.Url, api.Path[1..])) { Content = new ReadOnlyMemoryContent(body) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        request.Headers.TryAddWithoutValidation("Accept", stream ? "text/event-stream" : "application/json");
        request.Headers.Add("Accept-Encoding", "identity");
        request.Headers.Add("User-Agent", "cabincrew");
        if (provider.Family == ApiFamily.Anthropic)
        {
            foreach (var name in HeadersThere)
                if (caller.Header(name) is { Length: > 0 and <= HeaderCharsMax } said && !said.AsSpan().ContainsAnyExceptInRange(' ', '~')) request.Headers.TryAddWithoutValidation(name, said);
            if (!request.Headers.Contains("anthropic-version")) request.Headers.Add("anthropic-version", AnthropicVersion);
            if (key is not null) request.Headers.Add("x-api-key", key);
        }
        else if (key is not null) request.Headers.Authorization = new("Bearer", key);
        return request;
    }

    private async Task<Outcome<Carried>> WholeAsync(Stream content, CancellationToken ct)
    {
        if (await WholeBody.ReadAsync(content, answerBytesMax, ct).ConfigureAwait(false) is not { } all) return Invalid($"its answer has more than {answerBytesMax} bytes");
        return Carried.Of(all, answerBytesMax).Try(out var carried, out var problem) ? carried : Invalid(problem.Message);
    }

    private async Task<Problem?> EventsAsync(LlmApi api, Stream content, ProviderAnswer answer, Func<ProviderAnswer, CancellationToken, ValueTask<Problem?>>? more, CancellationToken ct)
    {
        var reader = new EventStreamReader(content, answerBytesMax);
        while (await reader.ReadAsync(ct).ConfigureAwait(false) is { } said)
        {
            if (said.Data.IsEmpty) continue;
            if (answer.Carried.Add(said.Type, said.Data, answerBytesMax).Problem is { } problem) return Invalid(problem.Message);
            // What comes after the end is nobody's.
            if (StreamEnds.IsLast(api, said)) return null;
            if (more is not null && await more(answer, ct).ConfigureAwait(false) is { } stop) return stop;
        }
        return StreamEnds.MayEnd(api, answer.Carried) ? null : Failed("its stream ended before its end");
    }

    private static string Value(HttpResponseHeaders headers, string name) =>
        headers.TryGetValues(name, out var values) && values.ToList() is [{ Length: > 0 and <= HeaderCharsMax } only] && !only.AsSpan().ContainsAnyExceptInRange(' ', '~') ? only : "";

    private Problem Failed(string why) => new(ProblemCode.UpstreamFailed, $"the provider {provider.Name} did not answer: {why}");

    private Problem Invalid(string why) => new(ProblemCode.UpstreamInvalid, $"what the provider {provider.Name} answered could not be read: {why}");
}
