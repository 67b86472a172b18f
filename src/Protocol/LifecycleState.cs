// The 14 states of a step's flight (ORC-01). Which transitions exist is the state machine's business (Orchestrator/Workflows).
using System.Text.Json.Serialization;

namespace CabinCrew.Protocol;

[JsonConverter(typeof(JsonStringEnumConverter<LifecycleState>))]
public enum LifecycleState
{
    [JsonStringEnumMemberName("INIT")] Init,
    [JsonStringEnumMemberName("PLAN_RUNNING")] PlanRunning,
    [JsonStringEnumMemberName("PLAN_GENERATED")] PlanGenerated,
    [JsonStringEnumMemberName("ARTIFACTS_VALIDATED")] ArtifactsValidated,
    [JsonStringEnumMemberName("TOKEN_CREATED")] TokenCreated,
    [JsonStringEnumMemberName("PRE_FLIGHT_RUNNING")] PreFlightRunning,
    [JsonStringEnumMemberName("PREFLIGHT_COMPLETE")] PreflightComplete,
    [JsonStringEnumMemberName("AWAITING_APPROVAL")] AwaitingApproval,
    [JsonStringEnumMemberName("APPROVED")] Approved,
    [JsonStringEnumMemberName("READY_FOR_TAKEOFF")] ReadyForTakeoff,
    [JsonStringEnumMemberName("TAKEOFF_RUNNING")] TakeoffRunning,
    [JsonStringEnumMemberName("EXECUTION_COMPLETE")] ExecutionComplete,
    [JsonStringEnumMemberName("COMPLETED")] Completed,
    [JsonStringEnumMemberName("FAILED")] Failed,
}

[JsonConverter(typeof(JsonStringEnumConverter<EngineMode>))]
public enum EngineMode
{
    [JsonStringEnumMemberName("flight-plan")] FlightPlan,
    [JsonStringEnumMemberName("take-off")] TakeOff,
}

[JsonConverter(typeof(JsonStringEnumConverter<ArtifactRole>))]
public enum ArtifactRole
{
    [JsonStringEnumMemberName("evidence")] Evidence,
    [JsonStringEnumMemberName("state")] State,
    [JsonStringEnumMemberName("log")] Log,
}

public static class ProtocolWords
{
    /// <summary>The protocol version that engines and tokens carry.</summary>
    public const string ProtocolVersion = "draft-1";

    public static string Word(this EngineMode mode) => mode switch { EngineMode.FlightPlan => "flight-plan", EngineMode.TakeOff => "take-off" };

    public static string Word(this ArtifactRole role) => role switch
    {
        ArtifactRole.Evidence => "evidence",
        ArtifactRole.State => "state",
        ArtifactRole.Log => "log",
    };

    public static string Word(this LifecycleState state) => state switch
    {
        LifecycleState.Init => "INIT",
        LifecycleState.PlanRunning => "PLAN_RUNNING",
        LifecycleState.PlanGenerated => "PLAN_GENERATED",
        LifecycleState.ArtifactsValidated => "ARTIFACTS_VALIDATED",
        LifecycleState.TokenCreated => "TOKEN_CREATED",
        LifecycleState.PreFlightRunning => "PRE_FLIGHT_RUNNING",
        LifecycleState.PreflightComplete => "PREFLIGHT_COMPLETE",
        LifecycleState.AwaitingApproval => "AWAITING_APPROVAL",
        LifecycleState.Approved => "APPROVED",
        LifecycleState.ReadyForTakeoff => "READY_FOR_TAKEOFF",
        LifecycleState.TakeoffRunning => "TAKEOFF_RUNNING",
        LifecycleState.ExecutionComplete => "EXECUTION_COMPLETE",
        LifecycleState.Completed => "COMPLETED",
        LifecycleState.Failed => "FAILED",
    };
}
