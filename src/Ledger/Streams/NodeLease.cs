// One session with the store: joined once, renewed in the background, known dead the moment the boot clock says so (ORC-06).
using CabinCrew.Protocol;

namespace CabinCrew.Ledger.Streams;

public sealed class NodeLease
{
    private static readonly TimeSpan RenewEvery = TimeSpan.FromSeconds(4);

    private readonly IStore store;
    private readonly Func<IReadOnlySet<WorkflowId>> running;
    private readonly CancellationTokenSource lost = new();
    private readonly CancellationTokenSource stop = new();
    private readonly Task renewal;
    private NodeSession session;

    private NodeLease(IStore store, NodeSession session, TimeProvider clock, Func<IReadOnlySet<WorkflowId>> running)
    {
        this.store = store;
        this.session = session;
        this.running = running;
        renewal = RenewAsync(clock);
    }

    public NodeSession Session => Volatile.Read(ref session);

    public bool Live => !lost.IsCancellationRequested && BootClock.Now() < Session.LeaseEndsBoottime;

    /// <summary>Cancelled when the lease was lost: every engine stops.</summary>
    public CancellationToken Lost => lost.Token;

    /// <param name="running">What is being worked on in this process, asked anew each time: nothing else stays ours.</param>
    public static async Task<Outcome<NodeLease>> JoinAsync(IStore store, TimeProvider clock, Func<IReadOnlySet<WorkflowId>> running, CancellationToken ct)
    {
        var joined = await store.JoinAsync(Environment.MachineName, ct).ConfigureAwait(false);
        if (!joined.Try(out var session, out var problem)) return problem;
        var lease = new NodeLease(store, session, clock, running);
        await lease.ReapAsync(ct).ConfigureAwait(false);
        return lease;
    }

    /// <summary>Frees what dead nodes held, and what the store thinks is ours and is not. What cannot be done now is done with the next round.</summary>
    public Task ReapAsync(CancellationToken ct) => store.ReapAsync(Session, running(), ct);

    /// <param name="leave">True when nothing hangs on it any more; else it runs out in the store by itself.</param>
    public async Task EndAsync(bool leave)
    {
        await stop.CancelAsync().ConfigureAwait(false);
        await renewal.ConfigureAwait(false);
        if (leave) await store.LeaveAsync(Session, CancellationToken.None).ConfigureAwait(false);
        else await lost.CancelAsync().ConfigureAwait(false);
    }

    private async Task RenewAsync(TimeProvider clock)
    {
        using var timer = new PeriodicTimer(RenewEvery, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stop.Token).ConfigureAwait(false))
            {
                var renewed = await store.RenewAsync(Session, stop.Token).ConfigureAwait(false);
                if (renewed.Try(out var next, out var problem))
                {
                    Volatile.Write(ref session, next);
                    await ReapAsync(stop.Token).ConfigureAwait(false);
                }
                else if (problem.Code == ProblemCode.StoreFenced || !Live)
                {
                    await lost.CancelAsync().ConfigureAwait(false);
                    return;
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Asked to stop.
        }
    }
}
