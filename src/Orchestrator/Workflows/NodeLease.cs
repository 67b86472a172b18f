// This process's session with the store: joined once, renewed in the background, known dead the moment the boot clock says so (ORC-06).
using CabinCrew.Ledger;
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Workflows;

internal sealed class NodeLease : IAsyncDisposable
{
    private static readonly TimeSpan RenewEvery = TimeSpan.FromSeconds(4);

    private readonly IStore store;
    private readonly CancellationTokenSource lost = new();
    private readonly CancellationTokenSource stop = new();
    private readonly Task renewal;
    private NodeSession session;

    private NodeLease(IStore store, NodeSession session, TimeProvider clock)
    {
        this.store = store;
        this.session = session;
        renewal = RenewAsync(clock);
    }

    public NodeSession Session => Volatile.Read(ref session);

    public bool Live => !lost.IsCancellationRequested && BootClock.Now() < Session.LeaseEndsBoottime;

    /// <summary>Cancelled when the lease was lost: every engine stops.</summary>
    public CancellationToken Lost => lost.Token;

    public static async Task<Outcome<NodeLease>> JoinAsync(IStore store, TimeProvider clock, CancellationToken ct)
    {
        var joined = await store.JoinAsync(Environment.MachineName, ct).ConfigureAwait(false);
        return joined.Map(session => new NodeLease(store, session, clock));
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync().ConfigureAwait(false);
        await renewal.ConfigureAwait(false);
        await store.LeaveAsync(Session, CancellationToken.None).ConfigureAwait(false);
        lost.Dispose();
        stop.Dispose();
    }

    private async Task RenewAsync(TimeProvider clock)
    {
        using var timer = new PeriodicTimer(RenewEvery, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stop.Token).ConfigureAwait(false))
            {
                var renewed = await store.RenewAsync(Session, stop.Token).ConfigureAwait(false);
                if (renewed.Try(out var next, out var problem)) Volatile.Write(ref session, next);
                else if (problem.Code == ProblemCode.StoreFenced || !Live)
                {
                    await lost.CancelAsync().ConfigureAwait(false);
                    return;
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Asked to stop: the lease is given back by DisposeAsync.
        }
    }
}
