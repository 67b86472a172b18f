// Flight-plan: the engine looks and writes what it intends; we validate, freeze and bind it. Ends in PRE_FLIGHT_RUNNING (ENG-06, ART-04, TOK-01).
// Invariant: nothing of the plan is used later but the frozen blobs; a crash before they are frozen means a new run.
using System.Text.Json;
using CabinCrew.Ledger.Streams;
using CabinCrew.Orchestrator.Artifacts;
using CabinCrew.Orchestrator.Engines;
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

        var begun = await c.Journal.CommitAsync(state => Begin(c, state.Steps[c.Id].State, p), ct).ConfigureAwait(false);
        if (!begun.Try(out _, out problem)) return problem;
        c.Tell(PlanRunning, $"{p.Engine.Id} computes the plan ({p.Workspace.Files} files, isolation: {c.Runner.Tier})");

        var first = await FlyAsync(c, p, ct).ConfigureAwait(false);
        if (first.Failure is { } failed) return await FailedAsync(c, p, failed, ct).ConfigureAwait(false);
        if (c.Definition.Determinism == Determinism.Verify)
        {
            c.Tell(null, "once more, to prove that the plan is deterministic");
            var again = await StepRuns.EndedAsync(c, EngineMode.FlightPlan, p.Engine, first.Result!.Receipt, null, Started(c, p)).ConfigureAwait(false);
            if (again is not null) return again;
            var second = await FlyAsync(c, p, ct).ConfigureAwait(false);
            if (second.Failure is { } failedAgain) return await FailedAsync(c, p, failedAgain, ct).ConfigureAwait(false);
            if (Difference(first.Plan!, second.Plan!) is { } difference)
                return await StepRuns.RefusedAsync(c, EngineMode.FlightPlan, p.Engine, second.Result!,
                    new Problem(ProblemCode.PlanNotDeterministic, $"two flight-plans of the same input differ: {difference}"), ct).ConfigureAwait(false);
        }
        return await FreezeAsync(c, p, first, ct).ConfigureAwait(false);
    }

    // A patch that does not apply, to a workspace that is not what it was: the engine is not to blame.
    private static Task<StageEnd> FailedAsync(StepContext c, Prepared p, StageEnd failed, CancellationToken ct) =>
        failed.Problem!.Code is ProblemCode.ArtifactPatchInvalid or ProblemCode.ArtifactPatchConflict && WorkspaceHasher.Hash(c.WorkflowDefinition.Workspace, ct) is { Ok: true } now && now.Value.Hash != p.Workspace.Hash
            ? Drift.AnswerAsync(c, p.Workspace.Hash, now.Value.Hash, failed.Problem, ct)
            : Task.FromResult(failed);

    private static AuditEvent Started(StepContext c, Prepared p) =>
        c.Audit.Engine(AuditEventTypes.EngineStarted, c.Id, PlanRunning, EngineMode.FlightPlan, p.Engine.Id, p.Engine.Digest, null, null, c.Runner.Tier);

    private sealed record Prepared(
        ResolvedEngine Engine, WorkspaceSnapshot Workspace, JsonElement Context, IReadOnlyDictionary<string, string> Secrets, int RunIndex, byte[] Input);

    private sealed record Flown(ValidatedPlan? Plan, EngineResult? Result, StageEnd? Failure);

    private static async Task<Outcome<Prepared>> PrepareAsync(StepContext c, CancellationToken ct)
    {
        var resolved = c.ResolveEngine();
        if (!resolved.Try(out var engine, out var problem)) return problem.At($"step {c.Id}");
        var gathered = await ContextGathering.GatherAsync(c, ct).ConfigureAwait(false);
        if (!gathered.Try(out var context, out problem)) return problem.At($"step {c.Id}");
        var read = await c.ReadSecretsAsync(ct).ConfigureAwait(false);
        if (!read.Try(out var secrets, out problem)) return problem;
        var hashed = WorkspaceHasher.Hash(c.WorkflowDefinition.Workspace, ct);
        if (!hashed.Try(out var workspace, out problem)) return problem;
        var runIndex = c.Flight.PlanRuns;
        return new Prepared(engine, workspace, context, secrets, runIndex,
            c.EngineInput(EngineMode.FlightPlan, runIndex, workspace.Hash, context, secrets, null));
    }

    // Deferred, as all of flight-plan is: it has no effect, and after a power cut it is simply run anew.
    private static Batch Begin(StepContext c, LifecycleState from, Prepared p) => new()
    {
        Deferred = true,
        Entries =
        [
            .. from == PlanRunning ? Array.Empty<EntryDraft>() : [FlightEntries.Moved(c.Id, from, PlanRunning)],
            FlightEntries.StepStarted(c.Id, EngineMode.FlightPlan, p.RunIndex, p.Engine.Id, p.Engine.Digest),
        ],
        Audit =
        [
            .. from == PlanRunning ? Array.Empty<AuditEvent>() : [c.Audit.Moved(c.Id, from, PlanRunning)],
            c.Audit.Event(AuditEventTypes.EnvironmentPrepared, c.Id, PlanRunning, "fresh artifacts and temp directories, read-only workspace",
                data: new() { ["workspace_hash"] = p.Workspace.Hash.ToString(), ["workspace_files"] = p.Workspace.Files }),
            Started(c, p),
        ],
    };

    private static async Task<Flown> FlyAsync(StepContext c, Prepared p, CancellationToken ct)
    {
        var (result, failure) = await c.Runner.RunAsync(new EngineRun
        {
            Engine = p.Engine,
            Mode = EngineMode.FlightPlan,
            Input = p.Input,
            Limits = c.Definition.Limits,
            Workspace = c.WorkflowDefinition.Workspace,
            HiddenEntries = StepRuns.Hidden(c),
            Outside = [.. c.Definition.Outside.Select(o => new Mount(o, o, Writable: false))],
            StillOurs = () => c.Journal.StillOurs,
        }, ct).ConfigureAwait(false);
        if (result is null) return new(null, null, await StepRuns.FailedAsync(c, EngineMode.FlightPlan, p.Engine, failure!, ct).ConfigureAwait(false));

        using (result)
        {
            var read = ArtifactReader.Read(result.Artifacts!, result.Receipt, c.Definition.Limits, c.Ledger.Redactor, WorkspaceHasher.Reader(c.WorkflowDefinition.Workspace));
            return read.Try(out var plan, out var problem)
                ? new(plan, result, null)
                : new(null, null, await StepRuns.RefusedAsync(c, EngineMode.FlightPlan, p.Engine, result, problem, ct).ConfigureAwait(false));
        }
    }

    private static async Task<StageEnd> FreezeAsync(StepContext c, Prepared p, Flown flown, CancellationToken ct)
    {
        var (plan, result) = (flown.Plan!, flown.Result!);
        var bytes = plan.Artifacts.SelectMany(a => a.Body is { } body ? new[] { a.Document, body } : [a.Document]).ToList();
        var texts = await c.KeepAsync(bytes, [result.ReceiptBytes, result.Log], ct).ConfigureAwait(false);
        if (!texts.Try(out var text, out var problem)) return problem;

        var frozen = new FrozenPlan
        {
            RunIndex = p.RunIndex,
            WorkspaceHash = p.Workspace.Hash,
            WorkspaceFiles = p.Workspace.Files,
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
        };
        var expires = c.WorkflowDefinition.PlanExpires is { } span ? c.Now + span : (DateTimeOffset?)null;
        var token = TokenSigning.Sign(PlanTokens.Create(frozen.TokenInputs(c.Workflow, c.Id), c.Now, expires), c.Ledger.Signer);

        var committed = await c.Journal.CommitAsync(_ => Bind(c, p, result.Receipt, frozen, token), ct).ConfigureAwait(false);
        if (!committed.Try(out _, out problem)) return problem;
        c.Tell(PreFlightRunning, $"plan frozen: artifacts: {frozen.Artifacts.Count}, changed paths: {frozen.Changes.Count}; token {token.Token}");
        return StageEnd.Moved;
    }

    private static Batch Bind(StepContext c, Prepared p, EngineOutput receipt, FrozenPlan frozen, PlanToken token) => new()
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
            c.Audit.Engine(AuditEventTypes.EngineCompleted, c.Id, PlanGenerated, EngineMode.FlightPlan, p.Engine.Id, p.Engine.Digest, receipt, null, frozen.Tier),
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
