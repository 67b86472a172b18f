// Where a request goes: who is asked first, who stands by, who was passed over, each with its reason (LLM-04).
using CabinCrew.Gateways.Llm.Wire;

namespace CabinCrew.Gateways.Llm.Routing;

/// <param name="Model">As the provider calls it.</param>
/// <param name="Api">In which it is asked; another than the request's: it is translated.</param>
/// <param name="Reason">Why it stands where it stands, for the record.</param>
public sealed record RouteStep(RouteTarget Target, string Model, LlmApi Api, string Reason)
{
    public string Provider => Target.Provider;

    public ModelPrice? Price => Target.Price;
}

/// <param name="Reason">Why it is not asked.</param>
public sealed record PassedOver(RouteTarget Target, string Model, string Reason);

public sealed record Route(ModelRoute Chosen, IReadOnlyList<RouteStep> Steps, IReadOnlyList<PassedOver> PassedOver)
{
    /// <summary>Who is asked when a step has ended without an answer for the caller. After a refusal those that are there for refusals, where there are any; after a failure the next of the same kind. Null: nobody.</summary>
    public int? After(int at, bool refused)
    {
        var wanted = refused ? Steps.Any(s => s.Target.ForRefusals) : Steps[at].Target.ForRefusals;
        for (var i = at + 1; i < Steps.Count; i++)
            if (Steps[i].Target.ForRefusals == wanted) return i;
        return null;
    }
}
