// Flight-plan: the engine looks and writes what it intends; we validate, freeze and bind it. Ends in PRE_FLIGHT_RUNNING (ENG-06, ART-04, TOK-01).
// Invariant: nothing of the plan is used later but the frozen blobs; a crash before they are frozen means a new run.
using CabinCrew.Ledger.Streams;
using CabinCrew.Orchestrator.Artifacts;
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Orchestrator.Engines.Network;
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;
using CabinCrew.Protocol.Wire;
using static CabinCrew.Protocol.LifecycleState;

namespace CabinCrew.Orchestrator.Workflows.Stages;

internal static class FlightPlanStage
{
    public static async Task<StageEnd> RunAsync(StepContext c, CancellationToken ct)
    {
        var prepared = await PrepareAsync(c, ct).ConfigureAwait(false);
        if (!prepared.Try(out var p, out var problem)) return problem;

        using var restore = p.Restore;
        var clearance = new PlanClearance(c, p, ct);
        var first = await FlyAsync(c, p, clearance, null, ct).ConfigureAwait(false);
        if (first.Failure is { } failed) return await FailedAsync(c, clearance, failed, ct).ConfigureAwait(false);
        if (c.Definition.Determinism == Determinism.Verify)
        {
            c.Tell(null, "once more, to prove that the plan is deterministic");
            var again = await StepRuns.EndedAsync(c, EngineMode.FlightPlan, p.Engine, first.Result!.Receipt, null, clearance.Started()).ConfigureAwait(false);
            if (again is not null) return again;
            var second = await FlyAsync(c, p, clearance, first.Result.Network, ct).ConfigureAwait(false);
            if (second.Failure is { } failedAgain) return await FailedAsync(c, clearance, failedAgain, ct).ConfigureAwait(false);
            if (Difference(first.Plan!, second.Plan!) is { } difference)
                return await StepRuns.RefusedAsync(c, EngineMode.FlightPlan, p.Engine, second.Result!,
                    new Problem(ProblemCode.PlanNotDeterministic, $"two flight-plans of the same input differ: {difference}"), ct).ConfigureAwait(false);
        }
        return await FreezeAsync(c, p, clearance.Workspace, first, ct).ConfigureAwait(false);
    }

    // A patch that does not apply, to a workspace that is not what it was: the engine is not to blame.
    private static Task<StageEnd> FailedAsync(StepContext c, PlanClearance clearance, StageEnd failed, CancellationToken ct) =>
        failed.Problem!.Code is ProblemCode.ArtifactPatchInvalid or ProblemCode.ArtifactPatchConflict
            && WorkspaceHasher.Hash(c.WorkflowDefinition.Workspace, ct) is { Ok: true } now && now.Value.Hash != clearance.Workspace.Hash
            ? Drift.AnswerAsync(c, clearance.Workspace.Hash, now.Value.Hash, failed.Problem, ct)
            : Task.FromResult(failed);

    private sealed record Flown(ValidatedPlan? Plan, EngineResult? Result, StageEnd? Failure);

    private static async Task<Outcome<PlanInputs>> PrepareAsync(StepContext c, CancellationToken ct)
    {
        if (!c.ResolveEngine().Try(out var engine, out var problem)) return problem.At($"step {c.Id}");
        var gathered = await ContextGathering.GatherAsync(c, ct).ConfigureAwait(false);
        if (!gathered.Try(out var context, out problem)) return problem.At($"step {c.Id}");
        var read = await c.ReadSecretsAsync(ct).ConfigureAwait(false);
        if (!read.Try(out var secrets, out problem)) return problem;
        if (!(await StepNetwork.GrantAsync(c, EngineMode.FlightPlan, ct).ConfigureAwait(false)).Try(out var network, out problem)) return problem;
        RestoreDirectory? restore = null;
        if (c.Definition.Restores is { } list && !(await RestoreDirectory.WriteAsync(c.Ledger, list, ct).ConfigureAwait(false)).Try(out restore, out problem)) return problem.At($"step {c.Id}");
        return new PlanInputs(engine, context, secrets, c.Flight.PlanRuns, network.Grant) { Restore = restore };
    }

