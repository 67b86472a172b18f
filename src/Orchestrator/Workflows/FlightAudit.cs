// Makes the audit events of a flight (AUD-01): one place that decides what an event of each kind carries.
using System.Text.Json;
using System.Text.Json.Nodes;
using CabinCrew.Ledger;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Orchestrator.Workflows;

/// <param name="workflow">Null for events that belong to none.</param>
internal sealed class FlightAudit(LedgerRoom ledger, WorkflowId? workflow)
{
    public IReadOnlyList<AuditEvent> Landed(FlightState flight) =>
    [
        Event(AuditEventTypes.WorkflowCompleted, null, LifecycleState.Completed, "every step landed"),
        .. flight.Undoes is { } undone ? [Undone(flight.Id, undone)] : Array.Empty<AuditEvent>(),
    ];

    public AuditEvent Event(string type, StepId? step, LifecycleState? state, string message, Severity severity = Severity.Info,
        string actor = "orchestrator", Problem? problem = null, JsonObject? data = null) => new()
    {
        EventId = ledger.Ids.Next("evt"),
        Timestamp = ledger.Clock.GetUtcNow(),
        EventType = type,
        Workflow = workflow is { } id ? new(id.ToString(), step?.ToString()) : null,
        WorkflowState = state?.Word(),
        Message = message,
        Severity = problem?.Code.Entry().Severity ?? severity,
        Extensions = new() { Actor = actor, Problem = problem?.Code.Id(), Data = data is null ? null : JsonSerializer.SerializeToElement(data, AuditDataJson.Default.JsonObject) },
    };

    /// <summary>Told of the flight that was undone, so that its own story has it.</summary>
    private AuditEvent Undone(WorkflowId by, UndoesRecord undone) =>
        Event(AuditEventTypes.WorkflowUndone, null, null, $"what step(s) {string.Join(", ", undone.Steps)} changed was put back by {by}", Severity.Warning, data: new() { ["undone_by"] = by.ToString() }) with { Workflow = new(undone.Workflow, null) };

    public AuditEvent Moved(StepId step, LifecycleState from, LifecycleState to) =>
        Event(AuditEventTypes.StateChanged, step, to, $"{from.Word()} to {to.Word()}");

    public AuditEvent Engine(string type, StepId step, LifecycleState state, EngineMode mode, string engineId, Digest digest, EngineOutput? receipt, Problem? problem, string tier) =>
        Event(type, step, state, $"{engineId} {mode.Word()}{(problem is not null ? $": {problem.Code.Id()}" : receipt is null ? "" : $": {receipt.Status}")}", problem: problem,
            data: new() { ["engine_digest"] = digest.ToString(), ["isolation"] = tier }) with
        {
            Workflow = new(workflow?.ToString(), step.ToString(), mode.Word()),
            Engine = new(engineId, receipt?.ReceiptId, receipt?.Status ?? (problem is null ? null : EngineOutput.Failure), problem?.Message ?? receipt?.Error),
        };

    /// <summary>Engines are about to run in the reduced isolation.</summary>
    /// <param name="because">Why the full one cannot be had.</param>
    public AuditEvent Reduced(Problem because) =>
        Event(AuditEventTypes.SandboxReduced, null, null, $"engines run in the reduced isolation, as was allowed: {Engines.Tiers.ReducedLacks}", Severity.Warning, data: new() { ["because"] = because.Message });

    public AuditEvent Artifacts(StepId step, IReadOnlyList<FrozenArtifact> artifacts) =>
        Event(AuditEventTypes.ArtifactsValidated, step, LifecycleState.ArtifactsValidated, $"{artifacts.Count} artifact(s) validated and frozen") with
        {
            Artifacts = [.. artifacts.Select(a => new AuditArtifact(a.Name, a.Role.Word(), $"{a.Name}/artifact.json", a.Document.ToString(), a.Size))],
        };

    public AuditEvent Token(string type, StepId step, LifecycleState state, PlanToken token, string message, Digest? actual = null) =>
        Event(type, step, state, message, actual is null ? Severity.Info : actual == token.Token ? Severity.Info : Severity.Critical) with
        {
            PlanToken = token,
            IntegrityCheck = actual is null ? null : new()
            {
                ExpectedPlanToken = token.Token.ToString(),
                ActualPlanToken = actual.ToString(),
                PlanTokenMatch = actual == token.Token,
            },
        };

    public AuditEvent Policy(StepId step, JudgementRecord judgement, IReadOnlyList<PolicyEvaluation> evaluations, Digest token) =>
        Event(AuditEventTypes.PreflightComplete, step, LifecycleState.PreflightComplete, $"judgement: {judgement.Decision.Word()}",
            judgement.Decision switch { Decision.Deny => Severity.Error, Decision.Allow => Severity.Info, _ => Severity.Warning },
            data: new() { ["plan_token"] = token.ToString() }) with
        {
            Policy = new()
            {
                Decision = judgement.Decision,
                PolicyEvaluations = evaluations,
                AggregationMethod = judgement.Method,
                WorkflowState = LifecycleState.PreflightComplete.Word(),
                Violations = judgement.Violations,
                Warnings = judgement.Warnings,
            },
        };

    public AuditEvent Evaluated(StepId step, PolicyEvaluation evaluation) =>
        Event(AuditEventTypes.PolicyEvaluated, step, LifecycleState.PreFlightRunning, $"{evaluation.PolicyId}: {evaluation.Decision.Word()}: {evaluation.Reason}") with
        {
            Policy = new() { Decision = evaluation.Decision, PolicyEvaluations = [evaluation], WorkflowState = LifecycleState.PreFlightRunning.Word() },
        };

    public AuditEvent Approval(string type, StepId step, ApprovalRequest request, ApprovalResponse? response, string message, Problem? problem = null, string? actor = null) =>
        Event(type, step, LifecycleState.AwaitingApproval, message, problem: problem, actor: actor ?? response?.Approver ?? "orchestrator",
            data: new() { ["approval_id"] = request.ApprovalId, ["plan_token"] = request.PlanTokenHash.ToString(), ["required_role"] = request.RequiredRole }) with
        {
            Approval = response is null ? null : new()
            {
                ApprovalId = request.ApprovalId,
                RequiredRole = request.RequiredRole,
                Approved = response.Approved,
                Approver = response.Approver,
                PlanTokenHash = response.Extensions.PlanTokenHash,
                Timestamp = response.Timestamp,
                Reason = response.Reason,
            },
        };

    public AuditEvent Problem(string type, StepId? step, LifecycleState state, Problem problem, string actor = "orchestrator")
    {
        var evidence = new JsonObject();
        foreach (var (key, value) in problem.Evidence) evidence[key] = value;
        return Event(type, step, state, problem.ToString(), problem: problem, actor: actor, data: evidence);
    }
}

[System.Text.Json.Serialization.JsonSerializable(typeof(JsonObject))]
internal sealed partial class AuditDataJson : System.Text.Json.Serialization.JsonSerializerContext;
