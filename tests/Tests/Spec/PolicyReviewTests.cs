// Looking back: a judgement keeps what it saw, is explained by the rules that made it, and can be made again under other policies, without a trace.
using CabinCrew.Governance.Policies;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Orchestrator.Workflows.Review;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Hangar;
using Xunit;

namespace CabinCrew.Tests.Spec;

public sealed class PolicyReviewTests
{
    private const string Package = "package cabincrew.preflight\n\n";
    private static readonly CancellationToken Ct = CancellationToken.None;

    private static async Task<FlightHouse> HouseAsync(string rego)
    {
        var house = await FlightHouse.OpenAsync();
        house.File("home/p.rego", Package + rego);
        return house;
    }

    private static WorkflowDefinition Workflow(FlightHouse house, string? name = null) => house.Workflow($"  - {{ id: one, engine: patch, config: {{ edits: [ {{ path: {name ?? "a.txt"}, content: \"new\\n\" }} ] }} }}") is var workflow
        ? workflow with { Policies = [new PolicyRef("rego", "p.rego")] }
        : throw new InvalidOperationException();

    private static async Task<RecordedPlan> OnlyAsync(FlightHouse house, WorkflowId id) => Assert.Single((await RecordedPlans.OfAsync(house.Ledger, TenantId.Local, id, Ct)).Value);

    [Fact, Clause("PRE-01"), Clause("PRE-03")]
    public async Task A_judgement_keeps_the_moment_the_seed_and_who_asked()
    {
        await using var house = await HouseAsync("warn contains sprintf(\"%d %d\", [time.now_ns(), rand.intn(\"x\", 1000)])");
        var report = await house.FlyAsync(Workflow(house));
        var plan = await OnlyAsync(house, report.State.Id);
        var inputs = plan.Inputs!;
        Assert.Equal((false, "maintainer", "maintainer"), (inputs.RequesterIsHuman, Assert.Single(inputs.RequesterRoles), inputs.DefaultRole));
        Assert.Equal(plan.Step.Token!.Token.Hex[..16], inputs.Seed);
        house.Clock.Advance(TimeSpan.FromDays(30));
        var again = await new PolicyReview(house.Ledger).JudgeAsync(plan, null, Ct);
        Assert.Equal(plan.Step.Evaluations.Select(e => (e.PolicyId, e.Decision, e.Reason)), again.Now!.Evaluations.Select(e => (e.PolicyId, e.Decision, e.Reason)));
        Assert.False(again.Changes);
        await house.ProveAsync(report.State.Id, report.State);
    }

    [Fact, Clause("PRE-03"), Clause("AUD-01")]
    public async Task Every_rule_that_spoke_is_in_the_audit_log_with_file_and_line()
    {
        await using var house = await HouseAsync("warn contains \"look\" if touched\n\ntouched if input.totals.files_changed == 1");
        var report = await house.FlyAsync(Workflow(house));
        Assert.Equal(LifecycleState.Completed, report.State.Overall);
        var told = (await house.AuditAsync()).Single(e => e.EventType == AuditEventTypes.PolicyEvaluated && e.Policy!.PolicyEvaluations![0].PolicyId == "cabincrew.preflight/warn").Policy!.PolicyEvaluations![0];
        Assert.Equal(["p.rego:3"], RegoLab.Texts(told, "rules"));
        Assert.Equal(["p.rego:3 data.cabincrew.preflight.warn", "p.rego:5 data.cabincrew.preflight.touched"], RegoLab.Texts(told, "held"));
    }

    [Fact, Clause("PRE-03")]
    public async Task An_explanation_names_the_rule_the_line_and_the_values_also_after_the_plan_was_applied()
    {
        await using var house = await HouseAsync("warn contains msg if {\n  some change in input.changes\n  protected(change.path)\n  msg := sprintf(\"%s is guarded\", [change.path])\n}\n\nprotected(path) if endswith(path, \".txt\")");
        var report = await house.FlyAsync(Workflow(house));
        Assert.Equal(LifecycleState.Completed, report.State.Overall);
        house.File("workspace/a.txt", "somebody else has been here\n");
        var explained = (await new PolicyReview(house.Ledger).ExplainAsync(await OnlyAsync(house, report.State.Id), Ct)).Value;
        Assert.True(explained.SamePolicies);
        var told = explained.Explanations.Single(e => e.Source == "rego:p.rego");
        var verdict = Assert.Single(told.Verdicts);
        var rule = Assert.Single(verdict.By);
        Assert.Equal(("data.cabincrew.preflight.warn", "p.rego", 3, "warn contains msg if {"), (rule.Rule, rule.File, rule.Line, rule.Text));
        Assert.Equal("\"a.txt is guarded\"", rule.Values.Single(v => v.Key == "msg").Value);
        Assert.Contains("\"path\": \"a.txt\"", rule.Values.Single(v => v.Key == "change").Value);
        Assert.Equal(["data.cabincrew.preflight.protected"], told.Held.Select(h => h.Rule));
        Assert.Equal(told.Input!.ToString(), report.State.Steps.Values.Single().Evaluations[0].Evidence!.Value.GetProperty("input").GetString());
    }

