// ORC-08: take away one condition of take-off after another; each time nothing is applied and the refusal is on record.
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Hangar;

namespace CabinCrew.Tests.Spec;

[Clause("ORC-08")]
public sealed class TakeOffConditionTests
{
    private const string Before = "a.txt: one\\n\ndir/b.txt: two\\n";

    private static async Task<(FlightHouse House, WorkflowId Id)> ReadyAsync(string rules = FlightHouse.Allow)
    {
        var house = await FlightHouse.OpenAsync(rules);
        var report = await house.FlyScriptAsync("propose a.txt new", goal: FlightGoal.Plan);
        if (report.Problem?.Code == ProblemCode.ApprovalRequired)
        {
            Assert.Null((await house.AnswerAsync(report.State.Id, "ann")).Problem);
            report = await house.AdvanceAsync(report.State.Id, FlightGoal.Plan);
        }
        Assert.Null(report.Problem);
        Assert.Equal(LifecycleState.ReadyForTakeoff, report.State.Overall);
        return (house, report.State.Id);
    }

    private static async Task ForbiddenAsync(FlightHouse house, WorkflowId id, ProblemCode code)
    {
        await house.ReopenAsync();
        var failed = await house.AdvanceAsync(id);
        Assert.True(code == failed.Problem?.Code, $"{failed.Problem}");
        Assert.Equal(LifecycleState.Failed, failed.State.Ended);
        Assert.Equal(Before, house.Tree());
        Assert.Equal(0, failed.State.Steps.Values.Single().TakeOffRuns);
        Assert.Contains(await house.AuditAsync(), e => e.Workflow?.WorkflowId == id.ToString() && e.Extensions?.Problem == code.Id());
        await house.ProveAsync(id, failed.State);
        await house.DisposeAsync();
    }

    [Fact]
    public async Task With_everything_in_place_it_takes_off()
    {
        var (house, id) = await ReadyAsync(FlightHouse.Ask);
        await house.ReopenAsync();
        Assert.Null((await house.AdvanceAsync(id)).Problem);
        Assert.Equal("a.txt: new\\n\ndir/b.txt: two\\n", house.Tree());
        await house.DisposeAsync();
    }

    [Fact]
    public async Task Not_when_the_policies_changed_since()
    {
        var (house, id) = await ReadyAsync();
        house.Rules(FlightHouse.Allow + "\nrules:\n  - { id: other, when: { paths: [other] }, decision: allow, reason: other }");
        await ForbiddenAsync(house, id, ProblemCode.TokenMismatch);
    }

    [Fact]
    public async Task Not_when_the_engine_changed_since()
    {
        var (house, id) = await ReadyAsync();
        house.Script("e", "propose a.txt new", "apply # and something more");
        await ForbiddenAsync(house, id, ProblemCode.TokenMismatch);
    }

    [Fact]
    public async Task Not_when_the_engine_is_gone()
    {
        var (house, id) = await ReadyAsync();
        File.Delete(house["home/engines/e"]);
        await ForbiddenAsync(house, id, ProblemCode.EngineNotFound);
    }

    [Fact, Clause("APR-03")]
    public async Task Not_when_the_approver_lost_the_role_since()
    {
        var (house, id) = await ReadyAsync(FlightHouse.Ask);
        house.People(FlightHouse.Crew.Replace("name: ann, kind: human, roles: [maintainer]", "name: ann, kind: human, roles: [security]", StringComparison.Ordinal));
        await ForbiddenAsync(house, id, ProblemCode.TakeOffForbidden);
    }

    [Fact]
    public async Task Not_when_the_plan_is_denied()
    {
        await using var house = await FlightHouse.OpenAsync(FlightHouse.Deny);
        var report = await house.FlyScriptAsync("propose a.txt new");
        Assert.Equal(ProblemCode.PolicyDenied, report.Problem?.Code);
        Assert.Contains("nothing may pass", report.Problem!.Message, StringComparison.Ordinal);
        Assert.Equal(LifecycleState.Failed, report.State.Ended);
        Assert.Equal(Before, house.Tree());
        await house.ProveAsync(report.State.Id, report.State);
    }

    [Fact]
    public async Task Not_before_the_approvals_are_given()
    {
        await using var house = await FlightHouse.OpenAsync(FlightHouse.Ask);
        var id = (await house.FlyScriptAsync("propose a.txt new")).State.Id;
        for (var i = 0; i < 3; i++) Assert.Equal(ProblemCode.ApprovalRequired, (await house.AdvanceAsync(id)).Problem?.Code);
        Assert.Equal(Before, house.Tree());
    }

    [Fact, Clause("PRE-04"), Clause("AUD-01")]
    public async Task Not_when_the_policies_cannot_be_loaded_and_that_is_on_record()
    {
        var (house, id) = await ReadyAsync();
        house.File("home/rules.yaml", "version: 1\nrulez: []\n");
        var refused = await house.TryAdvanceAsync(id);
        Assert.Equal(ProblemCode.PolicyInvalid, refused.Problem?.Code);
        Assert.Equal(Before, house.Tree());
        Assert.Contains(await house.AuditAsync(), e => e.Workflow?.WorkflowId == id.ToString() && e.Extensions?.Problem == "policy_invalid");
        await house.DisposeAsync();
    }

    [Fact, Clause("PRE-04")]
    public async Task Not_even_begun_without_any_policy()
    {
        await using var house = await FlightHouse.OpenAsync();
        house.Script("e", "propose a.txt new");
        var definition = house.Workflow("  - { id: one, engine: ./engines/e }") with { Policies = [] };
        Assert.Equal(ProblemCode.PolicyNone, (await house.Flights.StartAsync(definition, house.Who("agent"), false, default)).Problem?.Code);
        Assert.Empty((await house.Flights.ListAsync(new(), default)).Value);
        Assert.Equal("policy_none", Assert.Single(await house.AuditAsync()).Extensions!.Problem);
    }
}
