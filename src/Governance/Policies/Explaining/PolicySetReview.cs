// The same set for looking back: judgements that were made, made again, with the reasons told.
// Which secrets there were is recorded nowhere, so the check for leaked ones cannot be made again: what it said then stands.
using CabinCrew.Governance.Policies.Explaining;
using CabinCrew.Governance.Policies.Sources;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Governance.Policies;

public sealed partial class PolicySet
{
    /// <param name="recorded">The evaluations of the judgement that is looked back on.</param>
    public PolicySet ForReview(IReadOnlyList<PolicyEvaluation> recorded) =>
        new([.. sources.Select(s => s is MappedSecretsPolicySource ? new RecordedSecretsPolicySource(s, recorded) : s)], Method, timeLimit, redactor);

    /// <summary>Judges, and asks each source for its reasons. A source that failed has none; one that gives no reasons beyond its verdicts is told by those.</summary>
    public async Task<(Judgement Judgement, IReadOnlyList<PolicyExplanation> Explanations)> ExplainAsync(PolicySubject subject, ApprovalRules rules, TimeProvider clock, CancellationToken ct)
    {
        subject = subject with { Findings = (await LookAsync(subject, clock, ct).ConfigureAwait(false)).Findings };
        var judgement = await JudgeAsync(subject, rules, clock, ct).ConfigureAwait(false);
        List<PolicyExplanation> explanations = [];
        foreach (var source in sources)
        {
            PolicyExplanation? told = null;
            if (source is IExplainingPolicySource explaining)
            {
                var listening = new Listening(explaining, e => told = e);
                var (verdicts, _) = await Ask(listening, subject, clock, ct).ConfigureAwait(false);
                explanations.Add(told ?? Plain(source, verdicts));
            }
            else
            {
                explanations.Add(Plain(source, (await Ask(source, subject, clock, ct).ConfigureAwait(false)).Verdicts));
            }
        }
        return (judgement, explanations);
    }

    private static PolicyExplanation Plain(IPolicySource source, IReadOnlyList<PolicyVerdict> verdicts) => new(source.Name, [.. verdicts.Select(v => new ExplainedVerdict(v, []))], [], null);

    // Under the same limits as any judgement.
    private sealed class Listening(IExplainingPolicySource source, Action<PolicyExplanation> tell) : IPolicySource
    {
        public string Name => source.Name;

        public PolicyOrigin Origin => source.Origin;

        public Digest Digest => source.Digest;

        public ValueTask<IReadOnlyList<PolicyVerdict>> EvaluateAsync(PolicySubject subject, CancellationToken ct)
        {
            var told = source.Explain(subject, ct);
            tell(told);
            return new([.. told.Verdicts.Select(v => v.Verdict)]);
        }
    }

    private sealed class RecordedSecretsPolicySource(IPolicySource source, IReadOnlyList<PolicyEvaluation> recorded) : IPolicySource
    {
        public string Name => source.Name;

        public PolicyOrigin Origin => source.Origin;

        public Digest Digest => source.Digest;

        public ValueTask<IReadOnlyList<PolicyVerdict>> EvaluateAsync(PolicySubject subject, CancellationToken ct)
        {
            List<PolicyVerdict> said = [.. recorded.Where(e => e.PolicyId == MappedSecretsPolicySource.Id).Select(e => new PolicyVerdict(e.PolicyId, e.Decision, e.Reason ?? "", Evidence: e.Evidence))];
            return new(said.Count > 0 ? said : [new(Name, Decision.Allow, "no word of it was recorded")]);
        }
    }
}
