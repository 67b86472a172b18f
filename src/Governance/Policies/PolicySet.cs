// The policies in force for a step, loaded once and pinned by digest, and their evaluation.
using CabinCrew.Protocol;
using CabinCrew.Ledger.Redaction;

namespace CabinCrew.Governance.Policies;

/// <param name="Kind"><c>builtin</c> (value: <c>defaults</c>), <c>rules</c> (value: a path relative to the workflow file's directory). Rego and models come later.</param>
public sealed record PolicyRef(string Kind, string Value);

public sealed partial class PolicySet
{
    /// <summary>Loads every source. Any failure is a refusal (PRE-04). No policy named at all: <see cref="ProblemCode.PolicyNone"/>.
    /// The mapped-secrets source is always part of the set.</summary>
    public static Outcome<PolicySet> Load(
        IReadOnlyList<PolicyRef> refs, string baseDirectory, AggregationMethod method, TimeSpan timeLimit, Redactor redactor) => throw new NotImplementedException();

    public AggregationMethod Method => throw new NotImplementedException();

    /// <summary>Over the sources' digests in order.</summary>
    public Digest PolicyDigest => throw new NotImplementedException();

    /// <summary>Over policy digest, aggregation, limits and the version of the judgement's own code.</summary>
    public Digest GovernanceHash => throw new NotImplementedException();

    /// <summary>Never throws for what a source does: a failing, slow or empty source is a deny with its reason.</summary>
    public Task<Judgement> JudgeAsync(PolicySubject subject, TimeProvider clock, CancellationToken ct) => throw new NotImplementedException();
}
