// The shapes of WAL entries' data (ORC-04): the draft's members where it defines the type, ours under "extensions" or in types of our own.
using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using CabinCrew.Governance.Policies;
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Orchestrator.Workflows;

internal sealed record WorkflowStartedData(string PlanTokenHash, LifecycleState InitialState, WorkflowStartedMore Extensions);
internal sealed record WorkflowStartedMore(JsonElement Definition, string Requester, bool Unsandboxed, UndoesRecord? Undoes = null);

internal sealed record StepStartedData(string StepId, string StepType, StepStartedMore Extensions);
internal sealed record StepStartedMore(EngineMode Mode, int RunIndex, string EngineId, Digest EngineDigest);

/// <param name="Problem">With FAILED: why; <paramref name="Log"/> is what the engine said on standard error.</param>
internal sealed record StateChangedData(string StepId, LifecycleState From, LifecycleState To, string? Reason, ProblemRecord? Problem, Digest? Log);

internal sealed record ArtifactCreatedData(string ArtifactId, Digest ArtifactHash, string ArtifactType, ArtifactCreatedMore Extensions);
internal sealed record ArtifactCreatedMore(string StepId, FrozenArtifact Artifact);

internal sealed record PlanFrozenData(string StepId, FrozenPlan Plan);
internal sealed record TokenCreatedData(string StepId, PlanToken Token);

internal sealed record PolicyEvaluatedData(string EvaluationId, string PolicyName, Decision Decision, PolicyEvaluatedMore Extensions);
internal sealed record PolicyEvaluatedMore(string StepId, PolicyEvaluation Evaluation);

internal sealed record JudgedData(string StepId, JudgementRecord Judgement, JudgementInputs? Inputs = null);

internal sealed record ApprovalRequestedData(string ApprovalId, string StepId, string RequiredRole, ApprovalRequestedMore Extensions);
internal sealed record ApprovalRequestedMore(ApprovalRequest Request);

internal sealed record ApprovalReceivedData(string ApprovalId, bool Approved, string Approver, ApprovalReceivedMore Extensions);
internal sealed record ApprovalReceivedMore(string StepId, ApprovalResponse Response);

internal sealed record TakeOffIntentData(string StepId, Digest Token, long Epoch, int RunIndex);
internal sealed record TakeOffCommitData(string StepId, TakeOffRecord Record);
internal sealed record TakeOffInDoubtData(string StepId, string Reason);
internal sealed record TakeOffResolvedData(string StepId, ResolutionRecord Resolution);

internal sealed record StepCompletedData(string StepId, IReadOnlyList<string> Artifacts);
internal sealed record WorkflowCompletedData(LifecycleState FinalState, IReadOnlyList<string> Artifacts);
internal sealed record WorkflowFailedData(string Error, string? FailedStep, WorkflowFailedMore Extensions);
internal sealed record WorkflowFailedMore(ProblemRecord Problem, Digest? Log);

/// <summary>An artifact as it stands in the blob store.</summary>
public sealed record FrozenArtifact(string Name, ArtifactRole Role, string Type, string Action, string? Target, Digest Document, Digest? Body, long Size)
{
    public BoundArtifact Bound => new(
        ArtifactName.TryParse(Name, out var name) ? name : throw new InvalidDataException($"'{Name}' is no artifact name"), Role, Type, Action, Document, Body, Size);
}

/// <summary>A plan, frozen: everything that its token binds, by digest.</summary>
public sealed record FrozenPlan
{
    public required int RunIndex { get; init; }
    public required Digest WorkspaceHash { get; init; }
    public required int WorkspaceFiles { get; init; }
    public required string EngineId { get; init; }
    public required Digest EngineDigest { get; init; }
    public required Digest ConfigHash { get; init; }
    public required JsonElement Context { get; init; }
    public required Digest ContextHash { get; init; }
    public required Digest DefinitionHash { get; init; }
    public required Digest PolicyDigest { get; init; }
    public required Digest GovernanceHash { get; init; }
    public required Digest Receipt { get; init; }
    public required Digest Log { get; init; }
    public required string Tier { get; init; }
    public required UsageRecord Usage { get; init; }
    public required IReadOnlyList<string> Warnings { get; init; }
    public required IReadOnlyList<FrozenArtifact> Artifacts { get; init; }
    public required IReadOnlyList<ChangeRecord> Changes { get; init; }
    /// <summary>What the flight-plan said to a declared network.</summary>
    public NetworkRecord? Network { get; init; }

