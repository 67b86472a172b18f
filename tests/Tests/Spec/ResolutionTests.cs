// ORC-05: a doubt ends when a person says which it was, and only then is the workspace free; what is missing is said, and a new plan shows it.
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Hangar;

namespace CabinCrew.Tests.Spec;

[Clause("ORC-05")]
public sealed class ResolutionTests
{
    private static async Task<(FlightHouse House, WorkflowId Id)> InDoubtAsync(string sibling = "", string requester = "agent")
    {
        var runner = new StagedRunner();
        var house = await FlightHouse.OpenAsync(runner: runner);
        house.Script("e", "").File("outside/there", "");
        var takeOff = runner.TakeOff;
        runner.TakeOff = run => run.Step == "b" ? throw new StagedFailure(ProblemCode.LimitWallClock) : takeOff(run);
        var report = await house.FlyAsync(house.Workflow($"  - {{ id: b, engine: ./engines/e, outside: [{house["outside"]}] }}{sibling}"), requester: requester);
        Assert.Equal(ProblemCode.TakeOffOutcomeUnknown, report.Problem?.Code);
        return (house, report.State.Id);
    }

    private static Finding Not(string because) => new(false, because);

    private static Finding Applied(string because) => new(true, because);

    [Fact]
    public async Task Not_applied_ends_the_flight_as_failed_and_sets_the_workspace_free()
    {
        var (house, id) = await InDoubtAsync();
        await using (house)
        {
            var other = await house.FlyAsync(house.Workflow("  - { id: c, engine: ./engines/e }"));
            Assert.Equal(ProblemCode.WorkspaceLocked, other.Problem?.Code);
            await house.DieAsync();
            var resolved = (await house.Flights.ResolveAsync(id, house.Who("ann"), Not("nothing had been sent"), default)).Value;
            Assert.Equal(LifecycleState.Failed, resolved.Ended);
            Assert.False(resolved.InDoubt);
            Assert.Equal((ProblemCode.TakeOffNotApplied.Id(), "resolved as not-applied by ann: nothing had been sent"), (resolved.Problem!.Code, resolved.Problem.Message));
            await house.ProveAsync(id, resolved);
            var told = Assert.Single(await house.AuditAsync(), e => e.EventType == AuditEventTypes.TakeOffResolved);
            Assert.Equal(("ann", id.ToString(), "not-applied"), (told.Extensions!.Actor, told.Workflow!.WorkflowId, told.Extensions.Data!.Value.GetProperty("outcome").GetString()));
            Assert.Null((await house.AdvanceAsync(other.State.Id)).Problem);
            Assert.Equal(ProblemCode.WorkflowFinished, (await house.Flights.ResolveAsync(id, house.Who("ann"), Not("once more"), default)).Problem?.Code);

            // A new plan shows what is still missing.
            var again = await house.FlyAsync(house.Workflow("  - { id: b, engine: ./engines/e }"), FlightGoal.Plan);
            Assert.Equal(["b.txt"], again.State.Steps.Values.Single().Plan!.Changes.Select(c => c.Path));
        }
    }

    [Fact]
    public async Task Applied_counts_as_done_and_says_what_of_the_change_is_not_in_the_workspace()
    {
        var (house, id) = await InDoubtAsync();
        await using (house)
        {
            await house.DieAsync();
            var resolved = (await house.Flights.ResolveAsync(id, house.Who("ann"), Applied("it is on the remote"), default)).Value;
            Assert.Equal((LifecycleState.Completed, null), (resolved.Ended, resolved.Problem));
            var step = resolved.Steps.Values.Single();
            Assert.Equal((true, "ann", 1, "b.txt"), (step.Resolution!.Applied, step.Resolution.By, step.Resolution.AbsentCount, Assert.Single(step.Resolution.Absent)));
            Assert.Contains("1 path(s) of its change are NOT in the workspace", step.Resolution.Sentence);
            Assert.False(File.Exists(Path.Combine(house.Workspace, "b.txt")));
            await house.ProveAsync(id, resolved);
            Assert.Equal([LifecycleState.ExecutionComplete.Word(), LifecycleState.Completed.Word()], (await house.EntriesAsync(id)).Where(e => e.EntryType == WalEntryTypes.StateChanged).Select(e => e.Data.GetProperty("to").GetString()).TakeLast(2));
            var again = await house.FlyAsync(house.Workflow("  - { id: b, engine: ./engines/e }"), FlightGoal.Plan);
            Assert.Equal(["b.txt"], again.State.Steps.Values.Single().Plan!.Changes.Select(c => c.Path));
        }
    }

    [Fact]
    public async Task Applied_with_everything_in_place_lets_the_flight_go_on()
    {
        var (house, id) = await InDoubtAsync("\n  - { id: c, engine: ./engines/e, needs: [b] }");
        await using (house)
        {
            // The person has brought the workspace up by hand.
            house.File("workspace/b.txt", "new\n");
            var resolved = (await house.Flights.ResolveAsync(id, house.Who("ann"), Applied("sent, and done here by hand"), default)).Value;
            Assert.Equal((null, LifecycleState.Completed), (resolved.Ended, resolved.Steps[StepId.Parse("b")].State));
            Assert.Equal(0, resolved.Steps[StepId.Parse("b")].Resolution!.AbsentCount);
            var landed = await house.AdvanceAsync(id);
            Assert.Equal((null, LifecycleState.Completed), (landed.Problem, landed.State.Ended));
            Assert.Equal("new\n", house.Read("workspace/c.txt"));
            await house.ProveAsync(id, landed.State);
        }
    }

