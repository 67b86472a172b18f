// Runs engines inside bubblewrap (ENG-06). Refuses what the sandbox cannot express, before anything starts.
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Engines.Sandbox;

internal sealed class BubblewrapRunner(string bubblewrap, BubblewrapFeatures features) : IEngineRunner
{
    private const int AttemptsMax = 20;

    public string Tier => Tiers.Full;

    public async Task<(EngineResult? Result, EngineFailure? Failure)> RunAsync(EngineRun run, CancellationToken ct)
    {
        if (run.Outside.FirstOrDefault(m => m.Target[0] != '/' || Path.GetFullPath(m.Target) != m.Target || Bubblewrap.Reserved.Contains(m.Target)) is { } odd)
            return (null, new(new(ProblemCode.SandboxFailed, $"'{odd.Target}' cannot be shown to an engine: the sandbox has a directory of its own there."), default, new(default, default, 0, 0)));
        for (var attempt = 1; ; attempt++)
        {
            var raw = await new SandboxedRun(run, bubblewrap, features, ct).Start();
            // What stood in the workspace when the mounts were written down may be gone when they are made: somebody else's take-off comes and goes.
            // A view of its own is set up once only.
            if (raw is { Problem.Code: ProblemCode.SandboxFailed, Asked: false } && attempt < AttemptsMax && run.LaunchPrefix.Count == 0) continue;
            return raw.Judge(run.Mode, Tier);
        }
    }
}
