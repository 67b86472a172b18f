// Answers from recordings in a provider's place (`cabincrew llm --replay`): no key, no network, the same request the same answer. What is recorded is judged like any answer.
using System.Runtime.CompilerServices;
using CabinCrew.Gateways.Http;
using CabinCrew.Gateways.Llm.Configuration;
using CabinCrew.Gateways.Llm.Recordings;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Llm.Endpoint;

/// <param name="answerBytesMax">As for a provider: what is recorded may have been allowed to be larger.</param>
/// <param name="asked">Shared by all providers of a gateway: which of them is asked makes no difference.</param>
internal sealed class ReplayProvider(ProviderDefinition provider, RecordingBook book, RecordedRequests requests, int answerBytesMax, ReplayTurns asked) : IProvider
{
    public ProviderDefinition Provider => provider;

    public Task<Outcome<ProviderAnswer>> AskAsync(ProviderRequest asking, IHttpExchange caller, CancellationToken ct) => Task.FromResult(Answer(asking, caller, ct));

    private Outcome<ProviderAnswer> Answer(ProviderRequest asking, IHttpExchange caller, CancellationToken ct)
    {
        var numbers = new PlaceholderNumbers();
        if (!requests.Of(asking.Told, asking.Model, asking.Body, numbers, ct).Try(out var request, out var problem)) return problem;
        if (book.Find(request.Digest, asked.Before(caller, request.Digest)) is not var (recording, number)) return book.Missing(request);
        if (recording.Answer.Bytes > answerBytesMax) return new Problem(ProblemCode.UpstreamInvalid, $"the recorded answer has more than {answerBytesMax} bytes") { Where = RecordingBook.NameOf(request.Digest, number) };
        return PlaceholderNumbers.In(recording.Answer, numbers.Name).Map(answer => new ProviderAnswer(recording.Status, answer, recording.Headers) { Recording = RecordingBook.NameOf(request.Digest, number) });
    }
}

/// <summary>How often each request was asked for. One exchange that asks several times (for another provider) asks once.</summary>
internal sealed class ReplayTurns
{
    private readonly Lock gate = new();
    private readonly Dictionary<Digest, int> turns = [];
    private readonly ConditionalWeakTable<IHttpExchange, Dictionary<Digest, int>> own = [];

    public int Before(IHttpExchange exchange, Digest request)
    {
        lock (gate)
        {
            var known = own.GetOrCreateValue(exchange);
            if (known.TryGetValue(request, out var before)) return before;
            before = turns.GetValueOrDefault(request);
            turns[request] = before + 1;
            return known[request] = before;
        }
    }
}
