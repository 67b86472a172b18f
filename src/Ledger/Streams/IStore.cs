// The one store seam. A stream is the log of one workflow; a node works on a stream only while it holds a claim on it.
// Commit is the only mutation of a stream: conditional on (owner, epoch, expected sequence), atomic over everything it carries.
// A store is opened by one string: "sqlite:PATH". A second store passes the same contract tests.
using System.Text.Json;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Ledger.Streams;

public interface IStore : IAsyncDisposable
{
    /// <summary>Opens, migrates and checks itself: durability settings are read back, a corrupt file is <see cref="ProblemCode.StoreCorrupt"/>.</summary>
    Task<Outcome<Done>> OpenAsync(CancellationToken ct);

    /// <summary>A session of this process with a lease by the store's clock. Claims and intents need a live one.</summary>
    Task<Outcome<NodeSession>> JoinAsync(string node, CancellationToken ct);

    /// <summary>Extends the lease, or <see cref="ProblemCode.StoreFenced"/> when it was lost: then stop every engine at once.</summary>
    Task<Outcome<NodeSession>> RenewAsync(NodeSession session, CancellationToken ct);

    Task LeaveAsync(NodeSession session, CancellationToken ct);

    /// <summary>Frees the claims of dead sessions, and those of one's own that are not in <paramref name="running"/> (a claim whose reply was lost).</summary>
    Task<Outcome<int>> ReapAsync(NodeSession session, IReadOnlySet<WorkflowId> running, CancellationToken ct);

    /// <summary>Creates a stream with its first entries. An existing id is <see cref="ProblemCode.InvalidArgument"/>.</summary>
    Task<Outcome<Done>> StartAsync(StreamStart start, CancellationToken ct);

    /// <summary>Puts a message into a stream's inbox, durably, with its audit events. Needs no claim. Idempotent by <see cref="Signal.Id"/>.</summary>
    Task<Outcome<Done>> SignalAsync(TenantId tenant, WorkflowId workflow, Signal signal, IReadOnlyList<AuditEvent> audit, CancellationToken ct);

    /// <summary>Takes an unowned, unfinished stream and bumps its epoch. <see cref="ProblemCode.WorkflowBusy"/> when a live session has it,
    /// <see cref="ProblemCode.WorkflowFinished"/>, <see cref="ProblemCode.NotFound"/>, <see cref="ProblemCode.StoreCorrupt"/> (that stream only).</summary>
    Task<Outcome<Claim>> ClaimAsync(NodeSession session, TenantId tenant, WorkflowId workflow, CancellationToken ct);

    /// <summary>The only mutation. <see cref="ProblemCode.StoreFenced"/> when owner, epoch or sequence are no longer ours: nothing was written.
    /// <see cref="ProblemCode.WorkspaceLocked"/> when it asks for a lock that another stream holds: nothing was written.</summary>
    Task<Outcome<Committed>> CommitAsync(NodeSession session, Claim claim, Commit commit, CancellationToken ct);

    /// <summary>Audit events that belong to no stream's transition (refusals, reads of evidence, gateway calls).</summary>
    Task<Outcome<Done>> AppendAuditAsync(TenantId tenant, IReadOnlyList<AuditEvent> audit, CancellationToken ct);

    /// <summary>The same for events that are put into words as they are written.</summary>
    Task<Outcome<Done>> AppendAuditWordsAsync(TenantId tenant, IReadOnlyList<IAuditWords> audit, CancellationToken ct) => AppendAuditAsync(tenant, [.. audit.Select(a => a.ToEvent())], ct);

    /// <summary>Everything about one stream, checksums and sequence verified.</summary>
    Task<Outcome<StreamSnapshot>> ReadAsync(TenantId tenant, WorkflowId workflow, CancellationToken ct);

    /// <summary>Newest first.</summary>
    Task<Outcome<IReadOnlyList<StreamHeader>>> ListAsync(TenantId tenant, StreamFilter filter, CancellationToken ct);

    /// <summary>Events from a sequence on (from 1), as the exact bytes that were chained; the caller pages on. The head that comes with them is durable.</summary>
    Task<Outcome<AuditPage>> ReadAuditAsync(TenantId tenant, long fromSequence, int countMax, CancellationToken ct);

    /// <summary>Returns when something may have changed for this stream (a signal, a commit), or after at most <paramref name="most"/>. Only a hint.</summary>
    Task WaitAsync(TenantId tenant, WorkflowId workflow, TimeSpan most, CancellationToken ct);
}

/// <param name="LeaseEndsBoottime">CLOCK_BOOTTIME at which the lease ends for its holder, with a safety margin taken off.</param>
public sealed record NodeSession(string Node, string SessionId, TimeSpan LeaseEndsBoottime);

