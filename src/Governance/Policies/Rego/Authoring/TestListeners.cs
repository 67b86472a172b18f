// What is listened for while a test runs: which cases it tried and what it printed; and, once more for one that failed, what did not hold.
using CabinCrew.Rego;
using CabinCrew.Rego.Evaluate;
using CabinCrew.Rego.Values;

namespace CabinCrew.Governance.Policies.Rego.Authoring;

internal sealed class TestListener(RegoCoverage? coverage) : IRegoObserver
{
    private readonly List<string> said = [];
    private readonly List<ArrayValue> cases = [];
    private readonly HashSet<ArrayValue> known = [];

    public IReadOnlyList<string> Said => said;

    /// <summary>In the order in which they were first tried.</summary>
    public IReadOnlyList<ArrayValue> Cases => cases;

    public void RuleHeld(RuleInfo rule, IReadOnlyList<KeyValuePair<string, Value>> locals) => coverage?.RuleHeld(rule, locals);

    public void ExpressionTried(RegoLocation location) => coverage?.ExpressionTried(location);

    public void ExpressionHeld(RegoLocation location) => coverage?.ExpressionHeld(location);

    public void TestCase(ArrayValue name)
    {
        if (known.Add(name)) cases.Add(name);
    }

    public void Print(string message) => said.Add(message);

    public void Note(string message) => said.Add(message);
}

/// <summary>Expressions tried and not held, apart for each case: those between its announcement and the next.</summary>
internal sealed class MissListener(int firedMax) : IRegoObserver
{
    private const int TriedMax = 100_000;

    private readonly Dictionary<ArrayValue, Stretch> stretches = [];
    private readonly Stretch before = new();
    private Stretch? current;
    private int tried;

    private sealed class Stretch
    {
        public List<RegoLocation> Tried { get; } = [];

        public HashSet<RegoLocation> Held { get; } = [];

        public IEnumerable<RegoLocation> Missed => Tried.Distinct().Where(l => !Held.Contains(l));
    }

    /// <summary>Of a test without cases, or before the first.</summary>
    public IEnumerable<RegoLocation> MissedBefore => before.Missed;

    public IEnumerable<RegoLocation> MissedIn(ArrayValue name) => stretches.TryGetValue(name, out var stretch) ? stretch.Missed : [];

    public List<RuleInfo> Fired { get; } = [];

    public void TestCase(ArrayValue name)
    {
        if (!stretches.TryGetValue(name, out current)) stretches[name] = current = new();
    }

    public void RuleHeld(RuleInfo rule, IReadOnlyList<KeyValuePair<string, Value>> locals)
    {
        if (!Fired.Contains(rule) && Fired.Count < firedMax) Fired.Add(rule);
    }

    public void ExpressionTried(RegoLocation location)
    {
        if (tried++ < TriedMax) (current ?? before).Tried.Add(location);
    }

    public void ExpressionHeld(RegoLocation location) => (current ?? before).Held.Add(location);

    public void Print(string message)
    {
    }

    public void Note(string message)
    {
    }
}
