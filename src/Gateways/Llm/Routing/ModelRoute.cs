// Where a model that callers name leads (LLM-04): plain records of the configuration.
namespace CabinCrew.Gateways.Llm.Routing;

public enum RouteChoice
{
    /// <summary>In the order of the file; the others stand by.</summary>
    First,

    /// <summary>By weight, the same request always alike; the others stand by.</summary>
    Weighted,
}

/// <param name="Model">As the provider calls it. Null: as the caller does.</param>
public sealed record RouteTarget(string Provider, string? Model, int Weight);

/// <param name="Name">As callers name it; a <c>*</c> at its end stands for anything.</param>
/// <param name="NextOnRefusal">An answer that is not let through is asked for at the next target.</param>
public sealed record ModelRoute(string Name, RouteChoice Choice, IReadOnlyList<RouteTarget> Targets, bool NextOnRefusal)
{
    public bool IsPattern => Name.EndsWith('*');

    public bool Fits(string model) => IsPattern ? model.StartsWith(Name[..^1], StringComparison.Ordinal) : model == Name;
}
