// Rego as a judge of plans (PRE-05). What it is asked: Rego/InputDocument; how, and what its answer means: Rego/RegoJudge.
using CabinCrew.Governance.Policies.Explaining;
using CabinCrew.Governance.Policies.Rego;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol;
using CabinCrew.Rego.Evaluate;

namespace CabinCrew.Governance.Policies.Sources;

internal sealed class RegoPolicySource : IExplainingPolicySource
{
    // A time limit is the policy set's business; these bound what a policy may use up meanwhile.
    private static readonly EvaluationLimits Limits = new() { Time = PolicySet.TimeLimitMax, StepsMax = 50_000_000, ElementsMax = 2_000_000, DepthMax = 2_000 };

    private readonly RegoJudge judge;
    private readonly Redactor redactor;

    /// <param name="digest">Null: it follows from what was loaded.</param>
    private RegoPolicySource(LoadedRego loaded, Redactor redactor, Digest? digest = null)
    {
        (Name, Digest, this.redactor) = (loaded.Name, digest ?? loaded.DigestWith(Limits), redactor);
        Text = loaded.TextOf(Digest);
        judge = new(loaded.Policy, redactor, Limits, loaded.StandsIn);
    }

    public string Name { get; }

    public PolicyOrigin Origin => PolicyOrigin.Opa;

    public Digest Digest { get; }

    public PolicyText? Text { get; }

    public static Outcome<IPolicySource> Load(PolicyRef reference, PolicySurroundings at) =>
        LoadedRego.Load(reference, PolicyDocument.Plan, at).Map<IPolicySource>(loaded => new RegoPolicySource(loaded, at.Redactor));

    public static async Task<Outcome<IPolicySource>> LoadBundleAsync(PolicyRef reference, PolicySurroundings at, CancellationToken ct)
    {
        var loaded = await LoadedRego.LoadBundleAsync(reference, PolicyDocument.Plan, at, ct).ConfigureAwait(false);
        return loaded.Map<IPolicySource>(policy => new RegoPolicySource(policy, at.Redactor));
    }

    public static Outcome<IPolicySource> OfKept(PolicyRef reference, KeptPolicy kept, ReadOnlyMemory<byte> archive, Redactor redactor) =>
        LoadedRego.OfKept(reference, PolicyDocument.Plan, kept, archive).Map<IPolicySource>(loaded => new RegoPolicySource(loaded, redactor, kept.Digest));

    public ValueTask<IReadOnlyList<PolicyVerdict>> EvaluateAsync(PolicySubject subject, CancellationToken ct) => new(judge.Judge(Document(subject), new(subject.Now, subject.Seed), ct));

    public PolicyExplanation Explain(PolicySubject subject, CancellationToken ct) => judge.Explain(Name, Document(subject), new(subject.Now, subject.Seed), ct);

    private ReadOnlyMemory<byte> Document(PolicySubject subject) =>
        InputDocument.Write(subject, redactor).Try(out var document, out var problem) ? document : throw new PolicyAnswerException(problem);
}
