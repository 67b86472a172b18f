// Which providers answer at the moment. One that failed several times in a row is passed over for a while, unless there is no other (LLM-04).
using System.Collections.Concurrent;

namespace CabinCrew.Gateways.Llm.Routing;

public sealed class ProviderHealth(TimeProvider clock)
{
    public const int FailuresMax = 3;
    public static readonly TimeSpan RestsFor = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, (int Failures, long At)> known = new(StringComparer.Ordinal);

    public bool Rests(string provider) => known.TryGetValue(provider, out var seen) && seen.Failures >= FailuresMax && clock.GetElapsedTime(seen.At) < RestsFor;

    public void Answered(string provider) => known.TryRemove(provider, out _);

    public void Failed(string provider) => known.AddOrUpdate(provider, _ => (1, clock.GetTimestamp()), (_, seen) => (seen.Failures + 1, clock.GetTimestamp()));
}