    /// <param name="heard">What an earlier run of the same plan was answered by the network: this one hears the same, so that only the engine can differ.</param>
    private static async Task<Flown> FlyAsync(StepContext c, PlanInputs p, PlanClearance clearance, NetworkLog? heard, CancellationToken ct)
    {
        var (result, failure) = await c.Runner.RunAsync(new EngineRun
        {
            Engine = p.Restore?.ShownTo(p.Engine) ?? p.Engine,
            Mode = EngineMode.FlightPlan,
            Clearance = clearance.GiveAsync,
            Limits = c.Definition.Limits,
            Workspace = c.WorkflowDefinition.Workspace,
            HiddenEntries = StepRuns.Hidden(c),
            Outside = [.. c.Definition.Outside.Select(o => new Mount(o, o, Writable: false))],
            DeclaredNetwork = heard is null ? p.Network : p.Network! with { Replay = heard },
            StillOurs = () => c.Journal.StillOurs,
        }, ct).ConfigureAwait(false);
        if (Touched(c, clearance, result is not null || failure!.Usage.Wall > TimeSpan.Zero, ct) is { } touched)
        {
            using (result)
                return new(null, null, result is null
                    ? await StepRuns.FailedAsync(c, EngineMode.FlightPlan, p.Engine, failure! with { Problem = touched }, ct).ConfigureAwait(false)
                    : await StepRuns.RefusedAsync(c, EngineMode.FlightPlan, p.Engine, result, touched, ct).ConfigureAwait(false));
        }
        if (result is null)
        {
            // It goes on record that the plan began, also where not even its sandbox could be set up.
            var cleared = await clearance.GiveAsync().ConfigureAwait(false);
            return new(null, null, cleared.Problem is { } refused ? refused : await StepRuns.FailedAsync(c, EngineMode.FlightPlan, p.Engine, failure!, ct).ConfigureAwait(false));
        }

        using (result)
        {
            var read = ArtifactReader.Read(result.Artifacts!, result.Receipt, c.Definition.Limits, c.Ledger.Redactor, WorkspaceHasher.Reader(c.WorkflowDefinition.Workspace))
                .Then(plan => GitClaims.CheckPlanned(plan, c.WorkflowDefinition.Workspace).Map(_ => plan));
            return read.Try(out var plan, out var problem)
                ? new(plan, result, null)
                : new(null, null, await StepRuns.RefusedAsync(c, EngineMode.FlightPlan, p.Engine, result, problem, ct).ConfigureAwait(false));
        }
    }

    /// <summary>Where no mount keeps an engine from writing, the workspace is hashed once more: a plan that changed it is refused, and so is one during which somebody else did.</summary>
    private static Problem? Touched(StepContext c, PlanClearance clearance, bool ran, CancellationToken ct)
    {
        if (!ran || c.Runner.Tier is not (Tiers.Reduced or Tiers.None)) return null;
        if (!WorkspaceHasher.Hash(c.WorkflowDefinition.Workspace, ct).Try(out var now, out var unreadable)) return unreadable;
        return now.Hash == clearance.Workspace.Hash ? null
            : new Problem(ProblemCode.PlanChangedWorkspace, $"the workspace changed while {c.Definition.Engine} planned on it, in the isolation '{c.Runner.Tier}', which cannot tell by whom")
                .At($"step {c.Id}").With("before", clearance.Workspace.Hash.ToString()).With("after", now.Hash.ToString());
    }

