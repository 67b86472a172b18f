// Take-off: applies exactly what was approved, or nothing (ORC-08, ENG-08, ENG-09, TOK-04, TOK-06).
// Order: conditions, lock, drift, view, engine, comparison, commit marker, redo, completion. Until the marker is durable nothing of the
// workspace has changed; after it the change is redone until it is whole. An outcome outside the workspace that nobody knows is in doubt.
using CabinCrew.Governance.Approvals;
using CabinCrew.Ledger.Streams;
using CabinCrew.Orchestrator.Artifacts;
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Orchestrator.Engines.Network;
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;
using CabinCrew.Protocol.Wire;
using static CabinCrew.Protocol.LifecycleState;

namespace CabinCrew.Orchestrator.Workflows.Stages;

internal static class TakeOffStage
{
    public static async Task<StageEnd> RunAsync(StepContext c, CancellationToken ct)
    {
        using var alone = await c.Gate.AloneAsync(ct).ConfigureAwait(false);
        if (BehindSiblings(c) is { } behind) return behind;
        var loaded = await FrozenPlans.LoadAsync(c.Ledger, StepContext.Tenant, c.Journal.State, c.Id, ct).ConfigureAwait(false);
        if (!loaded.Try(out var frozen, out var problem)) return problem;
        if (!Allowed(c, frozen).Try(out var engine, out problem)) return problem;

        var locked = await LockAsync(c, ct).ConfigureAwait(false);
        if (!locked.Try(out _, out problem))
            return problem.Code == ProblemCode.WorkspaceLocked ? StageEnd.Waiting(problem.At($"step {c.Id}")) : problem;
        return await LockedAsync(c, frozen, engine, ct).ConfigureAwait(false);
    }

    /// <summary>The lock is the workflow's: its own steps must not pass each other either, nor take off once one has failed.</summary>
    private static StageEnd? BehindSiblings(StepContext c)
    {
        var siblings = c.Journal.State.Steps.Values.Where(s => s.Id != c.Id).ToList();
        if (siblings.Find(s => s.State is TakeoffRunning or ExecutionComplete) is { } ahead)
            return StageEnd.Waiting(new Problem(ProblemCode.WorkspaceLocked, $"the take-off of step {ahead.Id} of this workflow has not come to an end") { Remedy = "See it with `cabincrew show`." }.At($"step {c.Id}"));
        return siblings.Find(s => s.State == Failed) is { } failed ? (StageEnd)new Problem(ProblemCode.Cancelled, $"step {failed.Id} failed").At($"step {c.Id}") : null;
    }

    /// <summary>The engine, where none of the conditions of take-off that need no lock is missing (ORC-08).</summary>
    private static Outcome<ResolvedEngine> Allowed(StepContext c, FrozenBytes frozen)
    {
        var flight = c.Flight;
        if (frozen.Stale(c.Now) is { } stale) return stale;
        if (flight.Judgement is not { Decision: not Decision.Deny })
            return new Problem(ProblemCode.TakeOffForbidden, "the plan is not judged, or denied").At($"step {c.Id}");
        if (flight.Judgement.Decision == Decision.RequireApproval && ApprovalStage.Tally(c) is { State: not ApprovalState.Granted } tally)
            return new Problem(ProblemCode.TakeOffForbidden, $"an approval no longer holds: {tally.Why ?? tally.State.ToString()}").At($"step {c.Id}");
        if (c.ConfigHash != flight.Plan!.ConfigHash || c.DefinitionHash != flight.Plan.DefinitionHash)
            return new Problem(ProblemCode.TokenMismatch, "the step's definition is not the one that was planned").At($"step {c.Id}");
        if (c.Policies.PolicyDigest != flight.Plan.PolicyDigest || c.GovernanceHash != flight.Plan.GovernanceHash)
            return new Problem(ProblemCode.TokenMismatch, "the policies changed since the plan was judged") { Remedy = "Plan anew, so that the new policies judge it." }
                .At($"step {c.Id}").With("planned", flight.Plan.GovernanceHash.ToString()).With("now", c.GovernanceHash.ToString());
        if (Tiers.IsWeaker(c.Runner.Tier, flight.Plan.Tier))
            return new Problem(ProblemCode.TakeOffForbidden, $"the plan was made and judged in the isolation '{flight.Plan.Tier}', and this machine gives only '{c.Runner.Tier}'") { Remedy = "Take off where it was planned, or plan anew here." }.At($"step {c.Id}");
        if (!c.ResolveEngine().Try(out var engine, out var problem)) return problem.At($"step {c.Id}");
        return engine.Digest == flight.Plan.EngineDigest
            ? engine
            : new Problem(ProblemCode.TokenMismatch, $"the engine {engine.Id} is not the one that made the plan") { Remedy = "Plan anew with the new engine." }
                .At($"step {c.Id}").With("planned", flight.Plan.EngineDigest.ToString()).With("now", engine.Digest.ToString());
    }

