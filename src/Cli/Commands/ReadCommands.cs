// status, show, logs: what is known about flights. They change nothing.
using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using CabinCrew.Cli.Views;
using CabinCrew.Governance.Approvals.Calls;
using CabinCrew.Ledger.Streams;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Orchestrator.Workflows.Stages;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Commands;

internal static class ReadCommands
{
    public static Command Status()
    {
        var open = new Flag("--open") { Description = "Only flights that have not ended." };
        var count = new Option<int>("--count", "-n") { Description = "How many, newest first (default: 20).", HelpName = "NUMBER", DefaultValueFactory = _ => 20 };
        var command = new Command("status", """
            List flights, newest first.

            Examples:
              cabincrew status
              cabincrew status --open --json
            """) { open, count };
        command.InHouse(async (parse, screen, house, ct) =>
        {
            var listed = await house.Flights.ListAsync(new(parse.Has(open), null, Math.Clamp(parse.GetValue(count), 1, 1000)), ct).ConfigureAwait(false);
            if (!listed.Try(out var headers, out var problem)) return problem;
            StatusView.Show(screen, headers);
            return 0;
        }, nothing: screen =>
        {
            StatusView.Show(screen, []);
            return 0;
        });
        return command;
    }

    public static Command Show()
    {
        var workflow = new Argument<string>("WORKFLOW") { Description = "The workflow's id. Or that of a call that a gateway holds." };
        var step = new Option<string?>("--step") { Description = "Only this step.", HelpName = "STEP" };
        var diff = new Flag("--diff") { Description = "Only the diff, as `git apply` reads it." };
        var network = new Flag("--network") { Description = "Only what was said to a declared network, every request." };
        var command = new Command("show", """
            Show a flight whole: the diff, the judgement with its reasons, approvals, what happened when. Or a call that a gateway holds, or held.

            Examples:
              cabincrew show wf-7h3k9q2m
              cabincrew show wf-7h3k9q2m --diff | git apply --check
            """) { workflow, step, diff, network };
        command.InHouse(async (parse, screen, house, ct) =>
        {
            if (HeldCalls.IsCall(parse.GetValue(workflow)!)) return await ShowCallAsync(screen, house, parse.GetValue(workflow)!, ct).ConfigureAwait(false);
            if (!(await ReadAsync(house, parse.GetValue(workflow)!, ct).ConfigureAwait(false)).Try(out var state, out var problem)) return problem;
            if (!StepsOf(state, parse.GetValue(step)).Try(out var steps, out problem)) return problem;
            var plans = new Dictionary<StepId, FrozenBytes>();
            foreach (var flight in steps.Where(s => s.Plan is not null))
            {
                var loaded = await FrozenPlans.LoadAsync(house.Ledger, TenantId.Local, state, flight.Id, ct).ConfigureAwait(false);
                if (!loaded.Try(out var bytes, out problem)) return problem;
                plans[flight.Id] = bytes;
            }
            if (parse.Has(diff)) PlanDiff.Raw(screen, steps, plans);
            else if (parse.Has(network)) NetworkView.Whole(screen, state, steps, plans);
            else
            {
                if (!(await house.Flights.UndoneByAsync(state.Id, ct).ConfigureAwait(false)).Try(out var undoneBy, out problem)) return problem;
                FlightView.Show(screen, state, steps, plans, undoneBy);
            }
            return 0;
        });
        return command;
    }

    public static Command Logs()
    {
        var workflow = new Argument<string>("WORKFLOW") { Description = "The workflow's id." };
        var step = new Option<string?>("--step") { Description = "Only this step.", HelpName = "STEP" };
        var command = new Command("logs", """
            Print what engines wrote to standard error, redacted.

            Example:
              cabincrew logs wf-7h3k9q2m --step format
            """) { workflow, step };
        command.InHouse(async (parse, screen, house, ct) =>
        {
            if (!(await ReadAsync(house, parse.GetValue(workflow)!, ct).ConfigureAwait(false)).Try(out var state, out var problem)) return problem;
            if (!StepsOf(state, parse.GetValue(step)).Try(out var steps, out problem)) return problem;
            var entries = new JsonArray();
            foreach (var (id, phase, digest) in steps.SelectMany(LogsOf))
            {
                var blob = await house.Ledger.Blobs.GetAsync(TenantId.Local, digest, ct).ConfigureAwait(false);
                if (!blob.Try(out var bytes, out problem)) return problem;
                var text = Encoding.UTF8.GetString(bytes.Span);
                if (screen.Json) entries.Add((JsonNode)new JsonObject { ["step"] = id.ToString(), ["phase"] = phase, ["text"] = text });
                else screen.Block($"{id} ({phase})", text.Length == 0 ? "(nothing)" : text);
            }
            if (screen.Json) screen.Document(new() { ["logs"] = entries });
            return 0;
        });
        return command;
    }

    private static async Task<Outcome<int>> ShowCallAsync(Screen screen, House house, string id, CancellationToken ct)
    {
        if (!WorkflowId.TryParse(id, out var call)) return new Problem(ProblemCode.InvalidArgument, $"'{id}' is no held call's id") { Remedy = "List them with `cabincrew approvals`." };
        if (!(await house.Calls.ReadAsync(call, ct).ConfigureAwait(false)).Try(out var held, out var problem)) return problem;
        HeldCallView.Show(screen, held);
        return 0;
    }

    internal static async Task<Outcome<FlightState>> ReadAsync(House house, string workflow, CancellationToken ct)
    {
        if (WorkflowId.TryParse(workflow, out var id)) return await house.Flights.ReadAsync(id, ct).ConfigureAwait(false);
        return new Problem(ProblemCode.InvalidArgument, $"'{workflow}' is no workflow id") { Remedy = "List them with `cabincrew status`." };
    }

    internal static Outcome<IReadOnlyList<StepFlight>> StepsOf(FlightState state, string? step)
    {
        var ordered = state.Definition.Steps.Select(s => state.Steps[s.Id]).ToList();
        if (step is null) return Outcome.Of<IReadOnlyList<StepFlight>>(ordered);
        return ordered.Find(s => s.Id.ToString() == step) is { } one
            ? Outcome.Of<IReadOnlyList<StepFlight>>([one])
            : new Problem(ProblemCode.NotFound, $"workflow {state.Id} has no step '{step}'; it has {string.Join(", ", ordered.Select(s => s.Id))}");
    }

    private static IEnumerable<(StepId Step, string Phase, Digest Log)> LogsOf(StepFlight step)
    {
        if (step.Plan is { } plan) yield return (step.Id, "flight-plan", plan.Log);
        if (step.TakeOff is { } takeOff) yield return (step.Id, "take-off", takeOff.Log);
        if (step.FailureLog is { } failure) yield return (step.Id, "failed", failure);
    }
}