    private static async Task<StageEnd> FreezeAsync(StepContext c, PlanInputs p, WorkspaceSnapshot workspace, Flown flown, CancellationToken ct)
    {
        var (plan, result) = (flown.Plan!, flown.Result!);
        c.Standby?.SetUp(p.Engine);
        var bytes = plan.Artifacts.SelectMany(a => a.Body is { } body ? new[] { a.Document, body } : [a.Document]).ToList();
        var texts = await c.KeepAsync(bytes, [result.ReceiptBytes, result.Log], ct).ConfigureAwait(false);
        if (!texts.Try(out var text, out var problem)) return problem;
        if (!(await StepNetwork.KeepAsync(c, result.Network, ct).ConfigureAwait(false)).Try(out var network, out problem)) return problem;

        var frozen = new FrozenPlan
        {
            RunIndex = p.RunIndex,
            WorkspaceHash = workspace.Hash,
            WorkspaceFiles = workspace.Files,
            EngineId = p.Engine.Id,
            EngineDigest = p.Engine.Digest,
            ConfigHash = c.ConfigHash,
            Context = p.Context,
            ContextHash = Digest.Of(CanonicalJson.Write(p.Context)),
            DefinitionHash = c.DefinitionHash,
            PolicyDigest = c.Policies.PolicyDigest,
            GovernanceHash = c.GovernanceHash,
            Receipt = text[0],
            Log = text[1],
            Tier = result.Tier,
            Usage = StepRuns.Usage(result.Usage),
            Warnings = result.Receipt.Warnings ?? [],
            Artifacts = [.. plan.Artifacts.Select(a => new FrozenArtifact(a.Name.ToString(), a.Role, a.Type, a.Action, a.Target, a.DocumentHash, a.BodyHash, a.Body?.Length ?? 0))],
            Changes = [.. plan.Changes.Select(w => ChangeRecord.From(w.Change))],
            Network = network.Record,
        };
        var expires = c.WorkflowDefinition.PlanExpires is { } span ? c.Now + span : (DateTimeOffset?)null;
        var token = TokenSigning.Sign(PlanTokens.Create(frozen.TokenInputs(c.Workflow, c.Id), c.Now, expires), c.Ledger.Signer);

        var committed = await c.Journal.CommitAsync(_ => Bind(c, p, result, frozen, token), ct).ConfigureAwait(false);
        if (!committed.Try(out _, out problem)) return problem;
        c.Tell(PreFlightRunning, $"plan frozen: artifacts: {frozen.Artifacts.Count}, changed paths: {frozen.Changes.Count}; token {token.Token}");
        return StageEnd.Moved;
    }

    private static Batch Bind(StepContext c, PlanInputs p, EngineResult result, FrozenPlan frozen, PlanToken token) => new()
    {
        Deferred = true,
        Entries =
        [
            FlightEntries.Moved(c.Id, PlanRunning, PlanGenerated),
            .. frozen.Artifacts.Select(a => FlightEntries.ArtifactCreated(c.Id, a)),
            FlightEntries.PlanFrozen(c.Id, frozen),
            FlightEntries.Moved(c.Id, PlanGenerated, ArtifactsValidated),
            FlightEntries.TokenCreated(c.Id, token),
            FlightEntries.Moved(c.Id, ArtifactsValidated, TokenCreated),
            FlightEntries.Moved(c.Id, TokenCreated, PreFlightRunning),
        ],
        Audit =
        [
            c.Audit.Engine(AuditEventTypes.EngineCompleted, c.Id, PlanGenerated, EngineMode.FlightPlan, p.Engine.Id, p.Engine.Digest, result.Receipt, null, frozen.Tier),
            .. StepNetwork.Told(c, PlanGenerated, EngineMode.FlightPlan, result.Network, frozen.Network),
            c.Audit.Moved(c.Id, PlanRunning, PlanGenerated),
            c.Audit.Artifacts(c.Id, frozen.Artifacts),
            c.Audit.Moved(c.Id, PlanGenerated, ArtifactsValidated),
            c.Audit.Token(AuditEventTypes.TokenCreated, c.Id, TokenCreated, token, $"plan-token {token.Token}"),
            c.Audit.Moved(c.Id, ArtifactsValidated, TokenCreated),
            c.Audit.Moved(c.Id, TokenCreated, PreFlightRunning),
        ],
    };

    private static string? Difference(ValidatedPlan a, ValidatedPlan b)
    {
        var (left, right) = (a.Artifacts.ToDictionary(x => x.Name, x => x.Bound), b.Artifacts.ToDictionary(x => x.Name, x => x.Bound));
        foreach (var (name, bound) in left)
            if (!right.TryGetValue(name, out var other)) return $"artifact {name} is in the first only";
            else if (bound != other) return $"artifact {name} has {(bound.BodyHash != other.BodyHash ? "another body" : "another artifact.json")}";
        return right.Count > left.Count ? $"artifact {right.Keys.First(n => !left.ContainsKey(n))} is in the second only" : null;
    }
}
