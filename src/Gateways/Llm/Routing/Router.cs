// Which provider a request goes to, and which stand by (LLM-04). The same request, configuration and health: the same answer, with its reason. Pure but for health, which is given.
using System.Globalization;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Llm.Routing;

/// <param name="Model">As the provider calls it.</param>
/// <param name="Reason">Why it stands where it stands, for the record.</param>
public sealed record RouteStep(string Provider, string Model, string Reason, ModelPrice? Price);

public sealed record Route(ModelRoute Chosen, IReadOnlyList<RouteStep> Steps);

public sealed class Router(IReadOnlyList<ModelRoute> models)
{
    /// <summary>Exact names go before patterns, longer patterns before shorter ones.</summary>
    private readonly IReadOnlyList<ModelRoute> models = [.. models.OrderBy(m => m.IsPattern).ThenByDescending(m => m.Name.Length)];

    public IEnumerable<string> Names => models.Where(m => !m.IsPattern).Select(m => m.Name);

    public ModelRoute? Find(string model) => models.FirstOrDefault(m => m.Fits(model));

    /// <param name="speaks">Whether a provider speaks the API of the request.</param>
    /// <param name="request">Of the request's bytes: what is chosen by weight is chosen by it.</param>
    public Outcome<Route> Choose(string model, Digest request, Func<string, bool> speaks, Func<string, bool> rests)
    {
        if (Find(model) is not { } route)
            return new Problem(ProblemCode.NotFound, $"there is no model '{Firewall.Plain.Text(model, 100)}' here{NearMatch.Hint(model, [.. Names])}") { Remedy = "GET /v1/models tells which there are." };
        var able = route.Targets.Where(t => speaks(t.Provider)).ToList();
        if (able.Count == 0) return new Problem(ProblemCode.InvalidArgument, $"no provider of the model '{Firewall.Plain.Text(model, 100)}' speaks this API") { Remedy = "Call it by the API of its provider." };
        var awake = able.Where(t => !rests(t.Provider)).ToList();
        // With none awake, each is tried: nobody is sure that they still rest.
        var (pool, resting) = awake.Count > 0 ? (awake, able.Except(awake)) : (able, []);
        List<RouteStep> steps = [];
        if (route.Choice == RouteChoice.Weighted)
        {
            var first = Pick(pool, request);
            var total = pool.Sum(t => t.Weight);
            steps.Add(Step(first, $"weight {first.Weight} of {total}"));
            pool = [.. pool.Where(t => t != first)];
        }
        steps.AddRange(pool.Select((t, i) => Step(t, steps.Count == 0 && i == 0 ? "first in the file" : "stands by")));
        steps.AddRange(resting.Select(t => Step(t, "failed a moment ago, stands by last")));
        return new Route(route, steps);

        RouteStep Step(RouteTarget target, string reason) => new(target.Provider, target.Model ?? model, $"{route.Name}: {reason}", target.Price);
    }

    private static RouteTarget Pick(List<RouteTarget> pool, Digest request)
    {
        var at = (long)(ulong.Parse(request.Hex.AsSpan(0, 15), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) % (ulong)pool.Sum(t => (long)t.Weight));
        foreach (var target in pool)
        {
            if (at < target.Weight) return target;
            at -= target.Weight;
        }
        return pool[^1];
    }
}
