// Rego as a judge of messages (MCP-02, PRE-05). What it is asked: Messages/MessageInputDocument; how, and what its answer means: Rego/RegoJudge.
// It only computes: its own limit of time ends it, so nobody need watch it.
using System.Collections.Frozen;
using CabinCrew.Governance.Policies.Rego;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol;
using CabinCrew.Rego.Evaluate;

namespace CabinCrew.Governance.Policies.Messages.Sources;

internal sealed class RegoMessageSource : IMessagePolicySource
{
    private const int StepsMax = 5_000_000;
    private const int ElementsMax = 500_000;
    private const int DepthMax = 1_000;

    private readonly RegoJudge judge;
    private readonly Redactor redactor;
    private readonly IReadOnlySet<string> reads;
    private readonly IReadOnlyList<PolicyVerdict> silence;

    // One document a thread: they are written thousands of times a second, and never two at once by the same thread.
    private readonly ThreadLocal<MessageInputDocument> documents;

    private RegoMessageSource(LoadedRego loaded, Redactor redactor, TimeSpan timeLimit)
    {
        var limits = new EvaluationLimits { Time = timeLimit, StepsMax = StepsMax, ElementsMax = ElementsMax, DepthMax = DepthMax };
        (Name, Digest, this.redactor) = (loaded.Name, loaded.DigestWith(limits), redactor);
        judge = new(loaded.Policy, redactor, limits, loaded.StandsIn);
        reads = MessageInputDocument.Members.Where(loaded.Policy.Reads).ToFrozenSet(StringComparer.Ordinal);
        silence = [new(loaded.Policy.Package, Decision.Allow, "no rule objects")];
        documents = new(() => new(this.redactor));
    }

    public string Name { get; }

    public PolicyOrigin Origin => PolicyOrigin.Opa;

    public Digest Digest { get; }

    public bool Waits => false;

    public static Outcome<IMessagePolicySource> Load(PolicyRef reference, PolicySurroundings at, TimeSpan timeLimit) =>
        LoadedRego.Load(reference, at.Messages, at).Map<IMessagePolicySource>(loaded => new RegoMessageSource(loaded, at.Redactor, timeLimit));

    public static async Task<Outcome<IMessagePolicySource>> LoadBundleAsync(PolicyRef reference, PolicySurroundings at, TimeSpan timeLimit, CancellationToken ct)
    {
        var loaded = await LoadedRego.LoadBundleAsync(reference, at.Messages, at, ct).ConfigureAwait(false);
        return loaded.Map<IMessagePolicySource>(policy => new RegoMessageSource(policy, at.Redactor, timeLimit));
    }

    private static ReadOnlyMemory<byte> Written(Outcome<ReadOnlyMemory<byte>> document) => document.Try(out var written, out var problem) ? written : throw new PolicyAnswerException(problem);

    public ValueTask<IReadOnlyList<PolicyVerdict>> EvaluateAsync(MessageSubject subject, CancellationToken ct)
    {
        var document = documents.Value!;
        return new(judge.Objections(Written(document.Write(subject, reads)), () => Protocol.Digest.Of(Written(document.Write(subject)).Span), new(subject.Now, subject.Seed), ct) ?? silence);
    }
}
