// One audit event (AUD-02). An event is written once, chained to the one before it, and signed.
using System.Text.Json;

namespace CabinCrew.Protocol.Wire;

public sealed record AuditEvent
{
    public required string EventId { get; init; }
    public required DateTimeOffset Timestamp { get; init; }
    /// <summary>One of <see cref="AuditEventTypes"/>.</summary>
    public required string EventType { get; init; }
    public AuditWorkflow? Workflow { get; init; }
    public string? WorkflowState { get; init; }
    public AuditEngine? Engine { get; init; }
    public PlanToken? PlanToken { get; init; }
    public IReadOnlyList<AuditArtifact>? Artifacts { get; init; }
    public AuditPolicy? Policy { get; init; }
    public AuditApproval? Approval { get; init; }
    public AuditIntegrity? IntegrityCheck { get; init; }
    public JsonElement? Gateway { get; init; }
    public string? Message { get; init; }
    public Severity? Severity { get; init; }
    public AuditExtensions? Extensions { get; init; }
    /// <summary>ECDSA P-256 over the ASCII bytes of <see cref="ChainHash"/>, DER, base64.</summary>
    public string? Signature { get; init; }
    public string? SignatureKeyRef { get; init; }
    /// <summary>SHA-256 over <c>previous chain_hash, "\n", canonical form of this event without signature, signature_key_ref, chain_hash</c>.</summary>
    public string? ChainHash { get; init; }
}

public sealed record AuditWorkflow(string? WorkflowId, string? StepId = null, string? Mode = null);

public sealed record AuditEngine(string? EngineId, string? ReceiptId = null, string? Status = null, string? Error = null);

public sealed record AuditArtifact(string? Name, string? Role = null, string? Path = null, string? Hash = null, long? Size = null);

public sealed record AuditPolicy
{
    public required Decision Decision { get; init; }
    public IReadOnlyList<PolicyEvaluation>? PolicyEvaluations { get; init; }
    public AggregationMethod? AggregationMethod { get; init; }
    public required string WorkflowState { get; init; }
    public IReadOnlyList<string>? Violations { get; init; }
    public IReadOnlyList<string>? Warnings { get; init; }
}

public sealed record AuditApproval
{
    public required string ApprovalId { get; init; }
    public required string RequiredRole { get; init; }
    public required bool Approved { get; init; }
    public required string Approver { get; init; }
    public required Digest PlanTokenHash { get; init; }
    public required DateTimeOffset Timestamp { get; init; }
    public string? Reason { get; init; }
}

public sealed record AuditIntegrity
{
    public string? ExpectedPlanToken { get; init; }
    public string? ActualPlanToken { get; init; }
    public bool? PlanTokenMatch { get; init; }
    public bool? ArtifactsMatch { get; init; }
    public IReadOnlyList<string>? Differences { get; init; }
}

/// <summary>Ours.</summary>
public sealed record AuditExtensions
{
    /// <summary>Position in the tenant's log, from 1, without gaps. Set by the ledger.</summary>
    public long? Sequence { get; init; }
    public string? Tenant { get; init; }
    /// <summary>The authenticated identity behind the action, or "orchestrator".</summary>
    public string? Actor { get; init; }
    /// <summary>The problem's code, where the event tells of one.</summary>
    public string? Problem { get; init; }
    /// <summary>Details of this event type; redacted.</summary>
    public JsonElement? Data { get; init; }
}

public static class AuditEventTypes
{
    public const string WorkflowStarted = "workflow_started";
    public const string WorkflowCompleted = "workflow_completed";
    public const string WorkflowFailed = "workflow_failed";
    public const string WorkflowUndone = "workflow_undone";
    public const string EnvironmentPrepared = "environment_prepared";
    public const string EngineStarted = "engine_started";
    public const string EngineCompleted = "engine_completed";
    public const string ArtifactsValidated = "artifacts_validated";
    public const string ArtifactRefused = "artifact_refused";
    public const string NetworkRecorded = "network_recorded";
    public const string TokenCreated = "token_created";
    public const string TokenVerified = "token_verified";
    public const string TokenMismatch = "token_mismatch";
    public const string StateChanged = "state_changed";
    public const string PolicyEvaluated = "policy_evaluated";
    public const string PreflightComplete = "preflight_complete";
    public const string ApprovalRequested = "approval_requested";
    public const string ApprovalReceived = "approval_received";
    public const string ApprovalRefused = "approval_refused";
    public const string ApprovalExpired = "approval_expired";
    public const string WorkspaceDrift = "workspace_drift";
    public const string TakeOffIntent = "takeoff_intent";
    public const string TakeOffCompared = "takeoff_compared";
    public const string TakeOffCommitted = "takeoff_committed";
    public const string TakeOffRefused = "takeoff_refused";
    public const string TakeOffInDoubt = "takeoff_in_doubt";
    public const string TakeOffResolved = "takeoff_resolved";
    public const string SandboxDisabled = "sandbox_disabled";
    public const string SandboxReduced = "sandbox_reduced";
    public const string SecretCommandAllowed = "secret_command_allowed";
    public const string ProblemReported = "problem_reported";
    public const string StateHalted = "state_halted";
    public const string MessageJudged = "message_judged";
    public const string FramesKept = "frames_kept";
    public const string CallReleased = "call_released";
    public const string CallClosed = "call_closed";
    public const string DefinitionAccepted = "definition_accepted";
    public const string DefinitionChanged = "definition_changed";
}
