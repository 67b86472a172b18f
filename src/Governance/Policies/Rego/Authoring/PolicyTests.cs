// Runs the tests of policies as `opa test` does: every rule called test_... is evaluated and must be true, todo_test_... are named and not run.
// Other than there, built-in errors are errors by default, as they are where plans are judged.
using System.Diagnostics;
using System.Text.RegularExpressions;
using CabinCrew.Rego;
using CabinCrew.Rego.Evaluate;
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Values;

namespace CabinCrew.Governance.Policies.Rego.Authoring;

public enum PolicyTestOutcome { Passed, Failed, Error, Todo }

/// <summary>An expression of the test, or of what it asked, that did not hold.</summary>
public sealed record TestTrace(RegoLocation Location, string Text);

/// <param name="Package">Without <c>data</c>.</param>
/// <param name="Error">With <see cref="PolicyTestOutcome.Error"/>: why there is no answer.</param>
/// <param name="Printed">What <c>print</c> and <c>trace</c> said.</param>
/// <param name="Missed">With a failure: expressions of the test that did not hold, in the order tried.</param>
/// <param name="Fired">With a failure: the rules that held.</param>
public sealed record PolicyTestResult(string Package, string Name, RegoLocation Location, PolicyTestOutcome Outcome, TimeSpan Time)
{
    public RegoError? Error { get; init; }
    public IReadOnlyList<string> Printed { get; init; } = [];
    public IReadOnlyList<TestTrace> Missed { get; init; } = [];
    public IReadOnlyList<RuleInfo> Fired { get; init; } = [];
}

/// <param name="Run">Only tests whose path (<c>data.a.b_test.test_c</c>) it matches.</param>
/// <param name="NowNanoseconds">What <c>time.now_ns</c> answers.</param>
public sealed record PolicyTestOptions(Regex? Run = null, bool Coverage = false, bool Strict = true, long NowNanoseconds = 0, EvaluationLimits? Limits = null);

/// <param name="Coverage">By file; empty where it was not asked for.</param>
public sealed record PolicyTestReport(IReadOnlyList<PolicyTestResult> Results, IReadOnlyList<FileCoverage> Coverage)
{
    public int Count(PolicyTestOutcome outcome) => Results.Count(r => r.Outcome == outcome);

    public bool Passed => Results.All(r => r.Outcome is PolicyTestOutcome.Passed or PolicyTestOutcome.Todo);

    /// <summary>Of all lines that count, 0 to 100.</summary>
    public double CoveragePercent => Coverage.Sum(f => f.CoveredRows.Count + f.UncoveredRows.Count) is > 0 and var all ? 100.0 * Coverage.Sum(f => f.CoveredRows.Count) / all : 100;
}

public sealed class PolicyTests
{
    private const string Prefix = "test_";
    private const string Todo = "todo_" + Prefix;
    private const int FiredMax = 20;

    private readonly RegoProgram program;
    private readonly PolicyFiles files;
    private readonly PolicyTestOptions options;
    private readonly RegoCoverage? coverage;

    private PolicyTests(RegoProgram program, PolicyFiles files, PolicyTestOptions options)
    {
        (this.program, this.files, this.options) = (program, files, options);
        coverage = options.Coverage ? new(program) : null;
    }

    /// <summary>Results in the order of the modules' names and of their text.</summary>
    public static PolicyTestReport Run(RegoProgram program, PolicyFiles files, PolicyTestOptions options, CancellationToken ct)
    {
        var run = new PolicyTests(program, files, options);
        var tests =
            from file in files.Modules
            let module = file.Module!
            from rule in RuleOutline.Of(module)
            where (rule.Name.StartsWith(Prefix, StringComparison.Ordinal) || rule.Name.StartsWith(Todo, StringComparison.Ordinal)) && !rule.IsFunction && !rule.IsDefault
            group rule by (module.PackageName, rule.Name) into same
            where options.Run?.IsMatch($"data.{same.Key.PackageName}.{same.Key.Name}") is not false
            select (same.Key.PackageName, Rule: same.First());
        List<PolicyTestResult> results = [.. tests.Select(t => run.One(t.PackageName, t.Rule, ct))];
        return new(results, run.coverage?.Report() ?? []);
    }

