// Why a policy said what it said: for each verdict the rules behind it, where they stand, and the values with which they held.
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Policies.Explaining;

/// <summary>A source that can be asked for its reasons, on a plan that it judged.</summary>
internal interface IExplainingPolicySource : IPolicySource
{
    /// <summary>Judges once more and listens. Throws as <see cref="IPolicySource.EvaluateAsync"/> does.</summary>
    PolicyExplanation Explain(PolicySubject subject, CancellationToken ct);
}

/// <param name="Held">Rules that held and are no answer by themselves.</param>
/// <param name="Input">Of the document that was judged; null where the source sees none.</param>
public sealed record PolicyExplanation(string Source, IReadOnlyList<ExplainedVerdict> Verdicts, IReadOnlyList<ExplainedRule> Held, Digest? Input);

/// <param name="By">The rules behind it, in the order in which they held; empty where nothing was said.</param>
public sealed record ExplainedVerdict(PolicyVerdict Verdict, IReadOnlyList<ExplainedRule> By);

/// <param name="Rule">For example <c>data.cabincrew.preflight.deny</c>.</param>
/// <param name="Text">The line as it is written.</param>
/// <param name="Values">Its variables, redacted and cut short.</param>
public sealed record ExplainedRule(string Rule, string File, int Line, string Text, IReadOnlyList<KeyValuePair<string, string>> Values);