    private static Task<Outcome<FlightState>> LockAsync(StepContext c, CancellationToken ct) => c.Journal.CommitAsync(state => new()
    {
        Entries = [FlightEntries.Moved(c.Id, ReadyForTakeoff, TakeoffRunning)],
        Audit =
        [
            c.Audit.Token(AuditEventTypes.TokenVerified, c.Id, ReadyForTakeoff, state.Steps[c.Id].Token!, "recomputed from the stored bytes before take-off", state.Steps[c.Id].Token!.Token),
            c.Audit.Moved(c.Id, ReadyForTakeoff, TakeoffRunning),
        ],
        Lock = LockMove.Acquire,
        // The engine runs on a view; the intent, or else the commit marker, makes this durable before anything outside the view can change.
        Deferred = true,
    }, ct);

    private static async Task<StageEnd> LockedAsync(StepContext c, FrozenBytes frozen, ResolvedEngine engine, CancellationToken ct)
    {
        if (!(await StepNetwork.GrantAsync(c, EngineMode.TakeOff, ct).ConfigureAwait(false)).Try(out var granted, out var ungranted)) return ungranted;
        await using var clearance = new TakeOffClearance(c, frozen, engine, ct);
        // Nearly every workspace is all ours. Where the clearance finds that this one is not, it is copied instead.
        for (var overlay = c.Runner.HasMounts; ;)
        {
            var ahead = c.Standby is { } standby ? await standby.TakeAsync(engine).ConfigureAwait(false) : null;
            var sandbox = ahead;
            if (sandbox is null && !TakeOffSandbox.SetUp(c, engine, granted.Grant, overlay, ct).Try(out sandbox, out var problem)) return problem;
            try
            {
                var (result, failure) = await sandbox.FlyAsync(frozen, clearance.For(sandbox.View)).ConfigureAwait(false);
                if (clearance.Moved is { } now) return await Drift.AnswerAsync(c, c.Flight.Plan!.WorkspaceHash, now, null, ct).ConfigureAwait(false);
                if (result is null && !clearance.Given && sandbox.View is OverlayView && await clearance.HasOtherOwnersAsync().ConfigureAwait(false))
                {
                    overlay = false;
                    continue;
                }
                if (clearance.Refused is { } refused) return refused;
                // What went wrong ahead may have been of that moment.
                if (result is null && !clearance.Given && ahead is not null) continue;
                if (result is null) return await EngineFailedAsync(c, engine, failure!, clearance.Given, ct).ConfigureAwait(false);
                using (result) return await ApplyAsync(c, engine, clearance.Plan!, sandbox, result, ct).ConfigureAwait(false);
            }
            finally
            {
                c.Afterwards.Dispose(sandbox);
            }
        }
    }

    /// <summary>Without outside effects a failed run changed nothing. With them only a receipt that says "failure" is a known outcome.</summary>
    /// <param name="cleared">False: its sandbox could not even be set up.</param>
    private static async Task<StageEnd> EngineFailedAsync(StepContext c, ResolvedEngine engine, EngineFailure failure, bool cleared, CancellationToken ct)
    {
        var end = await StepRuns.FailedAsync(c, EngineMode.TakeOff, engine, failure, ct).ConfigureAwait(false);
        return !cleared || !c.Definition.HasOutsideEffects || IsKnownOutcome(failure.Problem.Code)
            ? end
            : await TakeOffRecovery.InDoubtAsync(c, $"take-off ended without a receipt ({failure.Problem.Code.Id()}) and may have had effects outside", ct).ConfigureAwait(false);
    }

