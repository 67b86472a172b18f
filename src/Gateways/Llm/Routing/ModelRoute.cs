// Where a model that callers name leads (LLM-04): plain records of the configuration.
using CabinCrew.Gateways.Llm.Wire.Translation;

namespace CabinCrew.Gateways.Llm.Routing;

public enum RouteChoice
{
    /// <summary>In the order of the file; the others stand by.</summary>
    First,

    /// <summary>By weight, the same request always alike; the others stand by.</summary>
    Weighted,

    /// <summary>One after the other, by the number of the request; the others stand by in their turn.</summary>
    RoundRobin,

    /// <summary>By what the request would cost, as far as that can be told before.</summary>
    Cheapest,
}

/// <param name="Model">As the provider calls it. Null: as the caller does.</param>
public sealed record RouteTarget(string Provider, string? Model, int Weight)
{
    /// <summary>Null: it costs nothing that is counted.</summary>
    public ModelPrice? Price { get; init; }

    /// <summary>How many tokens it holds, the answer's included. Null: nobody says.</summary>
    public long? ContextTokensMax { get; init; }

    /// <summary>The tiers that it serves. Empty: requests without a tier only.</summary>
    public IReadOnlyList<string> Tiers { get; init; } = [];

    /// <summary>Null: it takes any request.</summary>
    public Condition? When { get; init; }

    /// <summary>It is asked only where another's answer, or the prompt for another, was not let through.</summary>
    public bool ForRefusals { get; init; }

    /// <summary>Null: it is asked in its provider's own API only.</summary>
    public TranslationSettings? Translate { get; init; }
}

/// <param name="Input">Dollars for a million tokens, which is millionths of a dollar for one.</param>
/// <param name="Output">Likewise of the answer's.</param>
/// <param name="OutputTokensMax">So many are reserved for an answer whose request names no bound.</param>
public sealed record ModelPrice(double Input, double Output, long OutputTokensMax)
{
    public const long OutputTokensStandard = 8192;

    /// <summary>A token has at least one byte, so that no prompt has more tokens than bytes.</summary>
    public long Most(long promptBytes, long? outputTokens) => Of(promptBytes, outputTokens ?? OutputTokensMax);

    /// <summary>In millionths of a dollar, rounded up.</summary>
    public long Of(long inputTokens, long outputTokens) => (long)Math.Min(1e15, Math.Ceiling(inputTokens * Input + outputTokens * Output));
}

/// <param name="When">Null: every request that no rule before it took.</param>
public sealed record TierRule(string Tier, Condition? When);

/// <param name="Name">As callers name it; a <c>*</c> at its end stands for anything.</param>
/// <param name="NextOnRefusal">An answer that is not let through is asked for at the next target.</param>
public sealed record ModelRoute(string Name, RouteChoice Choice, IReadOnlyList<RouteTarget> Targets, bool NextOnRefusal)
{
    public bool IsPattern => Name.EndsWith('*');

    /// <summary>A prompt that policies deny for one target is offered to the next.</summary>
    public bool NextOnDeniedPrompt { get; init; }

    /// <summary>The first rule that a request fits names its tier. None: it has no tier.</summary>
    public IReadOnlyList<TierRule> Tiers { get; init; } = [];

    /// <summary>What becomes of its prompts before they are judged.</summary>
    public IReadOnlyList<RewriteRule> Rewrites { get; init; } = [];

    /// <summary>An answer is held against the schema that its request gives for it.</summary>
    public bool ChecksAnswers { get; init; }

    public bool Fits(string model) => IsPattern ? model.StartsWith(Name[..^1], StringComparison.Ordinal) : model == Name;
}
