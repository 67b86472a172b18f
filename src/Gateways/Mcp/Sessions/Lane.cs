// The order of one direction: messages are judged side by side and leave in the order in which they came.
// Invariant: whatever takes long (a person must say yes) steps aside and leaves when it may; nothing that came later waits for it.
namespace CabinCrew.Gateways.Mcp.Sessions;

internal sealed class Lane(int most, TimeSpan patience, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(1);
    private readonly Lock gate = new();
    private Turn? first, last;
    private int count;
    private TaskCompletionSource? room;
    private ITimer? timer;
    private bool disposed;

    /// <summary>A place behind all that came before. Waits while too many are under way.</summary>
    public async ValueTask<Turn> TakeAsync(CancellationToken ct)
    {
        while (true)
        {
            Task wait;
            lock (gate)
            {
                if (count < most) return Append();
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
        if (disposed || first is not { Leaving: false } slow) return;
        timer ??= time.CreateTimer(static lane => ((Lane)lane!).PassSlow(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        var left = patience - time.GetElapsedTime(slow.Since);
        timer.Change(left < Shortest ? Shortest : left, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Lets those past that wait behind a judgement that takes long.</summary>
    private void PassSlow()
    {
        lock (gate)
        {
            while (first is { Leaving: false } slow && time.GetElapsedTime(slow.Since) >= patience) Remove(slow);
            if (room is not null || count > 1) Arm();
        }
    }

    private Turn Append()
    {
        var turn = new Turn(this, time.GetTimestamp()) { Before = last };
        if (last is null) first = turn;
        else last.After = turn;
        last = turn;
        count++;
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
        first?.Reached?.TrySetResult();
        room?.TrySetResult();
        room = null;
    }

    internal sealed class Turn(Lane lane, long since)
    {
        internal Turn? Before, After;
        internal TaskCompletionSource? Reached;
        internal bool Left, Leaving;

        internal long Since => since;

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
