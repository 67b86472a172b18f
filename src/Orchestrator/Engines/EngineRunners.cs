// The ways to run an engine, and the one place that chooses: a sandbox that was proven on this machine; where there is none and the user allowed it, the reduced
// isolation; or, in so many words, nothing.
using CabinCrew.Orchestrator.Engines.Reduced;
using CabinCrew.Orchestrator.Engines.Sandbox;
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Engines;

public static class EngineRunners
{
    /// <param name="unsandboxed">Only where the user said so in so many words; the caller audits it.</param>
    /// <param name="reduced">The reduced isolation will do where the full one cannot be had; the caller audits it when it comes to that.</param>
    public static async Task<Outcome<IEngineRunner>> CreateAsync(bool unsandboxed, CancellationToken ct, bool reduced = false)
    {
        Leftovers.SweepOnce(ScratchPlace.Candidates(Environment.GetEnvironmentVariable), TimeProvider.System);
        if (unsandboxed) return Outcome.Of<IEngineRunner>(new UnsandboxedRunner());
        var report = await SandboxProbe.RunAsync(ct);
        if (report.Problem is not { } problem) return Outcome.Of<IEngineRunner>(new BubblewrapRunner(report.Bubblewrap!, report.Features));
        if (!reduced) return problem;
        return await ReducedProbe.RunAsync(ct) is { } neither
            ? problem with { Message = $"{problem.Message} Nor can it in the reduced isolation: {neither.Message}" }
            : Outcome.Of<IEngineRunner>(new ReducedRunner { Because = problem });
    }

    public static Outcome<IEngineRunner> Create(bool unsandboxed, bool reduced = false) => CreateAsync(unsandboxed, CancellationToken.None, reduced).GetAwaiter().GetResult();
}