    [Fact, Clause("TOK-02"), Clause("PRE-07")]
    public async Task A_policy_that_changed_between_plan_and_take_off_is_found_and_the_plan_judged_anew()
    {
        await using var house = await HouseAsync("require_approval contains \"ask\"");
        var report = await house.FlyAsync(Workflow(house));
        Assert.Equal(ProblemCode.ApprovalRequired, report.Problem!.Code);
        Assert.True((await house.AnswerAsync(report.State.Id, "ann")).Ok);
        house.File("home/p.rego", Package + "deny contains \"not any more\"");
        var after = await house.AdvanceAsync(report.State.Id);
        Assert.Equal(ProblemCode.TokenMismatch, after.Problem!.Code);
        Assert.Contains("the policies changed", after.Problem.Message);
        Assert.Contains("a.txt: one", house.Tree());
        var again = await house.FlyAsync(Workflow(house));
        Assert.Equal(ProblemCode.PolicyDenied, again.Problem!.Code);
        Assert.Contains("not any more", again.Problem.Message);
    }

    [Fact, Clause("PRE-01")]
    public async Task A_replay_tells_what_other_policies_would_change_and_leaves_no_trace()
    {
        await using var house = await HouseAsync("decision := \"allow\"");
        var first = await house.FlyAsync(Workflow(house));
        house.Clock.Advance(TimeSpan.FromMinutes(1));
        var second = await house.FlyAsync(Workflow(house, "new.md"));
        house.File("home/other.rego", Package + "deny contains msg if { some c in input.changes; c.change == \"create\"; msg := sprintf(\"%s is new\", [c.path]) }");
        var (events, entries) = ((await house.AuditAsync()).Count, (await house.EntriesAsync(first.State.Id)).Count);
        var files = Directory.GetFiles(house.StoreDirectory, "*", SearchOption.AllDirectories).Where(f => f.Contains("/blobs/", StringComparison.Ordinal)).ToList();

        var review = new PolicyReview(house.Ledger);
        var set = (await review.LoadAsync([new("rego", "other.rego")], house.Home, Ct)).Value;
        var recorded = (await RecordedPlans.ReadAsync(house.Ledger, TenantId.Local, null, Ct)).Value;
        List<RejudgedPlan> judged = [];
        foreach (var plan in recorded.Plans) judged.Add(await review.JudgeAsync(plan, set, Ct));

        Assert.Equal([(first.State.Id, false, Decision.Allow), (second.State.Id, true, Decision.Deny)], judged.Select(j => (j.Plan.Flight.Id, j.Changes, j.Now!.Decision)));
        Assert.Equal(["now deny: cabincrew.preflight/deny: new.md is new"], judged[1].Why);
        Assert.Equal((events, entries), ((await house.AuditAsync()).Count, (await house.EntriesAsync(first.State.Id)).Count));
        Assert.Equal(files, Directory.GetFiles(house.StoreDirectory, "*", SearchOption.AllDirectories).Where(f => f.Contains("/blobs/", StringComparison.Ordinal)));
        Assert.Empty((await RecordedPlans.ReadAsync(house.Ledger, TenantId.Local, house.Clock.GetUtcNow().AddDays(1), Ct)).Value.Plans);
    }

    [Theory, Clause("PRE-03")]
    [InlineData("p.rego")]
    [InlineData("policies")]
    public async Task What_was_in_force_is_explained_and_judged_by_after_its_files_have_changed_or_gone(string reference)
    {
        await using var house = await HouseAsync("warn contains \"look\" if data.look");
        house.File("home/policies/p.rego", Package + "warn contains \"look\" if data.look").File("home/policies/data.yaml", "look: true\n").File("home/data.json", "{\"look\":true}");
        house.File("home/rules.yaml", "version: 1\ndefault: allow\nrules: [ { id: keys, when: { paths: '*.key' }, decision: deny, reason: no keys } ]\n");
        var rego = new PolicyRef("rego", reference) { Rego = new(Data: reference == "p.rego" ? "data.json" : null) };
        var report = await house.FlyAsync(Workflow(house) with { Policies = [rego, new("rules", "rules.yaml"), new("builtin", "defaults")] });
        var plan = await OnlyAsync(house, report.State.Id);
        Assert.Equal([$"rego:{reference}", "rules:rules.yaml"], plan.Inputs!.Policies!.Select(p => p.Name));
        Assert.All(plan.Inputs.Policies!, p => Assert.NotNull(p.Text));
        house.File($"home/{(reference == "p.rego" ? "" : "policies/")}p.rego", Package + "deny contains \"not any more\"");
        File.Delete(house["home/rules.yaml"]);

        var review = new PolicyReview(house.Ledger);
        var explained = (await review.ExplainAsync(plan, Ct)).Value;
        Assert.True(explained is { SamePolicies: true, FromRecord: true });
        var rule = Assert.Single(explained.Explanations[0].Verdicts[0].By);
        Assert.Equal((reference == "p.rego" ? "p.rego" : "policies/p.rego", 3, "warn contains \"look\" if data.look"), (rule.File, rule.Line, rule.Text));
        Assert.Equal(plan.Judgement.Decision, explained.Now.Decision);
        Assert.False((await review.JudgeAsOfThenAsync(plan, Ct)).Changes);
        Assert.Null((await review.JudgeAsync(plan, null, Ct)).Now);
        await house.ProveAsync(report.State.Id, report.State);
    }

