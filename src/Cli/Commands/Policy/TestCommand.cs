// policy test: runs the tests that stand beside policies, as `opa test` does; watches them while they are written.
using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;
using CabinCrew.Cli.Rendering;
using CabinCrew.Governance.Policies.Rego.Authoring;
using CabinCrew.Protocol;
using CabinCrew.Rego.Evaluate;

namespace CabinCrew.Cli.Commands.Policy;

internal static class TestCommand
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(400);

    private sealed record Asked(string[]? Paths, bool V0, string[]? Schemas, PolicyTestOptions Options, bool Verbose, double? Threshold, string? JUnit, string Format);

    public static Command Create()
    {
        var (paths, v0, lax) = (PolicyPaths.Argument(), PolicyPaths.V0(), PolicyPaths.NoStrict());
        var run = new Option<string?>("--run", "-r") { Description = "Only tests whose path, such as data.a_test.test_b, the expression matches.", HelpName = "REGEX" };
        var coverage = new Flag("--coverage", "-c") { Description = "Tell which lines the tests reached." };
        var threshold = new Option<double?>("--threshold", "-t") { Description = "With less coverage than this the tests fail (implies --coverage).", HelpName = "PERCENT" };
        var junit = new Option<string?>("--junit") { Description = "Write the results as JUnit XML, too (- for standard output, instead of text).", HelpName = "FILE" };
        var format = new Option<string>("--format", "-f") { Description = "As OPA's option: pretty, json (its results, or its coverage with --coverage) or junit (default: pretty).", HelpName = "FORMAT", DefaultValueFactory = _ => "pretty" };
        format.AcceptOnlyFromAmong("pretty", "json", "junit");
        var watch = new Flag("--watch", "-w") { Description = "Run again whenever a file changes, until interrupted." };
        var verbose = new Flag("--verbose", "-v") { Description = "Name tests that pass, too, with their time." };
        var timeout = new Option<double>("--timeout") { Description = "Seconds that one test may take (default: 5).", HelpName = "SECONDS", DefaultValueFactory = _ => 5 };
        var schema = CheckCommand.SchemaOption();
        var command = new Command("test", """
            Run the tests of policies: every rule whose name begins with test_ must be true. todo_test_... are named and not run.

            A test asks a policy about a plan of its own making: `count(deny) == 1 with input as {...}`, `with data.settings as {...}`,
            `with time.now_ns as ...`. Of a test that fails you see which expression did not hold, which rules did, and what print() said.
            Errors of built-in functions are errors, as where plans are judged. Exit code 0: all passed; 1: a test failed, the policies have
            errors, or coverage is below the threshold.

            Examples:
              cabincrew policy test
              cabincrew policy test policies --run mass_deletion -v
              cabincrew policy test --coverage --threshold 90
              cabincrew policy test --junit results.xml
              cabincrew policy test --watch
            """) { paths, run, coverage, threshold, junit, format, watch, verbose, timeout, schema, lax, v0 };
        command.Plain(async (parse, screen, ct) =>
        {
            if (!Pattern(parse.GetValue(run)).Try(out var pattern, out var problem)) return problem;
            if (parse.GetValue(timeout) is not (> 0 and <= 3600) ) return new Problem(ProblemCode.InvalidArgument, "--timeout is more than 0 and at most 3600 seconds");
            if (parse.GetValue(threshold) is { } least and not (>= 0 and <= 100)) return new Problem(ProblemCode.InvalidArgument, $"--threshold {least} is no percentage");
            if (parse.Has(watch) && screen.Json) return new Problem(ProblemCode.InvalidArgument, "--watch goes on for ever, and --json is one document") { Remedy = "Leave out one of them." };
            var options = new PolicyTestOptions(pattern.Regex, parse.Has(coverage) || parse.GetValue(threshold) is not null, !parse.Has(lax), PolicyPaths.Now(),
                EvaluationLimits.Default with { Time = TimeSpan.FromSeconds(parse.GetValue(timeout)) });
            var asked = new Asked(parse.GetValue(paths), parse.Has(v0), parse.GetValue(schema), options, parse.Has(verbose), parse.GetValue(threshold), parse.GetValue(format) == "junit" ? "-" : parse.GetValue(junit), parse.GetValue(format)!);
            return parse.Has(watch) ? await WatchAsync(screen, asked, ct).ConfigureAwait(false) : Once(screen, asked, ct);
        });
        return command;
    }

    private static Outcome<int> Once(Screen screen, Asked asked, CancellationToken ct)
    {
        if (!PolicyPaths.Read(asked.Paths, asked.V0).Try(out var files, out var problem)) return problem;
        if (!CheckCommand.SchemaOf(files, asked.Schemas).Try(out var schema, out problem)) return problem;
        var check = PolicyCheck.Of(files, schema);
        if (check.Program is not { } program)
        {
            if (screen.Json) screen.Document(new() { ["ok"] = false, ["findings"] = PolicyPaths.Json(check.Findings) });
            else
            {
                PolicyPaths.Show(screen, files, check.Errors);
                screen.Line("no test was run: the policies have errors");
            }
            return PolicyPaths.Found;
        }

        var report = PolicyTests.Run(program, files, asked.Options, ct);
        if (asked.JUnit is { } file and not "-") File.WriteAllText(file, TestDocuments.JUnit(report));
        if (asked.JUnit == "-") screen.Raw(TestDocuments.JUnit(report));
        else if (asked.Format == "json") screen.Raw(JsonOutput.Document(json => OpaTestDocuments.Of(report, asked.Options.Coverage).WriteTo(json)));
        else if (screen.Json) screen.Document(TestDocuments.Json(report));
        else Show(screen, report, asked);
        var thin = asked.Threshold is { } least && report.CoveragePercent < least;
        if (thin) screen.Progress($"coverage is {Percent(report.CoveragePercent)}, below {Percent(asked.Threshold!.Value)}");
        return report.Passed && report.Results.Count > 0 && !thin ? 0 : PolicyPaths.Found;
    }

    private static void Show(Screen screen, PolicyTestReport report, Asked asked)
    {
        foreach (var test in report.Results)
        {
            if (test.Outcome == PolicyTestOutcome.Passed && !asked.Verbose) continue;
            var detail = test.Outcome == PolicyTestOutcome.Todo ? $"{test.Location}" : $"{test.Location}  {test.Time.TotalMilliseconds.ToString("0.0", CultureInfo.InvariantCulture)} ms";
            screen.Test(test.Outcome == PolicyTestOutcome.Passed, test.Outcome == PolicyTestOutcome.Todo, $"data.{test.Package}.{test.Name}", detail);
            foreach (var line in TestDocuments.Details(test)) screen.Line($"      {Screen.Safe(line)}");
            if (asked.Verbose)
                foreach (var passed in test.Cases.Where(c => c.Passed)) screen.Line($"      pass  {Screen.Safe(passed.Text)}");
            foreach (var line in test.Printed) screen.Line($"      print: {Screen.Safe(line)}");
        }
        if (asked.Options.Coverage) ShowCoverage(screen, report);
        if (report.Results.Count == 0) screen.Line(asked.Options.Run is null ? "there is no test: rules whose names begin with test_" : "no test has such a name");
        else screen.Line($"passed: {report.Count(PolicyTestOutcome.Passed)}, failed: {report.Count(PolicyTestOutcome.Failed)}, errors: {report.Count(PolicyTestOutcome.Error)}, todo: {report.Count(PolicyTestOutcome.Todo)}");
    }

    private static void ShowCoverage(Screen screen, PolicyTestReport report)
    {
        foreach (var file in report.Coverage.Where(f => f.UncoveredRows.Count > 0))
            screen.Line($"{Screen.Safe(file.File)}: {Percent(file.Percent)}, not reached: {string.Join(", ", TestDocuments.Runs(file.UncoveredRows).Select(r => r.First == r.Last ? $"{r.First}" : $"{r.First}-{r.Last}"))}");
        screen.Line($"coverage: {Percent(report.CoveragePercent)}");
    }

    // Looking is enough: notifications get lost over network file systems and in containers, and a directory of policies is small.
    private static async Task<Outcome<int>> WatchAsync(Screen screen, Asked asked, CancellationToken ct)
    {
        string? seen = null;
        while (true)
        {
            if (Fingerprint(asked.Paths) is var now && now != seen)
            {
                seen = now;
                var ended = Once(screen, asked, ct);
                if (!ended.Ok) screen.Refuse(ended.Problem!);
                screen.Note("watching; Ctrl-C ends");
            }
            try
            {
                await Task.Delay(LookEvery, ct).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return 0;
            }
        }
    }

    private static string Fingerprint(string[]? paths)
    {
        var named = paths is { Length: > 0 } ? paths : ["policies"];
        var files = named.SelectMany(p => Directory.Exists(p) ? Directory.EnumerateFiles(p, "*", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true }) : [p]);
        return string.Join('\n', files.Order(StringComparer.Ordinal).Select(f => new FileInfo(f)).Select(f => f.Exists ? $"{f.FullName} {f.Length} {f.LastWriteTimeUtc.Ticks}" : f.FullName));
    }

    private sealed record Chosen(Regex? Regex);

    private static Outcome<Chosen> Pattern(string? text)
    {
        try
        {
            return new Chosen(text is null ? null : new Regex(text, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant));
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return new Problem(ProblemCode.InvalidArgument, $"--run is no regular expression: {e.Message.ReplaceLineEndings(" ")}");
        }
    }

    private static string Percent(double percent) => percent.ToString("0.##", CultureInfo.InvariantCulture) + " %";
}