    public PlanTokenInputs TokenInputs(WorkflowId workflow, StepId step) => new()
    {
        WorkflowId = workflow,
        StepId = step,
        EngineId = EngineId,
        EngineDigest = EngineDigest,
        ProtocolVersion = ProtocolWords.ProtocolVersion,
        ConfigHash = ConfigHash,
        ContextHash = ContextHash,
        DefinitionHash = DefinitionHash,
        WorkspaceHash = WorkspaceHash,
        Artifacts = [.. Artifacts.Select(a => a.Bound)],
        PolicyDigest = PolicyDigest,
        GovernanceHash = GovernanceHash,
        NetworkHash = Network?.Log,
    };
}

/// <param name="Declared">What might have been reached, in words.</param>
/// <param name="Log">The record of every exchange, in the blob store.</param>
public sealed record NetworkRecord(IReadOnlyList<string> Declared, Digest Log, int Exchanges, int Refused, long SentBytes, long ReceivedBytes);

public sealed record UsageRecord(double WallSeconds, double CpuSeconds, long MemoryPeakBytes, int ProcessesPeak);

/// <param name="Content">The digest of what the path holds; for a link, of its target.</param>
public sealed record FileStateRecord(FileKind Kind, Digest Content, long Size);

public sealed record ChangeRecord(string Path, FileStateRecord? Before, FileStateRecord? After)
{
    public static ChangeRecord From(FileChange change) => new(change.Path.ToString(), From(change.Before), From(change.After));

    public FileChange ToChange() => new(WorkspacePath.Parse(Path), To(Before), To(After));

    private static FileStateRecord? From(FileState? state) => state is null ? null : new(state.Kind, state.Content, state.Size);

    private static FileState? To(FileStateRecord? state) => state is null ? null : new(state.Kind, state.Content, state.Size);
}

public sealed record JudgementRecord(
    Decision Decision, AggregationMethod Method, IReadOnlyList<NeedRecord> Needs, IReadOnlyList<string> Violations, IReadOnlyList<string> Warnings);

/// <summary>What policies saw that is neither in the plan nor in the definition: kept, so that the same plan can be judged again exactly.</summary>
/// <param name="Now">The only clock that policies have.</param>
/// <param name="Seed">Of their randomness, 16 hex digits.</param>
/// <param name="RequesterIsHuman">Null: the identities file did not know the requester.</param>
/// <param name="DefaultRole">Who approves where a policy names no role.</param>
/// <param name="Policies">The texts of those that judged, as far as they can be kept. Null: judged before that was done.</param>
public sealed record JudgementInputs(
    DateTimeOffset Now, string Seed, bool? RequesterIsHuman, IReadOnlyList<string> RequesterRoles, string DefaultRole, IReadOnlyList<KeptPolicy>? Policies = null)
{
    internal ulong SeedNumber => ulong.TryParse(Seed, System.Globalization.NumberStyles.AllowHexSpecifier, System.Globalization.CultureInfo.InvariantCulture, out var seed) ? seed : 0;
}

public sealed record NeedRecord(string Role, int Count, IReadOnlyList<string> Reasons);

/// <summary>The commit marker of a take-off: from here on the change is redone until it is whole, never undone.</summary>
public sealed record TakeOffRecord(IReadOnlyList<ChangeRecord> Changes, Digest Receipt, Digest Log, UsageRecord Usage, NetworkRecord? Network = null);

