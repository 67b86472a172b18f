// The evaluation: every source in order (PRE-01), each under the time limit; whatever a source does wrong is a deny that nobody outvotes (PRE-04);
// each word is recorded (PRE-03); then one aggregate.
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Governance.Policies;

public sealed partial class PolicySet
{
    private const int VerdictsMax = 2000;
    private const int CountMax = 100;

    /// <summary>Never throws for what a source does: a failing, slow or empty source is a deny with its reason.</summary>
    public Task<Judgement> JudgeAsync(PolicySubject subject, TimeProvider clock, CancellationToken ct) =>
        JudgeAsync(subject, ApprovalRules.Default, clock, ct);

    public async Task<Judgement> JudgeAsync(PolicySubject subject, ApprovalRules rules, TimeProvider clock, CancellationToken ct)
    {
        List<PolicyEvaluation> evaluations = [];
        List<Vote> votes = [];
        List<(string Role, int Count, string Reason)> asked = [];
        foreach (var source in sources)
        {
            var (verdicts, binding) = await Ask(source, subject, clock, ct).ConfigureAwait(false);
            var at = clock.GetUtcNow();
            votes.Add(new(verdicts.Max(v => v.Decision), binding));
            foreach (var verdict in verdicts)
            {
                evaluations.Add(Record(source.Origin, verdict, at));
                if (verdict.Decision == Decision.RequireApproval) asked.Add((verdict.Role ?? rules.DefaultRole, verdict.Count, verdict.Reason));
            }
        }

        foreach (var need in rules.Always)
        {
            var verdict = new PolicyVerdict("workflow/approvals", Decision.RequireApproval, $"the step always needs {Phrase(need)}", need.Role, need.Count);
            evaluations.Add(Record(PolicyOrigin.Custom, verdict, clock.GetUtcNow()));
            asked.Add((need.Role, need.Count, verdict.Reason));
        }

        // The step's own needs are no vote on the plan: they raise the outcome, and do not dilute a majority.
        var decision = Aggregation.Combine(Method, votes);
        if (rules.Always.Count > 0) decision = Decisions.Strictest(decision, Decision.RequireApproval);
        return new(
            decision, Method, evaluations, decision == Decision.RequireApproval ? Aggregation.Needs(asked) : [],
            Reasons(evaluations, Decision.Deny), Reasons(evaluations, Decision.Warn));
    }

    private async Task<(IReadOnlyList<PolicyVerdict> Verdicts, bool Binding)> Ask(IPolicySource source, PolicySubject subject, TimeProvider clock, CancellationToken ct)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        try
        {
            // On a thread of its own: a source that computes without ever yielding must not escape the limit.
            var asked = Task.Run(async () => await source.EvaluateAsync(subject, stop.Token).ConfigureAwait(false), stop.Token);
            var verdicts = await asked.WaitAsync(timeLimit, clock, ct).ConfigureAwait(false);
            return Fault(verdicts) is { } fault
                ? Failed(source, ProblemCode.PolicyFailed, $"it gave {fault}")
                : (verdicts, source.Name == Sources.MappedSecretsPolicySource.Id);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            throw;
        }
        catch (TimeoutException)
        {
            await stop.CancelAsync().ConfigureAwait(false);
            return Failed(source, ProblemCode.PolicyTimeout, $"it took longer than {timeLimit.TotalSeconds:0.###} s");
        }
        catch (PolicyAnswerException e)
        {
            return Failed(source, ProblemCode.PolicyFailed, redactor.Redact(Clip(e.Message)));
        }
#pragma warning disable CA1031 // PRE-04: whatever a source throws is a deny, never an end of the evaluation.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return Failed(source, ProblemCode.PolicyFailed, $"it failed with {e.GetType().Name}: {redactor.Redact(Clip(e.Message))}");
        }
    }

    private static string? Fault(IReadOnlyList<PolicyVerdict>? verdicts)
    {
        if (verdicts is null or []) return "no verdict";
        if (verdicts.Count > VerdictsMax) return $"more than {VerdictsMax} verdicts";
        foreach (var verdict in verdicts)
        {
            if (verdict is null || string.IsNullOrEmpty(verdict.PolicyId) || verdict.Reason is null) return "a verdict of an unknown shape";
            if (!Enum.IsDefined(verdict.Decision)) return "a decision that does not exist";
            if (verdict.Count is < 1 or > CountMax || verdict.Role is "") return "a verdict with an impossible role or count";
        }

        return null;
    }

    private static (IReadOnlyList<PolicyVerdict>, bool Binding) Failed(IPolicySource source, ProblemCode code, string why) =>
        ([new(source.Name, Decision.Deny, $"{code.Id()}: the policy '{source.Name}' gave no usable answer, which counts as deny: {why}. {code.Entry().Remedy}")], true);

    private PolicyEvaluation Record(PolicyOrigin origin, PolicyVerdict verdict, DateTimeOffset at) => new()
    {
        Source = origin,
        PolicyId = verdict.PolicyId,
        Decision = verdict.Decision,
        Reason = redactor.Redact(verdict.Reason),
        Evidence = verdict.Evidence is { } evidence ? redactor.Redact(evidence) : null,
        EvaluatedAt = at,
    };

    private static IReadOnlyList<string> Reasons(List<PolicyEvaluation> evaluations, Decision decision) =>
        [.. evaluations.Where(e => e.Decision == decision).Select(e => $"{e.PolicyId}: {e.Reason}")];

    private static string Phrase(RoleNeed need) => need.Count == 1 ? $"an approval by {need.Role}" : $"{need.Count} approvals by {need.Role}";

    private static string Clip(string text) => TextCut.Clip(text, 300);
}
