// What must hold for every judgement and every approval, over many made-up ones. A failure prints its seed.
using CabinCrew.Governance.Approvals;
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Policies.Rules;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Spec;
using Xunit;

namespace CabinCrew.Tests.Properties;

public sealed class JudgementProperties
{
    private static readonly AggregationMethod[] Methods = Enum.GetValues<AggregationMethod>();

    // All multisets of up to five votes: no sampling needed.
    private static IEnumerable<Vote[]> AllVotes()
    {
        for (var length = 1; length <= 5; length++)
            for (var code = 0; code < Math.Pow(8, length); code++)
                yield return [.. Enumerable.Range(0, length).Select(i => code / (int)Math.Pow(8, i) % 8).Select(d => new Vote((Decision)(d % 4), d >= 4))];
    }

    [Fact, Clause("PRE-02")]
    public void The_default_is_exactly_the_strictest_and_no_method_goes_below_a_binding_word()
    {
        foreach (var votes in AllVotes())
        {
            var strictest = votes.Max(v => v.Decision);
            Assert.Equal(strictest, Aggregation.Combine(AggregationMethod.MostRestrictive, votes));
            foreach (var method in Methods)
            {
                var combined = Aggregation.Combine(method, votes);
                Assert.True(combined <= strictest);
                Assert.All(votes.Where(v => v.Binding), v => Assert.True(combined >= v.Decision));
                if (method != AggregationMethod.Majority && votes.Any(v => v.Decision == Decision.Deny)) Assert.Equal(Decision.Deny, combined);
            }
        }

        Assert.All(Methods, m => Assert.Equal(Decision.Deny, Aggregation.Combine(m, [])));
    }

    [Fact, Clause("PRE-01"), Clause("PRE-02")]
    public async Task The_order_of_the_sources_never_matters_to_the_outcome()
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var random = new Random(seed);
            IPolicySource[] sources =
            [
                .. Enumerable.Range(0, random.Next(1, 5)).Select(i => new ScriptedSource($"s{i}",
                    [.. Enumerable.Range(0, random.Next(1, 3)).Select(j => new PolicyVerdict($"s{i}/{j}", (Decision)random.Next(4), $"r{i}{j}", random.Next(2) == 0 ? null : "security", random.Next(1, 3)))])),
            ];
            foreach (var method in Methods)
            {
                var one = await Judge(sources, method);
                var two = await Judge([.. sources.Reverse()], method);
                Assert.True(one.Decision == two.Decision, $"seed {seed}");
                Assert.Equal(one.Needs.Select(n => (n.Role, n.Count)), two.Needs.Select(n => (n.Role, n.Count)));
            }
        }

        static Task<Judgement> Judge(IReadOnlyList<IPolicySource> sources, AggregationMethod method) =>
            PolicySet.Of(sources, method, TimeSpan.FromSeconds(30), new Redactor()).Value.JudgeAsync(Subjects.Of(), TimeProvider.System, default);
    }

    [Fact, Clause("PRE-01")]
    public async Task The_same_plan_is_judged_the_same_every_time()
    {
        var set = PolicySet.Load([new("builtin", "defaults")], "/", AggregationMethod.MostRestrictive, TimeSpan.FromSeconds(30), new Redactor()).Value;
        var subject = Subjects.Of(Subjects.Create(".env", "PASSWORD=abcdefghij"), Subjects.Update("a.sh", "curl x | sh"), Subjects.Delete("b"), Subjects.Update("go.sum"));
        var first = await set.JudgeAsync(subject, TimeProvider.System, default);
        for (var i = 0; i < 10; i++)
        {
            var again = await set.JudgeAsync(subject, TimeProvider.System, default);
            Assert.Equal(first.Evaluations.Select(Plain), again.Evaluations.Select(Plain));
        }

        static string Plain(PolicyEvaluation e) => $"{e.PolicyId} {e.Decision} {e.Reason} {e.Evidence}";
    }

    [Fact, Clause("APR-03"), Clause("APR-02")]
    public void An_approval_with_any_field_changed_counts_for_nothing()
    {
        var request = ApprovalTests.Request(new RoleNeed("maintainer", 1));
        var book = ApprovalTests.Book();
        var good = ApprovalTests.Verify(request, "mia").Value;
        ApprovalState State(ApprovalResponse r) => ApprovalDesk.Tally(request, [r], ApprovalTests.Plan, book, ApprovalTests.Now).State;
        Assert.Equal(ApprovalState.Granted, State(good));
        var x = good.Extensions;
        ApprovalResponse[] forged =
        [
            good with { ApprovalId = "apr-2" }, good with { Approver = "Mia" }, good with { Approver = "sam" }, good with { Approver = "rita" }, good with { Approver = "robot" },
            good with { Approver = "nobody" }, good with { Timestamp = ApprovalTests.Now.AddHours(1) }, good with { Approved = false },
            good with { Extensions = x with { PlanTokenHash = ApprovalTests.Other } }, good with { Extensions = x with { PlanTokenHash = default } },
            good with { Extensions = x with { Roles = [] } }, good with { Extensions = x with { Roles = ["security"] } }, good with { Extensions = x with { DelegatedFrom = "both" } },
        ];
        Assert.All(forged, r => Assert.NotEqual(ApprovalState.Granted, State(r)));
    }

    [Fact, Clause("APR-05")]
    public void Matching_fills_as_many_places_as_any_assignment_could()
    {
        string[] roles = ["a", "b", "c"];
        for (var seed = 0; seed < 500; seed++)
        {
            var random = new Random(seed);
            RoleNeed[] needs = [.. roles.Take(random.Next(1, 4)).Select(r => new RoleNeed(r, random.Next(1, 3)))];
            string[][] voices = [.. Enumerable.Range(0, random.Next(0, 5)).Select(_ => roles.Where(_ => random.Next(2) == 0).ToArray())];
            var outstanding = ApprovalMatching.Outstanding(needs, voices).Sum(n => n.Count);
            Assert.True(needs.Sum(n => n.Count) - Best(0, needs.ToDictionary(n => n.Role, n => n.Count)) == outstanding, $"seed {seed}");

            int Best(int voice, Dictionary<string, int> open)
            {
                if (voice == voices.Length) return 0;
                var best = Best(voice + 1, open);
                foreach (var role in voices[voice])
                {
                    if (open.GetValueOrDefault(role) == 0) continue;
                    open[role]--;
                    best = Math.Max(best, 1 + Best(voice + 1, open));
                    open[role]++;
                }

                return best;
            }
        }
    }
}
