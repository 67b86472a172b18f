// A store that can be cut: from a chosen commit on it answers nothing and writes nothing, as after a kill; or it refuses a chosen commit.
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Tests.Hangar;

internal enum Cut
{
    No,
    /// <summary>Dies before the write: it is lost.</summary>
    Lost,
    /// <summary>Dies after the write: it is kept, but nobody heard of it.</summary>
    Kept,
    /// <summary>Lives on, but this write fails.</summary>
    Refused,
}

/// <param name="Workflow">Null: an event of no flight.</param>
/// <param name="IsDurable">False: a power cut may still take it, together with everything after it.</param>
/// <param name="EventId">The last audit event that went with it.</param>
internal sealed record Acknowledged(WorkflowId? Workflow, long NextSequence, bool IsDurable, string? EventId);

internal sealed class CutStore(IStore inner) : IStore
{
    private volatile bool dead;

    /// <summary>Asked for each commit that carries entries or events.</summary>
    public Func<Commit, Cut> OnCommit { get; set; } = static _ => Cut.No;

    /// <summary>Asked for each other write: <c>start</c>, <c>signal</c> or <c>audit</c>.</summary>
    public Func<string, Cut> OnWrite { get; set; } = static _ => Cut.No;

    /// <summary>Waited for before each read of a stream; told how many came before.</summary>
    public Func<int, Task> OnRead { get; set; } = static _ => Task.CompletedTask;

    private int reads;

    public bool IsDead => dead;

    /// <summary>Told of each write that the store has acknowledged.</summary>
    public Action<Acknowledged> OnAcknowledged { get; set; } = static _ => { };

    /// <summary>Every commit that went through, in order.</summary>
    public List<Commit> Commits { get; } = [];

    public void Kill() => dead = true;

    public Task<Outcome<Done>> OpenAsync(CancellationToken ct) => inner.OpenAsync(ct);

    public Task<Outcome<NodeSession>> JoinAsync(string node, CancellationToken ct) => Alive(() => inner.JoinAsync(node, ct));

    public Task<Outcome<NodeSession>> RenewAsync(NodeSession session, CancellationToken ct) => Alive(() => inner.RenewAsync(session, ct));

    public Task LeaveAsync(NodeSession session, CancellationToken ct) => dead ? Task.CompletedTask : inner.LeaveAsync(session, ct);

    public Task<Outcome<int>> ReapAsync(NodeSession session, IReadOnlySet<WorkflowId> running, CancellationToken ct) => Alive(() => inner.ReapAsync(session, running, ct));

    public Task<Outcome<Done>> StartAsync(StreamStart start, CancellationToken ct) =>
        AcknowledgedAsync("start", () => inner.StartAsync(start, ct), new(start.Workflow, start.Entries.Count, true, LastOf(start.Audit)));

    public Task<Outcome<Done>> SignalAsync(TenantId tenant, WorkflowId workflow, Signal signal, IReadOnlyList<AuditEvent> audit, CancellationToken ct) =>
        AcknowledgedAsync("signal", () => inner.SignalAsync(tenant, workflow, signal, audit, ct), new(workflow, 0, true, LastOf(audit)));

    public Task<Outcome<Claim>> ClaimAsync(NodeSession session, TenantId tenant, WorkflowId workflow, CancellationToken ct) => Alive(() => inner.ClaimAsync(session, tenant, workflow, ct));

    public async Task<Outcome<Committed>> CommitAsync(NodeSession session, Claim claim, Commit commit, CancellationToken ct)
    {
        if (dead) return Gone;
        var cut = commit.Entries.Count + commit.Audit.Count > 0 ? OnCommit(commit) : Cut.No;
        if (cut == Cut.Lost) dead = true;
        if (cut is Cut.Lost or Cut.Refused) return Gone;
        var done = await inner.CommitAsync(session, claim, commit, ct);
        if (done.Ok)
            lock (Commits) Commits.Add(commit);
        if (done.Try(out var committed, out _))
            OnAcknowledged(new(claim.Workflow, committed.NextSequence, !commit.Deferred || commit.Intent != IntentMove.None || commit.MarkInDoubt, LastOf(commit.Audit)));
        if (cut != Cut.Kept) return done;
        dead = true;
        return Gone;
    }

    public Task<Outcome<Done>> AppendAuditAsync(TenantId tenant, IReadOnlyList<AuditEvent> audit, CancellationToken ct) =>
        AcknowledgedAsync("audit", () => inner.AppendAuditAsync(tenant, audit, ct), new(null, 0, true, LastOf(audit)));

    public async Task<Outcome<StreamSnapshot>> ReadAsync(TenantId tenant, WorkflowId workflow, CancellationToken ct)
    {
        await OnRead(Interlocked.Increment(ref reads) - 1);
        return await Alive(() => inner.ReadAsync(tenant, workflow, ct));
    }

    public Task<Outcome<IReadOnlyList<StreamHeader>>> ListAsync(TenantId tenant, StreamFilter filter, CancellationToken ct) => Alive(() => inner.ListAsync(tenant, filter, ct));

    public Task<Outcome<AuditPage>> ReadAuditAsync(TenantId tenant, long fromSequence, int countMax, CancellationToken ct) => Alive(() => inner.ReadAuditAsync(tenant, fromSequence, countMax, ct));

    public Task WaitAsync(TenantId tenant, WorkflowId workflow, TimeSpan most, CancellationToken ct) => dead ? Task.CompletedTask : inner.WaitAsync(tenant, workflow, most, ct);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private static string? LastOf(IReadOnlyList<AuditEvent> audit) => audit is [.., { EventId: var id }] ? id : null;

    private static Problem Gone => new(ProblemCode.StoreUnavailable, "the store is cut off");

    private async Task<Outcome<Done>> AcknowledgedAsync(string write, Func<Task<Outcome<Done>>> call, Acknowledged what)
    {
        if (dead) return Gone;
        var cut = OnWrite(write);
        if (cut == Cut.Lost) dead = true;
        if (cut is Cut.Lost or Cut.Refused) return Gone;
        var done = await call();
        if (done.Ok) OnAcknowledged(what);
        if (cut != Cut.Kept) return done;
        dead = true;
        return Gone;
    }

    private Task<Outcome<T>> Alive<T>(Func<Task<Outcome<T>>> call) => dead ? Task.FromResult<Outcome<T>>(Gone) : call();
}