/// <param name="Epoch">Grows with every claim of the stream; also the fencing token handed to engines.</param>
public sealed record Claim(TenantId Tenant, WorkflowId Workflow, long Epoch, long NextSequence, bool DanglingIntent);

public sealed record EntryDraft(string EntryType, JsonElement Data);

public sealed record StreamStart
{
    public required TenantId Tenant { get; init; }
    public required WorkflowId Workflow { get; init; }
    /// <summary>The canonical path of the workspace: what the take-off lock is about.</summary>
    public required string WorkspaceKey { get; init; }
    public required StreamHeaderState Header { get; init; }
    public required IReadOnlyList<EntryDraft> Entries { get; init; }
    public required IReadOnlyList<AuditEvent> Audit { get; init; }
}

/// <summary>What a list shows without reading the stream. Rewritten by every commit that carries one.</summary>
public sealed record StreamHeaderState(string Name, string Requester, LifecycleState State, string Summary, bool Finished);

public sealed record StreamHeader(
    TenantId Tenant, WorkflowId Workflow, string WorkspaceKey, StreamHeaderState State, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt,
    bool InDoubt, string? OwnerNode);

/// <param name="Kind">What the streams are, by how their ids begin: <c>wf</c> a flight, <c>call</c> a held call. Null: all.</param>
public sealed record StreamFilter(bool OpenOnly = false, LifecycleState? State = null, int CountMax = 100, string? Name = null, string? Kind = null);

public enum LockMove { None, Acquire, Release }

public enum IntentMove { None, Set, Clear }

public sealed record Commit
{
    /// <summary>The sequence that the first entry will get; the store refuses any other (<see cref="ProblemCode.StoreFenced"/>).</summary>
    public required long ExpectedSequence { get; init; }
    public IReadOnlyList<EntryDraft> Entries { get; init; } = [];
    public IReadOnlyList<AuditEvent> Audit { get; init; } = [];
    public StreamHeaderState? Header { get; init; }
    /// <summary>Ids of signals that these entries have taken up; they leave the inbox.</summary>
    public IReadOnlyList<string> Acknowledge { get; init; } = [];
    /// <summary>The take-off lock of the stream's workspace.</summary>
    public LockMove Lock { get; init; }
    /// <summary>The mark that effects may be under way outside the store's knowledge.</summary>
    public IntentMove Intent { get; init; }
    /// <summary>The lock stays and a person must decide (ORC-05).</summary>
    public bool MarkInDoubt { get; init; }
    /// <summary>Need not be durable by itself, only before any later commit that is: a power cut may take it together with everything after it.
    /// For what nobody outside has acted upon yet. The answer still means that it is committed and seen by every process.</summary>
    public bool Deferred { get; init; }
    /// <summary>How many signals the stream had when this was decided: with another one since it is <see cref="ProblemCode.StoreMoved"/>, and nothing was written.</summary>
    public long? SignalsSeen { get; init; }
    /// <summary>Gives the claim back in the same transaction.</summary>
    public bool ReleaseClaim { get; init; }
}

/// <param name="LockFence">Set when the commit acquired the lock: grows with every acquisition of that workspace's lock.</param>
public sealed record Committed(long NextSequence, long? LockFence);

/// <param name="Kind">For example <c>approval_response</c>, <c>cancel</c>.</param>
public sealed record Signal(string Id, string Kind, JsonElement Data)
{
    /// <summary>Taken only while the stream stands where the sender saw it; else <see cref="ProblemCode.StoreMoved"/>. What was verified then still holds.</summary>
    public StreamPoint? OnlyAt { get; init; }
}

/// <summary>How far a stream has come.</summary>
/// <param name="Signals">All that were ever put into its inbox.</param>
public readonly record struct StreamPoint(long NextSequence, long Signals);

public sealed record StreamSnapshot(StreamHeader Header, IReadOnlyList<WalEntry> Entries, IReadOnlyList<Signal> Inbox, bool Intent, long Epoch, StreamPoint Point);

/// <param name="Head">The signed head of the whole log, newest first known to the store.</param>
public sealed record AuditPage(IReadOnlyList<AuditRow> Rows, AuditHead? Head);

/// <param name="Json">The event's bytes as chained, one line, signature included.</param>
public sealed record AuditRow(long Sequence, string Json);

/// <summary>The signed head: how long the log is and where its chain stands. Shows truncation (AUD-03).</summary>
public sealed record AuditHead(string Tenant, long Sequence, string ChainHash, DateTimeOffset Timestamp, string KeyRef, string Signature);
