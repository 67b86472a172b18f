// A flight for people: what would change, how it was judged and why, who approved, what happened when.
using System.Text.Json.Nodes;
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Orchestrator.Workflows.Stages;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Cli.Views;

internal static class FlightView
{
    // The states say the rest: an artifact made, a plan frozen, a token created. `--json` has every entry.
    private static readonly HashSet<string> Telling =
    [
        WalEntryTypes.WorkflowStarted, WalEntryTypes.StateChanged, WalEntryTypes.PolicyEvaluated, WalEntryTypes.ApprovalRequested, WalEntryTypes.ApprovalReceived,
        WalEntryTypes.TakeOffInDoubt, WalEntryTypes.TakeOffResolved, WalEntryTypes.WorkflowCompleted, WalEntryTypes.WorkflowFailed,
    ];

    /// <summary>After plan, run, resume: where it stands and what to do next.</summary>
    /// <param name="beside">Further members of the document for machines.</param>
    public static void Report(Screen screen, FlightReport report, JsonObject? beside = null)
    {
        if (screen.Json)
        {
            var document = FlightDocument.Of(report.State, report.Problem);
            foreach (var (name, value) in beside ?? []) document[name] = value?.DeepClone();
            screen.Document(document);
            return;
        }
        var state = report.State;
        screen.Line("");
        foreach (var step in state.Definition.Steps.Select(s => state.Steps[s.Id])) screen.Line($"  {screen.Mark(step.State)} {step.Id}: {Sentence(step)}");
        if (report.Problem is { } problem && problem.Code != ProblemCode.ApprovalRequired) screen.Problem(problem);
        foreach (var next in Next(report)) screen.Hint(next);
    }

    /// <returns>What of the plans could not be shown.</returns>
    public static Hidden Show(Screen screen, FlightState state, IReadOnlyList<StepFlight> steps, IReadOnlyDictionary<StepId, FrozenBytes> plans, IReadOnlyList<FlightState>? undoneBy = null)
    {
        if (screen.Json)
        {
            var document = FlightDocument.Of(state);
            document["undone_by"] = new JsonArray([.. (undoneBy ?? []).Select(u => (JsonNode)new JsonObject { ["workflow_id"] = u.Id.ToString(), ["state"] = u.Overall.Word(), ["steps"] = new JsonArray([.. u.Undoes!.Steps.Select(s => (JsonNode)s)]) })]);
            document["timeline"] = FlightDocument.Timeline(state);
            document["diffs"] = new JsonObject(plans.Select(p => KeyValuePair.Create(p.Key.ToString(), (JsonNode?)PlanDiff.Text(p.Value))));
            document["artifacts"] = new JsonObject(plans.Select(p => KeyValuePair.Create(p.Key.ToString(), (JsonNode?)PlanDiff.Document(p.Value))));
            screen.Document(document);
            return default;
        }
        screen.Title($"{state.Definition.Name}  {state.Id}");
        screen.Field("state", state.InDoubt ? $"{state.Overall.Word()} (in doubt)" : state.Overall.Word());
        screen.Field("requester", state.Requester);
        screen.Field("workspace", state.Definition.Workspace);
        if (state.Undoes is { } undoes) screen.Field("undoes", $"{undoes.Workflow} ({string.Join(", ", undoes.Steps)})");
        foreach (var undo in undoneBy ?? [])
            screen.Field(undo.Ended == LifecycleState.Completed ? "undone by" : "undo", $"{undo.Id} ({string.Join(", ", undo.Undoes!.Steps)}), {undo.Overall.Word()}");
        if (state.Unsandboxed) screen.Field("isolation", "NONE: started with --unsandboxed");
        else if (state.Steps.Values.Any(s => s.Plan?.Tier == Tiers.Reduced)) screen.Field("isolation", $"REDUCED: {Tiers.ReducedLacks}");
        else if (state.Definition.ReducedIsolation) screen.Field("isolation", "may be reduced where the full one cannot be had");
        var hidden = steps.Aggregate(default(Hidden), (sum, step) => sum + ShowStep(screen, step, plans.GetValueOrDefault(step.Id)));
        if (state.Problem is { } problem) screen.Problem(problem.ToProblem());
        if (steps.Count == state.Steps.Count) ShowTimeline(screen, state);
        return hidden;
    }

