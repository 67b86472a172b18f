// The one class that an engine author derives from.
using System.Text.Json;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.EngineSdk;

/// <summary>
/// An engine: <see cref="PlanAsync"/> looks and writes artifacts, <see cref="TakeOffAsync"/> applies them. Call <see cref="RunAsync"/> from Main.
/// Input, output, receipts, hashes and exit codes are this class's business.
/// </summary>
public abstract class Engine
{
    /// <summary>The engine's id, as receipts carry it.</summary>
    public abstract string Id { get; }

    protected abstract Task<Outcome<Done>> PlanAsync(FlightPlan plan, CancellationToken ct);

    protected abstract Task<Outcome<Done>> TakeOffAsync(TakeOff takeOff, CancellationToken ct);

    /// <summary>0 success, 1 failure, 2 the input or config is not valid (ENG-05).</summary>
    public Task<int> RunAsync(string[] args) => throw new NotImplementedException();
}
