// One judge of plans, or of messages (Messages/IMessagePolicySource.cs). Each source is one file in Sources/ and one line in PolicySources.cs. No answer is never a yes: a throw,
// a time-out or nothing at all counts as deny (PRE-04); that is the evaluator's business, not the source's.
using System.Text.Json;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;

namespace CabinCrew.Governance.Policies;

public interface IPolicySource : IPolicySource<PolicySubject>;

/// <typeparam name="TSubject">What is judged.</typeparam>
public interface IPolicySource<in TSubject>
{
    /// <summary>Unique in a policy set, for example <c>rules:change-rules.yaml</c>.</summary>
    string Name { get; }

    PolicyOrigin Origin { get; }

    /// <summary>Over the source's bytes and settings. Part of policy_digest.</summary>
    Digest Digest { get; }

    /// <summary>What it judges by, where that can be kept; null for what is part of the program or is asked elsewhere.</summary>
    PolicyText? Text => null;

    /// <summary>At least one verdict, in a stable order. Deterministic; no side effects.</summary>
    ValueTask<IReadOnlyList<PolicyVerdict>> EvaluateAsync(TSubject subject, CancellationToken ct);
}

/// <param name="PolicyId">The rule, for example <c>defaults/protected-files</c>.</param>
/// <param name="Role">With require_approval: who must say yes. Null: any approver's default role.</param>
/// <param name="Evidence">What matched: files and lines.</param>
public sealed record PolicyVerdict(string PolicyId, Decision Decision, string Reason, string? Role = null, int Count = 1, JsonElement? Evidence = null);

/// <summary>What is judged: one step's validated plan. The same parsed values that the token binds.</summary>
public sealed record PolicySubject
{
    public required TenantId Tenant { get; init; }
    public required WorkflowId WorkflowId { get; init; }
    public required string WorkflowName { get; init; }
    public required StepId StepId { get; init; }
    public required string Requester { get; init; }
    /// <summary>Null: the identities file does not know the requester (any more).</summary>
    public bool? RequesterIsHuman { get; init; }
    /// <summary>Held when the judgement began, in one's own or another's name; in name order.</summary>
    public IReadOnlyList<string> RequesterRoles { get; init; } = [];
    /// <summary>When the judgement began: the only clock that a policy has.</summary>
    public required DateTimeOffset Now { get; init; }
    /// <summary>Where a policy's randomness comes from: the same plan, the same numbers.</summary>
    public ulong Seed { get; init; }
    /// <summary>What the workflow file calls the place that the step changes, for example <c>production</c>. Null: it says nothing.</summary>
    public string? Environment { get; init; }
    public required string EngineId { get; init; }
    /// <summary>Whether take-off may reach the network or directories outside the workspace.</summary>
    public required bool OutsideEffects { get; init; }
    /// <summary>What the step declares that it may reach, each as the workflow file could say it; <c>unrestricted</c> for the host's own network in take-off.</summary>
    public IReadOnlyList<string> Network { get; init; } = [];
    public required bool Sandboxed { get; init; }
    /// <summary>In which the plan was made: <c>bubblewrap</c> (all of it), <c>reduced</c> or <c>none</c>.</summary>
    public string Isolation { get; init; } = "bubblewrap";
    public required JsonElement Config { get; init; }
    public required JsonElement Context { get; init; }
    /// <summary>In name order; role log left out.</summary>
    public required IReadOnlyList<JudgedArtifact> Artifacts { get; init; }
    /// <summary>In path order, merged over all artifacts.</summary>
    public required IReadOnlyList<JudgedChange> Changes { get; init; }
    /// <summary>What the detectors see in what is added. Null: nobody has looked yet; the set looks once, before it asks its sources.</summary>
    public Findings.PlanFindings? Findings { get; init; }
    /// <summary>What take-off may move inside .git, in name order; <c>HEAD</c> and <c>index</c> are names too.</summary>
    public IReadOnlyList<JudgedRef> Refs { get; init; } = [];
}

/// <param name="Before">Null: it is not there yet.</param>
/// <param name="After">Null: it will be deleted.</param>
/// <param name="Forced">It does not move forward: commits that it holds now may be lost.</param>
public sealed record JudgedRef(string Name, string? Before, string? After, bool Forced = false);

public sealed record JudgedArtifact(
    ArtifactName Name, ArtifactRole Role, string Type, string Action, string? Target, JsonElement Metadata, ReadOnlyMemory<byte> Document, ReadOnlyMemory<byte>? Body);

/// <param name="AddedLines">Text lines that the change adds, with their new line numbers (from 1); empty for binary content.</param>
/// <param name="DeletedLines">Likewise with old line numbers.</param>
public sealed record JudgedChange(FileChange Change, bool Binary, IReadOnlyList<NumberedLine> AddedLines, IReadOnlyList<NumberedLine> DeletedLines)
{
    /// <summary>All that the path will hold. Null: only the lines are known.</summary>
    public ReadOnlyMemory<byte>? Content { get; init; }
}

public sealed record NumberedLine(int Number, string Text);

/// <summary>The aggregate (PRE-02), with every evaluation behind it (PRE-03).</summary>
/// <param name="Needs">Distinct roles and counts that must approve; empty unless the decision is require_approval.</param>
public sealed record Judgement(
    Decision Decision, AggregationMethod Method, IReadOnlyList<Protocol.Wire.PolicyEvaluation> Evaluations, IReadOnlyList<RoleNeedReason> Needs,
    IReadOnlyList<string> Violations, IReadOnlyList<string> Warnings);

public sealed record RoleNeedReason(string Role, int Count, IReadOnlyList<string> Reasons);