/// <summary>A person's word on a take-off that was in doubt.</summary>
/// <param name="Absent">Declared paths that did not stand as declared when it was said; the first of <paramref name="AbsentCount"/>.</param>
public sealed record ResolutionRecord(bool Applied, string By, string Because, int AbsentCount, IReadOnlyList<string> Absent)
{
    public string Sentence => $"resolved as {new Finding(Applied, "").Word} by {By}: {Because}" + (Applied && AbsentCount > 0 ? $" ({AbsentCount} path(s) of its change are NOT in the workspace)" : "");
}

public sealed record ProblemRecord(string Code, string Message, string? Where, string? Remedy, IReadOnlyDictionary<string, string> Evidence)
{
    public static ProblemRecord From(Problem p) => new(p.Code.Id(), p.Message, p.Where, p.Remedy ?? p.Code.Entry().Remedy, p.Evidence);

    /// <summary>For showing; a code that this version does not know reads as a failed workflow.</summary>
    public Problem ToProblem() => new(ProblemCodes.Table.FirstOrDefault(e => e.Id == Code)?.Code ?? ProblemCode.WorkflowFailed, Message)
    {
        Where = Where,
        Remedy = Remedy,
        Evidence = Evidence.ToImmutableSortedDictionary(StringComparer.Ordinal),
    };
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(WorkflowStartedData))]
[JsonSerializable(typeof(StepStartedData))]
[JsonSerializable(typeof(StateChangedData))]
[JsonSerializable(typeof(ArtifactCreatedData))]
[JsonSerializable(typeof(PlanFrozenData))]
[JsonSerializable(typeof(TokenCreatedData))]
[JsonSerializable(typeof(PolicyEvaluatedData))]
[JsonSerializable(typeof(JudgedData))]
[JsonSerializable(typeof(ApprovalRequestedData))]
[JsonSerializable(typeof(ApprovalReceivedData))]
[JsonSerializable(typeof(TakeOffIntentData))]
[JsonSerializable(typeof(TakeOffCommitData))]
[JsonSerializable(typeof(TakeOffInDoubtData))]
[JsonSerializable(typeof(TakeOffResolvedData))]
[JsonSerializable(typeof(StepCompletedData))]
[JsonSerializable(typeof(WorkflowCompletedData))]
[JsonSerializable(typeof(WorkflowFailedData))]
[JsonSerializable(typeof(ProblemRecord))]
[JsonSerializable(typeof(IReadOnlyList<ChangeRecord>))]
internal sealed partial class FlightJson : JsonSerializerContext;

/// <summary>Makes entries; one method per type, so that nothing else in the house spells a type's name.</summary>
internal static class FlightEntries
{
    public static EntryDraft Started(JsonElement definition, string requester, bool unsandboxed, UndoesRecord? undoes) => Make(WalEntryTypes.WorkflowStarted,
        new WorkflowStartedData(WorkflowStateRecord.NoPlanYet, LifecycleState.Init, new(definition, requester, unsandboxed, undoes)), FlightJson.Default.WorkflowStartedData);

    public static EntryDraft StepStarted(StepId step, EngineMode mode, int runIndex, string engineId, Digest engineDigest) => Make(WalEntryTypes.StepStarted,
        new StepStartedData(step.ToString(), "engine", new(mode, runIndex, engineId, engineDigest)), FlightJson.Default.StepStartedData);

    public static EntryDraft Moved(StepId step, LifecycleState from, LifecycleState to, string? reason = null) => Make(WalEntryTypes.StateChanged,
        new StateChangedData(step.ToString(), from, to, reason, null, null), FlightJson.Default.StateChangedData);

    public static EntryDraft StepFailed(StepId step, LifecycleState from, Problem problem, Digest? log) => Make(WalEntryTypes.StateChanged,
        new StateChangedData(step.ToString(), from, LifecycleState.Failed, problem.Code.Id(), ProblemRecord.From(problem), log), FlightJson.Default.StateChangedData);

    public static EntryDraft ArtifactCreated(StepId step, FrozenArtifact artifact) => Make(WalEntryTypes.ArtifactCreated,
        new ArtifactCreatedData($"{step}/{artifact.Name}", artifact.Document, artifact.Type, new(step.ToString(), artifact)), FlightJson.Default.ArtifactCreatedData);

