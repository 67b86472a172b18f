// ORC-05: a flight is killed at each of its commits, once so that the write is lost and once so that it is kept; then another process goes on.
// Whatever the moment: the result is that of an undisturbed flight, nothing outside happens twice, and every log still proves itself.
using CabinCrew.Ledger.Streams;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Hangar;
using CabinCrew.Tests.Spec;

namespace CabinCrew.Tests.Simulation;

[Clause("ORC-05")]
public sealed class FlightCrashTests
{
    private const string Before = "a.txt: one\\n\ndir/b.txt: two\\n";
    private const string After = "a.txt: one\\n\nb.txt: new\\n\nc.txt: new\\n\ndir/b.txt: two\\n";

    // b and then c, each approved.
    private static async Task<(FlightHouse House, WorkflowId Id, StagedRunner Runner)> BeginAsync(string outside = "")
    {
        var runner = new StagedRunner();
        var house = await FlightHouse.OpenAsync(FlightHouse.Ask, runner);
        house.Script("e", "").File("outside/there", "");
        var steps = $"  - {{ id: b, engine: ./engines/e{outside} }}\n  - {{ id: c, engine: ./engines/e, needs: [b] }}";
        return (house, await house.StartAsync(house.Workflow(steps.Replace("OUTSIDE", house["outside"], StringComparison.Ordinal))), runner);
    }

    // As a person and a cron job would: advance, answer what is asked, advance again.
    private static async Task<FlightReport> ToTheEndAsync(FlightHouse house, WorkflowId id)
    {
        for (var round = 0; round < 10; round++)
        {
            var advanced = await house.TryAdvanceAsync(id);
            // Killed after its very last entry: there is nothing left to do.
            if (advanced.Problem?.Code == ProblemCode.WorkflowFinished) return new(await house.StateAsync(id), null);
            var report = advanced.Value;
            if (house.Store.IsDead || report.Problem?.Code != ProblemCode.ApprovalRequired) return report;
            var open = (await house.Flights.FindApprovalAsync(id.ToString(), default)).Value;
            if (open.Responses.Count == 0) Assert.Null((await house.AnswerAsync(id, "ann")).Problem);
        }
        throw new InvalidOperationException("the flight does not come to an end");
    }

