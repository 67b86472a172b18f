// One thread at a time writes: the writer's own, or that of a caller who finds nobody writing or waiting and so spares itself two hand-overs. Requests that wait
// together share a transaction (group commit), each within its own savepoint, so that one refusal undoes nothing of the others. A caller hears of success only after COMMIT and the flush of the log (invariants 4 and 7).
// A deferred request is answered without waiting for the disk: a power cut may take it, and then takes all that came after it as well,
// because a flush of the write-ahead log covers everything before it. After a flush that the disk did not confirm, this holds no longer: the writer stops for good.
using System.Diagnostics;
using CabinCrew.Ledger.Signing;
using CabinCrew.Protocol;
using Microsoft.Data.Sqlite;

namespace CabinCrew.Ledger.Streams.Sqlite;

/// <summary>What a request sees: the open transaction, its time, and the tenants' audit chains.</summary>
internal sealed record WriteScope(Database Db, DateTimeOffset Now, AuditAppender Audit);

internal sealed class SqliteWriter : IDisposable
{
    private const int GroupMax = 512;
    private const int Constraint = 19, Corrupt = 11;

    /// <summary>Frames after which the log is brought into the database.</summary>
    private const int LogFramesMax = 1_000;

    private const int QueueMax = 16_384;
    private static readonly TimeSpan GroupTimeMax = TimeSpan.FromMilliseconds(50);

    /// <summary>A busy writer pauses now and then so that other processes get the file.</summary>
    private const int GroupsBeforePause = 16;

    private readonly Inbox<Request> queue = new(QueueMax);
    private readonly Database db;
    private readonly AuditAppender audit;
    private readonly TimeProvider clock;
    private readonly string path;
    private readonly Thread thread;
    private readonly HighWater highWater;
    private readonly LogFlusher flusher;
    private readonly List<Request> group = [];

    // Whoever has it writes: db, audit and group are its own meanwhile.
    private readonly Lock pen = new();
    private bool isClosed;
    private volatile bool isFilling;

    public SqliteWriter(Database db, HighWater highWater, Signer signer, TimeProvider clock, string path)
    {
        this.db = db;
        this.highWater = highWater;
        this.clock = clock;
        this.path = path;
        audit = new AuditAppender(signer);
        flusher = new LogFlusher(path, highWater) { Idle = Nudge };
        thread = new Thread(Run) { IsBackground = true, Name = "store writer" };
        thread.Start();
    }

    /// <param name="about">What it writes, as the table of failpoints has it.</param>
    /// <param name="deferred">May be made durable by the next request that is not.</param>
    public async Task<Outcome<T>> RunAsync<T>(string about, Func<WriteScope, Outcome<T>> work, CancellationToken ct, bool deferred = false)
    {
        var request = new Request<T>(work, ct) { Deferred = deferred, About = about };
        if (!TryAlone(request) && !queue.Add(request, ct)) return new Problem(ProblemCode.StoreUnavailable, "the store has been closed") { Where = path };
        return await request.Task.ConfigureAwait(false);
    }

    public void Dispose()
    {
        queue.Close();
        thread.Join();
        lock (pen) isClosed = true;
        flusher.Dispose();
        if (flusher.Distrusted is not null) db.LeaveLog();
        db.Dispose();
        highWater.Dispose();
    }

    /// <summary>Nothing is written any more: the disk did not confirm a flush.</summary>
    public void Distrust(Problem why) => flusher.Distrust(why);

    // Ends a group that is only kept open because the log is being flushed.
    private void Nudge()
    {
        if (isFilling) queue.Add(Request.Nudge);
    }

    private void Run()
    {
        var groups = 0;
        while (queue.TryTake(out var first, Timeout.InfiniteTimeSpan))
        {
            if (first == Request.Nudge) continue;
            lock (pen) Commit(first, mayWait: true);
            groups = queue.Count == 0 ? 0 : groups + 1;
            if (groups % GroupsBeforePause == GroupsBeforePause - 1) Thread.Sleep(1);
        }
    }

    // While the log is being flushed a group is worth more than a hand-over.
    private bool TryAlone(Request request)
    {
        if (queue.Count > 0 || flusher.IsBusy || !pen.TryEnter()) return false;
        try
        {
            if (isClosed) return false;
            // Others wait for the pen, and for nothing that this one waits for.
            Commit(request, mayWait: false);
            return true;
        }
        finally
        {
            pen.Exit();
        }
    }

    /// <param name="mayWait">For more of a group, while the log is being flushed anyway.</param>
    private void Commit(Request first, bool mayWait)
    {
        group.Clear();
        if (flusher.Distrusted is { } why)
        {
            first.Fail(why);
            return;
        }
        try
        {
            CommitGroup(first, mayWait);
            if (db.LogFrames >= LogFramesMax) Checkpoint();
        }
        catch (SqliteException e)
        {
            var problem = Database.Explain(e, path);
            if (Database.IsUnconfirmed(e)) Distrust(problem);
            Abandon(problem);
        }
        catch (Exception e)
        {
            Abandon(Problem.Bug($"the store's writer failed: {e.Message}"));
        }
    }

