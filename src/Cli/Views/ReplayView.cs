// What other policies would have decided: a table of what changes, and what could not be judged; or one document with everything.
using System.Text.Json.Nodes;
using CabinCrew.Cli.Rendering;
using CabinCrew.Governance.Policies;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Orchestrator.Workflows.Review;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Cli.Views;

internal static class ReplayView
{
    public static void Show(Screen screen, RecordedPlans recorded, IReadOnlyList<RejudgedPlan> judged, PolicySet? set, bool all)
    {
        if (screen.Json)
        {
            screen.Document(Document(recorded, judged, set));
            return;
        }
        var table = new TextTable(new("workflow"), new("step"), new("then"), new("now"), new("why", Flexible: true));
        foreach (var plan in judged.Where(j => all || j.Changes || j.Now is null))
            table.Add(plan.Plan.Flight.Id.ToString(), plan.Plan.StepId + (plan.Plan.IsCurrent ? "" : " (replaced)"), Word(plan.Plan.Judgement), plan.Now is { } now ? Word(now) : "NOT JUDGED", Why(plan));
        foreach (var (workflow, problem) in recorded.Unread) table.Add(workflow.ToString(), "-", "-", "NOT JUDGED", problem.ToString());
        if (table.Rows > 0) screen.Table(table);
        var (changes, missing) = (judged.Count(j => j.Changes), judged.Count(j => j.Now is null));
        screen.Line($"{(table.Rows > 0 ? "\n" : "")}{Count(judged.Count, "recorded plan")}: {changes} would be judged otherwise, {judged.Count - changes - missing} the same{(missing > 0 ? $", {missing} could not be judged" : "")}.");
        if (recorded.Unread.Count > 0) screen.Line($"{Count(recorded.Unread.Count, "flight")} could not be read.");
        if (recorded.IsCut) screen.Line("There are more flights than the store lists at once: the oldest are not among these. Name a time with --since.");
    }

    private static JsonObject Document(RecordedPlans recorded, IReadOnlyList<RejudgedPlan> judged, PolicySet? set) => new()
    {
        ["policy_digest"] = set?.PolicyDigest.ToString(),
        ["policies"] = set is null ? null : new JsonArray([.. set.SourceNames.Select(n => (JsonNode)n)]),
        ["plans"] = judged.Count,
        ["changes"] = judged.Count(j => j.Changes),
        ["not_judged"] = judged.Count(j => j.Now is null) + recorded.Unread.Count,
        ["cut"] = recorded.IsCut,
        ["results"] = new JsonArray([.. judged.Select(j => (JsonNode)Document(j))]),
        ["unread"] = new JsonArray([.. recorded.Unread.Select(u => (JsonNode)new JsonObject { ["workflow_id"] = u.Workflow.ToString(), ["problem"] = u.Problem.ToString() })]),
    };

    private static JsonObject Document(RejudgedPlan judged) => new()
    {
        ["workflow_id"] = judged.Plan.Flight.Id.ToString(),
        ["name"] = judged.Plan.Flight.Definition.Name,
        ["step_id"] = judged.Plan.StepId.ToString(),
        ["plan_token"] = judged.Plan.Step.Token?.Token.ToString(),
        ["current"] = judged.Plan.IsCurrent,
        ["judged_at"] = FlightDocument.Time(judged.Plan.JudgedAt),
        ["exact"] = judged.Plan.Inputs is not null,
        ["then"] = judged.Plan.Judgement.Decision.Word(),
        ["now"] = judged.Now?.Decision.Word(),
        ["changes"] = judged.Changes,
        ["needs_then"] = new JsonArray([.. judged.Plan.Judgement.Needs.Select(n => (JsonNode)new JsonObject { ["role"] = n.Role, ["count"] = n.Count })]),
        ["needs_now"] = judged.Now is null ? null : new JsonArray([.. judged.Now.Needs.Select(n => (JsonNode)new JsonObject { ["role"] = n.Role, ["count"] = n.Count })]),
        ["why"] = new JsonArray([.. judged.Why.Select(w => (JsonNode)w)]),
        ["problem"] = judged.Problem?.Code.Id(),
    };

    private static string Why(RejudgedPlan plan) => plan.Why switch { [] => plan.Changes ? "other people must approve" : "", [var only] => only, { Count: var count } => $"{plan.Why[0]} (and {count - 1} more)" };

    private static string Word(JudgementRecord judgement) => judgement.Decision.Word() + Needs(judgement.Needs.Select(n => (n.Role, n.Count)));

    private static string Word(Judgement judgement) => judgement.Decision.Word() + Needs(judgement.Needs.Select(n => (n.Role, n.Count)));

    private static string Needs(IEnumerable<(string Role, int Count)> needs)
    {
        var text = string.Join(", ", needs.Select(n => $"{n.Count} {n.Role}"));
        return text.Length == 0 ? "" : $" ({text})";
    }

    private static string Count(int count, string what) => count == 1 ? $"1 {what}" : $"{count} {what}s";
}
