// A program ready to run: immutable, shared by all evaluations.
using CabinCrew.Rego.Builtins;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Evaluate;

internal sealed class Plan(RuleNode root, IReadOnlyList<RuleInfo> rules, int ruleSetCount, bool instrumented)
{
    private StandingDocuments? standing;

    public RuleNode Root => root;

    public IReadOnlyList<RuleInfo> Rules => rules;

    public int RuleSetCount => ruleSetCount;

    public bool IsInstrumented => instrumented;

    /// <summary>Where the expressions of the rules stand that an instrumented plan tells about; null where there are none.</summary>
    public IReadOnlyList<RegoLocation>? Traced { get; init; }

    public PatternCache Patterns { get; } = new();

    /// <summary>What earlier evaluations on these data left behind. Only the last data are remembered: those who judge do so on the same again and again.</summary>
    public StandingDocuments? StandingFor(Value data, EvaluationOptions options)
    {
        if (instrumented) return null;
        var known = Volatile.Read(ref standing);
        if (known?.AreFor(data, options) == true) return known;
        known = new(data, options.Limits, options.StrictBuiltinErrors, ruleSetCount);
        Volatile.Write(ref standing, known);
        return known;
    }
}
