// The judgement of messages: aggregation and failing closed as for plans, findings and mapped secrets that nobody outvotes, digests.
using System.Text;
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Tests.Judging;

public sealed class MessagePolicySetTests
{
    private const string Secret = "correct horse battery";

    private static readonly MessageSubject Call = Messages.Call("read_file", """{"path":"a"}""");

    private sealed class Source(string name, Func<CancellationToken, ValueTask<IReadOnlyList<PolicyVerdict>>> answer, bool waits = false) : IMessagePolicySource
    {
        public string Name => name;

        public PolicyOrigin Origin => PolicyOrigin.Custom;

        public Digest Digest { get; } = Digest.Of(Encoding.UTF8.GetBytes(name));

        public bool Waits => waits;

        public ValueTask<IReadOnlyList<PolicyVerdict>> EvaluateAsync(MessageSubject subject, CancellationToken ct) => answer(ct);
    }

    private static IMessagePolicySource Says(string name, params Decision[] decisions) => new Source(name, _ => new([.. decisions.Select(d => new PolicyVerdict(name, d, "because"))]));

    [Fact]
    public void The_strictest_word_wins_and_every_word_is_recorded()
    {
        var judged = Messages.Set(Says("a", Decision.Allow), Says("b", Decision.Warn, Decision.RequireApproval)).Judge(Call);
        Assert.Equal(Decision.RequireApproval, judged.Decision);
        Assert.Equal(["a", "b", "b"], judged.Evaluations.Select(e => e.PolicyId));
        Assert.Equal("approver", Assert.Single(judged.Needs).Role);
        Assert.Equal(["b: because"], judged.Warnings);
        Assert.All(judged.Evaluations, e => Assert.Equal(Call.Now, e.EvaluatedAt));
    }

