// The embedded store: one SQLite file that several processes may share. All coordination is in the database; nothing is trusted across transactions.
// This file: opening, closing, and how a call becomes a request of the writer or a read on a connection of its own.
using System.Buffers;
using System.Collections.Concurrent;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Ledger.Signing;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using Microsoft.Data.Sqlite;

namespace CabinCrew.Ledger.Streams.Sqlite;

internal sealed partial class SqliteStore(string path, Signer signer, Redactor redactor, TimeProvider clock) : IStore
{
    private const int ReadersKept = 4;

    /// <summary>Up to this size the whole file is checked at open; beyond it, what is read is checked when it is read.</summary>
    private const long FullCheckBytesMax = 8 << 20;

    /// <summary>Of drafts, kept from one append to the next.</summary>
    private const int SpareBytesFirst = 64 << 10, SpareBytesMax = 4 << 20;

    private readonly Drafts drafts = new(redactor);
    private ArrayBufferWriter<byte>? spare;
    private readonly ConcurrentBag<Database> readers = [];
    private SqliteWriter? writer;
    private int closed;

    public Task<Outcome<Done>> OpenAsync(CancellationToken ct) => Task.Run(Open, ct);

    public Task<Outcome<Done>> AppendAuditAsync(TenantId tenant, IReadOnlyList<AuditEvent> audit, CancellationToken ct)
    {
        return drafts.Audit(audit).Try(out var events, out var problem) ? AppendAsync(tenant, events, ct) : Task.FromResult<Outcome<Done>>(problem);
    }

    public async Task<Outcome<Done>> AppendAuditWordsAsync(TenantId tenant, IReadOnlyList<IAuditWords> audit, CancellationToken ct)
    {
        // Used again and again: a gateway appends some hundred kilobytes many times a second.
        var memory = Interlocked.Exchange(ref spare, null) ?? new(SpareBytesFirst);
        var done = drafts.Audit(audit, memory).Try(out var events, out var problem) ? await AppendAsync(tenant, events, ct).ConfigureAwait(false) : problem;
        if (memory.Capacity <= SpareBytesMax) spare = memory;
        return done;
    }

    private async Task<Outcome<Done>> AppendAsync(TenantId tenant, IReadOnlyList<AuditDraft> events, CancellationToken ct)
    {
        var done = await Writer.RunAsync("audit", s => s.Audit.Append(s.Db, tenant.ToString(), events), ct).ConfigureAwait(false);
        // Whatever the reason, the caller's action must not happen now.
        return done.Problem is { Code: ProblemCode.StoreUnavailable or ProblemCode.StoreCorrupt } p ? p with { Code = ProblemCode.AuditUnwritable } : done;
    }

    public ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref closed, 1) != 0) return ValueTask.CompletedTask;
        // The writer last: who closes last brings the log into the database.
        while (readers.TryTake(out var reader)) reader.Dispose();
        writer?.Dispose();
        return ValueTask.CompletedTask;
    }

    private SqliteWriter Writer => writer ?? throw new InvalidOperationException("the store was not opened");

    private Outcome<Done> Open()
    {
        if (writer is not null) throw new InvalidOperationException("the store is open already");
        SQLitePCL.Batteries_V2.Init();
        Database? db = null;
        try
        {
            MakeFile();
            var hasLog = new FileInfo(path + "-wal") is { Exists: true, Length: > 0 };
            db = Database.Open(path, readOnly: false);
            if (db.IsReadOnly) return Database.Unwritable(path);
            var isNew = db.Pragma("user_version") == "0";
            var ready = HighWater.Vanished(path, db) is { } vanished ? vanished : SqliteSchema.Prepare(db, path);
            if (ready.Problem is null && new FileInfo(path).Length <= FullCheckBytesMax && db.Pragma("quick_check(1)") is var found and not "ok")
                ready = new Problem(ProblemCode.StoreCorrupt, $"the store's file is damaged: {found}") { Where = path };
            if (!ready.Try(out _, out var problem)) return problem;
            var highWater = HighWater.Open(path, db, out var below);
            // The log is a new file, and SQLite does not look whether its name reached the disk. Whoever made the directory may have been cut off before it did.
            if (!hasLog) Posix.FlushDirectory(Path.GetDirectoryName(path)!);
            if (isNew) Posix.FlushNameOf(Path.GetDirectoryName(path)!);
            db.WatchLog();
            // What another process left there was checked frame by frame just now; whether all of it ever reached the disk it may not have known.
            if (hasLog && below is null) db.Checkpoint();
            writer = new SqliteWriter(db, highWater, signer, clock, path);
            if (below is not null) writer.Distrust(below);
            db = null;
            return Done.Ok;
        }
        catch (SqliteException e)
        {
            return Database.Explain(e, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Problem(ProblemCode.StoreUnavailable, $"the store cannot be opened: {e.Message}") { Where = path };
        }
        finally
        {
            // Only what was refused is still ours here: it is evidence, its log included.
            db?.LeaveLog();
            db?.Dispose();
        }
    }

    // SQLite gives its -wal and -shm files the mode of the database file.
    private void MakeFile()
    {
        const UnixFileMode ownerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        if (new FileInfo(path).LinkTarget is not null) throw new IOException($"'{path}' is a symbolic link");
        if (File.Exists(path))
        {
            if ((File.GetUnixFileMode(path) & ~ownerOnly) != 0) File.SetUnixFileMode(path, ownerOnly);
            return;
        }
        try
        {
            using var file = new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = ownerOnly });
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another process was first.
        }
        Posix.FlushDirectory(Path.GetDirectoryName(path)!);
        // Whoever made the directory may have been cut off before it was durable itself.
        Posix.FlushNameOf(Path.GetDirectoryName(path)!);
        Failpoint.Reach("database kept");
    }

    private Task<Outcome<T>> ReadOnConnectionAsync<T>(Func<Database, Outcome<T>> read, CancellationToken ct) => Task.Run(() => ReadOnConnection(read), ct);

    private Outcome<T> ReadOnConnection<T>(Func<Database, Outcome<T>> read)
    {
        if (Volatile.Read(ref closed) != 0) return new Problem(ProblemCode.StoreUnavailable, "the store has been closed") { Where = path };
        Database? db = null;
        try
        {
            if (!readers.TryTake(out db)) db = Database.Open(path, readOnly: true);
            // One snapshot for everything that this read looks at.
            db.Execute("BEGIN");
            var result = read(db);
            db.Execute("COMMIT");
            if (Volatile.Read(ref closed) == 0 && readers.Count < ReadersKept)
            {
                readers.Add(db);
                db = null;
            }
            return result;
        }
        catch (SqliteException e)
        {
            return Database.Explain(e, path);
        }
        finally
        {
            db?.Dispose();
        }
    }
}
