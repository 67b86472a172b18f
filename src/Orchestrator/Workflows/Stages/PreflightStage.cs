// Preflight: the frozen plan is judged (PRE-01). Ends in AWAITING_APPROVAL, READY_FOR_TAKEOFF or FAILED. No answer is never a yes.
using CabinCrew.Governance.Approvals;
using CabinCrew.Governance.Policies;
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using static CabinCrew.Protocol.LifecycleState;

namespace CabinCrew.Orchestrator.Workflows.Stages;

internal static class PreflightStage
{
    public static async Task<StageEnd> RunAsync(StepContext c, CancellationToken ct)
    {
        var loaded = await FrozenPlans.LoadAsync(c.Ledger, StepContext.Tenant, c.Journal.State, c.Id, ct).ConfigureAwait(false);
        if (!loaded.Try(out var frozen, out var problem)) return problem;
        if (frozen.Stale(c.Now) is { } stale) return stale;
        var rebuilt = frozen.Rebuild(c.WorkflowDefinition.Workspace);
        if (!rebuilt.Try(out var plan, out problem)) return await DriftOrAsync(c, problem, ct).ConfigureAwait(false);

        var inputs = Inputs(c);
        var subject = PreflightSubject.Build(c.Journal.State, c.Definition, plan, inputs);
        if (!subject.Try(out var judged, out problem)) return problem;
        var judgement = await c.Policies.JudgeAsync(judged, c.Rules, c.Ledger.Clock, ct).ConfigureAwait(false);
        // Blobs are durable before an entry names them.
        if (!(await KeepPoliciesAsync(c, ct).ConfigureAwait(false)).Try(out var kept, out problem)) return problem;
        inputs = inputs with { Policies = kept };
        var committed = await c.Journal.CommitAsync(state => Record(c, state.Steps[c.Id], judged, judgement, inputs), ct).ConfigureAwait(false);
        if (!committed.Try(out _, out problem)) return problem;

        c.Tell(c.Flight.State, $"judgement: {judgement.Decision.Word()}{Because(judgement)}");
        return judgement.Decision == Decision.Deny
            ? new Problem(ProblemCode.PolicyDenied, $"denied: {string.Join("; ", judgement.Violations.Take(5))}").At($"step {c.Id}")
            : StageEnd.Moved;
    }

    // The patches are applied to the workspace to know what they mean; when that fails because it moved, say so.
    private static Task<StageEnd> DriftOrAsync(StepContext c, Problem problem, CancellationToken ct) =>
        Workspaces.WorkspaceHasher.Hash(c.WorkflowDefinition.Workspace, ct) is { Ok: true } now && now.Value.Hash != c.Flight.Plan!.WorkspaceHash
            ? Drift.AnswerAsync(c, c.Flight.Plan.WorkspaceHash, now.Value.Hash, problem, ct)
            : Task.FromResult<StageEnd>(problem);

    // The seed is of the plan: the same plan gets the same numbers, and no engine can choose them without making another plan.
    private static JudgementInputs Inputs(StepContext c)
    {
        var (now, requester) = (c.Now, c.Journal.State.Requester);
        return new(now, c.Flight.Token!.Token.Hex[..16], c.Identities.Knows(requester) ? c.Identities.IsHuman(requester) : null,
            [.. c.Identities.RolesOf(requester, now).Select(r => r.Role).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)], c.Rules.DefaultRole);
    }

    private static async Task<Outcome<IReadOnlyList<KeptPolicy>>> KeepPoliciesAsync(StepContext c, CancellationToken ct)
    {
        List<KeptPolicy> kept = [];
        List<ReadOnlyMemory<byte>> texts = [];
        foreach (var text in c.Policies.Texts)
        {
            var unfit = text.Unfit(c.Ledger.Redactor, out var bytes);
            if (unfit is null) texts.Add(bytes);
            kept.Add(new(text.Source.Name, text.Source.Digest, text.Prefix, unfit is null ? Digest.Of(bytes.Span) : null, unfit));
        }
        var put = texts.Count == 0 ? Outcome.Of<IReadOnlyList<Digest>>([]) : await c.Ledger.Blobs.PutAheadAsync(StepContext.Tenant, texts, ct).ConfigureAwait(false);
        return put.Map<IReadOnlyList<KeptPolicy>>(_ => kept);
    }

    private static Batch Record(StepContext c, StepFlight step, PolicySubject subject, Judgement judgement, JudgementInputs inputs)
    {
        var record = new JudgementRecord(judgement.Decision, judgement.Method,
            [.. judgement.Needs.Select(n => new NeedRecord(n.Role, n.Count, n.Reasons))], judgement.Violations, judgement.Warnings);
        List<EntryDraft> entries = [];
        List<AuditEvent> audit = [];
        if (step.State == TokenCreated) Move(TokenCreated, PreFlightRunning);
        entries.AddRange(judgement.Evaluations.Select(e => FlightEntries.Evaluated(c.Id, c.Ledger.Ids.Next("eval"), e)));
        audit.AddRange(judgement.Evaluations.Select(e => c.Audit.Evaluated(c.Id, e)));
        entries.Add(FlightEntries.Judged(c.Id, record, inputs));
        Move(PreFlightRunning, PreflightComplete);
        audit.Add(c.Audit.Token(AuditEventTypes.TokenVerified, c.Id, PreFlightRunning, step.Token!, "recomputed from the stored bytes", step.Token!.Token));
        audit.Add(c.Audit.Policy(c.Id, record, judgement.Evaluations, step.Token!.Token));

        if (judgement.Decision == Decision.RequireApproval)
        {
            var request = Request(c, step, subject, judgement);
            entries.Add(FlightEntries.ApprovalRequested(request));
            audit.Add(c.Audit.Approval(AuditEventTypes.ApprovalRequested, c.Id, request, null,
                $"approval needed: {string.Join(", ", request.Extensions.Needs.Select(n => $"{n.Count} x {n.Role}"))}"));
            Move(PreflightComplete, AwaitingApproval);
        }
        else if (judgement.Decision != Decision.Deny)
        {
            Move(PreflightComplete, ReadyForTakeoff);
        }
        // Without a request nobody is told of it before the next durable commit; with one, people may answer at once.
        return new() { Entries = entries, Audit = audit, Deferred = judgement.Decision != Decision.RequireApproval };

        void Move(LifecycleState from, LifecycleState to)
        {
            entries.Add(FlightEntries.Moved(c.Id, from, to));
            audit.Add(c.Audit.Moved(c.Id, from, to));
        }
    }

    private static ApprovalRequest Request(StepContext c, StepFlight step, PolicySubject subject, Judgement judgement) => ApprovalRequests.Create(
        c.Ledger.Ids.Next("apr"), subject, judgement, step.Token!.Token, c.Now, c.WorkflowDefinition.ApprovalExpires, evidence:
        [
            .. step.Plan!.Artifacts.Where(a => a.Role != ArtifactRole.Log)
                .Select(a => new EvidenceRef(a.Name, $"{a.Name}/{(a.Body is null ? "artifact.json" : "body.data")}", a.Body ?? a.Document)),
        ]).Value;

    private static string Because(Judgement judgement) => judgement.Needs.Count == 0 ? "" : $" ({string.Join("; ", judgement.Needs.SelectMany(n => n.Reasons).Distinct().Take(3))})";
}
