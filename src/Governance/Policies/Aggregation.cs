// Many words, one judgement (PRE-02). Pure; the order of the sources never matters.
// The methods are the published draft's: unanimous and all_allow agree or else fall back to the most restrictive, any_deny stops at one
// deny, majority counts votes. Where the draft leaves a gap, the stricter reading fills it.
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Policies;

/// <summary>What one source says. A source has one vote, its strictest verdict, however many rules it holds.</summary>
/// <param name="Binding">Not to be outvoted: a failure (no answer is never a yes), a leaked secret.</param>
public readonly record struct Vote(Decision Decision, bool Binding = false);

public static class Aggregation
{
    /// <summary>As files spell them.</summary>
    public static readonly IReadOnlyList<(string Word, AggregationMethod Value)> Methods =
    [
        ("most_restrictive", AggregationMethod.MostRestrictive), ("unanimous", AggregationMethod.Unanimous), ("majority", AggregationMethod.Majority),
        ("any_deny", AggregationMethod.AnyDeny), ("all_allow", AggregationMethod.AllAllow),
    ];

    /// <summary>As configuration and digests spell it.</summary>
    public static string Word(this AggregationMethod method) => Methods.First(m => m.Value == method).Word;

    public static Decision Combine(AggregationMethod method, IReadOnlyCollection<Vote> votes)
    {
        // Nobody said anything: fail closed.
        if (votes.Count == 0) return Decision.Deny;
        Decision strictest = Decision.Allow, floor = Decision.Allow;
        foreach (var vote in votes)
        {
            strictest = Decisions.Strictest(strictest, vote.Decision);
            if (vote.Binding) floor = Decisions.Strictest(floor, vote.Decision);
        }
        var combined = method switch
        {
            AggregationMethod.MostRestrictive => strictest,
            AggregationMethod.Unanimous => strictest,
            AggregationMethod.AllAllow => strictest,
            AggregationMethod.AnyDeny => strictest,
            AggregationMethod.Majority => Majority(votes) ?? strictest,
        };
        return Decisions.Strictest(combined, floor);
    }

    // More than half of the votes; without that there is no majority, and the strictest word stands.
    private static Decision? Majority(IReadOnlyCollection<Vote> votes)
    {
        foreach (var group in votes.GroupBy(v => v.Decision))
            if (group.Count() * 2 > votes.Count) return group.Key;
        return null;
    }

    /// <summary>Who must approve: for each role the largest count that any verdict asks for; different roles add up. In role order.</summary>
    public static IReadOnlyList<RoleNeedReason> Needs(IEnumerable<(string Role, int Count, string Reason)> asked) =>
    [
        .. asked.GroupBy(a => a.Role, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => new RoleNeedReason(g.Key, g.Max(a => a.Count), [.. g.Select(a => a.Reason).Distinct(StringComparer.Ordinal)])),
    ];

    /// <summary>Of two judgements that must both hold.</summary>
    public static Judgement Both(Judgement one, Judgement other)
    {
        var decision = Decisions.Strictest(one.Decision, other.Decision);
        return new(decision, one.Method, [.. one.Evaluations, .. other.Evaluations],
            decision == Decision.RequireApproval ? Needs([.. one.Needs.Concat(other.Needs).SelectMany(n => n.Reasons.Select(r => (n.Role, n.Count, r)))]) : [],
            [.. one.Violations, .. other.Violations], [.. one.Warnings, .. other.Warnings]);
    }
}