    private void CommitGroup(Request first, bool mayWait)
    {
        group.Add(first);
        db.Execute("BEGIN IMMEDIATE");
        audit.Begin();
        var scope = new WriteScope(db, clock.GetUtcNow(), audit);
        Execute(first, scope);
        var began = Stopwatch.GetTimestamp();
        while (group.Count < GroupMax && Following(began, mayWait && group.TrueForAll(r => !r.Deferred)) is { } next)
        {
            group.Add(next);
            Execute(next, scope);
        }
        var mustLast = group.Where(r => !r.Deferred).ToArray();
        var events = audit.SignHeads(db, scope.Now) && mustLast.Length > 0 ? HighWater.Events(db) : 0;
        Reach("lost");
        db.Execute("COMMIT");
        Reach("kept");
        if (mustLast.Length > 0) flusher.Owe(events, unconfirmed => Answer(mustLast, unconfirmed));
        foreach (var request in group)
            if (request.Deferred) request.Complete();
    }

    // Whoever waits already, and while the log is being flushed also whoever comes: a commit now would only wait for the next flush.
    private Request? Following(long began, bool mayWait)
    {
        while (GroupTimeMax - Stopwatch.GetElapsedTime(began) is { Ticks: > 0 } left)
        {
            if (queue.TryTake(out var next))
            {
                if (next != Request.Nudge) return next;
                continue;
            }
            isFilling = true;
            Interlocked.MemoryBarrier();
            try
            {
                if (!mayWait || !flusher.IsBusy || !queue.TryTake(out next, left) || next == Request.Nudge) return null;
                return next;
            }
            finally
            {
                isFilling = false;
            }
        }
        return null;
    }

    private static void Answer(Request[] requests, Problem? unconfirmed)
    {
        foreach (var request in requests)
        {
            if (unconfirmed is null) request.Complete();
            else request.Fail(unconfirmed);
        }
    }

    private void Reach(string when)
    {
        if (!Failpoint.IsArmed) return;
        foreach (var request in group) Failpoint.Reach(Failpoint.Store(request.About, when));
    }

    // The group has its answers. A full disk or a busy reader only leaves the log longer.
    private void Checkpoint()
    {
        try
        {
            db.Checkpoint();
        }
        catch (SqliteException e) when (!Database.IsUnconfirmed(e))
        {
        }
    }

    private void Execute(Request request, WriteScope scope)
    {
        db.Execute("SAVEPOINT request");
        var mark = audit.Mark();
        Problem? problem;
        try
        {
            problem = request.Execute(scope);
        }
        catch (SqliteException e) when (e.SqliteErrorCode is Constraint or Corrupt)
        {
            // A constraint or an append-only trigger said no, or a page that only this request needs is damaged: nobody else's fault.
            problem = request.Refuse(e.SqliteErrorCode == Corrupt ? Database.Explain(e, path) : new(ProblemCode.StoreUnavailable, $"the store refused the write: {e.Message}") { Where = path });
        }
        if (problem is not null)
        {
            db.Execute("ROLLBACK TO request");
            audit.Return(mark);
        }
        db.Execute("RELEASE request");
    }

    private void Abandon(Problem problem)
    {
        try
        {
            db.Execute("ROLLBACK");
        }
        catch (SqliteException)
        {
            // There was no transaction any more: SQLite had rolled it back itself.
        }
        foreach (var request in group) request.Fail(problem);
    }

    private abstract class Request
    {
        public static readonly Request Nudge = new Request<Done>(_ => Done.Ok, default) { About = "" };

        public bool Deferred { get; init; }
        public required string About { get; init; }

        /// <summary>Does the work inside the open savepoint; the refusal, if any, means: undo it.</summary>
        public abstract Problem? Execute(WriteScope scope);
        public abstract Problem Refuse(Problem problem);
        public abstract void Complete();
        public abstract void Fail(Problem problem);
    }

    private sealed class Request<T>(Func<WriteScope, Outcome<T>> work, CancellationToken ct) : Request
    {
        private readonly TaskCompletionSource<Outcome<T>> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private Outcome<T> result;
        private Exception? bug;

        public Task<Outcome<T>> Task => done.Task;

        public override Problem? Execute(WriteScope scope)
        {
            try
            {
                result = ct.IsCancellationRequested ? new Problem(ProblemCode.Cancelled, "cancelled before the store wrote anything") : work(scope);
                return result.Problem;
            }
            catch (Exception e) when (e is not SqliteException)
            {
                bug = e;
                return Problem.Bug(e.Message);
            }
        }

        public override Problem Refuse(Problem problem)
        {
            result = problem;
            return problem;
        }

        public override void Complete()
        {
            if (bug is null) done.SetResult(result);
            else done.SetException(bug);
        }

        public override void Fail(Problem problem) => done.TrySetResult(problem);
    }
}
