// Which provider a request goes to, and which stand by (LLM-04). The same request, configuration, health and turn: the same answer, with its reason. Pure but for health and the turn, which are given.
using System.Globalization;
using CabinCrew.Gateways.Llm.Wire;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Llm.Routing;

public sealed class Router(IReadOnlyList<ModelRoute> models)
{
    /// <summary>Exact names go before patterns, longer patterns before shorter ones.</summary>
    private readonly IReadOnlyList<ModelRoute> models = [.. models.OrderBy(m => m.IsPattern).ThenByDescending(m => m.Name.Length)];

    public IEnumerable<string> Names => models.Where(m => !m.IsPattern).Select(m => m.Name);

    public ModelRoute? Find(string model) => models.FirstOrDefault(m => m.Fits(model));

    /// <param name="speaks">The API in which a target is asked: the request's, or one that it is translated to. Null: none.</param>
    public Outcome<Route> Choose(RouteRequest request, Func<RouteTarget, LlmApi?> speaks, Func<string, bool> rests)
    {
        var model = request.Model;
        if (Find(model) is not { } route)
            return new Problem(ProblemCode.NotFound, $"there is no model '{Firewall.Plain.Text(model, 100)}' here{NearMatch.Hint(model, [.. Names])}") { Remedy = "GET /v1/models tells which there are." };
        if (route.Targets.All(t => speaks(t) is null)) return new Problem(ProblemCode.InvalidArgument, $"no provider of the model '{Firewall.Plain.Text(model, 100)}' speaks this API") { Remedy = "Call it by the API of its provider." };
        var (tier, why) = TierOf(route, request);
        List<RouteTarget> able = [];
        List<PassedOver> passed = [];
        foreach (var target in route.Targets)
            if (Against(target, tier, request, speaks) is { } against) passed.Add(new(target, target.Model ?? model, against));
            else able.Add(target);
        var told = string.Concat(passed.Select((p, i) => $"{(i == 0 ? "passed over: " : ", ")}{p.Target.Provider} {p.Model} ({p.Reason})"));
        var ordinary = able.Where(t => !t.ForRefusals).ToList();
        if (ordinary.Count == 0) return new Problem(ProblemCode.InvalidArgument, $"the model '{Firewall.Plain.Text(model, 100)}'{why} has no target for this request; {(told.Length > 0 ? told : "all are for refusals only")}");
        var awake = ordinary.Where(t => !rests(t.Provider)).ToList();
        // With none awake, each is tried: nobody is sure that they still rest.
        var (pool, resting) = awake.Count > 0 ? (awake, ordinary.Except(awake)) : (ordinary, []);
        List<RouteStep> steps = [];
        foreach (var (target, reason) in Ordered(route.Choice, pool, request)) steps.Add(Step(target, reason));
        steps.AddRange(resting.Select(t => Step(t, "failed a moment ago, stands by last")));
        steps.AddRange(able.Where(t => t.ForRefusals).Select(t => Step(t, "for what is not let through elsewhere")));
        if (request.Rewritten.Length > 0) steps[0] = steps[0] with { Reason = $"{steps[0].Reason}; rewritten: {request.Rewritten}" };
        if (told.Length > 0) steps[0] = steps[0] with { Reason = $"{steps[0].Reason}; {told}" };
        return new Route(route, steps, passed);

        RouteStep Step(RouteTarget target, string reason)
        {
            var api = speaks(target)!;
            return new(target, target.Model ?? model, api, $"{route.Name}{why}: {reason}{(api.Method == request.Api ? "" : $", translated to {api.Method}")}");
        }
    }

    private static (string? Tier, string Why) TierOf(ModelRoute route, RouteRequest request)
    {
        for (var i = 0; i < route.Tiers.Count; i++)
            if (route.Tiers[i] is var rule && rule.When?.Unmet(request) is null) return (rule.Tier, $", tier {rule.Tier} by rule {i + 1}");
        return (null, "");
    }

    // Null: it takes the request.
    private static string? Against(RouteTarget target, string? tier, RouteRequest request, Func<RouteTarget, LlmApi?> speaks)
    {
        if (speaks(target) is null) return "does not speak this API";
        if (tier is null ? target.Tiers.Count > 0 : !target.Tiers.Contains(tier))
            return target.Tiers.Count == 0 ? "for requests without a tier" : $"for the tier {string.Join(" or ", target.Tiers)}";
        if (target.When?.Unmet(request) is { } unmet) return unmet;
        return target.ContextTokensMax is { } most && request.PromptTokens + (request.AnswerTokens ?? 0) > most ? $"holds {most} tokens, and this is {request.Size}" : null;
    }

    private static IEnumerable<(RouteTarget Target, string Reason)> Ordered(RouteChoice choice, List<RouteTarget> pool, RouteRequest request)
    {
        switch (choice)
        {
            case RouteChoice.Weighted:
                var first = Pick(pool, request.Content);
                return [(first, $"weight {first.Weight} of {pool.Sum(t => t.Weight)}"), .. pool.Where(t => !ReferenceEquals(t, first)).Select(t => (t, "stands by"))];
            case RouteChoice.RoundRobin:
                var at = (int)(request.Turn % pool.Count);
                return [(pool[at], $"turn {request.Turn + 1}, which is {at + 1} of {pool.Count}"), .. pool.Skip(at + 1).Concat(pool.Take(at)).Select(t => (t, "stands by"))];
            case RouteChoice.Cheapest:
                // The file's order where two cost the same: the sort is stable.
                return pool.Select(t => (Target: t, Cost: Cost(t, request))).OrderBy(t => t.Cost).Select((t, i) => (t.Target, $"{(i == 0 ? "cheapest" : "stands by")}, {Dollars(t.Cost)} for {request.Size}"));
            default:
                return pool.Select((t, i) => (t, i == 0 ? "first in the file" : "stands by"));
        }
    }

    private static long Cost(RouteTarget target, RouteRequest request) => target.Price is { } price ? price.Of(request.PromptTokens, request.AnswerTokens ?? price.OutputTokensMax) : 0;

    private static string Dollars(long millionths) => string.Create(CultureInfo.InvariantCulture, $"${millionths / 1_000_000m:0.######}");

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
