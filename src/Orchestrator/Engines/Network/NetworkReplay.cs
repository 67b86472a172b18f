// Answers from the record of an earlier run, in the order in which they came, and from nothing else (ENG-07): a request that is not on record is refused.
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Engines.Network;

internal sealed class NetworkReplay(NetworkLog log)
{
    private readonly Lock gate = new();
    private readonly Dictionary<Digest, Queue<NetworkExchange>> answers = log.Exchanges.Where(e => e.Key is not null).GroupBy(e => e.Key!.Value).ToDictionary(g => g.Key, g => new Queue<NetworkExchange>(g));

    /// <summary>The answer to this request. Asked more often than before, the last one is repeated.</summary>
    public Outcome<(NetworkExchange Exchange, ReadOnlyMemory<byte> Body)> Answer(Digest key, string method, string url)
    {
        NetworkExchange? exchange = null;
        lock (gate)
            if (answers.TryGetValue(key, out var queue)) exchange = queue.Count > 1 ? queue.Dequeue() : queue.Peek();
        if (exchange is null) return new Problem(ProblemCode.NetworkNotRecorded, $"{method} {url} is not on record");
        if (exchange.Problem is { } failed) return new Problem(ProblemCodes.Table.FirstOrDefault(e => e.Id == failed)?.Code ?? ProblemCode.NetworkUpstreamFailed, exchange.Message ?? "it failed");
        if (exchange.ResponseBytes == 0) return (exchange, default(ReadOnlyMemory<byte>));
        return exchange is { Kept: true, ResponseBody: { } digest } && log.Bodies.TryGetValue(digest, out var body)
            ? (exchange, body)
            : new Problem(ProblemCode.NetworkNotRecorded, $"the answer to {method} {url} is on record without its body: it was too large to keep, not complete, or held a secret");
    }
}
