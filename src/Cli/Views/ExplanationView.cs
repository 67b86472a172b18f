// Why a plan was judged as it was, for people and as one document.
using System.Text.Json;
using System.Text.Json.Nodes;
using CabinCrew.Governance.Policies.Explaining;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Orchestrator.Workflows.Review;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Cli.Views;

internal static class ExplanationView
{
    private const int FilesShownMax = 5;

    public static void Show(Screen screen, FlightState state, IReadOnlyList<ExplainedPlan> plans, bool held)
    {
        if (screen.Json)
        {
            screen.Document(new() { ["workflow_id"] = state.Id.ToString(), ["name"] = state.Definition.Name, ["steps"] = new JsonArray([.. plans.Select(p => (JsonNode)Document(p))]) });
            return;
        }
        screen.Title($"{state.Definition.Name}  {state.Id}");
        foreach (var plan in plans) Step(screen, plan, held);
    }

    private static void Step(Screen screen, ExplainedPlan explained, bool held)
    {
        var plan = explained.Plan;
        screen.Title($"step {plan.StepId}");
        screen.Decided("judged", plan.Judgement.Decision);
        foreach (var need in plan.Judgement.Needs) screen.Field("needs", $"{need.Count} x {need.Role}");
        screen.Field("when", FlightDocument.Time(plan.JudgedAt));
        screen.Field("for", Requester(plan));
        screen.Field("policies", Policies(explained));
        if (Exactness(explained) is { } inexact) screen.Field("inputs", inexact);
        if (explained.Now.Decision != plan.Judgement.Decision) screen.Decided("now", explained.Now.Decision);
        foreach (var source in explained.Explanations)
        {
            foreach (var verdict in source.Verdicts.Where(v => v.Verdict.Decision != Decision.Allow)) Verdict(screen, verdict);
            if (source.Verdicts.All(v => v.Verdict.Decision == Decision.Allow)) screen.Line($"\n  {screen.Paint(Decision.Allow)}  {Screen.Safe(source.Source)}: {Screen.Safe(source.Verdicts[0].Verdict.Reason)}");
            if (!held || source.Held.Count == 0) continue;
            screen.Line($"\n  also held in {Screen.Safe(source.Source)}:");
            foreach (var rule in source.Held) Rule(screen, rule);
        }
    }

    private static string Policies(ExplainedPlan explained) => explained switch
    {
        { FromRecord: true } => "the ones that judged it, as they were kept then: their files have changed since",
        { SamePolicies: true } => "the ones that judged it",
        { NotKept: { } why } => $"CHANGED since, and what follows is what they say now: {Screen.Safe(why.Message)}",
        _ => "CHANGED since: what follows is what they say now",
    };

    private static void Verdict(Screen screen, ExplainedVerdict explained)
    {
        var verdict = explained.Verdict;
        screen.Line($"\n  {screen.Paint(verdict.Decision)}  {Screen.Safe(verdict.PolicyId)}: {Screen.Safe(verdict.Reason)}{(verdict.Decision == Decision.RequireApproval ? $" ({verdict.Count} x {Screen.Safe(verdict.Role ?? "the default role")})" : "")}");
        foreach (var rule in explained.By) Rule(screen, rule);
        if (explained.By.Count > 0 || verdict.Evidence is not { ValueKind: JsonValueKind.Object } evidence) return;
        // Sources that are no Rego say in their evidence where the rule stands and what matched.
        if (evidence.TryGetProperty("rule", out var at) && at.ValueKind == JsonValueKind.String) screen.Line($"    {Screen.Safe(at.GetString()!)}");
        if (!evidence.TryGetProperty("files", out var files) || files.ValueKind != JsonValueKind.Array) return;
        foreach (var file in files.EnumerateArray().Take(FilesShownMax)) screen.Line($"      {Screen.Safe(file.ValueKind == JsonValueKind.String ? file.GetString()! : File(file))}");
        if (files.GetArrayLength() > FilesShownMax) screen.Line($"      and {files.GetArrayLength() - FilesShownMax} more");
    }

    private static void Rule(Screen screen, ExplainedRule rule)
    {
        screen.Line($"    {Screen.Safe(rule.File)}:{rule.Line}  {Screen.Safe(rule.Text)}");
        foreach (var (name, value) in rule.Values) screen.Line($"      {Screen.Safe(name)} = {Screen.Safe(value)}");
    }

