// Take-off: applies exactly what was approved, or nothing (ORC-08, ENG-08, ENG-09, TOK-04, TOK-06).
// Order: conditions, lock, drift, view, engine, comparison, commit marker, redo, completion. Until the marker is durable nothing of the
// workspace has changed; after it the change is redone until it is whole. An outcome outside the workspace that nobody knows is in doubt.
using CabinCrew.Governance.Approvals;
using CabinCrew.Ledger.Streams;
using CabinCrew.Orchestrator.Artifacts;
using CabinCrew.Orchestrator.Engines;
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
        await c.TakeOffGate.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            var loaded = await FrozenPlans.LoadAsync(c.Ledger, StepContext.Tenant, c.Journal.State, c.Id, ct).ConfigureAwait(false);
            if (!loaded.Try(out var frozen, out var problem)) return problem;
            if (Forbidden(c, frozen) is { } forbidden) return forbidden;

            var locked = await LockAsync(c, ct).ConfigureAwait(false);
            if (!locked.Try(out _, out problem))
                return problem.Code == ProblemCode.WorkspaceLocked ? StageEnd.Waiting(problem.At($"step {c.Id}")) : problem;
            return await LockedAsync(c, frozen, ct).ConfigureAwait(false);
        }
        finally
        {
            c.TakeOffGate.Release();
        }
    }

    /// <summary>The conditions of take-off that need no lock (ORC-08). Null: none is missing.</summary>
    private static Problem? Forbidden(StepContext c, FrozenBytes frozen)
    {
        var flight = c.Flight;
        if (frozen.VerifyToken() is { } mismatch) return mismatch;
        if (!TokenSigning.Verify(flight.Token!, c.Ledger.Signer.PublicKeyPem))
            return new Problem(ProblemCode.TokenMismatch, "the plan-token was not signed with this store's key").At($"step {c.Id}");
        if (flight.Token!.Extensions?.ExpiresAt is { } end && c.Now >= end)
            return new Problem(ProblemCode.TokenExpired, $"the plan-token expired at {end:O}").At($"step {c.Id}");
        if (flight.Judgement is not { Decision: not Decision.Deny })
            return new Problem(ProblemCode.TakeOffForbidden, "the plan is not judged, or denied").At($"step {c.Id}");
        if (flight.Judgement.Decision == Decision.RequireApproval && ApprovalStage.Tally(c) is { State: not ApprovalState.Granted } tally)
            return new Problem(ProblemCode.TakeOffForbidden, $"an approval no longer holds: {tally.Why ?? tally.State.ToString()}").At($"step {c.Id}");
        if (c.Policies.PolicyDigest != flight.Plan!.PolicyDigest || c.GovernanceHash != flight.Plan.GovernanceHash)
            return new Problem(ProblemCode.TokenMismatch, "the policies changed since the plan was judged") { Remedy = "Plan anew, so that the new policies judge it." }
                .At($"step {c.Id}").With("planned", flight.Plan.GovernanceHash.ToString()).With("now", c.GovernanceHash.ToString());
        if (!c.ResolveEngine().Try(out var engine, out var problem)) return problem.At($"step {c.Id}");
        return engine.Digest == flight.Plan.EngineDigest
            ? null
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

    private static async Task<StageEnd> LockedAsync(StepContext c, FrozenBytes frozen, CancellationToken ct)
    {
        var workspace = c.WorkflowDefinition.Workspace;
        if (!WorkspaceHasher.Hash(workspace, ct).Try(out var now, out var problem)) return problem;
        if (now.Hash != c.Flight.Plan!.WorkspaceHash) return await DriftAsync(c, now, ct).ConfigureAwait(false);
        if (!frozen.Rebuild(workspace).Try(out var plan, out problem)) return problem;
        if (!(await c.ReadSecretsAsync(ct).ConfigureAwait(false)).Try(out var secrets, out problem)) return problem;
        if (!c.ResolveEngine().Try(out var engine, out problem)) return problem;

        using var scratch = PrivateDirectory.Create(c.Ledger.Ids);
        if (!WorkspaceViews.Create(workspace, Directory.CreateDirectory(Path.Combine(scratch.Path, "view")).FullName).Try(out var view, out problem)) return problem;
        using (view)
        {
            var artifacts = FrozenDirectory.Write(Path.Combine(scratch.Path, "artifacts"),
                frozen.Artifacts.Where(a => a.Role != ArtifactRole.Log).Select(a => (a.Name, a.Document, a.Body)));
            var begun = await c.Journal.CommitAsync(state => Begin(c, state.Steps[c.Id], engine), ct).ConfigureAwait(false);
            if (!begun.Try(out _, out problem)) return problem;
            c.Tell(TakeoffRunning, $"{engine.Id} takes off on a copy-on-write view ({view.Kind})");

            var (result, failure) = await c.Runner.RunAsync(new EngineRun
            {
                Engine = engine,
                Mode = EngineMode.TakeOff,
                Input = c.EngineInput(EngineMode.TakeOff, c.Flight.TakeOffRuns - 1, now.Hash, c.Flight.Plan.Context, secrets, c.Flight.Token!.Token),
                Limits = c.Definition.Limits,
                Workspace = view.Root,
                LaunchPrefix = view.LaunchPrefix,
                HiddenEntries = StepRuns.Hidden(c),
                FrozenArtifacts = artifacts,
                Outside = [.. c.Definition.Outside.Select(o => new Mount(o, o, Writable: true))],
                Network = c.Definition.TakeOffNetwork,
                StillOurs = () => c.Journal.StillOurs,
            }, ct).ConfigureAwait(false);
            if (result is null) return await EngineFailedAsync(c, failure!, ct).ConfigureAwait(false);
            using (result) return await ApplyAsync(c, plan, view, result, ct).ConfigureAwait(false);
        }
    }

    private static Batch Begin(StepContext c, StepFlight step, ResolvedEngine engine) => new()
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
            c.Audit.Engine(AuditEventTypes.EngineStarted, c.Id, TakeoffRunning, EngineMode.TakeOff, engine.Id, engine.Digest, null, null, c.Runner.Tier),
        ],
        Intent = c.Definition.HasOutsideEffects ? IntentMove.Set : IntentMove.None,
        Deferred = !c.Definition.HasOutsideEffects,
    };

    /// <summary>The workspace moved: fail as stale, or plan anew when the workflow says so or when its own sibling moved it (a new plan is always safe).</summary>
    private static async Task<StageEnd> DriftAsync(StepContext c, WorkspaceSnapshot now, CancellationToken ct)
    {
        var planned = c.Flight.Plan!.WorkspaceHash;
        var drift = new Problem(ProblemCode.WorkspaceDrift, $"the workspace moved since the plan was made: planned on {planned}, now {now.Hash}").At($"step {c.Id}")
            .With("planned", planned.ToString()).With("now", now.Hash.ToString());
        var sibling = c.Journal.State.Steps.Values.FirstOrDefault(s => s.Id != c.Id && s.CompletedAt > c.Flight.PlannedAt);
        if (sibling is null && c.WorkflowDefinition.OnDrift == DriftAnswer.Fail) return drift;

        var reason = sibling is null ? "on_drift: replan" : $"step {sibling.Id} of this workflow took off since";
        var replanned = await c.Journal.CommitAsync(_ => new()
        {
            Entries = [FlightEntries.Moved(c.Id, TakeoffRunning, ReadyForTakeoff, "refused before the engine ran"), FlightEntries.Moved(c.Id, ReadyForTakeoff, PlanRunning, reason)],
            Audit = [c.Audit.Problem(AuditEventTypes.WorkspaceDrift, c.Id, TakeoffRunning, drift), c.Audit.Moved(c.Id, TakeoffRunning, ReadyForTakeoff), c.Audit.Moved(c.Id, ReadyForTakeoff, PlanRunning)],
            Lock = LockMove.Release,
        }, ct).ConfigureAwait(false);
        if (!replanned.Try(out _, out var problem)) return problem;
        c.Tell(PlanRunning, $"the workspace moved ({reason}): planning anew");
        return StageEnd.Moved;
    }

    /// <summary>Without outside effects a failed run changed nothing. With them only a receipt that says "failure" is a known outcome.</summary>
    private static async Task<StageEnd> EngineFailedAsync(StepContext c, EngineFailure failure, CancellationToken ct)
    {
        var end = await StepRuns.FailedAsync(c, failure, ct).ConfigureAwait(false);
        return !c.Definition.HasOutsideEffects || IsKnownOutcome(failure.Problem.Code)
            ? end
            : await InDoubtAsync(c, $"take-off ended without a receipt ({failure.Problem.Code.Id()}) and may have had effects outside", ct).ConfigureAwait(false);
    }

    /// <summary>The engine never ran, or said itself that it failed.</summary>
    public static bool IsKnownOutcome(ProblemCode code) =>
        code is ProblemCode.EngineFailed or ProblemCode.EngineValidationFailed or ProblemCode.EngineNotFound or ProblemCode.SandboxFailed or ProblemCode.SandboxUnavailable or ProblemCode.StoreFenced;

    private static async Task<StageEnd> ApplyAsync(StepContext c, ValidatedPlan plan, IWorkspaceView view, EngineResult result, CancellationToken ct)
    {
        if (!view.Changes(ct).Try(out var actual, out var problem)) return await StepRuns.RefusedAsync(c, problem, result.Log, ct).ConfigureAwait(false);
        if (!ChangeComparison.Compare(plan, actual).Try(out _, out problem)) return await StepRuns.RefusedAsync(c, problem, result.Log, ct).ConfigureAwait(false);

        var contents = actual.Where(w => w.Content is not null).Select(w => w.Content!.Value).ToList();
        if (!(await c.KeepAsync(contents, [result.ReceiptBytes, result.Log], ct).ConfigureAwait(false)).Try(out var texts, out problem)) return problem;
        var changes = actual.Select(w => w.Change).ToList();
        if (!WorkspaceCommit.Precheck(c.WorkflowDefinition.Workspace, changes, redo: false).Try(out _, out problem)) return problem;

        var record = new TakeOffRecord([.. changes.Select(ChangeRecord.From)], texts[0], texts[1], StepRuns.Usage(result.Usage));
        var marked = await c.Journal.CommitAsync(_ => new()
        {
            Entries = [FlightEntries.TakeOffCommit(c.Id, record)],
            Audit =
            [
                c.Audit.Engine(AuditEventTypes.EngineCompleted, c.Id, TakeoffRunning, EngineMode.TakeOff, c.Flight.Plan!.EngineId, c.Flight.Plan.EngineDigest, result.Receipt, null, result.Tier),
                c.Audit.Event(AuditEventTypes.TakeOffCompared, c.Id, TakeoffRunning, $"actual change equals the declared one: {changes.Count} path(s)"),
                c.Audit.Event(AuditEventTypes.TakeOffCommitted, c.Id, TakeoffRunning, "the change is durable and will be applied whole",
                    data: new() { ["paths"] = new System.Text.Json.Nodes.JsonArray([.. changes.Take(1000).Select(ch => (System.Text.Json.Nodes.JsonNode)$"{ch.Word} {ch.Path}")]) }),
            ],
            Intent = c.Definition.HasOutsideEffects ? IntentMove.Clear : IntentMove.None,
        }, ct).ConfigureAwait(false);
        return marked.Try(out _, out problem) ? await RedoAsync(c, redo: false, ct).ConfigureAwait(false) : problem;
    }

    /// <summary>From the commit marker to the end: idempotent, so that after a crash it is simply run again.</summary>
    public static async Task<StageEnd> RedoAsync(StepContext c, bool redo, CancellationToken ct)
    {
        var workspace = c.WorkflowDefinition.Workspace;
        var changes = c.Flight.TakeOff!.Changes.Select(ch => ch.ToChange()).ToList();
        if (redo && !WorkspaceCommit.Precheck(workspace, changes, redo: true).Try(out _, out var problem)) return StageEnd.InDoubt(problem);
        var applied = WorkspaceCommit.Apply(workspace, changes, digest => c.Ledger.Blobs.GetAsync(StepContext.Tenant, digest, ct).GetAwaiter().GetResult(), CancellationToken.None);
        // A change that is half applied is neither undone nor forgotten: it stays TAKEOFF_RUNNING with its marker and lock, and resume goes on.
        if (!applied.Try(out _, out problem)) return StageEnd.Waiting(problem.At($"step {c.Id}") with { Remedy = "Mend the cause, then `cabincrew resume`: the change will be completed." });
        return await CompleteAsync(c, ct).ConfigureAwait(false);
    }

    public static async Task<StageEnd> CompleteAsync(StepContext c, CancellationToken ct)
    {
        var done = await c.Journal.CommitAsync(state =>
        {
            var step = state.Steps[c.Id];
            var executed = step.State == TakeoffRunning;
            return new()
            {
                Entries =
                [
                    .. executed ? [FlightEntries.Moved(c.Id, TakeoffRunning, ExecutionComplete)] : Array.Empty<EntryDraft>(),
                    FlightEntries.StepCompleted(c.Id, [.. step.Plan!.Artifacts.Select(a => a.Name)]),
                    FlightEntries.Moved(c.Id, ExecutionComplete, Completed),
                ],
                Audit = [.. executed ? [c.Audit.Moved(c.Id, TakeoffRunning, ExecutionComplete)] : Array.Empty<AuditEvent>(), c.Audit.Moved(c.Id, ExecutionComplete, Completed)],
                Lock = LockMove.Release,
                // Lost in a power cut, the redo finds everything in its after state and says the same again.
                Deferred = true,
            };
        }, ct).ConfigureAwait(false);
        if (!done.Try(out _, out var problem)) return problem;
        c.Tell(Completed, $"applied exactly as declared, paths changed: {c.Flight.TakeOff!.Changes.Count}");
        return StageEnd.Moved;
    }

    /// <summary>What a node finds when it claims a step that was taking off when its owner died (ORC-05).</summary>
    public static async Task<StageEnd> RecoverAsync(StepContext c, CancellationToken ct)
    {
        var step = c.Flight;
        if (step.InDoubt is { } doubt) return StageEnd.InDoubt(Doubt(c, doubt));
        if (step.TakeOff is not null) return await RedoAsync(c, redo: true, ct).ConfigureAwait(false);
        if (step.Intent) return await InDoubtAsync(c, "take-off was cut off and may have had effects outside", ct).ConfigureAwait(false);

        // Nothing outside, nothing committed: the view died with its process. Back to where the approval stands.
        var back = step.Request is null ? ReadyForTakeoff : Approved;
        var rolledBack = await c.Journal.CommitAsync(_ => new()
        {
            Entries = back == Approved
                ? [FlightEntries.Moved(c.Id, TakeoffRunning, Approved, "rolled back after a restart"), FlightEntries.Moved(c.Id, Approved, ReadyForTakeoff)]
                : [FlightEntries.Moved(c.Id, TakeoffRunning, ReadyForTakeoff, "rolled back after a restart")],
            Audit = [c.Audit.Moved(c.Id, TakeoffRunning, back)],
            Lock = LockMove.Release,
        }, ct).ConfigureAwait(false);
        return rolledBack.Try(out _, out var problem) ? StageEnd.Moved : problem;
    }

    public static async Task<StageEnd> InDoubtAsync(StepContext c, string reason, CancellationToken ct)
    {
        var doubt = Doubt(c, reason);
        var marked = await c.Journal.CommitAsync(_ => new()
        {
            Entries = [FlightEntries.TakeOffInDoubt(c.Id, reason)],
            Audit = [c.Audit.Problem(AuditEventTypes.TakeOffInDoubt, c.Id, TakeoffRunning, doubt)],
            MarkInDoubt = true,
        }, ct).ConfigureAwait(false);
        return marked.Try(out _, out var problem) ? StageEnd.InDoubt(doubt) : problem;
    }

    private static Problem Doubt(StepContext c, string reason) => new Problem(ProblemCode.TakeOffOutcomeUnknown, reason).At($"step {c.Id}");
}
