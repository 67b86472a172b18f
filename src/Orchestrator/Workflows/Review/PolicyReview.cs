// Judges recorded plans once more: under the policies of today or any others, on exactly the inputs that were recorded. Nothing is written, no audit event, no state.
// Invariant: a plan whose bytes are gone or no longer hash to its token is not judged, and is named with the reason.
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Policies.Explaining;
using CabinCrew.Ledger;
using CabinCrew.Orchestrator.Workflows.Stages;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Orchestrator.Workflows.Review;

/// <param name="Now">Null: it could not be judged, see <paramref name="Problem"/>.</param>
public sealed record RejudgedPlan(RecordedPlan Plan, Judgement? Now, Problem? Problem)
{
    public bool Changes => Now is { } now && (now.Decision != Plan.Judgement.Decision || !Needs(now).SequenceEqual(Plan.Judgement.Needs.Select(n => (n.Role, n.Count))));

    /// <summary>What makes the difference: the reasons of the strictest policies now, or those that no longer hold.</summary>
    public IReadOnlyList<string> Why
    {
        get
        {
            if (Now is not { } now) return [Problem!.ToString()];
            return Changes ? JudgementDifference.Why(Plan.Step.Evaluations, now.Evaluations) : [];
        }
    }

    private static IEnumerable<(string, int)> Needs(Judgement judgement) => judgement.Needs.Select(n => (n.Role, n.Count));
}

/// <param name="SamePolicies">They are the very ones that the plan-token binds.</param>
/// <param name="FromRecord">Made of the texts that were kept with the judgement: the files have changed since.</param>
/// <param name="NotKept">Where they are not the same: why those of then cannot be had.</param>
public sealed record ExplainedPlan(RecordedPlan Plan, Judgement Now, IReadOnlyList<PolicyExplanation> Explanations, bool SamePolicies, bool FromRecord = false, Problem? NotKept = null);

/// <param name="models">Null: no model can be run.</param>
public sealed class PolicyReview(LedgerRoom ledger, TextModelLoader? models = null)
{
    private static readonly TenantId Tenant = TenantId.Local;

    private readonly PolicyPlaces places = new(ledger, models);
    private readonly Dictionary<string, Outcome<PolicySet>> loaded = new(StringComparer.Ordinal);

    /// <summary>Judged again by the policies that judged it, each rule's reasons told: those on disk where they are still the same, else what was kept of them;
    /// where that cannot be had, by what its workflow names today.</summary>
    public async Task<Outcome<ExplainedPlan>> ExplainAsync(RecordedPlan plan, CancellationToken ct)
    {
        if (!(await SubjectAsync(plan, ct).ConfigureAwait(false)).Try(out var subject, out var problem)) return problem;
        var today = await TodayAsync(plan, ct).ConfigureAwait(false);
        var isSame = today.Try(out var policies, out problem) && policies.PolicyDigest == plan.Step.Plan!.PolicyDigest;
        Problem? notKept = null;
        var fromRecord = !isSame && (await OfThenAsync(plan, ct).ConfigureAwait(false)).Try(out policies, out notKept);
        if (!isSame && !fromRecord && !today.Try(out policies, out problem)) return problem;
        var (judgement, explanations) = await policies!.ForReview(plan.Step.Evaluations).ExplainAsync(subject, RulesOf(plan), ledger.Clock, ct).ConfigureAwait(false);
        return new ExplainedPlan(plan, judgement, explanations, isSame || fromRecord, fromRecord, notKept);
    }

    /// <param name="policies">Null: those that the plan's workflow names today.</param>
    public async Task<RejudgedPlan> JudgeAsync(RecordedPlan plan, PolicySet? policies, CancellationToken ct)
    {
        if (policies is null && !(await TodayAsync(plan, ct).ConfigureAwait(false)).Try(out policies, out var problem)) return new(plan, null, problem);
        return await JudgeByAsync(plan, policies, ct).ConfigureAwait(false);
    }