    [Fact, Clause("PRE-03"), Clause("AUD-01")]
    public async Task A_policy_that_holds_a_secret_is_not_kept_and_that_is_said()
    {
        await using var house = await HouseAsync("warn contains \"look\" if input.requester.name != \"hunter2-hunter2\"");
        house.File("secret.txt", "hunter2-hunter2\n");
        var workflow = house.Workflow($"  - {{ id: one, engine: patch, secrets: {{ PASSWORD: {{ file: {house["secret.txt"]} }} }}, config: {{ edits: [ {{ path: a.txt, content: \"x\\n\" }} ] }} }}") with { Policies = [new PolicyRef("rego", "p.rego")] };
        var report = await house.FlyAsync(workflow);
        var plan = await OnlyAsync(house, report.State.Id);
        var kept = Assert.Single(plan.Inputs!.Policies!);
        Assert.Null(kept.Text);
        Assert.Contains("PASSWORD", kept.NotKept);
        house.File("home/p.rego", Package + "warn contains \"changed\"");
        var explained = (await new PolicyReview(house.Ledger).ExplainAsync(plan, Ct)).Value;
        Assert.False(explained.SamePolicies);
        Assert.Contains("was not kept: it holds the secret", explained.NotKept!.Message);
        Assert.DoesNotContain(Directory.GetFiles(house.StoreDirectory, "*", SearchOption.AllDirectories), f => File.ReadAllBytes(f).AsSpan().IndexOf("hunter2-hunter2"u8) >= 0);
    }

    [Fact, Clause("PRE-03")]
    public async Task A_text_that_was_tampered_with_is_not_judged_by()
    {
        await using var house = await HouseAsync("decision := \"allow\"");
        var report = await house.FlyAsync(Workflow(house));
        var plan = await OnlyAsync(house, report.State.Id);
        house.TamperBlob(plan.Inputs!.Policies![0].Text!.Value, "x");
        house.File("home/p.rego", Package + "decision := \"warn\"");
        var explained = (await new PolicyReview(house.Ledger).ExplainAsync(plan, Ct)).Value;
        Assert.True(explained is { SamePolicies: false, FromRecord: false, NotKept: not null });
        Assert.Null((await new PolicyReview(house.Ledger).JudgeAsOfThenAsync(plan, Ct)).Now);
    }

    [Fact, Clause("TOK-04")]
    public async Task A_plan_whose_bytes_are_gone_or_changed_is_named_and_not_judged()
    {
        await using var house = await HouseAsync("decision := \"allow\"");
        var report = await house.FlyAsync(Workflow(house));
        var plan = await OnlyAsync(house, report.State.Id);
        house.TamperBlob(plan.Step.Plan!.Artifacts[0].Document, "{}");
        var judged = await new PolicyReview(house.Ledger).JudgeAsync(plan, null, Ct);
        Assert.Null(judged.Now);
        Assert.False(judged.Changes);
        Assert.Contains("artifact", Assert.Single(judged.Why));
    }

    [Fact, Clause("PRE-04")]
    public async Task A_leaked_secret_stays_denied_when_the_plan_is_judged_again()
    {
        await using var house = await HouseAsync("decision := \"allow\"");
        house.File("secret.txt", "hunter2-hunter2\n");
        var workflow = house.Workflow($"  - {{ id: one, engine: patch, secrets: {{ PASSWORD: {{ file: {house["secret.txt"]} }} }}, config: {{ edits: [ {{ path: a.txt, content: \"x\\n\" }} ] }} }}") with { Policies = [new PolicyRef("rego", "p.rego")] };
        var report = await house.FlyAsync(workflow);
        var plan = await OnlyAsync(house, report.State.Id);
        var denied = plan with { Flight = plan.Flight with { Steps = plan.Flight.Steps.SetItem(plan.StepId, plan.Step with { Evaluations = [new() { Source = PolicyOrigin.Custom, PolicyId = "mapped-secrets", Decision = Decision.Deny, Reason = "it leaked", EvaluatedAt = plan.JudgedAt }] }) } };
        var judged = await new PolicyReview(house.Ledger).JudgeAsync(denied, null, Ct);
        Assert.Equal(Decision.Deny, judged.Now!.Decision);
        Assert.Contains(judged.Now.Violations, v => v.Contains("it leaked", StringComparison.Ordinal));
    }
}
