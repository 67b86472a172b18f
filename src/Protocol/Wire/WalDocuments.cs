// Write-ahead log entries and the state record that a fold over them rebuilds (ORC-04).
using System.Text.Json;

namespace CabinCrew.Protocol.Wire;

/// <summary>One entry of a workflow's stream. <see cref="Data"/> has one shape per <see cref="EntryType"/>.</summary>
public sealed record WalEntry
{
    /// <summary>From 0, no gap.</summary>
    public required long Sequence { get; init; }
    public required DateTimeOffset Timestamp { get; init; }
    public required string WorkflowId { get; init; }
    public required string EntryType { get; init; }
    public required JsonElement Data { get; init; }
    /// <summary>SHA-256 of the canonical form of the entry without this member.</summary>
    public required Digest Checksum { get; init; }
}

public static class WalEntryTypes
{
    // the draft's
    public const string WorkflowStarted = "workflow_started";
    public const string StepStarted = "step_started";
    public const string StepCompleted = "step_completed";
    public const string ApprovalRequested = "approval_requested";
    public const string ApprovalReceived = "approval_received";
    public const string ArtifactCreated = "artifact_created";
    public const string PolicyEvaluated = "policy_evaluated";
    public const string WorkflowCompleted = "workflow_completed";
    public const string WorkflowFailed = "workflow_failed";

    // ours
    public const string StateChanged = "state_changed";
    public const string PlanFrozen = "plan_frozen";
    public const string TokenCreated = "token_created";
    public const string Judged = "judged";
    public const string TakeOffIntent = "takeoff_intent";
    public const string TakeOffCommit = "takeoff_commit";
    public const string TakeOffInDoubt = "takeoff_in_doubt";
    public const string TakeOffResolved = "takeoff_resolved";

    // ours, of the gateways' streams
    public const string CallEnded = "call_ended";
    public const string DefinitionSeen = "definition_seen";
    public const string DefinitionAccepted = "definition_accepted";
    public const string DefinitionChanged = "definition_changed";
    public const string BudgetUsed = "budget_used";
}

public sealed record WorkflowStateRecord
{
    public required string WorkflowId { get; init; }
    public required LifecycleState CurrentState { get; init; }
    /// <summary>The newest token, or <see cref="NoPlanYet"/>.</summary>
    public required string PlanTokenHash { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }
    public required IReadOnlyList<string> StepsCompleted { get; init; }
    public required IReadOnlyList<string> StepsPending { get; init; }
    public required IReadOnlyList<ApprovalRecord> Approvals { get; init; }
    public required IReadOnlyList<ArtifactRecord> Artifacts { get; init; }
    public required IReadOnlyList<PolicyEvaluationRecord> PolicyEvaluations { get; init; }
    public JsonElement? Metadata { get; init; }

    /// <summary>The empty-plan marker: SHA-256 of no bytes.</summary>
    public static readonly string NoPlanYet = Digest.Of([]).ToString();
}

public sealed record ApprovalRecord(
    string ApprovalId, string StepId, Digest PlanTokenHash, bool Approved, string Approver, DateTimeOffset ApprovedAt,
    string? Reason = null, IReadOnlyList<string>? EvidenceHashes = null);

public sealed record ArtifactRecord(
    string ArtifactId, string StepId, Digest ArtifactHash, string ArtifactType, DateTimeOffset CreatedAt, JsonElement? Metadata = null);

public sealed record PolicyEvaluationRecord(
    string EvaluationId, string StepId, string PolicyName, Decision Decision, DateTimeOffset EvaluatedAt,
    string? Reason = null, IReadOnlyList<string>? EvidenceHashes = null);
