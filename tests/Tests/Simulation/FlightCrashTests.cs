// ORC-05: a flight is killed at each of its commits, once so that the write is lost and once so that it is kept; then another process goes on.
// Whatever the moment: the result is that of an undisturbed flight, nothing outside happens twice, and every log still proves itself.
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Hangar;
using CabinCrew.Tests.Spec;
using static CabinCrew.Tests.Hangar.TwoStepFlight;

namespace CabinCrew.Tests.Simulation;

[Clause("ORC-05")]
public sealed class FlightCrashTests
{
    [Theory, Clause("ORC-04")]
    [InlineData(0), InlineData(1), InlineData(2), InlineData(3)]
    public async Task Killed_at_any_commit_the_flight_is_resumed_to_the_same_end(int quarter)
    {
        var count = await CommitsAsync();
        Assert.InRange(count, 14, 40);
        for (var at = quarter; at < count; at += 4)
            foreach (var fault in (Cut[])[Cut.Lost, Cut.Kept])
            {
                var (house, id, runner) = await BeginAsync();
                await using (house)
                {
                    var seen = 0;
                    house.Store.OnCommit = _ => seen++ == at ? fault : Cut.No;
                    var cut = await ToTheEndAsync(house, id);
                    Assert.True(house.Store.IsDead, $"commit {at} was never reached");
                    Assert.True(cut.Problem?.Code == ProblemCode.StoreUnavailable, $"commit {at}, {fault}: {cut.Problem}");
                    Assert.Contains(house.Tree(), (string[])[Before, Before.Replace("dir", "b.txt: new\\n\ndir", StringComparison.Ordinal), After]);

                    await house.DieAsync();
                    var landed = await ToTheEndAsync(house, id);
                    Assert.True(landed.Problem is null, $"commit {at}, {fault}: {landed.Problem}");
                    Assert.Equal(After, house.Tree());
                    await house.ProveAsync(id, landed.State);
                    // What was frozen is not planned again, what was asked is not asked again.
                    Assert.InRange(runner.Runs.Count(r => r.EndsWith("flight-plan", StringComparison.Ordinal)), 2, 3);
                    Assert.Equal(2, (await house.EntriesAsync(id)).Count(e => e.EntryType == WalEntryTypes.ApprovalRequested));
                    Assert.Equal(2, (await house.EntriesAsync(id)).Count(e => e.EntryType == WalEntryTypes.TakeOffCommit));
                }
            }
    }

    [Fact]
    public async Task A_take_off_that_may_have_reached_outside_is_in_doubt_after_a_kill_and_never_run_again()
    {
        var intended = 0;
        for (var at = 0; at < 40; at++)
            foreach (var fault in (Cut[])[Cut.Lost, Cut.Kept])
            {
                var (house, id, runner) = await BeginAsync(", outside: [OUTSIDE]");
                await using (house)
                {
                    var effects = 0;
                    var takeOff = runner.TakeOff;
                    runner.TakeOff = run =>
                    {
                        if (run.Step == "b") effects++;
                        return takeOff(run);
                    };
                    var seen = 0;
                    house.Store.OnCommit = _ => seen++ == at ? fault : Cut.No;
                    await ToTheEndAsync(house, id);
                    if (!house.Store.IsDead)
                    {
                        // One after the last commit: all of them have been cut.
                        Assert.Equal((2, true), (intended, at > 14));
                        return;
                    }
                    await house.DieAsync();
                    var (intent, marker) = ((await house.EntriesAsync(id)).Any(e => e.EntryType == WalEntryTypes.TakeOffIntent), (await house.EntriesAsync(id)).Any(e => e.EntryType == WalEntryTypes.TakeOffCommit));
                    var end = await ToTheEndAsync(house, id);
                    Assert.True(effects <= 1, $"commit {at}, {fault}: the effect happened {effects} times");
                    await house.ProveAsync(id, end.State);
                    if (!intent || marker)
                    {
                        Assert.True(end.Problem is null, $"commit {at}, {fault}: {end.Problem}");
                        continue;
                    }
                    intended++;
                    Assert.Equal(ProblemCode.TakeOffOutcomeUnknown, end.Problem?.Code);
                    Assert.Equal(LifecycleState.TakeoffRunning, end.State.Overall);
                    Assert.Equal(Before, house.Tree());
                    // Nobody else gets the workspace.
                    var other = (await house.FlyAsync(house.Workflow("  - { id: d, engine: ./engines/e }"))).State.Id;
                    Assert.Null((await house.AnswerAsync(other, "ann")).Problem);
                    Assert.Equal(ProblemCode.WorkspaceLocked, (await house.AdvanceAsync(other)).Problem?.Code);
                }
            }
        Assert.Fail("the flight never came to its end");
    }

