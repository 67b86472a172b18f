// The second beat of a group commit: flushes the write-ahead log on a thread of its own, while the writer fills the next group.
// One flush serves every group that was committed before it began. After one that the disk did not confirm nothing is believed any more.
using CabinCrew.Protocol;
using Microsoft.Win32.SafeHandles;

namespace CabinCrew.Ledger.Streams.Sqlite;

internal sealed class LogFlusher : IDisposable
{
    /// <param name="Answer">Called once, with what went wrong or null.</param>
    private readonly record struct Owed(long Events, Action<Problem?> Answer);

    private readonly Inbox<Owed> queue = new();
    private readonly SafeFileHandle log;
    private readonly HighWater highWater;
    private readonly string path;
    private readonly Thread thread;
    private int owing;
    private Problem? distrusted;

    /// <param name="path">Of the database, whose log exists by now. Closing a descriptor of the log gives up none of SQLite's locks: those are on the two other files.</param>
    public LogFlusher(string path, HighWater highWater)
    {
        this.path = path;
        this.highWater = highWater;
        log = Posix.OpenFile(path + "-wal");
        thread = new Thread(Run) { IsBackground = true, Name = "store flusher" };
        thread.Start();
    }

    /// <summary>Called on the flusher's thread when nothing is owed any more.</summary>
    public Action? Idle { get; set; }

    public bool IsBusy => Volatile.Read(ref owing) > 0;

    /// <summary>The disk did not confirm a flush: why. Nothing is durable from here on, whatever a later flush says.</summary>
    public Problem? Distrusted => Volatile.Read(ref distrusted);

    public void Distrust(Problem why) => Interlocked.CompareExchange(ref distrusted, why, null);

    /// <param name="events">How many events the log then has; 0 when it has not grown.</param>
    public void Owe(long events, Action<Problem?> answer)
    {
        Interlocked.Increment(ref owing);
        queue.Add(new(events, answer));
    }

    /// <summary>After what is owed is answered.</summary>
    public void Dispose()
    {
        queue.Close();
        thread.Join();
        log.Dispose();
    }

    private void Run()
    {
        var batch = new List<Owed>();
        while (queue.TryTake(out var first, Timeout.InfiniteTimeSpan))
        {
            batch.Clear();
            batch.Add(first);
            while (queue.TryTake(out var next)) batch.Add(next);
            var problem = Flush();
            if (problem is null && batch.Max(o => o.Events) is > 0 and var events) highWater.Raise(events);
            if (problem is null) Failpoint.Reach("mark kept");
            foreach (var owed in batch) owed.Answer(problem);
            if (Interlocked.Add(ref owing, -batch.Count) == 0) Idle?.Invoke();
        }
    }

    private Problem? Flush()
    {
        if (Distrusted is { } before) return before;
        try
        {
            Posix.FlushData(log);
        }
        catch (IOException e)
        {
            Distrust(Database.Unconfirmed(e.Message, path));
        }
        // A checkpoint may have failed meanwhile, and have been told what this flush was not.
        return Distrusted;
    }
}
