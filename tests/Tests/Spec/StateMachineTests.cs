// ORC-01: the lifecycle as a table of its own, held against the machine in both directions; what a whole workflow shows.
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using static CabinCrew.Protocol.LifecycleState;

namespace CabinCrew.Tests.Spec;

public sealed class StateMachineTests
{
    private const string Lifecycle = """
        INIT -> PLAN_RUNNING FAILED
        PLAN_RUNNING -> PLAN_GENERATED FAILED
        PLAN_GENERATED -> ARTIFACTS_VALIDATED PLAN_RUNNING FAILED
        ARTIFACTS_VALIDATED -> TOKEN_CREATED PLAN_RUNNING FAILED
        TOKEN_CREATED -> PRE_FLIGHT_RUNNING FAILED
        PRE_FLIGHT_RUNNING -> PREFLIGHT_COMPLETE PLAN_RUNNING FAILED
        PREFLIGHT_COMPLETE -> AWAITING_APPROVAL READY_FOR_TAKEOFF FAILED
        AWAITING_APPROVAL -> APPROVED FAILED
        APPROVED -> READY_FOR_TAKEOFF FAILED
        READY_FOR_TAKEOFF -> TAKEOFF_RUNNING PLAN_RUNNING FAILED
        TAKEOFF_RUNNING -> EXECUTION_COMPLETE APPROVED READY_FOR_TAKEOFF FAILED
        EXECUTION_COMPLETE -> COMPLETED FAILED
        COMPLETED ->
        FAILED ->
        """;

    internal static readonly LifecycleState[] All = Enum.GetValues<LifecycleState>();

    [Fact, Clause("ORC-01")]
    public void Every_pair_of_states_is_a_transition_exactly_where_the_lifecycle_says_so()
    {
        Assert.Equal(14, All.Length);
        var expected = Lifecycle.Split('\n').Select(l => l.Split(" ->")).ToDictionary(l => l[0], l => l[1].Split(' ', StringSplitOptions.RemoveEmptyEntries).ToHashSet());
        Assert.Equal(All.Select(s => s.Word()).Order(), expected.Keys.Order());
        foreach (var from in All)
            foreach (var to in All)
                Assert.True(expected[from.Word()].Contains(to.Word()) == StateMachine.Allows(from, to), $"{from.Word()} -> {to.Word()}");
    }

    [Fact, Clause("ORC-01")]
    public void Nothing_takes_off_but_from_ready_and_nothing_gets_ready_unjudged()
    {
        Assert.Equal([ReadyForTakeoff], All.Where(s => StateMachine.Allows(s, TakeoffRunning)));
        Assert.Equal([PreflightComplete, Approved, TakeoffRunning], All.Where(s => StateMachine.Allows(s, ReadyForTakeoff)));
        Assert.Equal([ArtifactsValidated], All.Where(s => StateMachine.Allows(s, TokenCreated)));
        Assert.Equal([Completed, Failed], All.Where(StateMachine.IsFinal));
        Assert.All(All.Where(StateMachine.IsFinal), s => Assert.DoesNotContain(All, to => StateMachine.Allows(s, to)));
    }

    [Theory, Clause("ORC-01")]
    [InlineData(Completed, Completed, Completed)]
    [InlineData(Failed, Completed, Failed)]
    [InlineData(Failed, TakeoffRunning, Failed)]
    [InlineData(PlanRunning, Completed, PlanRunning)]
    [InlineData(AwaitingApproval, PreFlightRunning, PreFlightRunning)]
    [InlineData(Init, AwaitingApproval, AwaitingApproval)]
    [InlineData(Init, Completed, Init)]
    [InlineData(Init, Init, Init)]
    public void A_workflow_shows_the_state_of_its_least_advanced_step(LifecycleState a, LifecycleState b, LifecycleState whole)
    {
        Assert.Equal(whole, StateMachine.Overall([a, b]));
        Assert.Equal(whole, StateMachine.Overall([b, a]));
    }
}
