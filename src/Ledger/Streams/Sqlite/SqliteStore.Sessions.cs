// Sessions and claims: who is alive, who owns which stream. A lease counts by the clock that only ticks for others since the same boot, by the wall clock
// for others than these, and by CLOCK_BOOTTIME for oneself: so a wall clock that is set, or a machine that sleeps, takes no flight from a living owner.
// None of it waits for the disk: a power cut ends the sessions themselves, and the first commit that must last makes the claim before it last too.
using System.Collections.Concurrent;
using System.Security.Cryptography;
using CabinCrew.Protocol;

namespace CabinCrew.Ledger.Streams.Sqlite;

internal sealed partial class SqliteStore
{
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(15);

    /// <summary>Taken off the holder's own view of its lease: it stops before anyone else may take over.</summary>
    public static readonly TimeSpan LeaseMargin = TimeSpan.FromSeconds(3);

    private readonly ConcurrentDictionary<string, TimeSpan> ownLeases = new(StringComparer.Ordinal);

    public async Task<Outcome<NodeSession>> JoinAsync(string node, CancellationToken ct)
    {
        // Not from the id source: fencing must hold even where ids are counted.
        var id = "session-" + RandomNumberGenerator.GetHexString(20, lowercase: true);
        var name = drafts.Redact(node);
        var host = HostProcess.This;
        var began = BootClock.Now();
        var done = await Writer.RunAsync("join", s =>
        {
            s.Db.Execute("INSERT INTO sessions(id, node, realm, pid, started, lease_until, lease_ticks) VALUES ($1, $2, $3, $4, $5, $6, $7)",
                id, name, host.Realm, host.Pid, host.Started, (s.Now + Lease).UtcTicks, (Ticking + Lease).Ticks);
            return Done.Ok;
        }, ct, deferred: true).ConfigureAwait(false);
        return done.Map(_ => Leased(new NodeSession(name, id, default), began));
    }

    public async Task<Outcome<NodeSession>> RenewAsync(NodeSession session, CancellationToken ct)
    {
        var began = BootClock.Now();
        var done = await Writer.RunAsync("renew", s =>
        {
            if (!IsOwnSessionLive(s, session)) return Fenced($"session {session.SessionId} of node '{session.Node}' has lost its lease");
            s.Db.Execute("UPDATE sessions SET lease_until = $2, lease_ticks = $3 WHERE id = $1", session.SessionId, (s.Now + Lease).UtcTicks, (Ticking + Lease).Ticks);
            return Done.Ok;
        }, ct, deferred: true).ConfigureAwait(false);
        return done.Map(_ => Leased(session, began));
    }

    public async Task LeaveAsync(NodeSession session, CancellationToken ct)
    {
        ownLeases.TryRemove(session.SessionId, out _);
        await Writer.RunAsync("leave", s =>
        {
            Bury(s.Db, session.SessionId);
            return Done.Ok;
        }, ct, deferred: true).ConfigureAwait(false);
    }

    public Task<Outcome<int>> ReapAsync(NodeSession session, IReadOnlySet<WorkflowId> running, CancellationToken ct) => Writer.RunAsync<int>("reap", s =>
    {
        if (!IsOwnSessionLive(s, session)) return Fenced($"session {session.SessionId} of node '{session.Node}' has lost its lease");
        var freed = 0;
        foreach (var dead in Sessions(s.Db).Where(other => other.Id != session.SessionId && !other.IsLive(s.Now, Ticking))) freed += Bury(s.Db, dead.Id);
        var owned = s.Db.Query("SELECT id, workflow FROM streams WHERE owner = $1", r => (Id: r.GetInt64(0), Workflow: r.GetString(1)), session.SessionId);
        foreach (var stream in owned.Where(o => !WorkflowId.TryParse(o.Workflow, out var workflow) || !running.Contains(workflow)))
            freed += s.Db.Execute("UPDATE streams SET owner = NULL WHERE id = $1", stream.Id);
        return freed;
    }, ct, deferred: true);