    [Fact]
    public async Task Steps_that_were_to_build_on_a_change_that_is_not_there_do_not_fly()
    {
        var (house, id) = await InDoubtAsync("\n  - { id: c, engine: ./engines/e, needs: [b] }");
        await using (house)
        {
            var resolved = (await house.Flights.ResolveAsync(id, house.Who("ann"), Applied("sent"), default)).Value;
            Assert.Equal((LifecycleState.Failed, LifecycleState.Completed, LifecycleState.Failed), (resolved.Ended, resolved.Steps[StepId.Parse("b")].State, resolved.Steps[StepId.Parse("c")].State));
            Assert.Equal(ProblemCode.TakeOffNotApplied.Id(), resolved.Problem!.Code);
            await house.ProveAsync(id, resolved);
        }
    }

    [Theory]
    [InlineData("agent", "found", ProblemCode.ApprovalRoleMissing)]
    [InlineData("guest", "found", ProblemCode.ApprovalRoleMissing)]
    [InlineData("sue", "found", ProblemCode.ApprovalRoleMissing)]
    [InlineData("ben", "found", ProblemCode.ApprovalBySelf)]
    [InlineData("ann", " ", ProblemCode.InvalidArgument)]
    [InlineData("ann", "a\0b", ProblemCode.InvalidArgument)]
    public async Task Nobody_else_resolves_it_not_who_asked_for_it_and_not_without_a_word(string who, string because, ProblemCode code)
    {
        var (house, id) = await InDoubtAsync(requester: "ben");
        await using (house)
        {
            foreach (var finding in (Finding[])[Applied(because), Not(because)])
            {
                Assert.Equal(code, (await house.Flights.ResolveAsync(id, house.Who(who), finding, default)).Problem?.Code);
                Assert.Equal((code.Id(), who), (await house.AuditAsync())[^1] is var last ? (last.Extensions!.Problem, last.Extensions.Actor) : default);
            }
            Assert.True((await house.StateAsync(id)).InDoubt);
            Assert.Equal(ProblemCode.WorkspaceLocked, (await house.FlyAsync(house.Workflow("  - { id: c, engine: ./engines/e }"))).Problem?.Code);
        }
    }

    [Fact]
    public async Task A_sibling_that_fails_meanwhile_does_not_end_the_doubt_nor_the_flight()
    {
        foreach (var applied in (bool[])[true, false])
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
                var resolved = (await house.Flights.ResolveAsync(id, house.Who("ben"), new(applied, "looked"), default)).Value;
                Assert.Equal((LifecycleState.Failed, applied ? LifecycleState.Completed : LifecycleState.Failed), (resolved.Ended, resolved.Steps[StepId.Parse("b")].State));
                await house.ProveAsync(id, resolved);
            }
        }
    }

    [Fact]
    public async Task A_flight_that_can_go_on_by_itself_is_not_resolved()
    {
        await using var house = await FlightHouse.OpenAsync(FlightHouse.Allow, new StagedRunner());
        house.Script("e", "");
        house.Store.OnCommit = c => c.Entries.Any(e => e.EntryType == WalEntryTypes.TakeOffCommit) ? Cut.Kept : Cut.No;
        var id = (await house.FlyAsync(house.Workflow("  - { id: b, engine: ./engines/e }"))).State.Id;
        await house.DieAsync();
        Assert.Equal(ProblemCode.InvalidArgument, (await house.Flights.ResolveAsync(id, house.Who("ann"), Applied("found"), default)).Problem?.Code);

        // Once somebody touched what was to be changed, it cannot.
        house.File("workspace/b.txt", "somebody else was here\n");
        Assert.Equal(LifecycleState.Failed, (await house.Flights.ResolveAsync(id, house.Who("ann"), Not("kept what is there"), default)).Value.Ended);
        Assert.Equal("somebody else was here\n", house.Read("workspace/b.txt"));
        await house.ProveAsync(id);
    }

    [Fact]
    public void The_command_takes_the_outcome_by_as_and_the_identity_by_identity_and_everywhere_else_as_is_the_identity()
    {
        var parse = Cli.Root.Build().Parse("resolve wf-1 --as applied --because seen --identity ann");
        Assert.Empty(parse.Errors);
        Assert.Equal(("ann", "applied"), (parse.GetValue(Cli.Globals.Identity), parse.GetValue<string>("--as")));
        Assert.Equal("ann", Cli.Root.Build().Parse("show wf-1 --as ann").GetValue(Cli.Globals.Identity));
        Assert.NotEmpty(Cli.Root.Build().Parse("resolve wf-1 --as ann --because seen").Errors);
        Assert.NotEmpty(Cli.Root.Build().Parse("resolve wf-1 --as applied").Errors);
        Assert.Contains("not-applied", Cli.Root.Build().Parse("resolve wf-1 --as ").GetCompletions().Select(c => c.Label));
    }
}