    [Fact]
    public void No_policy_at_all_is_refused_with_how_to_begin()
    {
        var problem = Messages.TryLoad("/").Problem!;
        Assert.Equal(ProblemCode.PolicyNone, problem.Code);
        Assert.Contains("builtin: mcp-defaults", problem.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("opa", ProblemCode.NotYetSupported)]
    [InlineData("onnx", ProblemCode.NotYetSupported)]
    [InlineData("regoo", ProblemCode.PolicyInvalid)]
    [InlineData("builtin", ProblemCode.PolicyInvalid)]
    [InlineData("rules", ProblemCode.PolicyInvalid)]
    [InlineData("rego", ProblemCode.PolicyInvalid)]
    public void What_cannot_be_loaded_is_refused(string kind, ProblemCode code) => Assert.Equal(code, Messages.TryLoad("/nowhere", new PolicyRef(kind, "defaults")).Problem!.Code);

    [Fact]
    public void The_same_policy_twice_is_refused() => Assert.Contains("named twice", Messages.TryLoad("/", new PolicyRef("builtin", "mcp-defaults"), new PolicyRef("builtin", "mcp-defaults")).Problem!.Message, StringComparison.Ordinal);

    [Theory, Clause("PRE-04"), Clause("MCP-07")]
    [InlineData("throws")]
    [InlineData("throws later")]
    [InlineData("nothing")]
    [InlineData("null")]
    [InlineData("no decision")]
    [InlineData("would wait")]
    public void Whatever_a_source_does_wrong_is_a_deny_that_nobody_outvotes(string what)
    {
        var source = new Source("bad", _ => what switch
        {
            "throws" => throw new InvalidOperationException("oh"),
            "throws later" => ValueTask.FromException<IReadOnlyList<PolicyVerdict>>(new InvalidOperationException("oh")),
            "nothing" => new([]),
            "null" => new((IReadOnlyList<PolicyVerdict>)null!),
            "no decision" => new([new("x", (Decision)7, "r")]),
            _ => new(new TaskCompletionSource<IReadOnlyList<PolicyVerdict>>().Task),
        });
        foreach (var method in Enum.GetValues<AggregationMethod>())
        {
            var judged = Messages.Set(new(), method, source, Says("b", Decision.Allow), Says("c", Decision.Allow)).Judge(Call);
            Assert.Equal(Decision.Deny, judged.Decision);
            Assert.Contains("policy_failed", judged.Evaluations[0].Reason, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_source_that_waits_too_long_is_a_deny()
    {
        var slow = new Source("slow", async ct => { await Task.Delay(Timeout.Infinite, ct); return []; }, waits: true);
        var set = MessagePolicySet.Of([slow, Says("b", Decision.Allow)], AggregationMethod.MostRestrictive, TimeSpan.FromMilliseconds(50), new(), TimeProvider.System).Value;
        var judged = set.Judge(Call);
        Assert.Equal(Decision.Deny, judged.Decision);
        Assert.Contains("policy_timeout", judged.Evaluations[0].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Sources_that_only_compute_are_asked_on_the_spot() => Assert.True(Messages.Set(Says("a", Decision.Allow)).JudgeAsync(Call, "approver", CancellationToken.None).AsTask().IsCompletedSuccessfully);

    [Fact]
    public void Findings_count_as_configured_and_no_majority_outvotes_them_or_is_diluted()
    {
        var found = Call with { Findings = [new("secrets", "jwt", "/a", Decision.RequireApproval, "a token")] };
        Assert.Equal(Decision.RequireApproval, Messages.Set(new(), AggregationMethod.Majority, Says("a", Decision.Allow), Says("b", Decision.Allow)).Judge(found).Decision);
        var many = Call with { Findings = [.. Enumerable.Repeat(new MessageFinding("injection", "override", "", Decision.Warn, "x"), 9)] };
        Assert.Equal(Decision.Deny, Messages.Set(new(), AggregationMethod.Majority, Says("a", Decision.Deny), Says("b", Decision.Deny), Says("c", Decision.Allow)).Judge(many).Decision);
        Assert.Equal("secrets/jwt", Messages.Set(Says("a", Decision.Allow)).Judge(found).Evaluations[1].PolicyId);
    }

    [Fact, Clause("MCP-06")]
    public void What_detectors_find_in_the_content_is_judged_with_its_place()
    {
        var token = "ghp_" + "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17";
        var call = Messages.Call("write_file", $$"""{"path":"a","content":"{{token}}"}""");
        var judged = Messages.Set(Says("a", Decision.Allow)).Judge(call with { Findings = MessageFindings.Of(TextDetection.Standard(new()).Detect(call.Content, TextOrigin.Caller)) });
        Assert.Equal((Decision.Deny, "secrets/github-token"), (judged.Decision, judged.Evaluations[1].PolicyId));
        Assert.Equal("this looks like a GitHub token (at /arguments/content)", judged.Evaluations[1].Reason);
        Assert.Empty(MessageFindings.Of([]));
    }

    [Theory, Clause("INT-11")]
    [InlineData("correct horse battery")]
    [InlineData("corr\\u0065ct hors\\u0065 batt\\u0065ry")]
    [InlineData("Y29ycmVjdCBob3JzZSBiYXR0ZXJ5")]
    [InlineData("636f727265637420686f7273652062617474657279")]
    public void A_mapped_secret_in_what_a_caller_sends_is_denied(string spelled)
    {
        var redactor = new Redactor();
        redactor.Learn("DB_PASSWORD", Secret);
        var set = Messages.Set(redactor, AggregationMethod.Majority, Says("a", Decision.Allow), Says("b", Decision.Allow));
        var call = Messages.Call("write_file", $$"""{"path":"a","content":"x {{spelled}} y"}""");
        var judged = set.Judge(call);
        Assert.Equal(Decision.Deny, judged.Decision);
        Assert.Contains("DB_PASSWORD", Assert.Single(judged.Violations), StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, judged.Violations[0], StringComparison.Ordinal);
        Assert.Equal(Decision.Allow, set.Judge(call with { Direction = MessageDirection.ToCaller, Kind = MessageKind.Response }).Decision);
    }

    [Fact]
    public void Nothing_of_a_secret_is_recorded()
    {
        var redactor = new Redactor();
        redactor.Learn("K", Secret);
        var judged = Messages.Set(redactor, AggregationMethod.MostRestrictive, new Source("a", _ => new([new("a", Decision.Deny, $"it says {Secret}")]))).Judge(Call);
        Assert.Equal("it says [redacted:K]", judged.Evaluations[0].Reason);
    }

    [Fact]
    public void The_digest_is_over_what_judges()
    {
        Digest Of(params IMessagePolicySource[] sources) => Messages.Set(sources).PolicyDigest;
        Assert.Equal(Of(Says("a", Decision.Allow)), Of(Says("a", Decision.Deny)));
        Assert.NotEqual(Of(Says("a", Decision.Allow)), Of(Says("b", Decision.Allow)));
        Assert.NotEqual(Of(Says("a", Decision.Allow), Says("b", Decision.Allow)), Of(Says("b", Decision.Allow), Says("a", Decision.Allow)));
        Assert.NotEqual(Messages.Set(new(), AggregationMethod.Majority, Says("a", Decision.Allow)).GovernanceHash, Messages.Set(Says("a", Decision.Allow)).GovernanceHash);
    }
}
