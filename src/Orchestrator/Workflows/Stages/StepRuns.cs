// What every engine run of a step has in common, whatever its mode.
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Orchestrator.Engines.Network;
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Orchestrator.Workflows.Stages;

internal static class StepRuns
{
    /// <summary>The store is never shown to an engine, not even read-only: it holds keys, logs and other plans.</summary>
    public static IReadOnlyList<string> Hidden(StepContext c) =>
        Directory.Exists(Path.Combine(c.WorkflowDefinition.Workspace, WorkspaceHasher.StoreDirectory)) ? [WorkspaceHasher.StoreDirectory] : [];

    public static UsageRecord Usage(EngineUsage u) =>
        new(Math.Round(u.Wall.TotalSeconds, 4), Math.Round(u.Cpu.TotalSeconds, 4), u.MemoryPeakBytes, u.ProcessesPeak);

    /// <summary>A run without a receipt of success: its end goes on record, its log is kept.</summary>
    public static async Task<StageEnd> FailedAsync(StepContext c, EngineMode mode, ResolvedEngine engine, EngineFailure failure, CancellationToken ct) =>
        await EndedAsync(c, mode, engine, null, failure.Problem, await ToldAsync(c, mode, failure.Network, ct).ConfigureAwait(false)).ConfigureAwait(false) ?? await RefusedAsync(c, failure.Problem, failure.Log, ct).ConfigureAwait(false);

    /// <summary>A run that ended well and whose result is refused all the same.</summary>
    public static async Task<StageEnd> RefusedAsync(StepContext c, EngineMode mode, ResolvedEngine engine, EngineResult result, Problem problem, CancellationToken ct) =>
        await EndedAsync(c, mode, engine, result.Receipt, null, await ToldAsync(c, mode, result.Network, ct).ConfigureAwait(false)).ConfigureAwait(false) ?? await RefusedAsync(c, problem, result.Log, ct).ConfigureAwait(false);

    // What was said to the network was said, whatever becomes of the run. Where its record cannot be stored, nothing of the run can.
    private static async Task<AuditEvent[]> ToldAsync(StepContext c, EngineMode mode, NetworkLog? log, CancellationToken ct) =>
        (await StepNetwork.KeepAsync(c, log, ct).ConfigureAwait(false)).Try(out var kept, out _) ? StepNetwork.Told(c, c.Flight.State, mode, log, kept.Record) : [];

    /// <summary>Puts the end of a run on record by itself, where no other entry carries it (AUD-01). Null: done.</summary>
    public static async Task<StageEnd?> EndedAsync(StepContext c, EngineMode mode, ResolvedEngine engine, EngineOutput? receipt, Problem? problem, params AuditEvent[] then)
    {
        var told = await c.Journal.CommitAsync(state => Batch.Nothing with
        {
            Audit = [c.Audit.Engine(AuditEventTypes.EngineCompleted, c.Id, state.Steps[c.Id].State, mode, engine.Id, engine.Digest, receipt, problem, c.Runner.Tier), .. then],
        }, CancellationToken.None).ConfigureAwait(false);
        return told.Problem is { } unwritten ? unwritten : (StageEnd?)null;
    }

    // The log is best effort here: the refusal stands without it.
    private static async Task<StageEnd> RefusedAsync(StepContext c, Problem problem, ReadOnlyMemory<byte> log, CancellationToken ct)
    {
        var kept = log.IsEmpty ? null : (Outcome<IReadOnlyList<Digest>>?)await c.KeepTextsAsync([log], ct).ConfigureAwait(false);
        var digest = kept is { Ok: true } k ? k.Value[0] : (Digest?)null;
        return new(StageEndKind.Refused, problem.At($"step {c.Id}"), digest);
    }
}
