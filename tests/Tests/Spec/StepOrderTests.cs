// ORC-06: which steps run when, what they may do to each other, and who has the workspace.
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Hangar;

namespace CabinCrew.Tests.Spec;

[Clause("ORC-06")]
public sealed class StepOrderTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static async Task<FlightHouse> HouseAsync(StagedRunner runner, string rules = FlightHouse.Allow)
    {
        var house = await FlightHouse.OpenAsync(rules, runner);
        return house.Script("e", "");
    }

    private static string Steps(params string[] steps) => string.Join('\n', steps.Select(s => $"  - {{ id: {s.Replace(" <- ", ", engine: ./engines/e, needs: [", StringComparison.Ordinal)}{(s.Contains("<-", StringComparison.Ordinal) ? "]" : ", engine: ./engines/e")} }}"));

    [Fact]
    public async Task Independent_steps_are_planned_at_the_same_time()
    {
        var runner = new StagedRunner();
        var (first, both) = (new TaskCompletionSource(), new TaskCompletionSource());
        runner.Plan = async run =>
        {
            // Each waits for the other: one after the other they would never meet.
            if (run.RunIndex == 0)
            {
                if (!first.TrySetResult()) both.TrySetResult();
                await both.Task.WaitAsync(Patience);
            }
            run.Propose($"{run.Step}.txt", run.Text);
        };
        await using var house = await HouseAsync(runner);
        Assert.Null((await house.FlyAsync(house.Workflow(Steps("a", "b")))).Problem);
    }

    [Fact]
    public async Task A_step_is_planned_when_all_it_needs_has_taken_off_and_sees_what_they_did()
    {
        var runner = new StagedRunner();
        runner.Plan = run =>
        {
            run.Propose($"{run.Step}.txt", string.Join('+', Directory.EnumerateFiles(run.Run.Workspace, "?.txt").Select(f => Path.GetFileName(f)[..1]).Where(n => n != "a").Order()));
            return Task.CompletedTask;
        };
        runner.TakeOff = run =>
        {
            run.InView($"git apply --whitespace=nowarn '{run.Run.FrozenArtifacts}/change/body.data'");
            return Task.CompletedTask;
        };
        await using var house = await HouseAsync(runner);
        var landed = await house.FlyAsync(house.Workflow(Steps("z <- x, y", "y <- w", "x <- w", "w")));
        Assert.Null(landed.Problem);
        Assert.Equal("w flight-plan", runner.Runs[0]);
        Assert.Equal("w+x+y\n", house.Read("workspace/z.txt"));
        Assert.True(runner.Runs.IndexOf("z flight-plan") > Math.Max(runner.Runs.LastIndexOf("x take-off"), runner.Runs.LastIndexOf("y take-off")));
        await house.ProveAsync(landed.State.Id, landed.State);
    }

    [Fact, Clause("TOK-06")]
    public async Task One_takes_off_at_a_time_and_a_sibling_that_moved_the_workspace_means_a_new_plan()
    {
        var runner = new StagedRunner();
        var (at, most) = (0, 0);
        runner.TakeOff = async run =>
        {
            most = Math.Max(most, Interlocked.Increment(ref at));
            await Task.Delay(20, run.Ct);
            run.InView($"echo new > {run.Step}.txt");
            Interlocked.Decrement(ref at);
        };
        await using var house = await HouseAsync(runner);
        var landed = await house.FlyAsync(house.Workflow(Steps("b", "c", "d")));
        Assert.Null(landed.Problem);
        Assert.Equal(1, most);
        Assert.Equal(3, runner.Runs.Count(r => r.EndsWith("take-off", StringComparison.Ordinal)));
        Assert.Equal("a.txt: one\\n\nb.txt: new\\n\nc.txt: new\\n\nd.txt: new\\n\ndir/b.txt: two\\n", house.Tree());
        // on_drift is fail: only a sibling's take-off may lead to a new plan.
        Assert.InRange(landed.State.Steps.Values.Sum(s => s.PlanRuns), 4, 6);
        await house.ProveAsync(landed.State.Id, landed.State);
    }

    [Fact]
    public async Task No_step_is_planned_while_a_sibling_changes_the_workspace_nor_the_other_way_round()
    {
        var runner = new StagedRunner();
        var (flying, clashes) = (0, 0);
        var took = new TaskCompletionSource();
        var plan = runner.Plan;
        runner.Plan = async run =>
        {
            if (flying > 0) clashes++;
            // c is slow on purpose: b is ready for take-off long before, and has to wait.
            if (run is { Step: "c", RunIndex: 0 } && await Task.WhenAny(took.Task, Task.Delay(600, run.Ct)) == took.Task) clashes++;
            await plan(run);
        };
        runner.TakeOff = async run =>
        {
            took.TrySetResult();
            Interlocked.Increment(ref flying);
            await Task.Delay(30, run.Ct);
            run.InView($"echo new > {run.Step}.txt");
            Interlocked.Decrement(ref flying);
        };
        await using var house = await HouseAsync(runner);
        Assert.Null((await house.FlyAsync(house.Workflow(Steps("b", "c", "d", "e <- b")))).Problem);
        Assert.Equal(0, clashes);
    }

    [Fact, Clause("ORC-03")]
    public async Task When_a_step_fails_no_other_takes_off_any_more()
    {
        var runner = new StagedRunner();
        var failed = new TaskCompletionSource();
        runner.Plan = async run =>
        {
            if (run.Step == "b")
            {
                failed.SetResult();
                throw new StagedFailure(ProblemCode.EngineFailed);
            }
            await failed.Task.WaitAsync(Patience);
            run.Propose($"{run.Step}.txt", "new");
        };
        await using var house = await HouseAsync(runner);
        var report = await house.FlyAsync(house.Workflow(Steps("b", "c", "d <- b")));
        Assert.Equal(ProblemCode.EngineFailed, report.Problem?.Code);
        Assert.Equal(LifecycleState.Failed, report.State.Ended);
        Assert.DoesNotContain(runner.Runs, r => r.EndsWith("take-off", StringComparison.Ordinal) || r.StartsWith('d'));
        Assert.Equal("a.txt: one\\n\ndir/b.txt: two\\n", house.Tree());
        await house.ProveAsync(report.State.Id, report.State);
    }

    [Fact]
    public async Task Two_flights_of_two_processes_on_one_workspace_take_off_one_after_the_other()
    {
        var runner = new StagedRunner();
        var (inside, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        runner.TakeOff = async run =>
        {
            inside.TrySetResult();
            await goOn.Task.WaitAsync(Patience);
            run.InView($"echo new > {run.Step}.txt");
        };
        await using var house = await HouseAsync(runner);
        var one = await house.StartAsync(house.Workflow(Steps("b")));
        var two = await house.StartAsync(house.Workflow(Steps("c"), "on_drift: replan"));
        Assert.Null((await house.AdvanceAsync(two, FlightGoal.Plan)).Problem);
        var door = await house.DoorAsync();
        await using (door.Ledger)
        {
            var flying = house.AdvanceAsync(one);
            await inside.Task.WaitAsync(Patience);
            // The same flight is somebody's already; the other one's workspace is.
            Assert.Equal(ProblemCode.WorkflowBusy, (await door.Flights.AdvanceAsync(one, new(FlightGoal.Land, default), new Progress<FlightNews>(), default)).Problem?.Code);
            var waiting = (await door.Flights.AdvanceAsync(two, new(FlightGoal.Land, default), new Progress<FlightNews>(), default)).Value;
            Assert.Equal(ProblemCode.WorkspaceLocked, waiting.Problem?.Code);
            Assert.Contains(one.ToString(), waiting.Problem!.Message, StringComparison.Ordinal);
            Assert.Equal(LifecycleState.ReadyForTakeoff, waiting.State.Overall);
            goOn.SetResult();
            Assert.Null((await flying).Problem);
            Assert.Null((await door.Flights.AdvanceAsync(two, new(FlightGoal.Land, default), new Progress<FlightNews>(), default)).Value.Problem);
        }
        Assert.Equal("a.txt: one\\n\nb.txt: new\\n\nc.txt: new\\n\ndir/b.txt: two\\n", house.Tree());
        await house.ProveAsync(one);
        await house.ProveAsync(two);
    }

    [Fact, Clause("ORC-05")]
    public async Task A_take_off_in_doubt_keeps_the_workspace_from_its_siblings_and_from_other_flights_and_is_never_repeated()
    {
        var runner = new StagedRunner();
        runner.TakeOff = run => throw new StagedFailure(ProblemCode.LimitWallClock);
        await using var house = await HouseAsync(runner);
        house.File("outside/there", "");
        var report = await house.FlyAsync(house.Workflow($"  - {{ id: b, engine: ./engines/e, outside: [{house["outside"]}] }}\n  - {{ id: c, engine: ./engines/e, approvals: [{{ role: maintainer }}] }}"));
        var id = report.State.Id;
        Assert.Equal(ProblemCode.TakeOffOutcomeUnknown, report.Problem?.Code);
        Assert.NotNull(report.State.Steps[StepId.Parse("b")].InDoubt);
        Assert.Null(report.State.Ended);
        Assert.Contains(AuditEventTypes.TakeOffInDoubt, await house.EventsAsync(id));
        Assert.True(Assert.Single((await house.Flights.ListAsync(new(OpenOnly: true), default)).Value).InDoubt);
        Assert.Null((await house.AnswerAsync(id, "ann")).Problem);

        runner.TakeOff = run =>
        {
            run.InView($"echo new > {run.Step}.txt");
            return Task.CompletedTask;
        };
        var runs = runner.Runs.Count(r => r == "b take-off");
        for (var i = 0; i < 2; i++)
        {
            await house.DieAsync();
            Assert.Equal(ProblemCode.TakeOffOutcomeUnknown, (await house.AdvanceAsync(id)).Problem?.Code);
        }
        Assert.Equal(runs, runner.Runs.Count(r => r == "b take-off"));
        Assert.DoesNotContain("c take-off", runner.Runs);
        Assert.Equal(ProblemCode.WorkspaceLocked, (await house.FlyAsync(house.Workflow(Steps("d")))).Problem?.Code);
        Assert.Equal("a.txt: one\\n\ndir/b.txt: two\\n", house.Tree());
        await house.ProveAsync(id);
    }
}
