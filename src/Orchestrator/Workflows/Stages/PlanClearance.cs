// What a flight-plan's engine waits for: the workspace's hash, and the entry that says the plan begins (TOK-06, ORC-01). The sandbox is set up meanwhile.
// Invariant: an engine sees nothing of the workspace before all of it was hashed, so that whatever moves later shows as drift.
using System.Text.Json;
using CabinCrew.Ledger.Streams;
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Orchestrator.Engines.Network;
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using static CabinCrew.Protocol.LifecycleState;

namespace CabinCrew.Orchestrator.Workflows.Stages;

/// <summary>What is known of a plan before its engine runs; the workspace's hash comes with the clearance.</summary>
internal sealed record PlanInputs(ResolvedEngine Engine, JsonElement Context, IReadOnlyDictionary<string, string> Secrets, int RunIndex, NetworkGrant? Network)
{
    /// <summary>What an undo puts back; its plan disposes of it.</summary>
    public RestoreDirectory? Restore { get; init; }
}

internal sealed class PlanClearance(StepContext c, PlanInputs inputs, CancellationToken ct)
{
    private readonly Task<Outcome<WorkspaceSnapshot>> hashing = Task.Run(() => WorkspaceHasher.Hash(c.WorkflowDefinition.Workspace, ct), ct);
    private Task<Outcome<ReadOnlyMemory<byte>>>? given;

    /// <summary>The workspace as the engine found it. Only after the clearance was given.</summary>
    public WorkspaceSnapshot Workspace => hashing.Result.Value;

    /// <summary>Every run of one plan has the same answer: the plan begins once, and its runs get the same input.</summary>
    public Task<Outcome<ReadOnlyMemory<byte>>> GiveAsync() => given ??= GiveOnceAsync();

    public AuditEvent Started() =>
        c.Audit.Engine(AuditEventTypes.EngineStarted, c.Id, PlanRunning, EngineMode.FlightPlan, inputs.Engine.Id, inputs.Engine.Digest, null, null, c.Runner.Tier);

    private async Task<Outcome<ReadOnlyMemory<byte>>> GiveOnceAsync()
    {
        if (!(await hashing.ConfigureAwait(false)).Try(out var workspace, out var problem)) return problem;
        var begun = await c.Journal.CommitAsync(state => Begin(state.Steps[c.Id].State, workspace), ct).ConfigureAwait(false);
        if (!begun.Try(out _, out problem)) return problem;
        c.Tell(PlanRunning, $"{inputs.Engine.Id} computes the plan ({workspace.Files} files, isolation: {c.Runner.Tier})");
        return new ReadOnlyMemory<byte>(c.EngineInput(EngineMode.FlightPlan, inputs.RunIndex, workspace.Hash, inputs.Context, inputs.Secrets, null));
    }

    // Deferred, as all of flight-plan is: it has no effect, and after a power cut it is simply run anew.
    private Batch Begin(LifecycleState from, WorkspaceSnapshot workspace) => new()
    {
        Deferred = true,
        Entries =
        [
            .. from == PlanRunning ? Array.Empty<EntryDraft>() : [FlightEntries.Moved(c.Id, from, PlanRunning)],
            FlightEntries.StepStarted(c.Id, EngineMode.FlightPlan, inputs.RunIndex, inputs.Engine.Id, inputs.Engine.Digest),
        ],
        Audit =
        [
            .. from == PlanRunning ? Array.Empty<AuditEvent>() : [c.Audit.Moved(c.Id, from, PlanRunning)],
            c.Audit.Event(AuditEventTypes.EnvironmentPrepared, c.Id, PlanRunning, "fresh artifacts and temp directories, read-only workspace",
                data: new() { ["workspace_hash"] = workspace.Hash.ToString(), ["workspace_files"] = workspace.Files }),
            Started(),
        ],
    };
}
