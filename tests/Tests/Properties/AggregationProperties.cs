// What must hold however many sources say whatever they say (PRE-02), whatever any of them does wrong (PRE-04). A failure prints what it shrank to.
using CabinCrew.Governance.Policies;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol;
using CabinCrew.Tests.Spec;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace CabinCrew.Tests.Properties;

public sealed class AggregationProperties
{
    private static readonly Config Quiet = Config.QuickThrowOnFailure.WithQuietOnSuccess(true);
    private static readonly AggregationMethod[] Methods = Enum.GetValues<AggregationMethod>();
    private static readonly Gen<Decision> AnyDecision = Gen.Elements(Enum.GetValues<Decision>());
    private static readonly Gen<Vote> AnyVote = from d in AnyDecision from b in Gen.Frequency((4, Gen.Constant(false)), (1, Gen.Constant(true))) select new Vote(d, b);
    private static readonly Arbitrary<Vote[]> Votes = Arb.From(AnyVote.NonEmptyListOf().Select(l => l.ToArray()));

    [Fact, Clause("PRE-02")]
    public void Most_restrictive_is_never_less_than_the_strictest_and_never_more() =>
        Prop.ForAll(Votes, votes => Aggregation.Combine(AggregationMethod.MostRestrictive, votes) == votes.Max(v => v.Decision)).Check(Quiet);

    [Fact, Clause("PRE-02"), Clause("PRE-04")]
    public void No_method_goes_below_a_word_that_binds_or_beyond_what_anybody_said() => Prop.ForAll(Votes, votes => Methods.All(m =>
    {
        var combined = Aggregation.Combine(m, votes);
        return votes.Where(v => v.Binding).All(v => combined >= v.Decision) && votes.Any(v => v.Decision == combined);
    })).Check(Quiet);

    [Fact, Clause("PRE-02")]
    public void Order_never_matters() => Prop.ForAll(Votes, votes => Methods.All(m =>
        Aggregation.Combine(m, votes) == Aggregation.Combine(m, [.. votes.Reverse()]) && Aggregation.Combine(m, votes) == Aggregation.Combine(m, [.. votes.OrderBy(v => v.Decision)]))).Check(Quiet);

    [Fact, Clause("PRE-02")]
    public void A_stricter_word_or_one_more_never_loosens_what_is_not_counted() => Prop.ForAll(Votes, Arb.From(AnyVote), (votes, more) => Methods.Where(m => m != AggregationMethod.Majority).All(m =>
        Aggregation.Combine(m, [.. votes, more]) >= Aggregation.Combine(m, votes)
        && Aggregation.Combine(m, [votes[0] with { Decision = Decisions.Strictest(votes[0].Decision, more.Decision) }, .. votes[1..]]) >= Aggregation.Combine(m, votes))).Check(Quiet);

    [Fact, Clause("PRE-02")]
    public void A_majority_is_more_than_half_and_without_one_the_strictest_word_stands() => Prop.ForAll(Votes, votes =>
    {
        var free = votes.Select(v => v with { Binding = false }).ToArray();
        var combined = Aggregation.Combine(AggregationMethod.Majority, free);
        var winner = Enum.GetValues<Decision>().Where(d => free.Count(v => v.Decision == d) * 2 > free.Length).ToList();
        return winner.Count == 1 ? combined == winner[0] : combined == free.Max(v => v.Decision);
    }).Check(Quiet);

    private enum Way { Says, Throws, SaysNothing, IsSlow, SaysNull, SaysNonsense, HasNoAnswer }

    private sealed record Behaviour(Way Way, Decision Decision);

    private static readonly Arbitrary<Behaviour[]> Crews = Arb.From(
        from count in Gen.Choose(1, 4)
        from crew in (from way in Gen.Frequency((5, Gen.Constant(Way.Says)), (2, Gen.Elements(Enum.GetValues<Way>()))) from d in AnyDecision select new Behaviour(way, d)).ArrayOf(count)
        select crew);

    [Fact, Clause("PRE-04")]
    public void One_source_without_a_usable_answer_is_a_deny_under_every_method_and_says_what_to_do() => Prop.ForAll(Crews, Arb.From(Gen.Elements(Methods)), (crew, method) =>
    {
        // Only who waits for ever is to be slow, however busy the machine is.
        var limit = TimeSpan.FromSeconds(crew.Any(b => b.Way == Way.IsSlow) ? 1 : 60);
        var judged = PolicySet.Of([.. crew.Select((b, i) => Make($"s{i}", b))], method, limit, new Redactor()).Value.JudgeAsync(Subjects.Of(), TimeProvider.System, default).GetAwaiter().GetResult();
        var broken = crew.Count(b => b.Way != Way.Says);
        if (broken == 0) return judged.Decision == Aggregation.Combine(method, [.. crew.Select(b => new Vote(b.Decision))]);
        var told = judged.Violations.Where(v => v.Contains("gave no usable answer, which counts as deny", StringComparison.Ordinal)).ToList();
        return judged.Decision == Decision.Deny && judged.Needs.Count == 0 && told.Count == broken && judged.Evaluations.Count == crew.Length
            && told.All(t => t.Contains(ProblemCode.PolicyFailed.Entry().Remedy, StringComparison.Ordinal) || t.Contains(ProblemCode.PolicyTimeout.Entry().Remedy, StringComparison.Ordinal));
    }).Check(Quiet.WithMaxTest(60));

    private static ScriptedSource Make(string name, Behaviour behaviour) => behaviour.Way switch
    {
        Way.Says => new(name, new PolicyVerdict(name, behaviour.Decision, "so it is")),
        Way.Throws => new(name, _ => throw new InvalidOperationException("boom")),
        Way.SaysNothing => new(name),
        Way.IsSlow => new(name, async ct => { await Task.Delay(Timeout.Infinite, ct); return []; }),
        Way.SaysNull => new(name, _ => new((IReadOnlyList<PolicyVerdict>)null!)),
        Way.SaysNonsense => new(name, new PolicyVerdict(name, (Decision)9, "x")),
        _ => new(name, _ => throw new PolicyAnswerException("it said hm")),
    };
}
