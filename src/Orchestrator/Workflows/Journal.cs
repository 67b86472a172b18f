// The pen of one claimed workflow: every move is folded first (is it legal?), then committed, and only then true. One writer at a time.
// Invariant: State is exactly the fold of what the store has acknowledged (DESIGN invariant 4, ORC-01).
using CabinCrew.Ledger;
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Orchestrator.Workflows;

/// <summary>What one commit carries.</summary>
internal sealed record Batch
{
    public required IReadOnlyList<EntryDraft> Entries { get; init; }
    public IReadOnlyList<AuditEvent> Audit { get; init; } = [];
    public IReadOnlyList<string> Acknowledge { get; init; } = [];
    public LockMove Lock { get; init; }
    public IntentMove Intent { get; init; }
    public bool MarkInDoubt { get; init; }
    public bool Release { get; init; }

    /// <summary>See <see cref="Commit.SignalsSeen"/>.</summary>
    public long? SignalsSeen { get; init; }

    /// <summary>Nobody outside has acted on it yet: durable with the next commit that is not deferred (see <see cref="Commit.Deferred"/>).</summary>
    public bool Deferred { get; init; }

    public static readonly Batch Nothing = new() { Entries = [] };
}

internal sealed class Journal(LedgerRoom ledger, Hold hold, FlightState state) : IDisposable
{
    private readonly SemaphoreSlim pen = new(1, 1);
    private readonly NodeLease lease = hold.Lease;
    private Claim claim = hold.Claim;
    private FlightState state = state;

    public FlightState State => Volatile.Read(ref state);

    public long Epoch => claim.Epoch;

    public bool DanglingIntent => claim.DanglingIntent;

    /// <summary>Our lease is live by the clock that does not stop: asked just before every effect.</summary>
    public bool StillOurs => lease.Live;

    /// <summary>The claim was given back with the last commit.</summary>
    public bool Released { get; private set; }

    /// <summary>Commits what <paramref name="build"/> makes of the current state, or nothing. An empty batch without a release is no commit.</summary>
    public async Task<Outcome<FlightState>> CommitAsync(Func<FlightState, Batch> build, CancellationToken ct)
    {
        await pen.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            var batch = build(state);
            // Redacted here, as the store does it: what we go on with, show and compare is then exactly what is kept.
            batch = batch with { Entries = [.. batch.Entries.Select(e => e with { Data = ledger.Redactor.Redact(e.Data) })] };
            if (batch.Entries.Count == 0 && batch.Audit.Count == 0 && !batch.Release && batch.Acknowledge.Count == 0) return state;
            var next = Fold(batch.Entries);
            if (!next.Try(out var after, out var illegal)) return illegal;

            // From here the outcome must be known: cancelling between the write and the answer would leave us guessing.
            var commit = ToCommit(batch, after);
            var committed = await ledger.Store.CommitAsync(lease.Session, claim, commit, CancellationToken.None).ConfigureAwait(false);
            if (!committed.Try(out var done, out var problem)) return problem;
            Released = commit.ReleaseClaim;
            claim = claim with { NextSequence = done.NextSequence };
            Volatile.Write(ref state, after);
            return after;
        }
        finally
        {
            pen.Release();
        }
    }

    public void Dispose() => pen.Dispose();

    private Outcome<FlightState> Fold(IReadOnlyList<EntryDraft> entries)
    {
        var after = state;
        var sequence = claim.NextSequence;
        foreach (var entry in entries)
        {
            var next = FlightFold.Apply(after.Id, after, entry.EntryType, entry.Data, sequence++, ledger.Clock.GetUtcNow());
            if (!next.Try(out after!, out var problem)) return problem;
        }
        return after;
    }

    private Commit ToCommit(Batch batch, FlightState after) => new()
    {
        ExpectedSequence = claim.NextSequence,
        Entries = batch.Entries,
        Audit = batch.Audit,
        Header = Headers.Of(after),
        Acknowledge = batch.Acknowledge,
        Lock = batch.Lock,
        Intent = batch.Intent,
        MarkInDoubt = batch.MarkInDoubt,
        // A flight that has ended is nobody's.
        ReleaseClaim = batch.Release || after.Ended is not null,
        Deferred = batch.Deferred,
        SignalsSeen = batch.SignalsSeen,
    };
}

internal static class Headers
{
    public static StreamHeaderState Of(FlightState state) => new(
        state.Definition.Name, state.Requester, state.Overall, Summary(state), state.Ended is not null);

    private static string Summary(FlightState state) => state switch
    {
        { InDoubt: true } => "in doubt: a person must look at what take-off did outside",
        { Problem: { } problem } => $"{problem.Code}: {problem.Message}",
        _ when state.Steps.Values.FirstOrDefault(s => s.State == LifecycleState.AwaitingApproval) is { Request: { } request } => $"{request.ApprovalId} needs {request.RequiredRole}",
        _ => $"{state.Steps.Values.Count(s => s.State == LifecycleState.Completed)} of {state.Steps.Count} steps done",
    };
}
