// The two ways to run an engine, and the one place that chooses: a sandbox that was proven on this machine, or its explicit absence.
using CabinCrew.Orchestrator.Engines.Sandbox;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Engines;

public static class EngineRunners
{
    /// <param name="unsandboxed">Only where the user said so in so many words; the caller audits it.</param>
    public static async Task<Outcome<IEngineRunner>> CreateAsync(bool unsandboxed, CancellationToken ct)
    {
        if (unsandboxed) return Outcome.Of<IEngineRunner>(new UnsandboxedRunner());
        var report = await SandboxProbe.RunAsync(ct);
        return report.Problem is { } problem ? problem : Outcome.Of<IEngineRunner>(new BubblewrapRunner(report.Bubblewrap!, report.Features));
    }

    public static Outcome<IEngineRunner> Create(bool unsandboxed) => CreateAsync(unsandboxed, CancellationToken.None).GetAwaiter().GetResult();
}
