// Start, signal, commit. Commit is the only mutation of a stream: all that it carries, or nothing, and only for the owner of the newest epoch (ORC-05, ORC-06).
using System.Text;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Ledger.Streams.Sqlite;

internal sealed partial class SqliteStore
{
    private const int InboxMax = 1_000;
    private const int TextCharsMax = 64 * 1024;

    public Task<Outcome<Done>> StartAsync(StreamStart start, CancellationToken ct)
    {
        if (start.WorkspaceKey.Length > TextCharsMax) return Refuse<Done>(TooLong("workspace key"));
        if (CheckHeader(start.Header) is { } wrong) return Refuse<Done>(wrong);
        if (!drafts.Entries(start.Workflow, 0, clock.GetUtcNow(), start.Entries).Try(out var lines, out var problem)) return Refuse<Done>(problem);
        if (!drafts.Audit(start.Audit).Try(out var audit, out problem)) return Refuse<Done>(problem);
        var header = drafts.Redact(start.Header);
        // The lock is about the key itself; what is shown of it is redacted.
        var hash = Digest.Of(Encoding.UTF8.GetBytes(start.WorkspaceKey)).ToString();
        var shown = drafts.Redact(start.WorkspaceKey);
        return Writer.RunAsync("start", s =>
        {
            if (StreamRow.Find(s.Db, start.Tenant, start.Workflow) is not null)
                return new Problem(ProblemCode.InvalidArgument, $"workflow {start.Workflow} exists already; nothing was started");
            s.Db.Execute("""
                INSERT INTO streams(tenant, workflow, workspace_key, workspace_hash, name, requester, state, summary, finished, created_at, updated_at, next_sequence)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11)
                """, start.Tenant.ToString(), start.Workflow.ToString(), shown, hash, header.Name, header.Requester, header.State.Word(), header.Summary, header.Finished,
                s.Now.UtcTicks, (long)lines.Count);
            var id = s.Db.Number("SELECT last_insert_rowid()")!.Value;
            InsertEntries(s.Db, id, 0, lines);
            return s.Audit.Append(s.Db, start.Tenant.ToString(), audit);
        }, ct);
    }

    public Task<Outcome<Done>> SignalAsync(TenantId tenant, WorkflowId workflow, Signal signal, IReadOnlyList<AuditEvent> audit, CancellationToken ct)
    {
        if (signal.Id.Length is 0 or > 256) return Refuse<Done>(new(ProblemCode.InvalidArgument, "a signal's id has 1 to 256 characters"));
        if (!drafts.Signal(signal).Try(out var message, out var problem)) return Refuse<Done>(problem);
        if (!drafts.Audit(audit).Try(out var events, out problem)) return Refuse<Done>(problem);
        return Writer.RunAsync("signal", s =>
        {
            if (StreamRow.Find(s.Db, tenant, workflow) is not { } stream) return NoSuchStream(workflow);
            var known = s.Db.First("SELECT kind, data FROM signals WHERE stream = $1 AND id = $2", r => $"{r.GetString(0)} {r.GetString(1)}", stream.Id, signal.Id);
            if (known is not null)
                return known == $"{message.Kind} {message.Data}" ? Done.Ok : new Problem(ProblemCode.InvalidArgument, $"signal {signal.Id} was sent before with another content");
            if (signal.OnlyAt is { } point && point != stream.Point) return Moved(workflow);
            if (stream.Finished && !stream.InDoubt) return new Problem(ProblemCode.WorkflowFinished, $"workflow {workflow} has ended; nobody would read the message");
            if (s.Db.Number("SELECT count(*) FROM signals WHERE stream = $1 AND taken = 0", stream.Id) >= InboxMax)
                return new Problem(ProblemCode.InvalidArgument, $"workflow {workflow} has {InboxMax} unread messages; no more are taken");
            s.Db.Execute("INSERT INTO signals(stream, ordinal, id, kind, data) VALUES ($1, $2, $3, $4, $5)", stream.Id, stream.SignalCount, signal.Id, message.Kind, message.Data);
            s.Db.Execute("UPDATE streams SET signal_count = signal_count + 1 WHERE id = $1", stream.Id);
            return s.Audit.Append(s.Db, tenant.ToString(), events);
        }, ct);
    }

