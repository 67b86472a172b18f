// The policies in force for a gateway's messages, loaded once and pinned by digest, and their judgement of one message (MCP-02, PRE-02 to PRE-04): the same aggregation, verdicts
// and failing closed as for plans. On the path of every call: a source that only computes is asked on the spot, without tasks or timers.
using System.Text.Json.Nodes;
using CabinCrew.Governance.Policies.Messages.Sources;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Governance.Policies.Messages;

public sealed class MessagePolicySet
{
    /// <summary>Raised whenever this code judges the same policies and message differently than before. Part of the governance hash.</summary>
    public const int JudgementVersion = 1;

    /// <summary>How long one source may take for one message, unless the configuration says otherwise.</summary>
    public static readonly TimeSpan TimeLimitDefault = TimeSpan.FromSeconds(5);

    private readonly IMessagePolicySource[] sources;
    private readonly AggregationMethod method;
    private readonly TimeSpan timeLimit;
    private readonly Redactor redactor;
    private readonly TimeProvider clock;
    private readonly bool waits;

    private MessagePolicySet(IReadOnlyList<IMessagePolicySource> sources, AggregationMethod method, TimeSpan timeLimit, Redactor redactor, TimeProvider clock)
    {
        (this.sources, this.method, this.timeLimit, this.redactor, this.clock) = ([.. sources], method, timeLimit, redactor, clock);
        waits = Array.Exists(this.sources, s => s.Waits);
        PolicyDigest = PolicyAnswers.DigestOf(sources);
        GovernanceHash = Digest.Of(CanonicalJson.Write(new JsonObject
        {
            ["version"] = JudgementVersion,
            ["policy_digest"] = PolicyDigest.ToString(),
            ["aggregation"] = method.Word(),
            ["time_limit_ms"] = (long)timeLimit.TotalMilliseconds,
        }));
    }

    /// <summary>Loads every source. Any failure is a refusal (PRE-04). No policy named at all: <see cref="ProblemCode.PolicyNone"/>.</summary>
    public static async Task<Outcome<MessagePolicySet>> LoadAsync(
        IReadOnlyList<PolicyRef> refs, PolicySurroundings at, AggregationMethod method, TimeSpan timeLimit, TimeProvider clock, CancellationToken ct)
    {
        if (refs.Count == 0)
            return new Problem(ProblemCode.PolicyNone, "The gateway's configuration names no policy, so no message is allowed.")
            {
                Remedy = "Begin with `policies: [ { builtin: mcp-defaults } ]`; `cabincrew schema message-rules` helps to write rules of your own.",
            };
        List<IMessagePolicySource> sources = [];
        foreach (var reference in refs)
        {
            var loaded = await MessagePolicySources.LoadAsync(reference, at, timeLimit, ct).ConfigureAwait(false);
            if (!loaded.Try(out var source, out var problem)) return problem;
            sources.Add(source);
        }
        return Of(sources, method, timeLimit, at.Redactor, clock);
    }

    /// <summary>A set of given sources, for those who make their own.</summary>
    public static Outcome<MessagePolicySet> Of(IReadOnlyList<IMessagePolicySource> sources, AggregationMethod method, TimeSpan timeLimit, Redactor redactor, TimeProvider clock) =>
        PolicyAnswers.Unfit(sources, timeLimit) is { } unfit ? unfit : new MessagePolicySet(sources, method, timeLimit, redactor, clock);

    public IReadOnlyList<string> SourceNames => [.. sources.Select(s => s.Name)];

    /// <summary>Over the sources' names and digests in order. Nothing of the machine is in it.</summary>
    public Digest PolicyDigest { get; }

    /// <summary>Over policy digest, aggregation, limits and the version of the judgement's own code.</summary>
    public Digest GovernanceHash { get; }

    /// <summary>Never throws but for <paramref name="ct"/>: a failing, slow or empty source is a deny with its reason. Complete at once unless a source waits.</summary>
    /// <param name="defaultRole">Who approves where a verdict names no role.</param>
    public ValueTask<Judgement> JudgeAsync(MessageSubject subject, string defaultRole, CancellationToken ct)
    {
        if (waits) return WaitAsync(subject, defaultRole, ct);
        var words = new Words(this, subject, defaultRole);
        foreach (var source in sources)
        {
            var (verdicts, failed) = PolicyAnswers.Ask(source, subject, redactor, ct);
            words.Add(source.Origin, verdicts, failed);
        }
        return new(words.Judgement());
    }

    private async ValueTask<Judgement> WaitAsync(MessageSubject subject, string defaultRole, CancellationToken ct)
    {
        var words = new Words(this, subject, defaultRole);
        foreach (var source in sources)
        {
            var (verdicts, failed) = source.Waits
                ? await PolicyAnswers.AskAsync(source, subject, timeLimit, redactor, clock, ct).ConfigureAwait(false)
                : PolicyAnswers.Ask(source, subject, redactor, ct);
            words.Add(source.Origin, verdicts, failed);
        }
        return words.Judgement();
    }

    /// <summary>What was said of one message so far. What the house itself objects to (findings as configured, a mapped secret) raises the outcome, and is no vote: it does not dilute a majority.</summary>
    private sealed class Words(MessagePolicySet set, MessageSubject subject, string defaultRole)
    {
        private readonly List<PolicyEvaluation> evaluations = new(set.sources.Length);
        private readonly List<Vote> votes = new(set.sources.Length);
        private Decision floor = Decision.Allow;
        private List<(string Role, int Count, string Reason)>? asked;

        public void Add(PolicyOrigin origin, IReadOnlyList<PolicyVerdict> verdicts, bool binding)
        {
            var strictest = Decision.Allow;
            for (var i = 0; i < verdicts.Count; i++)
            {
                strictest = Decisions.Strictest(strictest, verdicts[i].Decision);
                One(origin, verdicts[i]);
            }
            votes.Add(new(strictest, binding));
        }

        public Judgement Judgement()
        {
            foreach (var finding in subject.Findings)
                if (finding.Decision != Decision.Allow) Bind(FindingVerdict(finding));
            if (MappedSecretsMessageSource.Objection(subject, set.redactor) is { } leak) Bind(leak);
            var decision = Decisions.Strictest(Aggregation.Combine(set.method, votes), floor);
            return new(decision, set.method, evaluations, decision == Decision.RequireApproval && asked is not null ? Aggregation.Needs(asked) : [],
                PolicyAnswers.Reasons(evaluations, Decision.Deny), PolicyAnswers.Reasons(evaluations, Decision.Warn));
        }

        private static PolicyVerdict FindingVerdict(MessageFinding finding) =>
            new($"{finding.Detector}/{finding.Rule}", finding.Decision, finding.Place.Length == 0 ? finding.Reason : $"{finding.Reason} (at {finding.Place})");

        private void Bind(PolicyVerdict verdict)
        {
            One(subject.Gateway == MessageSubject.LlmGateway ? PolicyOrigin.LlmGateway : PolicyOrigin.McpGateway, verdict);
            floor = Decisions.Strictest(floor, verdict.Decision);
        }

        private void One(PolicyOrigin origin, PolicyVerdict verdict)
        {
            evaluations.Add(PolicyAnswers.Record(origin, verdict, set.redactor, subject.Now));
            if (verdict.Decision == Decision.RequireApproval) (asked ??= []).Add((verdict.Role ?? defaultRole, verdict.Count, verdict.Reason));
        }
    }
}
