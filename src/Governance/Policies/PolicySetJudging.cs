// The evaluation: every source in order (PRE-01), each under the time limit; whatever a source does wrong is a deny that nobody outvotes (PRE-04);
// each word is recorded (PRE-03); then one aggregate.
using CabinCrew.Governance.Policies.Findings;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Governance.Policies;

public sealed partial class PolicySet
{
    /// <summary>Never throws for what a source does: a failing, slow or empty source is a deny with its reason.</summary>
    public Task<Judgement> JudgeAsync(PolicySubject subject, TimeProvider clock, CancellationToken ct) =>
        JudgeAsync(subject, ApprovalRules.Default, clock, ct);

    public async Task<Judgement> JudgeAsync(PolicySubject subject, ApprovalRules rules, TimeProvider clock, CancellationToken ct)
    {
        var (findings, unseen) = await LookAsync(subject, clock, ct).ConfigureAwait(false);
        subject = subject with { Findings = findings };
        List<PolicyEvaluation> evaluations = [];
        List<Vote> votes = [];
        List<(string Role, int Count, string Reason)> asked = [];
        foreach (var source in sources)
        {
            var (verdicts, binding) = source is not Sources.DetectorsPolicySource ? await Ask(source, subject, clock, ct).ConfigureAwait(false)
                : unseen is not null ? (unseen, true)
                // What was looked for already needs no thread and no clock of its own to be told.
                : PolicyAnswers.Ask(source, subject, redactor, ct);
            var at = clock.GetUtcNow();
            var word = verdicts.Max(v => v.Decision);
            // Who looks for trouble and finds none has no opinion, and what is found is not outvoted.
            var isDetectors = source.Name == Sources.DetectorsPolicySource.Kind;
            if (!isDetectors || word != Decision.Allow) votes.Add(new(word, binding || isDetectors || source.Name == Sources.MappedSecretsPolicySource.Id));
            foreach (var verdict in verdicts)
            {
                evaluations.Add(PolicyAnswers.Record(source.Origin, verdict, redactor, at));
                if (verdict.Decision == Decision.RequireApproval) asked.Add((verdict.Role ?? rules.DefaultRole, verdict.Count, verdict.Reason));
            }
        }

        foreach (var need in rules.Always)
        {
            var verdict = new PolicyVerdict("workflow/approvals", Decision.RequireApproval, $"the step always needs {Phrase(need)}", need.Role, need.Count);
            evaluations.Add(PolicyAnswers.Record(PolicyOrigin.Custom, verdict, redactor, clock.GetUtcNow()));
            asked.Add((need.Role, need.Count, verdict.Reason));
        }

        // The step's own needs are no vote on the plan: they raise the outcome, and do not dilute a majority.
        var decision = Aggregation.Combine(Method, votes);
        if (rules.Always.Count > 0) decision = Decisions.Strictest(decision, Decision.RequireApproval);
        return new(
            decision, Method, evaluations, decision == Decision.RequireApproval ? Aggregation.Needs(asked) : [],
            PolicyAnswers.Reasons(evaluations, Decision.Deny), PolicyAnswers.Reasons(evaluations, Decision.Warn));
    }

    /// <summary>What the detectors see, looked for once for all sources, under the time limit of one. Where that fails, other sources see no findings, and the detectors deny.</summary>
    private async Task<(PlanFindings? Findings, IReadOnlyList<PolicyVerdict>? Failed)> LookAsync(PolicySubject subject, TimeProvider clock, CancellationToken ct) => subject.Findings is { } known
        ? (known, null)
        : await PolicyAnswers.WithinAsync(Sources.DetectorsPolicySource.Kind, stop => Task.FromResult(PlanScan.Of(subject, stop)), timeLimit, redactor, clock, ct).ConfigureAwait(false);

    private Task<(IReadOnlyList<PolicyVerdict> Verdicts, bool Binding)> Ask(IPolicySource source, PolicySubject subject, TimeProvider clock, CancellationToken ct) =>
        PolicyAnswers.AskAsync(source, subject, timeLimit, redactor, clock, ct);

    private static string Phrase(RoleNeed need) => need.Count == 1 ? $"an approval by {need.Role}" : $"{need.Count} approvals by {need.Role}";
}
