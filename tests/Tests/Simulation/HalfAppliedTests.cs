// ORC-05, ENG-09: the process died between the commit marker and the end; the change is completed, or a person is asked, and never anything else.
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Hangar;
using static CabinCrew.Tests.Hangar.TwoStepFlight;

namespace CabinCrew.Tests.Simulation;

[Clause("ORC-05")]
public sealed class HalfAppliedTests
{
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

    private sealed class Killed : Exception;
}
