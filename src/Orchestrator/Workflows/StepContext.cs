// What a stage works with: one step of one claimed workflow, and the house around it.
using System.Collections.Immutable;
using System.Text.Json;
using CabinCrew.Governance.Access;
using CabinCrew.Governance.Policies;
using CabinCrew.Ledger;
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Orchestrator.Workflows.Stages;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Orchestrator.Workflows;

/// <summary>Live news for a terminal: what a step is doing now. Nothing depends on it.</summary>
/// <param name="State">The state just entered, or null for a note.</param>
public sealed record FlightNews(StepId? Step, LifecycleState? State, string Text);

internal sealed record StepContext(
    LedgerRoom Ledger, Journal Journal, StepDefinition Definition, PolicySet Policies, IdentityBook Identities, IEngineRunner Runner,
    FlightAudit Audit, FlightSecrets Secrets, WorkspaceGate Gate, Afterwards Afterwards, IProgress<FlightNews> News)
{
    /// <summary>Null: nothing is set up ahead.</summary>
    public Standby? Standby { get; init; }

    public StepId Id => Definition.Id;

    public WorkflowId Workflow => Journal.State.Id;

    public WorkflowDefinition WorkflowDefinition => Journal.State.Definition;

    public StepFlight Flight => Journal.State.Steps[Id];

    public static TenantId Tenant => TenantId.Local;

    public DateTimeOffset Now => Ledger.Clock.GetUtcNow();

    public void Tell(LifecycleState? state, string text) => News.Report(new(Id, state, Ledger.Redactor.Redact(text)));

    /// <summary>An engine's words may be in a problem, and a secret in those: nobody is shown it before it is redacted.</summary>
    public Problem Redacted(Problem problem) => problem with
    {
        Message = Ledger.Redactor.Redact(problem.Message),
        Where = problem.Where is { } where ? Ledger.Redactor.Redact(where) : null,
        Remedy = problem.Remedy is { } remedy ? Ledger.Redactor.Redact(remedy) : null,
        Evidence = problem.Evidence.ToImmutableSortedDictionary(e => Ledger.Redactor.Redact(e.Key), e => Ledger.Redactor.Redact(e.Value), StringComparer.Ordinal),
    };

    public Outcome<ResolvedEngine> ResolveEngine() =>
        EngineCatalog.Resolve(Definition.Engine, Path.GetDirectoryName(WorkflowDefinition.File)!)
            .Then(engine => StoreBoundary.Fault(Ledger.Directory, engine) is { } exposed ? exposed : Outcome.Of(engine));

    /// <summary>Who approves where no policy says so, and what the step always asks for.</summary>
    public ApprovalRules Rules => new(Identities.DefaultRole, Definition.Approvals);

    public Digest GovernanceHash => Policies.GovernanceHashFor(Rules);

    public Digest ConfigHash => Digest.Of(CanonicalJson.Write(Definition.Config));

    public Digest DefinitionHash => Digest.Of(CanonicalJson.Write(Definition.ToJson()));

    /// <summary>Reads the step's secrets; the redactor knows them, and those of the other steps, before anything else can see them.</summary>
    public Task<Outcome<IReadOnlyDictionary<string, string>>> ReadSecretsAsync(CancellationToken ct) => Secrets.ForAsync(Definition, ct);

    /// <summary>Puts redacted texts into the blob store: logs and receipts are for people, and never hold a secret.</summary>
    public Task<Outcome<IReadOnlyList<Digest>>> KeepTextsAsync(IReadOnlyList<ReadOnlyMemory<byte>> texts, CancellationToken ct) => KeepAsync([], texts, ct);

    /// <summary>The same, and contents as they are, with one round of flushes. Gives the digests of the texts.</summary>
    public async Task<Outcome<IReadOnlyList<Digest>>> KeepAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> contents, IReadOnlyList<ReadOnlyMemory<byte>> texts, CancellationToken ct)
    {
        var kept = await Ledger.Blobs.PutAheadAsync(Tenant, [.. contents, .. texts.Select(Redacted)], ct).ConfigureAwait(false);
        return kept.Map<IReadOnlyList<Digest>>(digests => [.. digests.Skip(contents.Count)]);
    }

    public byte[] EngineInput(EngineMode mode, int runIndex, Digest workspaceHash, JsonElement context, IReadOnlyDictionary<string, string> secrets, Digest? expectedToken) =>
        JsonSerializer.SerializeToUtf8Bytes(new EngineInput
        {
            ProtocolVersion = ProtocolWords.ProtocolVersion,
            Mode = mode,
            Meta = new(Workflow.ToString(), Id.ToString()),
            Config = Definition.Config,
            Secrets = secrets,
            AllowedSecrets = [.. secrets.Keys],
            Context = context,
            Orchestrator = new(runIndex, workspaceHash.ToString(), Digest.Of(System.Text.Encoding.UTF8.GetBytes($"{Workflow}\n{Id}")).Hex),
            ExpectedPlanToken = expectedToken?.ToString(),
            Extensions = mode == EngineMode.TakeOff ? JsonSerializer.SerializeToElement(new System.Text.Json.Nodes.JsonObject { ["epoch"] = Journal.Epoch }, AuditDataJson.Default.JsonObject) : null,
        }, ProtocolJson.Default.EngineInput);

    private ReadOnlyMemory<byte> Redacted(ReadOnlyMemory<byte> text) =>
        System.Text.Encoding.UTF8.GetBytes(Ledger.Redactor.Redact(System.Text.Encoding.UTF8.GetString(text.Span)));
}