    public static Hidden ShowStep(Screen screen, StepFlight step, FrozenBytes? bytes)
    {
        screen.Title($"step {step.Id}: {step.State.Word()}");
        if (step.Plan is { } plan)
        {
            screen.Field("engine", $"{plan.EngineId} ({plan.EngineDigest})");
            screen.Field("token", step.Token!.Token.ToString());
            screen.Field("changes", plan.Changes.Count == 0 ? "none in the workspace's files" : string.Join(", ", plan.Changes.GroupBy(c => c.ToChange().Word).Select(g => $"{g.Count()} {g.Key}")));
            NetworkView.Show(screen, step, bytes?.Network);
            foreach (var warning in plan.Warnings) screen.Field("warning", warning);
        }
        var hidden = bytes is null ? default : PlanDiff.Show(screen, bytes);
        ShowJudgement(screen, step);
        ShowApproval(screen, step);
        if (step.InDoubt is { } doubt) screen.Field("in doubt", doubt);
        if (step.Resolution is { } resolution)
        {
            screen.Field("resolved", resolution.Sentence);
            foreach (var path in resolution.Absent.Take(20)) screen.Field("not here", path);
            if (resolution.AbsentCount > 20) screen.Field("not here", $"and {resolution.AbsentCount - 20} more (--json has them)");
        }
        return hidden;
    }

    private static void ShowJudgement(Screen screen, StepFlight step)
    {
        if (step.Judgement is not { } judgement) return;
        screen.Line("");
        screen.Decided("judgement", judgement.Decision);
        foreach (var e in step.Evaluations.Where(e => e.Decision != Decision.Allow).OrderByDescending(e => e.Decision))
            screen.Line($"    {screen.Paint(e.Decision)}  {Screen.Safe(e.PolicyId)}: {Screen.Safe(e.Reason ?? "")}{Places(e)}");
        var allowed = step.Evaluations.Where(e => e.Decision == Decision.Allow).Select(e => e.PolicyId).ToList();
        if (allowed.Count > 0) screen.Line($"    {screen.Paint(Decision.Allow)}  {Screen.Safe(string.Join(", ", allowed))}");
    }

    private static void ShowApproval(Screen screen, StepFlight step)
    {
        if (step.Request is not { } request) return;
        screen.Field("approval", $"{request.ApprovalId}: needs {string.Join(", ", request.Extensions.Needs.Select(n => $"{n.Count} x {n.Role}"))}");
        foreach (var r in step.Responses)
            screen.Line($"    {(r.Approved ? "approved" : "rejected")} by {Screen.Safe(r.Approver)} at {FlightDocument.Time(r.Timestamp)}{(r.Reason is null ? "" : $": {Screen.Safe(r.Reason)}")}");
    }

    private static void ShowTimeline(Screen screen, FlightState state)
    {
        screen.Title("timeline (UTC)");
        var width = state.Steps.Keys.Max(id => id.ToString().Length);
        foreach (var t in state.Timeline.Where(t => Telling.Contains(t.Type)))
            screen.Line($"  {FlightDocument.Time(t.Timestamp).Replace('T', ' ').TrimEnd('Z')}  {(t.Step?.ToString() ?? "-").PadRight(width)}  {Screen.Safe(t.Text)}");
    }

    /// <summary>The files that a reason is about, where it does not name them itself.</summary>
    private static string Places(PolicyEvaluation e)
    {
        if (e.Evidence is not { ValueKind: System.Text.Json.JsonValueKind.Object } evidence || !evidence.TryGetProperty("files", out var files) || files.ValueKind != System.Text.Json.JsonValueKind.Array) return "";
        var names = files.EnumerateArray().Take(4).Select(f => f.ValueKind == System.Text.Json.JsonValueKind.String ? f.GetString() : f.TryGetProperty("path", out var p) ? p.GetString() : null).OfType<string>().ToList();
        return names.Count == 0 || e.Reason?.Contains(names[0], StringComparison.Ordinal) == true ? "" : $" [{Screen.Safe(string.Join(", ", names))}{(files.GetArrayLength() > names.Count ? ", ..." : "")}]";
    }

    private static string Sentence(StepFlight step) => step switch
    {
        { InDoubt: { } doubt } => $"in doubt: {doubt}",
        { State: LifecycleState.Completed, Resolution: { } resolution } => resolution.Sentence,
        { State: LifecycleState.Completed, TakeOff: { } done } => $"landed, paths changed: {done.Changes.Count}",
        { State: LifecycleState.AwaitingApproval, Request: { } request } => $"waits for approval {request.ApprovalId} ({string.Join(", ", request.Extensions.Needs.Select(n => $"{n.Count} x {n.Role}"))})",
        { State: LifecycleState.ReadyForTakeoff } => "judged and ready for take-off",
        { State: LifecycleState.Failed, Problem: { } problem } => $"failed: {problem.Code}",
        { State: LifecycleState.Init } => "not begun",
        _ => step.State.Word(),
    };

    private static IEnumerable<string> Next(FlightReport report)
    {
        var state = report.State;
        yield return $"cabincrew show {state.Id}";
        if (state.InDoubt) yield return $"cabincrew resolve {state.Id} --as applied|not-applied --because TEXT";
        foreach (var step in state.Steps.Values.Where(s => s is { State: LifecycleState.AwaitingApproval, Request: not null })) yield return $"cabincrew approve {step.Request!.ApprovalId}";
        if (state.Ended is null) yield return $"cabincrew resume {state.Id}";
    }
}
