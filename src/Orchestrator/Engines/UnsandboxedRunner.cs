// The explicit, audited absence of a sandbox: made only where the user asked for it in so many words.
namespace CabinCrew.Orchestrator.Engines;

internal sealed class UnsandboxedRunner : IEngineRunner
{
    public string Tier => "none";

    public async Task<(EngineResult? Result, EngineFailure? Failure)> RunAsync(EngineRun run, CancellationToken ct) =>
        (await new PlainRun(run, ct).Start()).Judge(run.Mode, Tier);
}