    private PolicyTestResult One(string package, RuleOutline rule, CancellationToken ct)
    {
        var result = new PolicyTestResult(package, rule.Name, rule.Location, PolicyTestOutcome.Todo, TimeSpan.Zero);
        if (rule.Name.StartsWith(Todo, StringComparison.Ordinal)) return result;
        if (rule.IsKeyed || rule.IsSet)
            return result with { Outcome = PolicyTestOutcome.Error, Error = new("test_error", "a case that does not hold would simply not be there: write one rule a case, or `every` over the cases", rule.Location) };
        var prepared = program.Prepare(rule.Reference, instrument: coverage is not null);
        if (!prepared.Ok) return result with { Outcome = PolicyTestOutcome.Error, Error = prepared.Errors[0] };
        var said = new List<string>();
        var started = Stopwatch.GetTimestamp();
        var answers = prepared.Value.Evaluate(null, files.Data, Options(new Listener(said, coverage)), ct);
        result = result with { Time = Stopwatch.GetElapsedTime(started), Printed = said };
        ct.ThrowIfCancellationRequested();
        if (answers.Error is { } error) return result with { Outcome = PolicyTestOutcome.Error, Error = error };
        if (answers.Value is BooleanValue { IsTruthy: true }) return result with { Outcome = PolicyTestOutcome.Passed };
        return Explained(result with { Outcome = PolicyTestOutcome.Failed }, rule.Reference, ct);
    }

    // Once more, listening: the same test on the same documents ends the same way.
    private PolicyTestResult Explained(PolicyTestResult failed, string path, CancellationToken ct)
    {
        var prepared = program.Prepare(path, instrument: true);
        if (!prepared.Ok) return failed;
        var ear = new MissListener();
        prepared.Value.Evaluate(null, files.Data, Options(ear), ct);
        var last = files.Modules.Where(m => m.Name == failed.Location.File).SelectMany(m => RuleOutline.Of(m.Module!))
            .Select(r => r.Location.Row).Where(row => row > failed.Location.Row).DefaultIfEmpty(int.MaxValue).Min();
        return failed with
        {
            Missed = [.. ear.Missed.Where(l => l.File == failed.Location.File && l.Row >= failed.Location.Row && l.Row < last).Select(l => new TestTrace(l, SourceLine(l)))],
            Fired = [.. ear.Fired.Take(FiredMax)],
        };
    }

    private string SourceLine(RegoLocation at)
    {
        var line = (files.TextOf(at.File) ?? "").Split('\n').ElementAtOrDefault(at.Row - 1) ?? "";
        return line.Length >= at.Column ? line[(at.Column - 1)..].Trim() : line.Trim();
    }

    private EvaluationOptions Options(IRegoObserver observer) => new()
    {
        NowNanoseconds = options.NowNanoseconds,
        StrictBuiltinErrors = options.Strict,
        Limits = options.Limits ?? EvaluationLimits.Default,
        Observer = observer,
    };

    private sealed class Listener(List<string> said, RegoCoverage? coverage) : IRegoObserver
    {
        public void RuleHeld(RuleInfo rule, IReadOnlyList<KeyValuePair<string, Value>> locals) => coverage?.RuleHeld(rule, locals);

        public void ExpressionTried(RegoLocation location) => coverage?.ExpressionTried(location);

        public void ExpressionHeld(RegoLocation location) => coverage?.ExpressionHeld(location);

        public void Print(string message) => said.Add(message);

        public void Note(string message) => said.Add(message);
    }

    private sealed class MissListener : IRegoObserver
    {
        private readonly List<RegoLocation> tried = [];
        private readonly HashSet<RegoLocation> held = [];

        public IEnumerable<RegoLocation> Missed => tried.Distinct().Where(l => !held.Contains(l));

        public List<RuleInfo> Fired { get; } = [];

        public void RuleHeld(RuleInfo rule, IReadOnlyList<KeyValuePair<string, Value>> locals)
        {
            if (!Fired.Contains(rule) && Fired.Count < FiredMax) Fired.Add(rule);
        }

        public void ExpressionTried(RegoLocation location)
        {
            if (tried.Count < 100_000) tried.Add(location);
        }

        public void ExpressionHeld(RegoLocation location) => held.Add(location);

        public void Print(string message)
        {
        }

        public void Note(string message)
        {
        }
    }
}
