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
        using var alone = await c.Gate.AloneAsync(ct).ConfigureAwait(false);
        if (BehindSiblings(c) is { } behind) return behind;
        var loaded = await FrozenPlans.LoadAsync(c.Ledger, StepContext.Tenant, c.Journal.State, c.Id, ct).ConfigureAwait(false);
        if (!loaded.Try(out var frozen, out var problem)) return problem;
        if (Forbidden(c, frozen) is { } forbidden) return forbidden;

        var locked = await LockAsync(c, ct).ConfigureAwait(false);
        if (!locked.Try(out _, out problem))
            return problem.Code == ProblemCode.WorkspaceLocked ? StageEnd.Waiting(problem.At($"step {c.Id}")) : problem;
        return await LockedAsync(c, frozen, ct).ConfigureAwait(false);
    }

    /// <summary>The lock is the workflow's: its own steps must not pass each other either, nor take off once one has failed.</summary>
    private static StageEnd? BehindSiblings(StepContext c)
    {
        var siblings = c.Journal.State.Steps.Values.Where(s => s.Id != c.Id).ToList();
        if (siblings.Find(s => s.State is TakeoffRunning or ExecutionComplete) is { } ahead)
            return StageEnd.Waiting(new Problem(ProblemCode.WorkspaceLocked, $"the take-off of step {ahead.Id} of this workflow has not come to an end") { Remedy = "See it with `cabincrew show`." }.At($"step {c.Id}"));
        return siblings.Find(s => s.State == Failed) is { } failed ? (StageEnd)new Problem(ProblemCode.Cancelled, $"step {failed.Id} failed").At($"step {c.Id}") : null;
    }

    /// <summary>The conditions of take-off that need no lock (ORC-08). Null: none is missing.</summary>
    private static Problem? Forbidden(StepContext c, FrozenBytes frozen)
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
        // The hash decides; what is prepared beside it has no effect, and is thrown away when the workspace has moved.
        var hashing = Task.Run(() => WorkspaceHasher.Hash(workspace, ct), ct);
        var scratch = PrivateDirectory.Create(c.Ledger.Ids);
        IWorkspaceView? view = null;
        try
        {
            var created = WorkspaceViews.Create(workspace, Directory.CreateDirectory(Path.Combine(scratch.Path, "view")).FullName);
            if (!(await hashing.ConfigureAwait(false)).Try(out var now, out var problem)) return problem;
            if (now.Hash != c.Flight.Plan!.WorkspaceHash) return await Drift.AnswerAsync(c, c.Flight.Plan.WorkspaceHash, now.Hash, null, ct).ConfigureAwait(false);
            if (!created.Try(out view, out problem)) return problem;
            if (!frozen.Rebuild(workspace).Try(out var plan, out problem)) return problem;
            if (!(await c.ReadSecretsAsync(ct).ConfigureAwait(false)).Try(out var secrets, out problem)) return problem;
            if (!c.ResolveEngine().Try(out var engine, out problem)) return problem;

            var artifacts = FrozenDirectory.Write(Path.Combine(scratch.Path, "artifacts"),
                frozen.Artifacts.Where(a => a.Role != ArtifactRole.Log).Select(a => (a.Name, a.Document, a.Body)));
            var begun = await c.Journal.CommitAsync(state => Begin(c, state.Steps[c.Id], engine, view), ct).ConfigureAwait(false);
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
            if (result is null) return await EngineFailedAsync(c, engine, failure!, ct).ConfigureAwait(false);
            using (result) return await ApplyAsync(c, engine, plan, view, result, ct).ConfigureAwait(false);
        }
        finally
        {
            await ((Task)hashing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            c.Afterwards.Dispose([.. view is null ? Array.Empty<IDisposable>() : [view], scratch]);
        }
    }

    private static Batch Begin(StepContext c, StepFlight step, ResolvedEngine engine, IWorkspaceView view) => new()
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

    /// <summary>Without outside effects a failed run changed nothing. With them only a receipt that says "failure" is a known outcome.</summary>
    private static async Task<StageEnd> EngineFailedAsync(StepContext c, ResolvedEngine engine, EngineFailure failure, CancellationToken ct)
    {
        var end = await StepRuns.FailedAsync(c, EngineMode.TakeOff, engine, failure, ct).ConfigureAwait(false);
        return !c.Definition.HasOutsideEffects || IsKnownOutcome(failure.Problem.Code)
            ? end
            : await TakeOffRecovery.InDoubtAsync(c, $"take-off ended without a receipt ({failure.Problem.Code.Id()}) and may have had effects outside", ct).ConfigureAwait(false);
    }

    /// <summary>The engine never ran, or said itself that it failed.</summary>
    public static bool IsKnownOutcome(ProblemCode code) =>
        code is ProblemCode.EngineFailed or ProblemCode.EngineValidationFailed or ProblemCode.EngineNotFound or ProblemCode.SandboxFailed or ProblemCode.SandboxUnavailable or ProblemCode.StoreFenced;

    private static async Task<StageEnd> ApplyAsync(StepContext c, ResolvedEngine engine, ValidatedPlan plan, IWorkspaceView view, EngineResult result, CancellationToken ct)
    {
        if (!view.Changes(ct).Try(out var actual, out var problem) || !ChangeComparison.Compare(plan, actual).Try(out _, out problem))
            return await StepRuns.RefusedAsync(c, EngineMode.TakeOff, engine, result, problem, ct).ConfigureAwait(false);

        var contents = actual.Where(w => w.Content is not null).Select(w => w.Content!.Value).ToList();
        if (!(await c.KeepAsync(contents, [result.ReceiptBytes, result.Log], ct).ConfigureAwait(false)).Try(out var texts, out problem)) return problem;
        var changes = actual.Select(w => w.Change).ToList();
        if (!WorkspaceCommit.Precheck(c.WorkflowDefinition.Workspace, changes, redo: false).Try(out _, out problem))
            return await StepRuns.RefusedAsync(c, EngineMode.TakeOff, engine, result, problem, ct).ConfigureAwait(false);

        var record = new TakeOffRecord([.. changes.Select(ChangeRecord.From)], texts[0], texts[1], StepRuns.Usage(result.Usage));
        var marked = await c.Journal.CommitAsync(_ => new()
        {
            Entries = [FlightEntries.TakeOffCommit(c.Id, record)],
            Audit =
            [
                c.Audit.Engine(AuditEventTypes.EngineCompleted, c.Id, TakeoffRunning, EngineMode.TakeOff, engine.Id, engine.Digest, result.Receipt, null, result.Tier),
                c.Audit.Event(AuditEventTypes.TakeOffCompared, c.Id, TakeoffRunning, $"actual change equals the declared one: {changes.Count} path(s)"),
                c.Audit.Event(AuditEventTypes.TakeOffCommitted, c.Id, TakeoffRunning, "the change is durable and will be applied whole",
                    data: new() { ["paths"] = new System.Text.Json.Nodes.JsonArray([.. changes.Take(1000).Select(ch => (System.Text.Json.Nodes.JsonNode)$"{ch.Word} {ch.Path}")]) }),
            ],
            Intent = c.Definition.HasOutsideEffects ? IntentMove.Clear : IntentMove.None,
        }, ct).ConfigureAwait(false);
        return marked.Try(out _, out problem) ? await TakeOffRecovery.RedoAsync(c, redo: false, ct).ConfigureAwait(false) : problem;
    }

}
