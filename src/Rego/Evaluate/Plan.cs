// A program ready to run: immutable, shared by all evaluations.
using CabinCrew.Rego.Builtins;

namespace CabinCrew.Rego.Evaluate;

internal sealed class Plan(RuleNode root, IReadOnlyList<RuleInfo> rules, int ruleSetCount, bool instrumented)
{
    public RuleNode Root => root;

    public IReadOnlyList<RuleInfo> Rules => rules;

    public int RuleSetCount => ruleSetCount;

    public bool IsInstrumented => instrumented;

    /// <summary>Where the expressions of the rules stand that an instrumented plan tells about; null where there are none.</summary>
    public IReadOnlyList<RegoLocation>? Traced { get; init; }

    public PatternCache Patterns { get; } = new();
}
