// The lifecycle of one step's flight: which transitions exist, and nothing else (ORC-01). Pure.
using CabinCrew.Protocol;
using static CabinCrew.Protocol.LifecycleState;

namespace CabinCrew.Orchestrator.Workflows;

public static class StateMachine
{
    /// <summary>
    /// Every legal move but the one to FAILED, which every unfinished state has. Moves back to PLAN_RUNNING are new plans: after a crash that
    /// lost an unfrozen plan, or after drift; a new plan means a new token, a new judgement, new approvals. TAKEOFF_RUNNING goes back only
    /// when nothing of the take-off stays: it was refused before its engine ran, or its view was thrown away.
    /// </summary>
    private static readonly (LifecycleState From, LifecycleState[] To)[] Moves =
    [
        (Init, [PlanRunning]),
        (PlanRunning, [PlanGenerated]),
        (PlanGenerated, [ArtifactsValidated, PlanRunning]),
        (ArtifactsValidated, [TokenCreated, PlanRunning]),
        (TokenCreated, [PreFlightRunning]),
        (PreFlightRunning, [PreflightComplete, PlanRunning]),
        (PreflightComplete, [AwaitingApproval, ReadyForTakeoff]),
        (AwaitingApproval, [Approved]),
        (Approved, [ReadyForTakeoff]),
        (ReadyForTakeoff, [TakeoffRunning, PlanRunning]),
        (TakeoffRunning, [ExecutionComplete, Approved, ReadyForTakeoff]),
        (ExecutionComplete, [Completed]),
        (Completed, []),
        (Failed, []),
    ];

    private static readonly bool[,] Legal = Build();

    public static bool Allows(LifecycleState from, LifecycleState to) => Legal[(int)from, (int)to];

    public static bool IsFinal(LifecycleState state) => state is Completed or Failed;

    /// <summary>The state that a whole workflow shows: FAILED when a step is, COMPLETED when all are, else that of the step that is least far.</summary>
    public static LifecycleState Overall(IEnumerable<LifecycleState> steps)
    {
        var all = steps.ToList();
        if (all.Contains(Failed)) return Failed;
        if (all.TrueForAll(s => s == Completed)) return Completed;
        var begun = all.Where(s => s is not (Completed or Init)).ToList();
        return begun.Count > 0 ? begun.Min() : Init;
    }

    private static bool[,] Build()
    {
        var count = Enum.GetValues<LifecycleState>().Length;
        var legal = new bool[count, count];
        foreach (var (from, to) in Moves)
        {
            foreach (var state in to) legal[(int)from, (int)state] = true;
            if (!IsFinal(from)) legal[(int)from, (int)Failed] = true;
        }
        return legal;
    }
}
