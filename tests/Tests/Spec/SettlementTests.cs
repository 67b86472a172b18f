// ORC-05: a doubt ends when a person says what they found, and only then is the workspace free.
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Hangar;

namespace CabinCrew.Tests.Spec;

[Clause("ORC-05")]
public sealed class SettlementTests
{
    private static async Task<(FlightHouse House, WorkflowId Id)> InDoubtAsync(string sibling = "")
    {
        var runner = new StagedRunner();
        var house = await FlightHouse.OpenAsync(runner: runner);
        house.Script("e", "").File("outside/there", "");
        var takeOff = runner.TakeOff;
        runner.TakeOff = run => run.Step == "b" ? throw new StagedFailure(ProblemCode.LimitWallClock) : takeOff(run);
        var report = await house.FlyAsync(house.Workflow($"  - {{ id: b, engine: ./engines/e, outside: [{house["outside"]}] }}{sibling}"));
        Assert.Equal(ProblemCode.TakeOffOutcomeUnknown, report.Problem?.Code);
        return (house, report.State.Id);
    }

    [Fact]
    public async Task A_person_settles_it_the_flight_ends_as_failed_and_the_workspace_is_free()
    {
        var (house, id) = await InDoubtAsync();
        await using (house)
        {
            var other = await house.FlyAsync(house.Workflow("  - { id: c, engine: ./engines/e }"));
            Assert.Equal(ProblemCode.WorkspaceLocked, other.Problem?.Code);
            await house.DieAsync();
            var settled = (await house.Flights.SettleAsync(id, house.Who("ann"), "nothing had been sent", default)).Value;
            Assert.Equal(LifecycleState.Failed, settled.Ended);
            Assert.False(settled.InDoubt);
            Assert.Equal("settled by ann: nothing had been sent", settled.Problem!.Message);
            await house.ProveAsync(id, settled);
            var told = Assert.Single(await house.AuditAsync(), e => e.EventType == AuditEventTypes.TakeOffSettled);
            Assert.Equal(("ann", id.ToString()), (told.Extensions!.Actor, told.Workflow!.WorkflowId));
            Assert.Null((await house.AdvanceAsync(other.State.Id)).Problem);
            Assert.Equal(ProblemCode.WorkflowFinished, (await house.Flights.SettleAsync(id, house.Who("ann"), "once more", default)).Problem?.Code);
        }
    }

    [Theory]
    [InlineData("agent", "found", ProblemCode.ApprovalRoleMissing)]
    [InlineData("guest", "found", ProblemCode.ApprovalRoleMissing)]
    [InlineData("sue", "found", ProblemCode.ApprovalRoleMissing)]
    [InlineData("ann", " ", ProblemCode.InvalidArgument)]
    [InlineData("ann", "a\0b", ProblemCode.InvalidArgument)]
    public async Task Nobody_else_settles_it_and_not_without_a_word(string who, string finding, ProblemCode code)
    {
        var (house, id) = await InDoubtAsync();
        await using (house)
        {
            Assert.Equal(code, (await house.Flights.SettleAsync(id, house.Who(who), finding, default)).Problem?.Code);
            Assert.Equal((code.Id(), who), (await house.AuditAsync())[^1] is var last ? (last.Extensions!.Problem, last.Extensions.Actor) : default);
            Assert.True((await house.StateAsync(id)).InDoubt);
            Assert.Equal(ProblemCode.WorkspaceLocked, (await house.FlyAsync(house.Workflow("  - { id: c, engine: ./engines/e }"))).Problem?.Code);
        }
    }

    [Fact]
    public async Task A_sibling_that_fails_meanwhile_does_not_end_the_doubt_nor_the_flight()
    {
        var (house, id) = await InDoubtAsync("\n  - { id: c, engine: ./engines/e, approvals: [{ role: maintainer }] }");
        await using (house)
        {
            Assert.Null((await house.AnswerAsync(id, "ann", approved: false)).Problem);
            var report = await house.AdvanceAsync(id);
            Assert.Equal(ProblemCode.TakeOffOutcomeUnknown, report.Problem?.Code);
            Assert.Equal((LifecycleState.Failed, null), (report.State.Steps[StepId.Parse("c")].State, report.State.Ended));
            Assert.True(report.State.InDoubt);
            Assert.Equal(ProblemCode.WorkspaceLocked, (await house.FlyAsync(house.Workflow("  - { id: d, engine: ./engines/e }"))).Problem?.Code);
            Assert.Equal(LifecycleState.Failed, (await house.Flights.SettleAsync(id, house.Who("ben"), "nothing had been sent", default)).Value.Ended);
            await house.ProveAsync(id);
        }
    }

    [Fact]
    public async Task A_flight_that_can_go_on_by_itself_is_not_settled()
    {
        await using var house = await FlightHouse.OpenAsync(FlightHouse.Allow, new StagedRunner());
        house.Script("e", "");
        house.Store.OnCommit = c => c.Entries.Any(e => e.EntryType == WalEntryTypes.TakeOffCommit) ? Cut.Kept : Cut.No;
        var id = (await house.FlyAsync(house.Workflow("  - { id: b, engine: ./engines/e }"))).State.Id;
        await house.DieAsync();
        Assert.Equal(ProblemCode.InvalidArgument, (await house.Flights.SettleAsync(id, house.Who("ann"), "found", default)).Problem?.Code);

        // Once somebody touched what was to be changed, it cannot.
        house.File("workspace/b.txt", "somebody else was here\n");
        Assert.Equal(LifecycleState.Failed, (await house.Flights.SettleAsync(id, house.Who("ann"), "kept what is there", default)).Value.Ended);
        Assert.Equal("somebody else was here\n", house.Read("workspace/b.txt"));
        await house.ProveAsync(id);
    }
}
