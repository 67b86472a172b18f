// How far the log was at least when it was last made durable, written beside the database after each flush and never flushed itself: a lower bound.
// SQLite drops everything behind a damaged frame of its write-ahead log without a word; a store that stands below its own mark has lost what was promised (ORC-05).
using System.Globalization;
using CabinCrew.Protocol;

namespace CabinCrew.Ledger.Streams.Sqlite;

internal sealed class HighWater : IDisposable
{
    public const string FileName = "state.head";

    private const int Digits = 20, Length = Digits + 1 + 8 + 1;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly FileStream file;
    private readonly byte[] line = new byte[Length];

    private HighWater(FileStream file) => this.file = file;

    /// <summary>Why an empty database may not be filled anew: there was something in it. Asked before anything is written.</summary>
    public static Problem? Vanished(string database, Database db)
    {
        var path = Path.Combine(Path.GetDirectoryName(database)!, FileName);
        if (!File.Exists(path) || db.Pragma("user_version") != "0") return null;
        using var mark = new HighWater(new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return mark.Read() is var promised and > 0 ? Below(database, 0, promised) with { Remedy = "Nothing was written. Keep the directory as evidence and restore all of it from a backup." } : null;
    }

    /// <summary>Opens the mark beside a database.</summary>
    /// <param name="below">Set where the database stands below it: it may be read, as evidence, and not written.</param>
    public static HighWater Open(string database, Database db, out Problem? below)
    {
        var path = Path.Combine(Path.GetDirectoryName(database)!, FileName);
        if (new FileInfo(path).LinkTarget is not null) throw new IOException($"'{path}' is a symbolic link");
        var mark = new HighWater(new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite, UnixCreateMode = OwnerOnly, BufferSize = 0,
        }));
        var (promised, there) = (mark.Read(), Events(db));
        below = there >= promised ? null : Below(database, there, promised);
        return mark;
    }

    private static Problem Below(string database, long there, long promised) =>
        new Problem(ProblemCode.StoreCorrupt, $"the store has {there} audit events, and at least {promised} were on disk: its files were damaged, cut short, or replaced by older ones")
        {
            Where = database,
            Remedy = $"It can be read, and nothing is written any more. Keep the directory as evidence and restore all of it from a backup. Only if you put an older state.db there on purpose: remove {FileName}.",
        }.With("events", $"{there}").With("promised", $"{promised}");

    /// <summary>Every audit event of every tenant: grows with each commit that matters.</summary>
    public static long Events(Database db) => db.Number("SELECT coalesce(sum(sequence), 0) FROM audit_heads") ?? 0;

    /// <summary>Called when <paramref name="events"/> are known to be on disk. What cannot be written here only makes the mark lower.</summary>
    public void Raise(long events)
    {
        try
        {
            Write(events, line);
            RandomAccess.Write(file.SafeFileHandle, line, 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The commit itself is durable; the next one raises the mark.
        }
    }

    public void Dispose() => file.Dispose();

    // A mark that is torn or was never written binds nothing.
    private long Read()
    {
        var read = new byte[Length];
        if (RandomAccess.Read(file.SafeFileHandle, read, 0) != Length || !long.TryParse(read.AsSpan(0, Digits), NumberStyles.None, CultureInfo.InvariantCulture, out var events)) return 0;
        Write(events, line);
        return line.AsSpan().SequenceEqual(read) ? events : 0;
    }

    private static void Write(long events, Span<byte> line)
    {
        events.TryFormat(line[..Digits], out _, "D20", CultureInfo.InvariantCulture);
        line[Digits] = (byte)' ';
        System.Text.Encoding.ASCII.GetBytes(Digest.Of(line[..Digits]).Hex.AsSpan(0, 8), line.Slice(Digits + 1, 8));
        line[^1] = (byte)'\n';
    }
}
