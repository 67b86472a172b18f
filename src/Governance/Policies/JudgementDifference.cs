// What makes the difference between two judgements of one thing, in words: the reasons that are new, and those that no longer hold. Pure.
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Governance.Policies;

public static class JudgementDifference
{
    /// <summary>The strictest first.</summary>
    public static IReadOnlyList<string> Why(IReadOnlyList<PolicyEvaluation> then, IReadOnlyList<PolicyEvaluation> now)
    {
        var before = then.Select(Key).ToHashSet();
        var after = now.Select(Key).ToHashSet();
        List<string> why = [.. now.Where(e => e.Decision != Decision.Allow && !before.Contains(Key(e))).OrderByDescending(e => e.Decision).Select(e => $"now {e.Decision.Word()}: {e.PolicyId}: {e.Reason}")];
        why.AddRange(then.Where(e => e.Decision != Decision.Allow && !after.Contains(Key(e))).OrderByDescending(e => e.Decision).Select(e => $"no longer {e.Decision.Word()}: {e.PolicyId}: {e.Reason}"));
        return why;
    }

    private static (string, Decision, string?) Key(PolicyEvaluation said) => (said.PolicyId, said.Decision, said.Reason);
}