    /// <summary>By the policies that judged it, as they were kept with the judgement.</summary>
    public async Task<RejudgedPlan> JudgeAsOfThenAsync(RecordedPlan plan, CancellationToken ct) =>
        (await OfThenAsync(plan, ct).ConfigureAwait(false)).Try(out var policies, out var problem) ? await JudgeByAsync(plan, policies, ct).ConfigureAwait(false) : new(plan, null, problem);

    private async Task<RejudgedPlan> JudgeByAsync(RecordedPlan plan, PolicySet policies, CancellationToken ct)
    {
        if (!(await SubjectAsync(plan, ct).ConfigureAwait(false)).Try(out var subject, out var problem)) return new(plan, null, problem);
        return new(plan, await policies.ForReview(plan.Step.Evaluations).JudgeAsync(subject, RulesOf(plan), ledger.Clock, ct).ConfigureAwait(false), null);
    }

    // What was kept counts only as the whole set that the plan-token binds.
    private async Task<Outcome<PolicySet>> OfThenAsync(RecordedPlan plan, CancellationToken ct)
    {
        if (plan.Inputs?.Policies is not { } kept) return new Problem(ProblemCode.NotFound, "the texts of its policies were not kept when it was judged");
        var definition = plan.Flight.Definition;
        var made = await PolicySet.LoadKeptAsync(definition.Policies, kept, (text, stop) => ledger.Blobs.GetAsync(Tenant, text, stop),
            places.At(Path.GetDirectoryName(definition.File)!, readOnly: true), definition.Aggregation, definition.PolicyTimeLimit, ct).ConfigureAwait(false);
        return made.Then(set => set.PolicyDigest == plan.Step.Plan!.PolicyDigest
            ? Outcome.Of(set)
            : new Problem(ProblemCode.NotFound, "the policies that judged it cannot be had any more: what is part of the program, or is asked elsewhere, is not the same as then"));
    }

    /// <summary>Policies of one's own choice, named as a workflow file in that directory would name them.</summary>
    public Task<Outcome<PolicySet>> LoadAsync(IReadOnlyList<PolicyRef> policies, string baseDirectory, CancellationToken ct) =>
        PolicySet.LoadAsync(policies, places.At(baseDirectory, readOnly: true), AggregationMethod.MostRestrictive, WorkflowDefinition.PolicyTimeLimitDefault, ct);

    /// <summary>The policies of a workflow file.</summary>
    public Task<Outcome<PolicySet>> LoadAsync(WorkflowDefinition workflow, CancellationToken ct) => places.LoadAsync(workflow, readOnly: true, ct);

    private async Task<Outcome<PolicySet>> TodayAsync(RecordedPlan plan, CancellationToken ct)
    {
        // Flights of one workflow file mostly have the same policies: loaded once, so that all are judged by the same.
        var definition = plan.Flight.Definition;
        var key = $"{definition.File}\n{definition.Aggregation}\n{definition.PolicyTimeLimit}\n{DefinitionSnapshot.PoliciesOf(definition)}";
        if (!loaded.TryGetValue(key, out var set)) loaded[key] = set = await places.LoadAsync(definition, readOnly: true, ct).ConfigureAwait(false);
        return set;
    }

    private async Task<Outcome<PolicySubject>> SubjectAsync(RecordedPlan plan, CancellationToken ct)
    {
        var read = await FrozenPlans.LoadAsync(ledger, Tenant, plan.Flight, plan.StepId, ct).ConfigureAwait(false);
        if (!read.Try(out var frozen, out var problem)) return problem;
        if (frozen.VerifyToken() is { } tampered) return tampered;
        return frozen.Recorded().Then(recorded => PreflightSubject.Build(plan.Flight, plan.Definition, recorded, InputsOf(plan)));
    }

    private static JudgementInputs InputsOf(RecordedPlan plan) => plan.Inputs ?? new(plan.JudgedAt, plan.Step.Token!.Token.Hex[..16], null, [], ApprovalRules.Default.DefaultRole);

    private static ApprovalRules RulesOf(RecordedPlan plan) => new(InputsOf(plan).DefaultRole, plan.Definition.Approvals);
}