    public Task<Outcome<Committed>> CommitAsync(NodeSession session, Claim claim, Commit commit, CancellationToken ct)
    {
        if (commit.Header is { } given && CheckHeader(given) is { } wrong) return Refuse<Committed>(wrong);
        if (commit is { MarkInDoubt: true, Lock: LockMove.Release } or { MarkInDoubt: true, Intent: IntentMove.Clear })
            return Refuse<Committed>(Problem.Bug("a commit cannot mark a flight in doubt and give up its lock or intent"));
        if (!drafts.Entries(claim.Workflow, commit.ExpectedSequence, clock.GetUtcNow(), commit.Entries).Try(out var lines, out var problem)) return Refuse<Committed>(problem);
        if (!drafts.Audit(commit.Audit).Try(out var audit, out problem)) return Refuse<Committed>(problem);
        var header = commit.Header is null ? null : drafts.Redact(commit.Header);
        return Writer.RunAsync(Failpoint.IsArmed ? CommitWords.Of(commit) : "commit", s => Apply(s, session, claim, commit, header, lines, audit), ct,
            deferred: commit is { Deferred: true, Intent: IntentMove.None, MarkInDoubt: false });
    }

    private Outcome<Committed> Apply(WriteScope s, NodeSession session, Claim claim, Commit commit, StreamHeaderState? header, IReadOnlyList<string> lines, IReadOnlyList<AuditDraft> audit)
    {
        if (!IsOwnSessionLive(s, session)) return Fenced($"session {session.SessionId} of node '{session.Node}' has lost its lease");
        if (StreamRow.Find(s.Db, claim.Tenant, claim.Workflow) is not { } stream) return NoSuchStream(claim.Workflow);
        if (stream.Owner != session.SessionId || stream.Epoch != claim.Epoch)
            return Fenced($"workflow {claim.Workflow} is no longer ours (epoch {claim.Epoch}, now {stream.Epoch})");
        if (stream.NextSequence != commit.ExpectedSequence)
            return Fenced($"workflow {claim.Workflow} stands at sequence {stream.NextSequence}, not {commit.ExpectedSequence}");
        if (commit.SignalsSeen is { } known && known != stream.SignalCount) return Moved(claim.Workflow);

        InsertEntries(s.Db, stream.Id, commit.ExpectedSequence, lines);
        foreach (var id in commit.Acknowledge)
            if (s.Db.Execute("UPDATE signals SET taken = 1 WHERE stream = $1 AND id = $2 AND taken = 0", stream.Id, id) != 1)
                return Problem.Bug($"signal {id} is not in the inbox of workflow {claim.Workflow}");
        if (!MoveLock(s.Db, stream, claim, commit.Lock).Try(out var fence, out var problem)) return problem;

        var after = stream with
        {
            NextSequence = stream.NextSequence + lines.Count,
            Intent = commit.Intent switch { IntentMove.Set => true, IntentMove.Clear => false, IntentMove.None => stream.Intent },
            // Giving up the lock is the decision that ends the doubt.
            InDoubt = commit.MarkInDoubt || (stream.InDoubt && commit.Lock != LockMove.Release),
            Owner = commit.ReleaseClaim ? null : stream.Owner,
            Finished = header?.Finished ?? stream.Finished,
        };
        if (after is { Finished: true, InDoubt: false } && (after.Intent || Holds(s.Db, stream)))
            return Problem.Bug($"workflow {claim.Workflow} cannot end with a take-off intent or the workspace's lock: clear and release them, or mark it in doubt");
        Update(s, after, header);
        return s.Audit.Append(s.Db, claim.Tenant.ToString(), audit).Map(_ => new Committed(after.NextSequence, fence.Fence));
    }

    private static Problem Moved(WorkflowId workflow) => new(ProblemCode.StoreMoved, $"workflow {workflow} went on between the look at it and this word");

