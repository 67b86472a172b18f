// Documents of rules that follow from the program and the caller's data alone, settings above all: worked out once for as long as the data stay the same.
// Invariant: an evaluation that finds one here names the same rules and counts the same work against its limits as one that works it out.
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Evaluate;

/// <summary>A document and what it took to work it out.</summary>
/// <param name="Value">Null: undefined.</param>
/// <param name="Fired">The rule bodies that held for it.</param>
/// <param name="Depth">How deep it nests below where it is asked for.</param>
/// <param name="IsBound">It is true of one evaluation only: it asked for the clock or for chance, or told the observer something.</param>
internal sealed record Worked(Value? Value, RuleInfo[] Fired, long Steps, long Elements, int Depth, bool IsBound);

/// <summary>For one data document and the options that decide whether a document can be worked out at all.</summary>
internal sealed class StandingDocuments(Value data, EvaluationLimits limits, bool strictBuiltinErrors, int ruleSets)
{
    // Threads may both work one out; they find the same, and what they put here never changes.
    private readonly Worked?[] documents = new Worked?[ruleSets];

    public bool AreFor(Value asked, EvaluationOptions options) =>
        ReferenceEquals(asked, data) && options.StrictBuiltinErrors == strictBuiltinErrors && options.Limits == limits;

    public Value? Answer(RuleSet rules, Evaluation e)
    {
        ref var known = ref documents[rules.Number];
        if (known is null) return (known = e.WorkOut(rules)).Value;
        return !known.IsBound && e.TakeOver(known) ? known.Value : e.WorkOut(rules).Value;
    }
}
