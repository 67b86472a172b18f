// Runs the tests of policies as `opa test` does: every rule called test_... is evaluated and must be true, in all of its cases where its head has some;
// todo_test_... are named and not run.
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

/// <summary>One case of a test that has its cases in its head: <c>test_a[name] if ...</c>.</summary>
/// <param name="Name">What the head gave: usually one text.</param>
/// <param name="Missed">Of a case that failed: expressions that did not hold for it, in the order tried.</param>
public sealed record PolicyTestCase(ArrayValue Name, bool Passed)
{
    public IReadOnlyList<TestTrace> Missed { get; init; } = [];

    public string Text => string.Join('/', Name.Items.ToArray().Select(part => part is StringValue text ? text.Text : part.ToString()));
}

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

    /// <summary>What was tried, in that order; a test with cases passes where there is at least one and all passed.</summary>
    public IReadOnlyList<PolicyTestCase> Cases { get; init; } = [];
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
    /// <param name="program">Compiled with <see cref="CompileOptions.Tests"/>.</param>
    public static PolicyTestReport Run(RegoProgram program, PolicyFiles files, PolicyTestOptions options, CancellationToken ct)
    {
        var run = new PolicyTests(program, files, options);
        List<PolicyTestResult> results = [.. program.Tests.Where(t => options.Run?.IsMatch($"data.{t.Package}.{t.Name}") is not false).Select(t => run.One(t, ct))];
        return new(results, run.coverage?.Report() ?? []);
    }

    private PolicyTestResult One(RegoTest test, CancellationToken ct)
    {
        var result = new PolicyTestResult(test.Package, test.Name, test.Location, PolicyTestOutcome.Todo, TimeSpan.Zero);
        if (test.IsTodo) return result;
        var prepared = program.Prepare(test.Reference, instrument: coverage is not null);
        if (!prepared.Ok) return result with { Outcome = PolicyTestOutcome.Error, Error = prepared.Errors[0] };
        var listener = new TestListener(coverage);
        var started = Stopwatch.GetTimestamp();
        var answers = prepared.Value.Evaluate(null, files.Data, Options(listener), ct);
        result = result with { Time = Stopwatch.GetElapsedTime(started), Printed = listener.Said };
        ct.ThrowIfCancellationRequested();
        if (answers.Error is { } error) return result with { Outcome = PolicyTestOutcome.Error, Error = error };
        if (test.HasCases) result = result with { Cases = [.. listener.Cases.Select(name => new PolicyTestCase(name, Holds(answers.Value, name)))] };
        var passed = test.HasCases ? result.Cases.Count > 0 && result.Cases.All(c => c.Passed) : answers.Value is BooleanValue { IsTruthy: true };
        return passed ? result with { Outcome = PolicyTestOutcome.Passed } : Explained(result with { Outcome = PolicyTestOutcome.Failed }, test, ct);
    }

    // A case holds where its document has it: as a member, or with the value true.
    private static bool Holds(Value? value, ArrayValue name)
    {
        var holder = value;
        foreach (var part in name.Items) (holder, value) = (value, value?.Get(part));
        return holder is SetValue ? value is not null : value is BooleanValue { IsTruthy: true };
    }

    // Once more, listening: the same test on the same documents ends the same way.
    private PolicyTestResult Explained(PolicyTestResult failed, RegoTest test, CancellationToken ct)
    {
        var prepared = program.Prepare(test.Reference, instrument: true);
        if (!prepared.Ok) return failed;
        var ear = new MissListener(FiredMax);
        prepared.Value.Evaluate(null, files.Data, Options(ear), ct);
        var last = files.Modules.Where(m => m.Name == failed.Location.File).SelectMany(m => RuleOutline.Of(m.Module!))
            .Select(r => r.Location.Row).Where(row => row > failed.Location.Row).DefaultIfEmpty(int.MaxValue).Min();
        return failed with
        {
            Missed = failed.Cases.Count > 0 ? [] : Traces(ear.MissedBefore),
            Cases = [.. failed.Cases.Select(c => c.Passed ? c : c with { Missed = Traces(ear.MissedIn(c.Name)) })],
            Fired = [.. ear.Fired],
        };

        List<TestTrace> Traces(IEnumerable<RegoLocation> missed) =>
            [.. missed.Where(l => l.File == failed.Location.File && l.Row >= failed.Location.Row && l.Row < last).Select(l => new TestTrace(l, SourceLine(l)))];
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
}
