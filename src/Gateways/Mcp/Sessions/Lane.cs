// The order of one direction: messages are judged side by side and leave in the order in which they came.
// Invariant: whatever takes long (a person must say yes) steps aside and leaves when it may; nothing that came later waits for it.
namespace CabinCrew.Gateways.Mcp.Sessions;

/// <param name="most">Messages.</param>
/// <param name="bytesMost">Of all of them together; a single one may be larger.</param>
internal sealed class Lane(int most, long bytesMost, TimeSpan patience, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(1);
    private readonly Lock gate = new();
    private Turn? first, last;
    private int count;
    private long bytes;
    private TaskCompletionSource? room;
    private ITimer? timer;
    private bool armed, disposed;

    /// <summary>A place behind all that came before. Waits while too many are under way.</summary>
    public async ValueTask<Turn> TakeAsync(int size, CancellationToken ct)
    {
        while (true)
        {
            Task wait;
            lock (gate)
            {
                if (count == 0 || (count < most && bytes + size <= bytesMost)) return Append(size);
                room ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
                wait = room.Task;
                Arm();
            }
            await wait.WaitAsync(ct);
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            disposed = true;
            timer?.Dispose();
        }
    }

    // Armed only while somebody waits, so that an idle lane costs nothing.
    private void Arm()
    {
        if (armed || disposed || first is not { Leaving: false } slow) return;
        armed = true;
        timer ??= time.CreateTimer(static lane => ((Lane)lane!).PassSlow(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        var left = patience - time.GetElapsedTime(slow.Since);
        timer.Change(left < Shortest ? Shortest : left, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Lets those past that wait behind a judgement that takes long.</summary>
    private void PassSlow()
    {
        lock (gate)
        {
            armed = false;
            while (first is { Leaving: false } slow && time.GetElapsedTime(slow.Since) >= patience) Remove(slow);
            if (room is not null || count > 1) Arm();
        }
    }

    private Turn Append(int size)
    {
        var turn = new Turn(this, size, time.GetTimestamp()) { Before = last };
        if (last is null) first = turn;
        else last.After = turn;
        last = turn;
        count++;
        bytes += size;
        return turn;
    }

    private void Remove(Turn turn)
    {
        if (turn.Left) return;
        turn.Left = true;
        if (turn.Before is null) first = turn.After;
        else turn.Before.After = turn.After;
        if (turn.After is null) last = turn.Before;
        else turn.After.Before = turn.Before;
        (turn.Before, turn.After) = (null, null);
        count--;
        bytes -= turn.Size;
        first?.Reached?.TrySetResult();
        room?.TrySetResult();
        room = null;
        if (count > 1) Arm();
    }

    internal sealed class Turn(Lane lane, int size, long since)
    {
        internal Turn? Before, After;
        internal TaskCompletionSource? Reached;
        internal bool Left, Leaving;

        internal long Since => since;

        internal int Size => size;

        /// <summary>Completes when everything that came before has left.</summary>
        public ValueTask ReachedAsync()
        {
            lock (lane.gate)
            {
                Leaving = true;
                if (Left || lane.first == this) return ValueTask.CompletedTask;
                Reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
                lane.Arm();
                return new(Reached.Task);
            }
        }

        /// <summary>What came later need not wait: this one is held, or has left.</summary>
        public void Leave()
        {
            lock (lane.gate) lane.Remove(this);
        }
    }
}
