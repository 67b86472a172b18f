// plan, run, resume: start a flight and advance it, with live progress on a terminal and plain lines elsewhere.
using System.CommandLine;
using System.Text.Json.Nodes;
using CabinCrew.Cli.Views;
using CabinCrew.Governance.Yaml;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Commands;

internal static class FlightCommands
{
    public static Command Plan() => Starting("plan", FlightGoal.Plan, """
        Compute, validate, bind and judge a plan. Nothing is applied.

        Examples:
          cabincrew plan                     plan the workflow in cabincrew.yaml
          cabincrew plan -f ops/upgrade.yaml --json
          cabincrew show WORKFLOW            see the diff and the judgement
          cabincrew resume WORKFLOW          go on: approvals, then take-off
        """);

    public static Command Run() => Starting("run", FlightGoal.Land, """
        Plan, judge, wait for approvals where they are asked for, and apply exactly what was approved.

        Examples:
          cabincrew run                      on a terminal: waits for approvals until you press Ctrl-C
          cabincrew run --wait 30m           in CI: wait up to half an hour, then exit with 4
          cabincrew run --json --wait 0s

        Exit codes: 0 landed, 3 denied, 4 waiting for approval, 5 rejected, 6 engine failed, 7 artifact refused, 8 stale,
        9 no sandbox, 10 in doubt, 11 evidence broken, 12 busy, 13 refused (see `cabincrew help exit-codes`).
        """);

    public static Command Resume()
    {
        var workflow = new Argument<string>("WORKFLOW") { Description = "The workflow's id." };
        var wait = Wait();
        var command = new Command("resume", """
            Go on with a flight where its log stands: after an approval, a restart, a crash.

            Example:
              cabincrew resume wf-7h3k9q2m
            """) { workflow, wait };
        command.InHouse(async (parse, screen, house, ct) =>
        {
            if (!WorkflowId.TryParse(parse.GetValue(workflow), out var id)) return new Problem(ProblemCode.InvalidArgument, $"'{parse.GetValue(workflow)}' is no workflow id");
            if (!WaitOf(parse.GetValue(wait), screen).Try(out var span, out var problem)) return problem;
            return await AdvanceAsync(screen, house, id, new(FlightGoal.Land, span), ct).ConfigureAwait(false);
        });
        return command;
    }

    private static Command Starting(string name, FlightGoal goal, string description)
    {
        var file = Globals.File();
        var wait = Wait();
        var unsandboxed = new Flag("--unsandboxed") { Description = "Run engines WITHOUT isolation: a flight-plan can then change anything you can. Audited; needs approval under the default policies." };
        var reduced = new Flag("--reduced-isolation") { Description = "Where this machine cannot isolate engines fully, isolate them as far as Landlock and a system call filter do (also `isolation: reduced`). Audited; needs approval under the default policies." };
        var secretCommands = new Flag("--allow-secret-commands") { Description = "Let the workflow's secret commands run as you, outside the sandbox. Remembered for these exact commands; audited." };
        var command = new Command(name, description) { file, unsandboxed, reduced, secretCommands };
        if (goal == FlightGoal.Land) command.Options.Add(wait);
        command.Plain(async (parse, screen, ct) =>
        {
            // The file first: a typing error makes no store.
            var path = parse.GetValue(file);
            var loaded = WorkflowFile.Load(path is null ? Globals.PlaceOf(parse).WorkflowFile : Path.GetFullPath(path));
            if (!loaded.Try(out var definition, out var problem)) return await OnRecordAsync(parse, path, problem, ct).ConfigureAwait(false);
            if (parse.Has(reduced)) definition = definition with { ReducedIsolation = true };
            var span = TimeSpan.Zero;
            if (goal == FlightGoal.Land && !WaitOf(parse.GetValue(wait), screen).Try(out span, out problem)) return problem;
            if (Globals.PlaceOf(parse, path).Within(definition.Workspace) is { } exposed) return exposed;
            var opened = await Globals.OpenAsync(parse, path, ct).ConfigureAwait(false);
            if (!opened.Try(out var house, out problem)) return problem;
            await using var leaving = house.ConfigureAwait(false);
            if (parse.Has(secretCommands) && !(await new SecretConsents(house.Ledger).AllowAsync(definition, house.Caller, ct).ConfigureAwait(false)).Try(out _, out problem)) return problem;
            var started = await house.Flights.StartAsync(definition, house.Caller, parse.Has(unsandboxed), ct).ConfigureAwait(false);
            if (!started.Try(out var id, out problem)) return problem;
            screen.Note($"{definition.Name}: workflow {id}");
            return await AdvanceAsync(screen, house, id, new(goal, span), ct).ConfigureAwait(false);
        });
        return command;
    }

    // A typing error makes no store; but where there is one, what was asked for and refused is in it (AUD-01).
    private static async Task<Problem> OnRecordAsync(ParseResult parse, string? path, Problem problem, CancellationToken ct)
    {
        if (!Globals.PlaceOf(parse, path).HasStore || !(await Globals.OpenAsync(parse, path, ct).ConfigureAwait(false)).Try(out var house, out _)) return problem;
        await using (house) return await house.Flights.RefuseStartAsync(problem, house.Caller, ct).ConfigureAwait(false);
    }

    internal static async Task<Outcome<int>> AdvanceAsync(Screen screen, House house, WorkflowId id, AdvanceOptions options, CancellationToken ct, JsonObject? beside = null)
    {
        using var progress = new ProgressView(screen, options.WaitForPeople > TimeSpan.Zero);
        var advanced = await house.Flights.AdvanceAsync(id, options, progress, ct).ConfigureAwait(false);
        progress.Dispose();
        if (!advanced.Try(out var report, out var problem)) return problem;
        FlightView.Report(screen, report, beside);
        return report.Problem?.Code.ExitCode() ?? 0;
    }

    internal static Option<string?> Wait() => new("--wait") { Description = "How long to wait for approvals: 30s, 10m, 2h (default: on a terminal until Ctrl-C, else not at all).", HelpName = "DURATION" };

    internal static Outcome<TimeSpan> WaitOf(string? text, Screen screen) => text is null
        ? screen.Interactive ? TimeSpan.FromDays(365) : TimeSpan.Zero
        : text is "0" or "0s" ? TimeSpan.Zero
        : Quantities.Duration(text) is { } span ? span : new Problem(ProblemCode.InvalidArgument, $"--wait takes {Quantities.DurationShape}, not '{text}'");
}
