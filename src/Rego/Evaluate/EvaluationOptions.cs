// What the caller decides about an evaluation: clock, seed, limits, strictness. Everything else follows from program, input and data.
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Evaluate;

/// <summary>Bounds of one evaluation. Each one ends it with an error code of its own.</summary>
public sealed record EvaluationLimits
{
    public static readonly EvaluationLimits Default = new();

    /// <summary>Wall time: <c>eval_limit_time</c>.</summary>
    public TimeSpan Time { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Steps of work (roughly: expressions tried, elements looked at): <c>eval_limit_steps</c>.</summary>
    public long StepsMax { get; init; } = 50_000_000;

    /// <summary>Elements produced by comprehensions, partial rules and built-ins (a built-in counts 16 bytes of text as one): <c>eval_limit_elements</c>.</summary>
    public long ElementsMax { get; init; } = 5_000_000;

    /// <summary>How large one value may be when written out (<see cref="Value.Weight"/>): <c>eval_limit_elements</c>.</summary>
    public int ValueWeightMax { get; init; } = 10_000_000;

    /// <summary>Nested rules, calls and comprehensions: <c>eval_limit_depth</c>. The thread's stack bounds it too.</summary>
    public int DepthMax { get; init; } = 2_000;
}

public sealed record EvaluationOptions
{
    public static readonly EvaluationOptions Default = new();

    /// <summary>What <c>time.now_ns</c> answers, nanoseconds since 1970, throughout the evaluation.</summary>
    public long NowNanoseconds { get; init; }

    /// <summary>Where all randomness comes from.</summary>
    public ulong Seed { get; init; }

    /// <summary>An error in a built-in ends the evaluation. False is OPA's default: the expression is undefined, which can hide a denial.</summary>
    public bool StrictBuiltinErrors { get; init; } = true;

    public EvaluationLimits Limits { get; init; } = EvaluationLimits.Default;

    /// <summary>Hears what happens; null costs nothing.</summary>
    public IRegoObserver? Observer { get; init; }
}
