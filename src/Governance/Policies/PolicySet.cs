// The policies in force for a step, loaded once and pinned by digest, and their evaluation.
using System.Text.Json.Nodes;
using CabinCrew.Governance.Access;
using CabinCrew.Governance.Policies.Sources;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Governance.Policies;

/// <summary>What the judgement needs besides the policies.</summary>
/// <param name="DefaultRole">Who approves where a verdict names no role.</param>
/// <param name="Always">Approvals that the step asks for whatever the policies say (short of deny).</param>
public sealed record ApprovalRules(string DefaultRole, IReadOnlyList<RoleNeed> Always)
{
    public static readonly ApprovalRules Default = new(Roles.Default, []);
}

public sealed partial class PolicySet
{
    /// <summary>Raised whenever this code judges the same policies and plan differently than before. Part of the governance hash.</summary>
    public const int JudgementVersion = 3;

    public const int SourcesMax = 64;

    public static readonly TimeSpan TimeLimitMax = TimeSpan.FromMinutes(10);

    private readonly IReadOnlyList<IPolicySource> sources;
    private readonly TimeSpan timeLimit;
    private readonly Redactor redactor;

    private PolicySet(IReadOnlyList<IPolicySource> sources, AggregationMethod method, TimeSpan timeLimit, Redactor redactor)
    {
        (this.sources, this.timeLimit, this.redactor, Method) = (sources, timeLimit, redactor, method);
        PolicyDigest = PolicyAnswers.DigestOf(sources);
        GovernanceHash = GovernanceHashFor(ApprovalRules.Default);
    }

    /// <summary>Loads every source. Any failure is a refusal (PRE-04). No policy named at all: <see cref="ProblemCode.PolicyNone"/>.
    /// Detectors and the mapped-secrets source are always part of the set.</summary>
    public static async Task<Outcome<PolicySet>> LoadAsync(IReadOnlyList<PolicyRef> refs, PolicySurroundings at, AggregationMethod method, TimeSpan timeLimit, CancellationToken ct)
    {
        if (refs.Count == 0)
            return new Problem(ProblemCode.PolicyNone, "The workflow names no policy, so nothing is allowed.");
        // They find trouble, and have no word on anything else: alone they would let everything through that they do not know.
        if (refs.All(r => r.Kind == DetectorsPolicySource.Kind)) return new Problem(ProblemCode.PolicyNone, "The workflow names no policy besides detectors, so nothing is allowed.");
        List<IPolicySource> sources = [];
        foreach (var reference in refs)
        {
            var loaded = await PolicySources.LoadAsync(reference, at, ct).ConfigureAwait(false);
            if (!loaded.Try(out var source, out var problem)) return problem;
            sources.Add(source);
        }

        if (!sources.Exists(s => s is DetectorsPolicySource)) sources.Add(DetectorsPolicySource.Usual());
        sources.Add(new MappedSecretsPolicySource(at.Redactor));
        return Of(sources, method, timeLimit, at.Redactor);
    }

    /// <summary>The same for policies on this machine's disk, which nobody has to wait for.</summary>
    public static Outcome<PolicySet> Load(IReadOnlyList<PolicyRef> refs, string baseDirectory, AggregationMethod method, TimeSpan timeLimit, Redactor redactor) =>
        LoadAsync(refs, new(baseDirectory, redactor), method, timeLimit, CancellationToken.None).GetAwaiter().GetResult();

    /// <summary>A set of given sources, for those who make their own.</summary>
    public static Outcome<PolicySet> Of(IReadOnlyList<IPolicySource> sources, AggregationMethod method, TimeSpan timeLimit, Redactor redactor)
    {
        if (PolicyAnswers.Unfit(sources, timeLimit) is { } unfit) return unfit;
        return new PolicySet(sources, method, timeLimit, redactor);
    }

    public AggregationMethod Method { get; }

    public IReadOnlyList<string> SourceNames => [.. sources.Select(s => s.Name)];

    /// <summary>Over the sources' names and digests in order. Nothing of the machine is in it.</summary>
    public Digest PolicyDigest { get; }

    /// <summary>Over policy digest, aggregation, limits and the version of the judgement's own code, with the default approval rules.</summary>
    public Digest GovernanceHash { get; }

    /// <summary>The same with a step's own approval rules.</summary>
    public Digest GovernanceHashFor(ApprovalRules rules) => Digest.Of(CanonicalJson.Write(new JsonObject
    {
        ["version"] = JudgementVersion,
        ["policy_digest"] = PolicyDigest.ToString(),
        ["aggregation"] = Method.Word(),
        ["time_limit_ms"] = (long)timeLimit.TotalMilliseconds,
        ["default_role"] = rules.DefaultRole,
        ["approvals"] = new JsonArray([.. rules.Always.Select(n => (JsonNode)new JsonObject { ["role"] = n.Role, ["count"] = n.Count })]),
    }));
}
