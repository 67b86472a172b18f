// The reduced isolation: only where the full one cannot be had on this machine and the user allowed it; policies see it, and the audit log keeps it.
using CabinCrew.Orchestrator.Engines.Processes;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Engines.Reduced;

internal sealed class ReducedRunner : IEngineRunner
{

    public string Tier => Tiers.Reduced;

    public bool HasMounts => false;

    /// <summary>Why the full isolation cannot be had.</summary>
    public Problem? Because { get; init; }

    public async Task<(EngineResult? Result, EngineFailure? Failure)> RunAsync(EngineRun run, CancellationToken ct) =>
        // Without a network of its own an engine could pass any proxy by.
        run.DeclaredNetwork is not null
            ? (null, new(new(ProblemCode.NetworkNeedsSandbox, "The step declares what it may reach, and the reduced isolation cannot hold it to that."), default, new(default, default, 0, 0)))
            : (await new ReducedRun(run, ct).Start()).Judge(run.Mode, Tier);
}
