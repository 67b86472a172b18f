// A flight as one JSON document for machines: what `show --json`, `run --json` and `plan --json` print. Stable member names.
using System.Text.Json;
using System.Text.Json.Nodes;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Cli.Views;

internal static class FlightDocument
{
    public static JsonObject Of(FlightState state, Problem? problem = null) => new()
    {
        ["workflow_id"] = state.Id.ToString(),
        ["name"] = state.Definition.Name,
        ["state"] = state.Overall.Word(),
        ["in_doubt"] = state.InDoubt,
        ["requester"] = state.Requester,
        ["workspace"] = state.Definition.Workspace,
        ["unsandboxed"] = state.Unsandboxed,
        ["reduced_isolation"] = state.Definition.ReducedIsolation,
        ["undoes"] = state.Undoes is not { } undoes ? null : new JsonObject { ["workflow_id"] = undoes.Workflow, ["steps"] = new JsonArray([.. undoes.Steps.Select(s => (JsonNode)s)]) },
        ["created_at"] = Time(state.CreatedAt),
        ["updated_at"] = Time(state.UpdatedAt),
        ["problem"] = problem is not null ? Problem(ProblemRecord.From(problem)) : Problem(state.Problem),
        ["steps"] = new JsonArray([.. state.Definition.Steps.Select(s => (JsonNode)Step(state.Steps[s.Id]))]),
    };

    public static JsonArray Timeline(FlightState state) =>
    [
        .. state.Timeline.Select(t => (JsonNode)new JsonObject
        {
            ["sequence"] = t.Sequence, ["timestamp"] = Time(t.Timestamp), ["type"] = t.Type, ["step_id"] = t.Step?.ToString(), ["text"] = t.Text,
        }),
    ];

    public static JsonNode? Element<T>(T value, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> info) => JsonSerializer.SerializeToNode(value, info);

    public static string Time(DateTimeOffset at) => at.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture);

    private static JsonObject Step(StepFlight step) => new()
    {
        ["step_id"] = step.Id.ToString(),
        ["state"] = step.State.Word(),
        ["engine"] = step.Plan?.EngineId,
        ["isolation"] = step.Plan?.Tier,
        ["token"] = step.Token is null ? null : Element(step.Token, ProtocolJson.Default.PlanToken),
        ["changes"] = step.Plan is null ? null : new JsonArray([.. step.Plan.Changes.Select(c => (JsonNode)new JsonObject { ["path"] = c.Path, ["change"] = c.ToChange().Word, ["before"] = c.Before?.Content.ToString(), ["after"] = c.After?.Content.ToString() })]),
        ["artifacts"] = step.Plan is null ? null : new JsonArray([.. step.Plan.Artifacts.Select(a => (JsonNode)new JsonObject { ["name"] = a.Name, ["role"] = a.Role.Word(), ["type"] = a.Type, ["action"] = a.Action, ["hash"] = a.Document.ToString(), ["body"] = a.Body?.ToString(), ["size"] = a.Size })]),
        ["network"] = NetworkView.Document(step),
        ["judgement"] = step.Judgement is null ? null : Judgement(step),
        ["approval"] = step.Request is null ? null : new JsonObject
        {
            ["request"] = Element(step.Request, ProtocolJson.Default.ApprovalRequest),
            ["responses"] = new JsonArray([.. step.Responses.Select(r => Element(r, ProtocolJson.Default.ApprovalResponse))]),
        },
        ["applied"] = step is { State: LifecycleState.Completed, Resolution: null },
        ["in_doubt"] = step.InDoubt,
        ["resolution"] = step.Resolution is not { } r ? null : new JsonObject
        {
            ["outcome"] = new Finding(r.Applied, "").Word, ["by"] = r.By, ["because"] = r.Because, ["absent_count"] = r.AbsentCount, ["absent"] = new JsonArray([.. r.Absent.Select(p => (JsonNode)p)]),
        },
        ["problem"] = Problem(step.Problem),
    };

    private static JsonObject Judgement(StepFlight step) => new()
    {
        ["decision"] = step.Judgement!.Decision.Word(),
        ["needs"] = new JsonArray([.. step.Judgement.Needs.Select(n => (JsonNode)new JsonObject { ["role"] = n.Role, ["count"] = n.Count, ["reasons"] = new JsonArray([.. n.Reasons.Select(r => (JsonNode)r)]) })]),
        ["evaluations"] = new JsonArray([.. step.Evaluations.Select(e => Element(e, ProtocolJson.Default.PolicyEvaluation))]),
    };

    private static JsonObject? Problem(ProblemRecord? p)
    {
        if (p is null) return null;
        var evidence = new JsonObject();
        foreach (var (key, value) in p.Evidence) evidence[key] = value;
        return new() { ["code"] = p.Code, ["message"] = p.Message, ["where"] = p.Where, ["remedy"] = p.Remedy, ["evidence"] = evidence };
    }
}