    /// <summary>The engine never ran, or said itself that it failed.</summary>
    public static bool IsKnownOutcome(ProblemCode code) =>
        code is ProblemCode.EngineFailed or ProblemCode.EngineValidationFailed or ProblemCode.EngineNotFound or ProblemCode.SandboxFailed or ProblemCode.SandboxUnavailable or ProblemCode.NetworkNeedsSandbox or ProblemCode.StoreFenced;

    private static async Task<StageEnd> ApplyAsync(StepContext c, ResolvedEngine engine, ValidatedPlan plan, TakeOffSandbox sandbox, EngineResult result, CancellationToken ct)
    {
        var read = sandbox.View.Changes(ct);
        // From here on it is all in memory: the view is cleared away while the change is written.
        c.Afterwards.Dispose(sandbox);
        if (!read.Try(out var actual, out var problem) || !ChangeComparison.Compare(plan, actual).Try(out _, out problem)
            || !GitClaims.CheckActual(plan, c.WorkflowDefinition.Workspace, actual).Try(out _, out problem))
            return await StepRuns.RefusedAsync(c, EngineMode.TakeOff, engine, result, problem, ct).ConfigureAwait(false);

        if (!KeptContents.Read(c.WorkflowDefinition.Workspace, [.. actual.Select(w => w.Change)]).Try(out var kept, out problem))
            return await StepRuns.RefusedAsync(c, EngineMode.TakeOff, engine, result, problem, ct).ConfigureAwait(false);
        List<ReadOnlyMemory<byte>> contents = [.. actual.Where(w => w.Content is not null).Select(w => w.Content!.Value), .. kept.Contents];
        if (!(await c.KeepAsync(contents, [result.ReceiptBytes, result.Log], ct).ConfigureAwait(false)).Try(out var texts, out problem)) return problem;
        if (!(await StepNetwork.KeepAsync(c, result.Network, ct).ConfigureAwait(false)).Try(out var network, out problem)) return problem;
        var changes = actual.Select(w => w.Change).ToList();
        if ((problem = TakeOffRecovery.Elsewhere(c.WorkflowDefinition.Workspace)) is not null || !WorkspaceCommit.Precheck(c.WorkflowDefinition.Workspace, changes, redo: false).Try(out _, out problem))
            return await StepRuns.RefusedAsync(c, EngineMode.TakeOff, engine, result, problem, ct).ConfigureAwait(false);

        var record = new TakeOffRecord([.. changes.Select(ChangeRecord.From)], texts[0], texts[1], StepRuns.Usage(result.Usage), network.Record);
        var marked = await c.Journal.CommitAsync(_ => new()
        {
            Entries = [FlightEntries.TakeOffCommit(c.Id, record)],
            Audit =
            [
                c.Audit.Engine(AuditEventTypes.EngineCompleted, c.Id, TakeoffRunning, EngineMode.TakeOff, engine.Id, engine.Digest, result.Receipt, null, result.Tier),
                .. StepNetwork.Told(c, TakeoffRunning, EngineMode.TakeOff, result.Network, network.Record),
                c.Audit.Event(AuditEventTypes.TakeOffCompared, c.Id, TakeoffRunning, $"actual change equals the declared one: {changes.Count} path(s)"),
                c.Audit.Event(AuditEventTypes.TakeOffCommitted, c.Id, TakeoffRunning, "the change is durable and will be applied whole",
                    data: new() { ["paths"] = new System.Text.Json.Nodes.JsonArray([.. changes.Take(1000).Select(ch => (System.Text.Json.Nodes.JsonNode)$"{ch.Word} {ch.Path}")]), ["cannot_be_undone"] = kept.TooLarge }),
            ],
            Intent = c.Definition.HasOutsideEffects ? IntentMove.Clear : IntentMove.None,
        }, ct).ConfigureAwait(false);
        return marked.Try(out _, out problem) ? await TakeOffRecovery.RedoAsync(c, redo: false, ct).ConfigureAwait(false) : problem;
    }

}