    private static void Update(WriteScope s, StreamRow after, StreamHeaderState? header)
    {
        if (header is null)
            s.Db.Execute("UPDATE streams SET next_sequence = $2, intent = $3, in_doubt = $4, owner = $5, updated_at = $6 WHERE id = $1",
                after.Id, after.NextSequence, after.Intent, after.InDoubt, after.Owner, s.Now.UtcTicks);
        else
            s.Db.Execute("""
                UPDATE streams SET next_sequence = $2, intent = $3, in_doubt = $4, owner = $5, updated_at = $6, name = $7, requester = $8, state = $9, summary = $10, finished = $11 WHERE id = $1
                """, after.Id, after.NextSequence, after.Intent, after.InDoubt, after.Owner, s.Now.UtcTicks, header.Name, header.Requester, header.State.Word(), header.Summary, header.Finished);
    }

    private readonly record struct LockMoved(long? Fence);

    private static Outcome<LockMoved> MoveLock(Database db, StreamRow stream, Claim claim, LockMove move)
    {
        var tenant = claim.Tenant.ToString();
        switch (move)
        {
            case LockMove.Acquire:
                var holder = db.First("""
                    SELECT s.workflow, s.in_doubt FROM locks l JOIN streams s ON s.id = l.holder WHERE l.tenant = $1 AND l.workspace_hash = $2 AND l.holder <> $3
                    """, r => r.GetInt64(1) == 0 ? $"workflow {r.GetString(0)}" : $"workflow {r.GetString(0)}, whose take-off's outcome is in doubt", tenant, stream.WorkspaceHash, stream.Id);
                if (holder is not null) return new Problem(ProblemCode.WorkspaceLocked, $"the workspace's take-off lock is held by {holder}").With("holder", holder);
                db.Execute("""
                    INSERT INTO locks(tenant, workspace_hash, fence, holder) VALUES ($1, $2, 1, $3)
                    ON CONFLICT (tenant, workspace_hash) DO UPDATE SET fence = fence + 1, holder = excluded.holder
                    """, tenant, stream.WorkspaceHash, stream.Id);
                return new LockMoved(db.Number("SELECT fence FROM locks WHERE tenant = $1 AND workspace_hash = $2", tenant, stream.WorkspaceHash));
            case LockMove.Release:
                // Releasing what one does not hold changes nothing: a recovery may not know how far it had come.
                db.Execute("UPDATE locks SET holder = NULL WHERE tenant = $1 AND workspace_hash = $2 AND holder = $3", tenant, stream.WorkspaceHash, stream.Id);
                return new LockMoved(null);
            case LockMove.None:
                return new LockMoved(null);
            default:
                throw new InvalidOperationException($"unknown lock move {move}");
        }
    }

    private static bool Holds(Database db, StreamRow stream) => db.Number("SELECT count(*) FROM locks WHERE holder = $1", stream.Id) > 0;

    private static void InsertEntries(Database db, long stream, long first, IReadOnlyList<string> lines)
    {
        for (var i = 0; i < lines.Count; i++) db.Execute("INSERT INTO entries(stream, sequence, json) VALUES ($1, $2, $3)", stream, first + i, lines[i]);
    }

    private static Problem? CheckHeader(StreamHeaderState header) =>
        header.Name.Length > TextCharsMax || header.Requester.Length > TextCharsMax || header.Summary.Length > TextCharsMax ? TooLong("header") : null;

    private static Problem TooLong(string what) => new(ProblemCode.InvalidArgument, $"the stream's {what} is longer than {TextCharsMax} characters");

    private static Task<Outcome<T>> Refuse<T>(Problem problem) => Task.FromResult<Outcome<T>>(problem);
}

internal sealed record StreamRow(
    long Id, string WorkspaceHash, bool Finished, bool InDoubt, bool Intent, string? Owner, long Epoch, long NextSequence, long SignalCount)
{
    public StreamPoint Point => new(NextSequence, SignalCount);

    public static StreamRow? Find(Database db, TenantId tenant, WorkflowId workflow) => db.First(
        "SELECT id, workspace_hash, finished, in_doubt, intent, owner, epoch, next_sequence, signal_count FROM streams WHERE tenant = $1 AND workflow = $2",
        r => new StreamRow(r.GetInt64(0), r.GetString(1), r.GetInt64(2) != 0, r.GetInt64(3) != 0, r.GetInt64(4) != 0, r.IsDBNull(5) ? null : r.GetString(5),
            r.GetInt64(6), r.GetInt64(7), r.GetInt64(8)), tenant.ToString(), workflow.ToString());
}
