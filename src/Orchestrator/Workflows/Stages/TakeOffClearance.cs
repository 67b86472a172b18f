// What a take-off's engine waits for: the workspace is still the planned one, the plan still applies to it, secrets are read, and the entry that says
// take-off begins (the intent, where it may reach outside) is written (TOK-06, ORC-08). The sandbox is set up on the view meanwhile.
using CabinCrew.Ledger.Streams;
using CabinCrew.Orchestrator.Artifacts;
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using static CabinCrew.Protocol.LifecycleState;

namespace CabinCrew.Orchestrator.Workflows.Stages;

internal sealed class TakeOffClearance(StepContext c, FrozenBytes frozen, ResolvedEngine engine, CancellationToken ct) : IAsyncDisposable
{
    private readonly Task<Outcome<WorkspaceSnapshot>> hashing = Task.Run(() => WorkspaceHasher.Hash(c.WorkflowDefinition.Workspace, ct), ct);
    private readonly Task<bool> git = Task.Run(() => Ownership.IsGitAllOurs(c.WorkflowDefinition.Workspace), ct);

    /// <summary>The word to go was given: from here on the engine may have run.</summary>
    public bool Given { get; private set; }

    /// <summary>Why it was not given.</summary>
    public Problem? Refused { get; private set; }

    /// <summary>The workspace's hash, where it is not the one that was planned on.</summary>
    public Digest? Moved { get; private set; }

    /// <summary>The plan with its declared changes, read against the workspace. Once the word is given.</summary>
    public ValidatedPlan? Plan { get; private set; }

    public Clearance For(IWorkspaceView view) => async () =>
    {
        var answer = await GiveAsync(view).ConfigureAwait(false);
        (Given, Refused) = (answer.Ok, answer.Problem);
        return answer;
    };

    /// <summary>Not everything in the workspace belongs to us, so an overlay will not do.</summary>
    public async Task<bool> HasOtherOwnersAsync() => 
        (await hashing.ConfigureAwait(false)).Try(out var now, out _) && !(now.AllOurs && await git.ConfigureAwait(false));

    public async ValueTask DisposeAsync()
    {
        await ((Task)hashing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await ((Task)git).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task<Outcome<ReadOnlyMemory<byte>>> GiveAsync(IWorkspaceView view)
    {
        if (!(await hashing.ConfigureAwait(false)).Try(out var now, out var problem)) return problem;
        if (now.Hash != c.Flight.Plan!.WorkspaceHash)
        {
            Moved = now.Hash;
            return new Problem(ProblemCode.WorkspaceDrift, "the workspace moved since the plan was made");
        }
        if (view is OverlayView && await HasOtherOwnersAsync().ConfigureAwait(false)) return new Problem(ProblemCode.SandboxFailed, "an overlay cannot show a workspace that holds files of other owners");
        if (!frozen.Rebuild(c.WorkflowDefinition.Workspace).Try(out var plan, out problem)) return problem;
        if (!(await c.ReadSecretsAsync(ct).ConfigureAwait(false)).Try(out var secrets, out problem)) return problem;

        var begun = await c.Journal.CommitAsync(state => Begin(state.Steps[c.Id], view), ct).ConfigureAwait(false);
        if (!begun.Try(out _, out problem)) return problem;
        c.Tell(TakeoffRunning, $"{engine.Id} takes off on a copy-on-write view ({view.Kind})");
        Plan = plan;
        return new ReadOnlyMemory<byte>(c.EngineInput(EngineMode.TakeOff, c.Flight.TakeOffRuns - 1, now.Hash, c.Flight.Plan.Context, secrets, c.Flight.Token!.Token));
    }

    private Batch Begin(StepFlight step, IWorkspaceView view) => new()
    {
        Entries =
        [
            FlightEntries.StepStarted(c.Id, EngineMode.TakeOff, step.TakeOffRuns, engine.Id, engine.Digest),
            .. c.Definition.HasOutsideEffects ? [FlightEntries.TakeOffIntent(c.Id, step.Token!.Token, c.Journal.Epoch, step.TakeOffRuns)] : Array.Empty<EntryDraft>(),
        ],
        Audit =
        [
            .. c.Definition.HasOutsideEffects
                ? [c.Audit.Event(AuditEventTypes.TakeOffIntent, c.Id, TakeoffRunning, "take-off may have effects outside the workspace", Severity.Warning)]
                : Array.Empty<AuditEvent>(),
            c.Audit.Event(AuditEventTypes.EnvironmentPrepared, c.Id, TakeoffRunning, "frozen artifacts, a fresh temp directory, a copy-on-write view of the workspace",
                data: new() { ["view"] = view.Kind, ["workspace_hash"] = step.Plan!.WorkspaceHash.ToString() }),
            c.Audit.Engine(AuditEventTypes.EngineStarted, c.Id, TakeoffRunning, EngineMode.TakeOff, engine.Id, engine.Digest, null, null, c.Runner.Tier),
        ],
        Intent = c.Definition.HasOutsideEffects ? IntentMove.Set : IntentMove.None,
        Deferred = !c.Definition.HasOutsideEffects,
    };
}
