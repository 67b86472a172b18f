// One flight from start to end on the real sandbox and store: what happens, in which order, and what is on record of it.
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Hangar;
using static CabinCrew.Protocol.Wire.AuditEventTypes;

namespace CabinCrew.Tests.Spec;

public sealed class WholeFlightTests
{
    [Fact, Clause("ORC-01"), Clause("ORC-04"), Clause("AUD-01"), Clause("ART-08"), Clause("ENG-08")]
    public async Task A_flight_with_approval_emits_every_event_in_the_order_of_the_lifecycle()
    {
        await using var house = await FlightHouse.OpenAsync(FlightHouse.Ask);
        var waiting = await house.FlyScriptAsync("propose a.txt new");
        var id = waiting.State.Id;
        Assert.Equal(ProblemCode.ApprovalRequired, waiting.Problem?.Code);
        Assert.Equal("a.txt: one\\n\ndir/b.txt: two\\n", house.Tree());
        await house.ProveAsync(id, waiting.State);
        Assert.Null((await house.AnswerAsync(id, "ann")).Problem);
        var landed = await house.AdvanceAsync(id);

        Assert.Null(landed.Problem);
        Assert.Equal(LifecycleState.Completed, landed.State.Overall);
        Assert.Equal("a.txt: new\\n\ndir/b.txt: two\\n", house.Tree());
        await house.ProveAsync(id, landed.State);
        Assert.Equal(
            [
                WorkflowStarted,
                StateChanged, EnvironmentPrepared, EngineStarted, EngineCompleted, StateChanged, ArtifactsValidated, StateChanged, TokenCreated, StateChanged, StateChanged,
                PolicyEvaluated, PolicyEvaluated, PolicyEvaluated, StateChanged, TokenVerified, PreflightComplete, ApprovalRequested, StateChanged,
                ApprovalReceived, StateChanged, StateChanged,
                TokenVerified, StateChanged, EnvironmentPrepared, EngineStarted, EngineCompleted, TakeOffCompared, TakeOffCommitted, StateChanged, StateChanged,
                WorkflowCompleted,
            ],
            await house.EventsAsync(id));
        Assert.Equal(
            ["INIT", "PLAN_RUNNING", "PLAN_GENERATED", "ARTIFACTS_VALIDATED", "TOKEN_CREATED", "PRE_FLIGHT_RUNNING", "PREFLIGHT_COMPLETE", "AWAITING_APPROVAL", "APPROVED", "READY_FOR_TAKEOFF",
             "TAKEOFF_RUNNING", "EXECUTION_COMPLETE", "COMPLETED"],
            (await house.EntriesAsync(id)).Where(e => e.EntryType == WalEntryTypes.StateChanged).Select(e => e.Data.GetProperty("to").GetString()).Prepend("INIT"));
        Assert.Equal(Enumerable.Range(0, (await house.EntriesAsync(id)).Count).Select(i => (long)i), (await house.EntriesAsync(id)).Select(e => e.Sequence));
    }
}