    public async Task<Outcome<Claim>> ClaimAsync(NodeSession session, TenantId tenant, WorkflowId workflow, CancellationToken ct)
    {
        // Looked through before, so that the one who writes need not: entries are never changed, only added.
        var read = await ReadOnConnectionAsync<(long NextSequence, Problem? Fault)>(db => StreamRow.Find(db, tenant, workflow) is { } stream
            ? (stream.NextSequence, CheckedEntries(db, stream, workflow).Problem) : NoSuchStream(workflow), ct).ConfigureAwait(false);
        var (length, fault) = read.Ok ? read.Value : (-1, null);
        return await Writer.RunAsync("claim", s => Claim(s, session, tenant, workflow, stream => stream.NextSequence == length ? fault : CheckedEntries(s.Db, stream, workflow).Problem), ct, deferred: true).ConfigureAwait(false);
    }

    private Outcome<Claim> Claim(WriteScope s, NodeSession session, TenantId tenant, WorkflowId workflow, Func<StreamRow, Problem?> check)
    {
        if (!IsOwnSessionLive(s, session)) return Fenced($"session {session.SessionId} of node '{session.Node}' has lost its lease");
        if (StreamRow.Find(s.Db, tenant, workflow) is not { } stream) return NoSuchStream(workflow);
        // A finished flight whose outcome is unknown can still be claimed: a person has to decide about its lock.
        if (stream.Finished && !stream.InDoubt) return new Problem(ProblemCode.WorkflowFinished, $"workflow {workflow} has ended");
        if (stream.Owner is { } owner && SessionRow.Find(s.Db, owner) is { } holder)
        {
            if (holder.IsLive(s.Now, Ticking))
                return new Problem(ProblemCode.WorkflowBusy, $"workflow {workflow} is being worked on by node '{holder.Node}'").With("node", holder.Node);
            Bury(s.Db, holder.Id);
        }
        var epoch = stream.Epoch + 1;
        s.Db.Execute("UPDATE streams SET owner = $2, epoch = $3 WHERE id = $1", stream.Id, session.SessionId, epoch);
        return check(stream) is { } fault ? fault : new Claim(tenant, workflow, epoch, stream.NextSequence, stream.Intent);
    }

    /// <summary>Time since some moment that is the same for every process since the machine was started. Stands still while the machine sleeps.</summary>
    private TimeSpan Ticking => clock.GetElapsedTime(0);

    private NodeSession Leased(NodeSession session, TimeSpan began)
    {
        // Measured from before the request: the store's lease can only end later.
        ownLeases[session.SessionId] = began + Lease;
        return session with { LeaseEndsBoottime = began + Lease - LeaseMargin };
    }

    private bool IsOwnSessionLive(WriteScope s, NodeSession session)
    {
        if (SessionRow.Find(s.Db, session.SessionId) is not { } row || !row.HasLease(s.Now, Ticking)) return false;
        // That one does not count while the machine sleeps; one's own lease does.
        return !ownLeases.TryGetValue(session.SessionId, out var ends) || BootClock.Now() < ends;
    }

    private static int Bury(Database db, string session)
    {
        var freed = db.Execute("UPDATE streams SET owner = NULL WHERE owner = $1", session);
        db.Execute("DELETE FROM sessions WHERE id = $1", session);
        return freed;
    }

    private static List<SessionRow> Sessions(Database db) => db.Query(SessionRow.Select, SessionRow.Read);

    private static Problem Fenced(string why) =>
        new(ProblemCode.StoreFenced, $"{why}; nothing was written") { Remedy = "Stop the engines of that flight and continue with `cabincrew resume`." };

    private static Problem NoSuchStream(WorkflowId workflow) => new Problem(ProblemCode.NotFound, $"there is no workflow {workflow} in this store").With("workflow", workflow.ToString());
}

internal sealed record SessionRow(string Id, string Node, HostProcess Process, long LeaseUntil, long LeaseTicks)
{
    public const string Select = "SELECT id, node, realm, pid, started, lease_until, lease_ticks FROM sessions";

    public static SessionRow Read(Microsoft.Data.Sqlite.SqliteDataReader r) =>
        new(r.GetString(0), r.GetString(1), new HostProcess(r.GetString(2), r.GetInt64(3), r.GetInt64(4)), r.GetInt64(5), r.GetInt64(6));

    public static SessionRow? Find(Database db, string id) => db.First(Select + " WHERE id = $1", Read, id);

    public bool IsLive(DateTimeOffset now, TimeSpan ticking) => HasLease(now, ticking) && !Process.IsSurelyDead;

    public bool HasLease(DateTimeOffset now, TimeSpan ticking) => Process.IsOfThisBoot ? LeaseTicks > ticking.Ticks : LeaseUntil > now.UtcTicks;
}
