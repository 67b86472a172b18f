// resolve, undo: what a person does about a flight that is not simply done.
using System.CommandLine;
using System.Text.Json.Nodes;
using CabinCrew.Cli.Views;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Commands;

internal static class RecoveryCommands
{
    public static Command Resolve()
    {
        var workflow = new Argument<string>("WORKFLOW") { Description = "The workflow's id." };
        var outcome = new Option<string>("--as") { Description = "What you found: applied or not-applied. (Here --as is no identity; use --identity for that.)", HelpName = "OUTCOME", Required = true };
        outcome.AcceptOnlyFromAmong(Finding.AppliedWord, Finding.NotAppliedWord);
        var because = new Option<string>("--because") { Description = "How you know; it goes into the record.", HelpName = "TEXT", Required = true };
        var plan = new Flag("--plan") { Description = "Then plan anew from the same workflow file: that shows what is missing. Nothing is applied." };
        var command = new Command("resolve", """
            End the doubt about a take-off that was cut off and may have reached outside. Look at the outside system first, then say which
            it was. Nothing is run, applied or undone by this, and the workspace is free again.

            As applied, the step counts as done: its effects outside stand, and the flight goes on or ends. What it would have changed in
            the workspace is NOT applied; that is said, and steps that build on it do not fly.
            As not-applied, the flight ends as failed.

            It takes a person with the role, and not the one who asked for the flight (unless self_approval is set).

            Examples:
              cabincrew resolve wf-7h3k9q2m --as applied --because "the tag is on the remote"
              cabincrew resolve wf-7h3k9q2m --as not-applied --because "the registry has no such version" --plan
            """) { workflow, outcome, because, plan };
        command.InHouse(async (parse, screen, house, ct) =>
        {
            if (!WorkflowId.TryParse(parse.GetValue(workflow), out var id)) return new Problem(ProblemCode.InvalidArgument, $"'{parse.GetValue(workflow)}' is no workflow id");
            var finding = new Finding(parse.GetValue(outcome) == Finding.AppliedWord, parse.GetValue(because)!);
            var resolved = await house.Flights.ResolveAsync(id, house.Caller, finding, ct).ConfigureAwait(false);
            if (!resolved.Try(out var state, out var problem)) return problem;
            if (parse.Has(plan)) return await PlanAsync(screen, house, state, ct).ConfigureAwait(false);
            if (screen.Json) screen.Document(FlightDocument.Of(state));
            else Tell(screen, state);
            return 0;
        });
        return command;
    }

    public static Command Undo()
    {
        var workflow = new Argument<string>("WORKFLOW") { Description = "The workflow's id." };
        var step = new Option<string?>("--step") { Description = "Only what this step changed (default: all steps that landed, together).", HelpName = "STEP" };
        var run = new Flag("--run") { Description = "Go on as `run` does: wait for approvals where they are asked for, then apply." };
        var unsandboxed = new Flag("--unsandboxed") { Description = "Run the engine that puts things back WITHOUT isolation. Audited; needs approval under the default policies." };
        var wait = FlightCommands.Wait();
        var command = new Command("undo", """
            Plan a flight that puts back what a flight changed in the workspace: what it created goes, what it edited or deleted comes back,
            modes, links and git's references too. It is planned, judged and approved like any other; nothing is applied until you say so.

            It is refused where a path is no longer as the take-off left it (exit 8): nothing is ever put back over later work.
            What a flight did outside the workspace cannot be undone from here; that is said, and a flight that did only that is refused.
            An undo can be undone.

            Examples:
              cabincrew undo wf-7h3k9q2m              plan it; then look, and `cabincrew resume` the new flight
              cabincrew undo wf-7h3k9q2m --run --wait 30m
              cabincrew undo wf-7h3k9q2m --step format --json
            """) { workflow, step, run, wait, unsandboxed };
        command.InHouse(async (parse, screen, house, ct) =>
        {
            if (!WorkflowId.TryParse(parse.GetValue(workflow), out var id)) return new Problem(ProblemCode.InvalidArgument, $"'{parse.GetValue(workflow)}' is no workflow id") { Remedy = "List them with `cabincrew status`." };
            StepId? only = null;
            if (parse.GetValue(step) is { } named)
            {
                if (!StepId.TryParse(named, out var one)) return new Problem(ProblemCode.InvalidArgument, $"'{named}' is no step's id");
                only = one;
            }
            var span = TimeSpan.Zero;
            if (parse.Has(run) && !FlightCommands.WaitOf(parse.GetValue(wait), screen).Try(out span, out var problem)) return problem;
            var begun = await house.Flights.UndoAsync(id, only, house.Caller, parse.Has(unsandboxed), ct).ConfigureAwait(false);
            if (!begun.Try(out var undo, out problem)) return problem;
            screen.Note($"undo of {id}: workflow {undo.Workflow}");
            foreach (var note in undo.Notes) screen.Note($"note: {note}");
            var goal = parse.Has(run) ? FlightGoal.Land : FlightGoal.Plan;
            return await FlightCommands.AdvanceAsync(screen, house, undo.Workflow, new(goal, span), ct, new JsonObject { ["notes"] = new JsonArray([.. undo.Notes.Select(n => (JsonNode)n)]) }).ConfigureAwait(false);
        });
        return command;
    }

    private static void Tell(Screen screen, FlightState state)
    {
        foreach (var step in state.Steps.Values.Where(s => s.Resolution is not null))
        {
            screen.Line(Screen.Safe($"{step.Id}: {step.Resolution!.Sentence}"));
            foreach (var path in step.Resolution.Absent.Take(20)) screen.Field("not here", path);
        }
        screen.Line(state.Ended switch
        {
            LifecycleState.Completed => "The flight has ended as COMPLETED, and the workspace is free.",
            LifecycleState.Failed => "The flight has ended as FAILED, and the workspace is free.",
            _ => "The flight can go on, and the workspace is free.",
        });
        if (state.Ended is null) screen.Hint($"cabincrew resume {state.Id}");
        else screen.Hint(state.Undoes is { } undoes ? $"cabincrew undo {undoes.Workflow}" : $"cabincrew plan -f {state.Definition.File}");
    }

    private static async Task<Outcome<int>> PlanAsync(Screen screen, House house, FlightState resolved, CancellationToken ct)
    {
        Tell(screen, resolved);
        if (resolved.Undoes is { } undoes)
            return new Problem(ProblemCode.InvalidArgument, "it is resolved; but an undo has no workflow file to plan anew from") { Remedy = $"cabincrew undo {undoes.Workflow}" };
        if (!WorkflowFile.Load(resolved.Definition.File).Try(out var definition, out var problem)) return await house.Flights.RefuseStartAsync(problem, house.Caller, ct).ConfigureAwait(false);
        if (house.Place.Within(definition.Workspace) is { } exposed) return exposed;
        var started = await house.Flights.StartAsync(definition, house.Caller, unsandboxed: false, ct).ConfigureAwait(false);
        if (!started.Try(out var id, out problem)) return problem;
        screen.Note($"{definition.Name}: workflow {id}");
        return await FlightCommands.AdvanceAsync(screen, house, id, new(FlightGoal.Plan, TimeSpan.Zero), ct, new JsonObject { ["resolved"] = FlightDocument.Of(resolved) }).ConfigureAwait(false);
    }
}