    public static EntryDraft PlanFrozen(StepId step, FrozenPlan plan) => Make(WalEntryTypes.PlanFrozen,
        new PlanFrozenData(step.ToString(), plan), FlightJson.Default.PlanFrozenData);

    public static EntryDraft TokenCreated(StepId step, PlanToken token) => Make(WalEntryTypes.TokenCreated,
        new TokenCreatedData(step.ToString(), token), FlightJson.Default.TokenCreatedData);

    public static EntryDraft Evaluated(StepId step, string evaluationId, PolicyEvaluation evaluation) => Make(WalEntryTypes.PolicyEvaluated,
        new PolicyEvaluatedData(evaluationId, evaluation.PolicyId, evaluation.Decision, new(step.ToString(), evaluation)), FlightJson.Default.PolicyEvaluatedData);

    public static EntryDraft Judged(StepId step, JudgementRecord judgement, JudgementInputs inputs) => Make(WalEntryTypes.Judged,
        new JudgedData(step.ToString(), judgement, inputs), FlightJson.Default.JudgedData);

    public static EntryDraft ApprovalRequested(ApprovalRequest request) => Make(WalEntryTypes.ApprovalRequested,
        new ApprovalRequestedData(request.ApprovalId, request.StepId, request.RequiredRole, new(request)), FlightJson.Default.ApprovalRequestedData);

    public static EntryDraft ApprovalReceived(StepId step, ApprovalResponse response) => Make(WalEntryTypes.ApprovalReceived,
        new ApprovalReceivedData(response.ApprovalId, response.Approved, response.Approver, new(step.ToString(), response)), FlightJson.Default.ApprovalReceivedData);

    public static EntryDraft TakeOffIntent(StepId step, Digest token, long epoch, int runIndex) => Make(WalEntryTypes.TakeOffIntent,
        new TakeOffIntentData(step.ToString(), token, epoch, runIndex), FlightJson.Default.TakeOffIntentData);

    public static EntryDraft TakeOffCommit(StepId step, TakeOffRecord record) => Make(WalEntryTypes.TakeOffCommit,
        new TakeOffCommitData(step.ToString(), record), FlightJson.Default.TakeOffCommitData);

    public static EntryDraft TakeOffInDoubt(StepId step, string reason) => Make(WalEntryTypes.TakeOffInDoubt,
        new TakeOffInDoubtData(step.ToString(), reason), FlightJson.Default.TakeOffInDoubtData);

    public static EntryDraft TakeOffResolved(StepId step, ResolutionRecord resolution) => Make(WalEntryTypes.TakeOffResolved,
        new TakeOffResolvedData(step.ToString(), resolution), FlightJson.Default.TakeOffResolvedData);

    public static EntryDraft StepCompleted(StepId step, IReadOnlyList<string> artifacts) => Make(WalEntryTypes.StepCompleted,
        new StepCompletedData(step.ToString(), artifacts), FlightJson.Default.StepCompletedData);

    /// <summary>Every step has landed: the workflow is complete, with the artifacts of all.</summary>
    public static EntryDraft Landed(FlightState state) => Make(WalEntryTypes.WorkflowCompleted,
        new WorkflowCompletedData(LifecycleState.Completed, [.. state.Steps.Values.SelectMany(s => s.Plan!.Artifacts.Select(a => $"{s.Id}/{a.Name}"))]),
        FlightJson.Default.WorkflowCompletedData);

    public static EntryDraft Failed(ProblemRecord problem, StepId? step, Digest? log) => Make(WalEntryTypes.WorkflowFailed,
        new WorkflowFailedData($"{problem.Code}: {problem.Message}", step?.ToString(), new(problem, log)), FlightJson.Default.WorkflowFailedData);

    private static EntryDraft Make<T>(string type, T data, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> info) =>
        new(type, JsonSerializer.SerializeToElement(data, info));
}
