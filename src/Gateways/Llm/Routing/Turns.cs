// Counts the requests for each model whose targets take turns, from the gateway's start. The number is told in the reason: with it, the same request and configuration give the same answer (LLM-04).
using System.Collections.Concurrent;

namespace CabinCrew.Gateways.Llm.Routing;

public sealed class Turns
{
    private readonly ConcurrentDictionary<string, long> next = new(StringComparer.Ordinal);

    /// <summary>0 for the first. Bounded by the number of models in the configuration.</summary>
    public long Next(ModelRoute? route) => route is { Choice: RouteChoice.RoundRobin } ? next.AddOrUpdate(route.Name, 0, (_, last) => last + 1) : 0;
}
