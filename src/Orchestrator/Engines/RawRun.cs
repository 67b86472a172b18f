// What a supervised process left behind, before anybody reads it as a receipt.
using CabinCrew.Orchestrator.Engines.Network;
using CabinCrew.Orchestrator.Posix;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Engines;

/// <param name="Problem">The run did not start, broke a limit, was cancelled, or died in a way that no exit code tells.</param>
/// <param name="ExitCode">128 + signal for a process that a signal ended.</param>
internal sealed record RawRun(Problem? Problem, int ExitCode, ReadOnlyMemory<byte> Output, ReadOnlyMemory<byte> Log, DirectoryHandle? Artifacts, EngineUsage Usage, Action? Cleanup)
{
    public NetworkLog? Network { get; init; }

    /// <summary>Its clearance was asked for; if not, nothing at all has come of it.</summary>
    public bool Asked { get; init; }

    public (EngineResult?, EngineFailure?) Judge(EngineMode mode, string tier)
    {
        var receipt = Problem is { } p ? p : Receipts.Read(Output, ExitCode, mode);
        if (receipt.Try(out var value, out var problem))
            return (new(value, Output, ExitCode, Log, Artifacts, Usage, tier) { Cleanup = Cleanup, Network = Network }, null);
        Artifacts?.Dispose();
        Cleanup?.Invoke();
        return (null, new(problem, Log, Usage) { Network = Network });
    }
}
