// A bounded queue to one thread, which sleeps while it is empty. (A BlockingCollection spins before it sleeps: on few cores that takes time from the very threads that are to fill it.)
namespace CabinCrew.Ledger.Streams.Sqlite;

internal sealed class Inbox<T>(int max = int.MaxValue)
{
    // How often a writer to a full queue looks whether it is to give up.
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    private readonly object gate = new();
    private readonly Queue<T> items = new();
    private bool isClosed;
    private int full;

    public int Count
    {
        get { lock (gate) return items.Count; }
    }

    /// <summary>Waits while the queue is full. False: it is closed, and takes nothing any more.</summary>
    public bool Add(T item, CancellationToken ct = default)
    {
        ct.ThrowIfCancellationRequested();
        lock (gate)
        {
            while (items.Count >= max && !isClosed)
            {
                full++;
                Monitor.Wait(gate, Look);
                full--;
                ct.ThrowIfCancellationRequested();
            }
            if (isClosed) return false;
            items.Enqueue(item);
            // Only its thread waits where there was nothing; where it was full, those who write wait as well.
            if (full > 0) Monitor.PulseAll(gate);
            else if (items.Count == 1) Monitor.Pulse(gate);
            return true;
        }
    }

    public bool TryTake(out T item)
    {
        lock (gate) return Dequeue(out item);
    }

    /// <summary>Waits for the next one. False: the time is over, or the queue is closed and empty.</summary>
    public bool TryTake(out T item, TimeSpan patience)
    {
        var until = patience == Timeout.InfiniteTimeSpan ? long.MaxValue : Environment.TickCount64 + (long)Math.Ceiling(patience.TotalMilliseconds);
        lock (gate)
        {
            while (!Dequeue(out item))
            {
                var left = until == long.MaxValue ? Timeout.Infinite : (int)Math.Min(int.MaxValue, until - Environment.TickCount64);
                if (isClosed || left is <= 0 and not Timeout.Infinite) return false;
                Monitor.Wait(gate, left);
            }
            return true;
        }
    }

    /// <summary>Nothing is taken in any more; what is there can still be taken out.</summary>
    public void Close()
    {
        lock (gate)
        {
            isClosed = true;
            Monitor.PulseAll(gate);
        }
    }

    private bool Dequeue(out T item)
    {
        if (!items.TryDequeue(out item!)) return false;
        if (full > 0) Monitor.PulseAll(gate);
        return true;
    }
}