    private static async Task<int> CommitsAsync()
    {
        var (house, id, _) = await BeginAsync();
        await using (house)
        {
            Assert.Null((await ToTheEndAsync(house, id)).Problem);
            return house.Store.Commits.Count(c => c.Entries.Count + c.Audit.Count > 0);
        }
    }

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
        for (var at = 0; at < 20; at++)
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
                    if (!house.Store.IsDead) continue;
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
        Assert.Equal(2, intended);
    }

    [Fact, Clause("ENG-09")]
    public async Task A_change_that_was_half_applied_is_completed_after_the_commit_marker()
    {
        for (var cutAt = 0; cutAt < 40; cutAt++)
        {
            var runner = new StagedRunner();
            runner.Plan = run =>
            {
                run.Emit("change", "evidence", "file_patch", "--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-one\n+new\n--- a/dir/b.txt\n+++ /dev/null\n@@ -1 +0,0 @@\n-two\n--- /dev/null\n+++ b/dir/deep/c.txt\n@@ -0,0 +1 @@\n+new\n");
                return Task.CompletedTask;
            };
            runner.TakeOff = run =>
            {
                run.InView("echo new > a.txt && rm dir/b.txt && mkdir dir/deep && echo new > dir/deep/c.txt");
                return Task.CompletedTask;
            };
            await using var house = await FlightHouse.OpenAsync(FlightHouse.Allow, runner);
            house.Script("e", "");
            house.Store.OnCommit = c => c.Entries.Any(e => e.EntryType == WalEntryTypes.TakeOffCommit) ? Cut.Kept : Cut.No;
            var id = (await house.FlyAsync(house.Workflow("  - { id: b, engine: ./engines/e }"))).State.Id;
            Assert.Equal(Before, house.Tree());
            await house.DieAsync();

            // What the dead process would have done, up to some step.
            var record = (await house.StateAsync(id)).Steps.Values.Single().TakeOff!;
            var steps = 0;
            try
            {
                Assert.True(WorkspaceCommit.Apply(house.Workspace, [.. record.Changes.Select(c => c.ToChange())],
                    digest => house.Ledger.Blobs.GetAsync(TenantId.Local, digest, default).GetAwaiter().GetResult(), _ => { if (steps++ == cutAt) throw new Killed(); }, default).Ok);
            }
            catch (Killed)
            {
                // Dead in the middle of it.
            }
            var landed = await house.AdvanceAsync(id);
            Assert.True(landed.Problem is null, $"cut at {cutAt}: {landed.Problem}");
            Assert.Equal("a.txt: new\\n\ndir/deep/c.txt: new\\n", house.Tree());
            Assert.Single(runner.Runs, "b take-off");
            await house.ProveAsync(id, landed.State);
            if (steps <= cutAt) return;
        }
        Assert.Fail("applying never came to its end");
    }

    [Fact]
    public async Task A_half_applied_change_whose_workspace_was_touched_waits_for_a_person_holds_the_lock_and_goes_on_when_mended()
    {
        var (house, id, _) = await BeginAsync();
        await using (house)
        {
            house.Store.OnCommit = c => c.Entries.Any(e => e.EntryType == WalEntryTypes.TakeOffCommit) ? Cut.Kept : Cut.No;
            await ToTheEndAsync(house, id);
            await house.DieAsync();
            house.File("workspace/b.txt", "somebody else was here\n");
            var stuck = await house.AdvanceAsync(id);
            Assert.Equal(ProblemCode.WorkspaceDrift, stuck.Problem?.Code);
            Assert.Equal(LifecycleState.TakeoffRunning, stuck.State.Overall);
            Assert.Equal("somebody else was here\n", house.Read("workspace/b.txt"));
            Assert.Contains(await house.AuditAsync(), e => e is { EventType: AuditEventTypes.ProblemReported, WorkflowState: "TAKEOFF_RUNNING" });
            File.Delete(house["workspace/b.txt"]);
            var landed = await ToTheEndAsync(house, id);
            Assert.Null(landed.Problem);
            Assert.Equal(After, house.Tree());
            await house.ProveAsync(id, landed.State);
        }
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

    [Fact, Clause("AUD-05")]
    public async Task Whatever_cannot_be_recorded_does_not_happen()
    {
        var count = await CommitsAsync();
        for (var at = 0; at < count; at++)
        {
            var (house, id, runner) = await BeginAsync();
            await using (house)
            {
                var seen = 0;
                Commit? refused = null;
                var runsThen = 0;
                var treeThen = "";
                house.Store.OnCommit = c =>
                {
                    if (seen++ != at) return Cut.No;
                    (refused, runsThen, treeThen) = (c, runner.Runs.Count, house.Tree());
                    return Cut.Refused;
                };
                var report = await ToTheEndAsync(house, id);
                Assert.True(report.Problem?.Code == ProblemCode.StoreUnavailable, $"commit {at}: {report.Problem}");
                Assert.Equal(runsThen, runner.Runs.Count);
                Assert.Equal(treeThen, house.Tree());
                Assert.NotNull(refused);
                house.Store.OnCommit = _ => Cut.No;
                var landed = await ToTheEndAsync(house, id);
                Assert.True(landed.Problem is null, $"commit {at}: {landed.Problem}");
                Assert.Equal(After, house.Tree());
                await house.ProveAsync(id, landed.State);
            }
        }
    }

    [Fact, Clause("AUD-05"), Clause("AUD-01")]
    public async Task Every_engine_run_and_every_change_of_the_workspace_comes_after_its_event()
    {
        var (house, id, runner) = await BeginAsync();
        await using (house)
        {
            var (plan, takeOff) = (runner.Plan, runner.TakeOff);
            runner.Plan = run => Began(run) ? plan(run) : throw new InvalidOperationException("no event before the flight-plan");
            runner.TakeOff = run => Began(run) ? takeOff(run) : throw new InvalidOperationException("no event before the take-off");
            var before = house.Tree();
            house.Store.OnCommit = c =>
            {
                // Until the commit that says so is acknowledged, the workspace is as it was.
                if (c.Audit.Any(e => e.EventType == AuditEventTypes.TakeOffCommitted)) Assert.Equal(before, house.Tree());
                if (c.Audit.Any(e => e.EventType == AuditEventTypes.StateChanged && e.WorkflowState == "COMPLETED")) before = house.Tree();
                return Cut.No;
            };
            Assert.Null((await ToTheEndAsync(house, id)).Problem);
            Assert.Equal(After, house.Tree());

            bool Began(StagedRun run)
            {
                lock (house.Store.Commits)
                    return house.Store.Commits[^1].Audit.Any(e => e.EventType == AuditEventTypes.EngineStarted && e.Workflow!.StepId == run.Step && e.Workflow.Mode == run.Run.Mode.Word());
            }
        }
    }

    private sealed class Killed : Exception;
}
