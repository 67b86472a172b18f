// How long a flight may sleep before it looks again: an answer wakes it by itself (the store tells), time does not, nor does a workspace that another flight gives back.
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Workflows;

internal static class Waiting
{
    /// <summary>Each look hashes the waiting plans anew (TOK-04): so it is seldom without a reason.</summary>
    public static readonly TimeSpan Look = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Locked = TimeSpan.FromSeconds(1), Least = TimeSpan.FromMilliseconds(20);

    /// <param name="until">When it has waited long enough.</param>
    public static TimeSpan Pause(FlightState state, DateTimeOffset now, DateTimeOffset until)
    {
        var ends = state.Steps.Values.Where(s => s.State == LifecycleState.AwaitingApproval)
            .SelectMany(s => new[] { s.Request?.Extensions.ExpiresAt, s.Token?.Extensions?.ExpiresAt }).OfType<DateTimeOffset>().Append(until).Min();
        // A step that could take off and rests waits for the workspace.
        var most = state.Steps.Values.Any(s => s.State == LifecycleState.ReadyForTakeoff) ? Locked : Look;
        var left = ends - now;
        return left < Least ? Least : left < most ? left : most;
    }
}
