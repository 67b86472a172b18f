// AUD-05: no record, no action. Each commit of a flight is refused in turn, and what it was to record does not happen.
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Hangar;
using static CabinCrew.Tests.Hangar.TwoStepFlight;

namespace CabinCrew.Tests.Simulation;

public sealed class RecordFirstTests
{
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
}