    [Fact, Clause("ORC-06")]
    public async Task A_flight_does_not_end_before_its_take_offs_do_even_when_a_sibling_failed()
    {
        var runner = new StagedRunner();
        await using var house = await FlightHouse.OpenAsync(FlightHouse.Allow, runner);
        house.Script("e", "");
        var id = await house.StartAsync(house.Workflow("  - { id: b, engine: ./engines/e }\n  - { id: c, engine: ./engines/e, approvals: [{ role: maintainer }] }"));
        Assert.Equal(ProblemCode.ApprovalRequired, (await house.AdvanceAsync(id, FlightGoal.Plan)).Problem?.Code);
        Assert.Null((await house.AnswerAsync(id, "ann", approved: false)).Problem);
        await house.ReopenAsync();

        // c takes up its rejection while b is taking off; then the process dies, with b's change decided and not applied.
        var (inside, failed) = (new TaskCompletionSource(), new TaskCompletionSource());
        house.Store.OnRead = earlier => earlier == 0 ? Task.CompletedTask : inside.Task;
        house.Store.OnCommit = c =>
        {
            if (c.Audit.Any(e => e is { WorkflowState: "FAILED", Workflow.StepId: "c" })) failed.TrySetResult();
            return c.Entries.Any(e => e.EntryType == WalEntryTypes.TakeOffCommit) ? Cut.Kept : Cut.No;
        };
        runner.TakeOff = async run =>
        {
            inside.SetResult();
            await failed.Task.WaitAsync(TimeSpan.FromSeconds(20), run.Ct);
            await Task.Delay(50, run.Ct);
            run.InView("echo new > b.txt");
        };
        await house.TryAdvanceAsync(id);
        Assert.True(house.Store.IsDead);
        await house.DieAsync();
        var state = await house.StateAsync(id);
        Assert.Equal((LifecycleState.TakeoffRunning, LifecycleState.Failed, null), (state.Steps[StepId.Parse("b")].State, state.Steps[StepId.Parse("c")].State, state.Ended));

        var ended = await house.AdvanceAsync(id);
        Assert.Equal(ProblemCode.WorkflowFailed, ended.Problem?.Code);
        Assert.Equal((LifecycleState.Completed, LifecycleState.Failed), (ended.State.Steps[StepId.Parse("b")].State, ended.State.Ended));
        Assert.Equal("new\n", house.Read("workspace/b.txt"));
        Assert.Single(runner.Runs, "b take-off");
        await house.ProveAsync(id, ended.State);
    }

    [Fact, Clause("ORC-06")]
    public async Task An_interrupted_take_off_is_rolled_back_at_once_and_gives_the_workspace_free()
    {
        var runner = new StagedRunner();
        using var stop = new CancellationTokenSource();
        runner.TakeOff = async run =>
        {
            run.InView("echo new > b.txt");
            await stop.CancelAsync();
            run.Ct.ThrowIfCancellationRequested();
        };
        await using var house = await FlightHouse.OpenAsync(FlightHouse.Allow, runner);
        house.Script("e", "");
        var id = await house.StartAsync(house.Workflow("  - { id: b, engine: ./engines/e }"));
        var cut = (await house.TryAdvanceAsync(id, ct: stop.Token)).Value;
        Assert.Equal(ProblemCode.Cancelled, cut.Problem?.Code);
        Assert.Equal(LifecycleState.ReadyForTakeoff, cut.State.Overall);
        Assert.Equal(Before, house.Tree());
        await house.ProveAsync(id, cut.State);
        runner.TakeOff = run =>
        {
            run.InView($"echo new > {run.Step}.txt");
            return Task.CompletedTask;
        };
        Assert.Null((await house.FlyAsync(house.Workflow("  - { id: c, engine: ./engines/e }"))).Problem);
    }

    [Fact]
    public async Task A_corrupt_flight_halts_with_an_event_and_harms_no_other()
    {
        var (house, id, _) = await BeginAsync();
        await using (house)
        {
            await house.AdvanceAsync(id);
            var healthy = (await house.FlyAsync(house.Workflow("  - { id: d, engine: ./engines/e }"))).State.Id;
            await house.Ledger.DisposeAsync();
            TempTree.Run("/", "python3", "-c", """
                import sqlite3, sys
                db = sqlite3.connect(sys.argv[1])
                for t in db.execute("select name from sqlite_master where type='trigger'").fetchall(): db.execute("drop trigger " + t[0])
                db.execute("update entries set json = replace(json, 'PLAN_RUNNING', 'PLAN_SKIPPED') where stream = 1 and sequence = 1")
                db.commit()
                """, Path.Combine(house.StoreDirectory, "state.db"));
            await house.ReopenAsync();
            Assert.Equal(ProblemCode.StoreCorrupt, (await house.TryAdvanceAsync(id)).Problem?.Code);
            Assert.Contains(await house.AuditAsync(), e => e.EventType == AuditEventTypes.StateHalted && e.Workflow?.WorkflowId == id.ToString());
            Assert.Null((await house.AnswerAsync(healthy, "ann")).Problem);
            Assert.Null((await house.AdvanceAsync(healthy)).Problem);
            Assert.Equal("new\n", house.Read("workspace/d.txt"));
        }
    }
}
