// What every engine run of a step has in common, whatever its mode.
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Workflows.Stages;

internal static class StepRuns
{
    /// <summary>The store is never shown to an engine, not even read-only: it holds keys, logs and other plans.</summary>
    public static IReadOnlyList<string> Hidden(StepContext c) =>
        Directory.Exists(Path.Combine(c.WorkflowDefinition.Workspace, WorkspaceHasher.StoreDirectory)) ? [WorkspaceHasher.StoreDirectory] : [];

    public static UsageRecord Usage(EngineUsage u) =>
        new(Math.Round(u.Wall.TotalSeconds, 4), Math.Round(u.Cpu.TotalSeconds, 4), u.MemoryPeakBytes, u.ProcessesPeak);

    public static Task<StageEnd> FailedAsync(StepContext c, EngineFailure failure, CancellationToken ct) =>
        RefusedAsync(c, failure.Problem, failure.Log, ct);

    /// <summary>A refusal that keeps the engine's log for people to read. The log is best effort here: the refusal stands without it.</summary>
    public static async Task<StageEnd> RefusedAsync(StepContext c, Problem problem, ReadOnlyMemory<byte> log, CancellationToken ct)
    {
        var kept = log.IsEmpty ? null : (Outcome<IReadOnlyList<Digest>>?)await c.KeepTextsAsync([log], ct).ConfigureAwait(false);
        var digest = kept is { Ok: true } k ? k.Value[0] : (Digest?)null;
        return new(StageEndKind.Refused, problem.At($"step {c.Id}"), digest);
    }
}
