// What a workflow's log says, as one immutable value. Built only by FlightFold; never stored.
using System.Collections.Immutable;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Orchestrator.Workflows;

public sealed record FlightState
{
    public required WorkflowId Id { get; init; }
    public required WorkflowDefinition Definition { get; init; }
    public required string Requester { get; init; }
    public required bool Unsandboxed { get; init; }
    /// <summary>The flight that this one undoes; null: none.</summary>
    public UndoesRecord? Undoes { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }
    public required ImmutableSortedDictionary<StepId, StepFlight> Steps { get; init; }
    public ProblemRecord? Problem { get; init; }
    public StepId? FailedStep { get; init; }
    public Digest? FailureLog { get; init; }
    /// <summary>Set by the log's own last word: workflow_completed or workflow_failed.</summary>
    public LifecycleState? Ended { get; init; }
    public required ImmutableList<TimelineEntry> Timeline { get; init; }

    public LifecycleState Overall => Ended ?? StateMachine.Overall(Steps.Values.Select(s => s.State));

    public bool InDoubt => Steps.Values.Any(s => s.InDoubt is not null);

    public StepDefinition DefinitionOf(StepId step) => Definition.Steps.First(s => s.Id == step);
}

/// <summary>One step's flight. A new plan (drift, crash) starts it over but for its run index.</summary>
public sealed record StepFlight
{
    public required StepId Id { get; init; }
    public LifecycleState State { get; init; } = LifecycleState.Init;
    /// <summary>How many flight-plans have been started.</summary>
    public int PlanRuns { get; init; }
    public int TakeOffRuns { get; init; }
    public FrozenPlan? Plan { get; init; }
    public PlanToken? Token { get; init; }
    public ImmutableList<PolicyEvaluation> Evaluations { get; init; } = [];
    public JudgementRecord? Judgement { get; init; }
    /// <summary>Null: no judgement yet, or one from before these were kept.</summary>
    public JudgementInputs? JudgedWith { get; init; }
    public ApprovalRequest? Request { get; init; }
    public ImmutableList<ApprovalResponse> Responses { get; init; } = [];
    /// <summary>Outside effects may be under way: set by an intent, cleared by a known outcome.</summary>
    public bool Intent { get; init; }
    public TakeOffRecord? TakeOff { get; init; }
    public string? InDoubt { get; init; }
    /// <summary>Set where the outcome is a person's word, and not what we saw.</summary>
    public ResolutionRecord? Resolution { get; init; }
    public ProblemRecord? Problem { get; init; }
    public Digest? FailureLog { get; init; }
    /// <summary>Position in the log of the newest plan's begin and of the completion: tells whether a sibling took off in between.</summary>
    public long PlannedAt { get; init; } = -1;
    public long CompletedAt { get; init; } = -1;
}

/// <summary>A line of the story that `show` tells.</summary>
public sealed record TimelineEntry(DateTimeOffset Timestamp, long Sequence, string Type, StepId? Step, string Text);
