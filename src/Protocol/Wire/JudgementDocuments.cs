// Preflight and approval documents: PRE-03, APR-01, APR-02.
using System.Text.Json;

namespace CabinCrew.Protocol.Wire;

/// <summary>One policy's word on one subject (PRE-03).</summary>
public sealed record PolicyEvaluation
{
    public required PolicyOrigin Source { get; init; }
    public required string PolicyId { get; init; }
    public required Decision Decision { get; init; }
    /// <summary>0 allow, 1 warn, 2 require_approval, 3 deny.</summary>
    public int Severity => (int)Decision;
    public string? Reason { get; init; }
    /// <summary>Matches, scores, files and lines; redacted.</summary>
    public JsonElement? Evidence { get; init; }
    public required DateTimeOffset EvaluatedAt { get; init; }
}

/// <summary>What governance is asked to judge: one step, after its plan-token was made and before take-off.</summary>
public sealed record PreflightInput
{
    public required string WorkflowId { get; init; }
    public required string StepId { get; init; }
    public required EngineMode Mode { get; init; }
    /// <summary>The receipt, as the engine wrote it.</summary>
    public required JsonElement EngineOutput { get; init; }
    public IReadOnlyList<EvidenceRef>? Evidence { get; init; }
    public JsonElement? Context { get; init; }
    public PlanToken? PlanToken { get; init; }
    public JsonElement? Extensions { get; init; }
}

/// <summary>Governance's word on one step: the aggregate of all policies.</summary>
public sealed record PreflightOutput
{
    public required Decision Decision { get; init; }
    public IReadOnlyList<string>? Violations { get; init; }
    public IReadOnlyList<string>? Warnings { get; init; }
    public PreflightRequires? Requires { get; init; }
    public PreflightOutputExtensions? Extensions { get; init; }
}

/// <param name="Role">Who is asked first; all of them are under the extensions' needs.</param>
public sealed record PreflightRequires(string? Role, string? Reason = null);

public sealed record PreflightOutputExtensions(
    IReadOnlyList<PolicyEvaluation> PolicyEvaluations, AggregationMethod AggregationMethod, IReadOnlyList<RoleNeed> Needs);

public sealed record EvidenceRef(string Name, string Path, Digest Hash);

public sealed record ApprovalRequest
{
    public required string ApprovalId { get; init; }
    public required string WorkflowId { get; init; }
    public required string StepId { get; init; }
    public required string Reason { get; init; }
    public required string RequiredRole { get; init; }
    public JsonElement? EngineOutput { get; init; }
    public IReadOnlyList<EvidenceRef>? Evidence { get; init; }
    public required Digest PlanTokenHash { get; init; }
    public required ApprovalRequestExtensions Extensions { get; init; }
}

/// <param name="Needs">Every role that must say yes, and how many distinct people of it. The first is the request's required_role.</param>
public sealed record ApprovalRequestExtensions(
    IReadOnlyList<RoleNeed> Needs, string Requester, DateTimeOffset RequestedAt, DateTimeOffset? ExpiresAt,
    string Summary, IReadOnlyList<string> TriggeredPolicies);

public sealed record RoleNeed(string Role, int Count);

public sealed record ApprovalResponse
{
    public required string ApprovalId { get; init; }
    public required bool Approved { get; init; }
    public required string Approver { get; init; }
    public string? Reason { get; init; }
    public required DateTimeOffset Timestamp { get; init; }
    public required ApprovalResponseExtensions Extensions { get; init; }
}

/// <param name="PlanTokenHash">The token that the approver was shown. Required: an answer to another plan is no answer (APR-03).</param>
/// <param name="AuthenticatedBy">How we know who answered: <c>os_user</c>, <c>token</c>, or <c>elicitation</c>: put by the client of a gateway's caller, who is this person.</param>
public sealed record ApprovalResponseExtensions(Digest PlanTokenHash, IReadOnlyList<string> Roles, string AuthenticatedBy, string? DelegatedFrom = null);
