// The explicit, audited absence of a sandbox: made only where the user asked for it in so many words.
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Engines;

internal sealed class UnsandboxedRunner : IEngineRunner
{
    public string Tier => Tiers.None;

    public async Task<(EngineResult? Result, EngineFailure? Failure)> RunAsync(EngineRun run, CancellationToken ct) =>
        // Rules that nothing enforces would be a promise to those who judge the plan.
        run.DeclaredNetwork is not null
            ? (null, new(new(ProblemCode.NetworkNeedsSandbox, "The step declares what it may reach, and without a sandbox nothing would hold it to that."), default, new(default, default, 0, 0)))
            : (await new PlainRun(run, ct).Start()).Judge(run.Mode, Tier);
}
