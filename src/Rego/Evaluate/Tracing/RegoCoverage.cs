// Which lines of the policies evaluations reached: heads of rules that held, expressions that were tried. Counted as OPA counts.
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Evaluate;

/// <summary>Coverage of one file; rows count from 1.</summary>
public sealed record FileCoverage(string File, IReadOnlyList<int> CoveredRows, IReadOnlyList<int> UncoveredRows)
{
    /// <summary>Of the rows that count, 0 to 100; 100 where none does.</summary>
    public double Percent => CoveredRows.Count + UncoveredRows.Count == 0 ? 100 : 100.0 * CoveredRows.Count / (CoveredRows.Count + UncoveredRows.Count);
}

/// <summary>Collects coverage over any number of evaluations, one after the other, of queries prepared as instrumented.</summary>
public sealed class RegoCoverage(RegoProgram program) : IRegoObserver
{
    private readonly HashSet<(string File, int Row)> covered = [];

    /// <summary>Where <c>print</c> goes meanwhile.</summary>
    public Action<string>? Printer { get; init; }

    public void RuleHeld(RuleInfo rule, IReadOnlyList<KeyValuePair<string, Value>> locals) => covered.Add((rule.Location.File, rule.Location.Row));

    public void ExpressionTried(RegoLocation location) => covered.Add((location.File, location.Row));

    public void ExpressionHeld(RegoLocation location)
    {
    }

    public void Print(string message) => Printer?.Invoke(message);

    public void Note(string message)
    {
    }

    /// <summary>By file, in the order of their names.</summary>
    public IReadOnlyList<FileCoverage> Report()
    {
        var plan = program.InstrumentedPlan;
        return [.. (plan.Traced ?? []).Concat(plan.Rules.Select(r => r.Location))
            .Select(l => (l.File, l.Row)).Distinct()
            .GroupBy(l => l.File, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => new FileCoverage(g.Key, Rows(g, true), Rows(g, false)))];
    }

    private IReadOnlyList<int> Rows(IEnumerable<(string File, int Row)> places, bool wanted) =>
        [.. places.Where(p => covered.Contains(p) == wanted).Select(p => p.Row).Order()];
}