    private static string File(JsonElement file)
    {
        var text = file.TryGetProperty("path", out var path) ? path.GetString() ?? "" : file.GetRawText();
        foreach (var name in (string[])["added_lines", "deleted_lines"])
            if (file.TryGetProperty(name, out var lines) && lines.ValueKind == JsonValueKind.Array) text += $", {name.Replace('_', ' ')}: {string.Join(", ", lines.EnumerateArray().Select(l => l.GetRawText()))}";
        return text;
    }

    private static string Requester(RecordedPlan plan)
    {
        var kind = plan.Inputs is not { } inputs ? "kind and roles were not recorded" : $"{(inputs.RequesterIsHuman switch { true => "human", false => "automation", null => "unknown" })}{(inputs.RequesterRoles.Count == 0 ? "" : $"; {string.Join(", ", inputs.RequesterRoles)}")}";
        return $"{plan.Flight.Requester} ({kind})";
    }

    /// <summary>Null: judged on the very same document.</summary>
    private static string? Exactness(ExplainedPlan explained)
    {
        if (explained.Plan.Inputs is null) return "judged by an earlier version, which did not record them: roles are left out, the time is the judgement's";
        var then = explained.Plan.Step.Evaluations.Select(e => InputOf(e.Evidence)).OfType<string>().ToHashSet(StringComparer.Ordinal);
        var now = explained.Explanations.Select(e => e.Input?.ToString()).OfType<string>().ToList();
        return then.Count > 0 && now.Count > 0 && !now.TrueForAll(then.Contains) ? "NOT the same document as then (a secret that was redacted then is not known now, or this version writes it otherwise)" : null;
    }

    private static string? InputOf(JsonElement? evidence) =>
        evidence is { ValueKind: JsonValueKind.Object } known && known.TryGetProperty("input", out var input) && input.ValueKind == JsonValueKind.String ? input.GetString() : null;

    private static JsonObject Document(ExplainedPlan explained) => new()
    {
        ["step_id"] = explained.Plan.StepId.ToString(),
        ["judged_at"] = FlightDocument.Time(explained.Plan.JudgedAt),
        ["decision"] = explained.Plan.Judgement.Decision.Word(),
        ["decision_now"] = explained.Now.Decision.Word(),
        ["same_policies"] = explained.SamePolicies,
        ["policies_from_record"] = explained.FromRecord,
        ["same_inputs"] = Exactness(explained) is null,
        ["requester"] = new JsonObject
        {
            ["name"] = explained.Plan.Flight.Requester, ["is_human"] = explained.Plan.Inputs?.RequesterIsHuman,
            ["roles"] = explained.Plan.Inputs is { } inputs ? new JsonArray([.. inputs.RequesterRoles.Select(r => (JsonNode)r)]) : null,
        },
        ["sources"] = new JsonArray([.. explained.Explanations.Select(s => (JsonNode)new JsonObject
        {
            ["source"] = s.Source,
            ["input"] = s.Input?.ToString(),
            ["verdicts"] = new JsonArray([.. s.Verdicts.Select(v => (JsonNode)new JsonObject
            {
                ["policy_id"] = v.Verdict.PolicyId, ["decision"] = v.Verdict.Decision.Word(), ["reason"] = v.Verdict.Reason, ["role"] = v.Verdict.Role, ["count"] = v.Verdict.Count,
                ["rules"] = new JsonArray([.. v.By.Select(r => (JsonNode)Document(r))]),
                ["evidence"] = v.Verdict.Evidence is { } evidence ? JsonNode.Parse(evidence.GetRawText()) : null,
            })]),
            ["held"] = new JsonArray([.. s.Held.Select(r => (JsonNode)Document(r))]),
        })]),
    };

    private static JsonObject Document(ExplainedRule rule) => new()
    {
        ["rule"] = rule.Rule, ["file"] = rule.File, ["line"] = rule.Line, ["text"] = rule.Text, ["values"] = new JsonObject(rule.Values.DistinctBy(v => v.Key).Select(v => KeyValuePair.Create(v.Key, (JsonNode?)v.Value))),
    };
}
