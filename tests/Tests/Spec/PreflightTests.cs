// PRE: every source in order, every word recorded, one aggregate, and no answer is never a yes.
using CabinCrew.Governance.Policies;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using Xunit;

namespace CabinCrew.Tests.Spec;

public sealed class PreflightTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("cabincrew-pre-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    private static readonly PolicyVerdict Yes = new("a/yes", Decision.Allow, "fine");

    private static Task<Judgement> Judge(AggregationMethod method, params IPolicySource[] sources) =>
        PolicySet.Of(sources, method, TimeSpan.FromMilliseconds(200), new Redactor()).Value.JudgeAsync(Subjects.Of(), TimeProvider.System, default);

    private static ScriptedSource Saying(string name, Decision decision, string? role = null, int count = 1) => new(name, new PolicyVerdict($"{name}/x", decision, $"{name} says so", role, count));

    [Fact, Clause("PRE-01")]
    public async Task Sources_are_asked_once_each_in_the_order_given()
    {
        List<string> order = [];
        IPolicySource Noting(string name) => new ScriptedSource(name, _ => { order.Add(name); return new([Yes]); });
        var judged = await Judge(AggregationMethod.MostRestrictive, Noting("rego"), Noting("onnx"), Noting("rules"));
        Assert.Equal(["rego", "onnx", "rules"], order);
        Assert.Equal(3, judged.Evaluations.Count);
    }

    [Fact, Clause("PRE-02")]
    public void The_decisions_are_ordered_allow_warn_require_approval_deny() =>
        Assert.Equal([0, 1, 2, 3], ((Decision[])[Decision.Allow, Decision.Warn, Decision.RequireApproval, Decision.Deny]).Select(d => (int)d));

    [Theory, Clause("PRE-02")]
    [InlineData(AggregationMethod.MostRestrictive, "allow warn", "warn")]
    [InlineData(AggregationMethod.MostRestrictive, "allow allow deny", "deny")]
    [InlineData(AggregationMethod.Unanimous, "warn warn", "warn")]
    [InlineData(AggregationMethod.Unanimous, "allow require_approval", "require_approval")]
    [InlineData(AggregationMethod.Majority, "allow allow deny", "allow")]
    [InlineData(AggregationMethod.Majority, "allow deny", "deny")]
    [InlineData(AggregationMethod.Majority, "allow allow warn deny", "deny")]
    [InlineData(AggregationMethod.Majority, "deny deny allow", "deny")]
    [InlineData(AggregationMethod.AnyDeny, "allow allow deny", "deny")]
    [InlineData(AggregationMethod.AnyDeny, "allow warn", "warn")]
    [InlineData(AggregationMethod.AllAllow, "allow allow", "allow")]
    [InlineData(AggregationMethod.AllAllow, "allow warn deny", "deny")]
    public void Each_method_aggregates_as_the_draft_words_it(AggregationMethod method, string words, string expected)
    {
        Vote[] votes = [.. words.Split(' ').Select(w => new Vote(Enum.GetValues<Decision>().Single(d => d.Word() == w)))];
        Assert.Equal(expected, Aggregation.Combine(method, votes).Word());
    }

    [Fact, Clause("PRE-03")]
    public async Task Each_evaluation_is_recorded_with_source_id_decision_severity_reason_and_time()
    {
        var judged = await Judge(AggregationMethod.MostRestrictive, new ScriptedSource("s", new PolicyVerdict("s/1", Decision.Warn, "look", Evidence: Subjects.Nothing), new PolicyVerdict("s/2", Decision.Allow, "fine")));
        Assert.Equal(["s/1", "s/2"], judged.Evaluations.Select(e => e.PolicyId));
        var first = judged.Evaluations[0];
        Assert.Equal((PolicyOrigin.Custom, Decision.Warn, 1, "look"), (first.Source, first.Decision, first.Severity, first.Reason));
        Assert.NotNull(first.Evidence);
        Assert.NotEqual(default, first.EvaluatedAt);
        Assert.Equal(["s/1: look"], judged.Warnings);
        Assert.Empty(judged.Violations);
    }

    [Fact, Clause("PRE-03")]
    public async Task Reasons_and_evidence_are_redacted()
    {
        var redactor = new Redactor();
        redactor.Learn("TOKEN", "hunter2-hunter2");
        var set = PolicySet.Of([new ScriptedSource("s", new PolicyVerdict("s/1", Decision.Deny, "found hunter2-hunter2", Evidence: System.Text.Json.JsonDocument.Parse("""{"x":"hunter2-hunter2"}""").RootElement.Clone()))], AggregationMethod.MostRestrictive, TimeSpan.FromSeconds(5), redactor).Value;
        var judged = await set.JudgeAsync(Subjects.Of(), TimeProvider.System, default);
        Assert.DoesNotContain("hunter2", judged.Evaluations[0].Reason + judged.Evaluations[0].Evidence + judged.Violations[0]);
    }

    public static TheoryData<string> Misbehaviours => ["throws", "throws at once", "null", "empty", "unknown decision", "no id", "impossible count", "empty role", "slow", "spins"];

    [Theory, Clause("PRE-04"), MemberData(nameof(Misbehaviours))]
    public async Task Whatever_a_source_does_wrong_is_a_deny_that_nobody_outvotes(string how)
    {
        using var end = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        IPolicySource bad = how switch
        {
            "throws" => new ScriptedSource("bad", async _ => { await Task.Yield(); throw new InvalidOperationException("boom"); }),
            "throws at once" => new ScriptedSource("bad", _ => throw new InvalidOperationException("boom")),
            "null" => new ScriptedSource("bad", _ => new((IReadOnlyList<PolicyVerdict>)null!)),
            "empty" => new ScriptedSource("bad"),
            "unknown decision" => new ScriptedSource("bad", Yes with { Decision = (Decision)7 }),
            "no id" => new ScriptedSource("bad", Yes with { PolicyId = "" }),
            "impossible count" => new ScriptedSource("bad", Yes with { Decision = Decision.RequireApproval, Count = 0 }),
            "empty role" => new ScriptedSource("bad", Yes with { Decision = Decision.RequireApproval, Role = "" }),
            "slow" => new ScriptedSource("bad", async ct => { await Task.Delay(Timeout.Infinite, ct); return [Yes]; }),
            _ => new ScriptedSource("bad", ct => { while (!ct.IsCancellationRequested && !end.IsCancellationRequested) { } return new([Yes]); }),
        };
        foreach (var method in Enum.GetValues<AggregationMethod>())
        {
            var judged = await Judge(method, Saying("a", Decision.Allow), bad, Saying("b", Decision.Allow));
            Assert.Equal(Decision.Deny, judged.Decision);
            Assert.Equal(3, judged.Evaluations.Count);
            Assert.Contains("'bad' gave no usable answer, which counts as deny", Assert.Single(judged.Violations));
        }
    }

    [Fact, Clause("PRE-04")]
    public void No_policy_at_all_is_a_refusal_that_says_how_to_begin()
    {
        var none = PolicySet.Load([], directory, AggregationMethod.MostRestrictive, TimeSpan.FromSeconds(1), new Redactor());
        Assert.Equal(ProblemCode.PolicyNone, none.Problem!.Code);
        Assert.Contains("builtin: defaults", none.Problem.Code.Entry().Remedy);
    }

    [Theory, Clause("PRE-04")]
    [InlineData("rules", "missing.yaml", ProblemCode.PolicyInvalid)]
    [InlineData("rules", "", ProblemCode.PolicyInvalid)]
    [InlineData("rules", "broken.yaml", ProblemCode.PolicyInvalid)]
    [InlineData("builtin", "default", ProblemCode.PolicyInvalid)]
    [InlineData("rule", "x", ProblemCode.PolicyInvalid)]
    [InlineData("rego", "x.rego", ProblemCode.PolicyInvalid)]
    [InlineData("onnx", "model", ProblemCode.NotYetSupported)]
    [InlineData("bundle", "missing.tar.gz", ProblemCode.PolicyInvalid)]
    [InlineData("bundle", "broken.yaml", ProblemCode.PolicyInvalid)]
    [InlineData("bundle", "git:.@main", ProblemCode.PolicyInvalid)]
    [InlineData("opa", "127.0.0.1", ProblemCode.PolicyInvalid)]
    public void A_policy_that_cannot_be_loaded_is_a_refusal(string kind, string value, ProblemCode code)
    {
        File.WriteAllText(Path.Combine(directory, "broken.yaml"), "version: 1\ndefault: allow\nrules: []\n");
        var set = PolicySet.Load([new("builtin", "defaults"), new(kind, value)], directory, AggregationMethod.MostRestrictive, TimeSpan.FromSeconds(1), new Redactor());
        Assert.Equal(code, set.Problem!.Code);
    }

    [Fact, Clause("PRE-04")]
    public void The_same_policy_twice_is_refused() =>
        Assert.Contains("twice", PolicySet.Load([new("builtin", "defaults"), new("builtin", "defaults")], directory, AggregationMethod.MostRestrictive, TimeSpan.FromSeconds(1), new Redactor()).Problem!.Message);

    [Fact]
    public async Task Needs_are_the_largest_count_of_each_role_and_roles_add_up()
    {
        var judged = await Judge(AggregationMethod.MostRestrictive,
            Saying("a", Decision.RequireApproval, "security", 2), Saying("b", Decision.RequireApproval, "security", 1), Saying("c", Decision.RequireApproval), Saying("d", Decision.Warn));
        Assert.Equal(Decision.RequireApproval, judged.Decision);
        Assert.Equal([("maintainer", 1), ("security", 2)], judged.Needs.Select(n => (n.Role, n.Count)));
        Assert.Equal(["a says so", "b says so"], judged.Needs[1].Reasons);
    }

    [Fact]
    public async Task A_denied_plan_needs_nobody() =>
        Assert.Empty((await Judge(AggregationMethod.MostRestrictive, Saying("a", Decision.RequireApproval), Saying("b", Decision.Deny))).Needs);

    [Fact]
    public async Task A_steps_own_approvals_are_needed_whatever_the_policies_say_short_of_deny()
    {
        var rules = new ApprovalRules("lead", [new("security", 2)]);
        PolicySet Set(Decision d) => PolicySet.Of([Saying("a", d)], AggregationMethod.Majority, TimeSpan.FromSeconds(5), new Redactor()).Value;
        var judged = await Set(Decision.Allow).JudgeAsync(Subjects.Of(), rules, TimeProvider.System, default);
        Assert.Equal(Decision.RequireApproval, judged.Decision);
        Assert.Equal([("security", 2)], judged.Needs.Select(n => (n.Role, n.Count)));
        Assert.Equal([("lead", 1), ("security", 2)], (await Set(Decision.RequireApproval).JudgeAsync(Subjects.Of(), rules, TimeProvider.System, default)).Needs.Select(n => (n.Role, n.Count)));
        Assert.Equal(Decision.Deny, (await Set(Decision.Deny).JudgeAsync(Subjects.Of(), rules, TimeProvider.System, default)).Decision);
    }

    [Fact]
    public void Digests_are_of_the_content_and_not_of_the_machine()
    {
        const string Rules = "version: 1\ndefault: deny\nrules:\n  - {id: a, when: {paths: '**'}, decision: warn, reason: r}\n";
        var (one, two) = (Directory.CreateDirectory(Path.Combine(directory, "1")).FullName, Directory.CreateDirectory(Path.Combine(directory, "2")).FullName);
        File.WriteAllText(Path.Combine(one, "r.yaml"), Rules);
        File.WriteAllText(Path.Combine(two, "r.yaml"), Rules);
        PolicySet Load(string at, AggregationMethod method = AggregationMethod.MostRestrictive, int seconds = 1) => PolicySet.Load([new("rules", "r.yaml")], at, method, TimeSpan.FromSeconds(seconds), new Redactor()).Value;
        Assert.Equal(Load(one).PolicyDigest, Load(two).PolicyDigest);
        Assert.Equal(Load(one).GovernanceHash, Load(two).GovernanceHash);
        Assert.NotEqual(Load(one).GovernanceHash, Load(one, AggregationMethod.Majority).GovernanceHash);
        Assert.NotEqual(Load(one).GovernanceHash, Load(one, seconds: 2).GovernanceHash);
        Assert.NotEqual(Load(one).GovernanceHash, Load(one).GovernanceHashFor(new("maintainer", [new("security", 1)])));
        Assert.NotEqual(Load(one).GovernanceHash, Load(one).GovernanceHashFor(new("lead", [])));
        File.AppendAllText(Path.Combine(two, "r.yaml"), "# x\n");
        Assert.NotEqual(Load(one).PolicyDigest, Load(two).PolicyDigest);
    }

    [Fact]
    public async Task A_cancelled_judgement_is_no_judgement()
    {
        using var stop = new CancellationTokenSource();
        var set = PolicySet.Of([new ScriptedSource("s", async ct => { await stop.CancelAsync(); await Task.Delay(Timeout.Infinite, ct); return [Yes]; })], AggregationMethod.MostRestrictive, TimeSpan.FromSeconds(30), new Redactor()).Value;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => set.JudgeAsync(Subjects.Of(), TimeProvider.System, stop.Token));
    }
}
