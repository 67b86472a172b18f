// This process as one node of the store: one session for all its streams (flights, held calls), joined with the first of them and kept until it closes (ORC-06).
// Invariant: whatever this session owns in the store and nobody here is working on is given back with the next round of renewal.
using CabinCrew.Protocol;

namespace CabinCrew.Ledger.Streams;

/// <summary>A workflow that is ours to write, and the lease that it hangs on.</summary>
public sealed record Hold(NodeLease Lease, Claim Claim);

public sealed class Node(IStore store, TimeProvider clock) : IAsyncDisposable
{
    private readonly SemaphoreSlim door = new(1, 1);
    // How many in this process are at a workflow: the second one is told that it is busy, and the first one's claim must not be given back for that.
    private readonly Dictionary<WorkflowId, int> running = [];
    private NodeLease? lease;

    /// <summary>Every success is followed by <see cref="LeaveAsync"/>.</summary>
    public async Task<Outcome<Hold>> ClaimAsync(TenantId tenant, WorkflowId id, CancellationToken ct)
    {
        lock (running) running[id] = running.GetValueOrDefault(id) + 1;
        var claimed = default(Outcome<Hold>);
        try
        {
            claimed = await ClaimOnceAsync(tenant, id, ct).ConfigureAwait(false);
            // A machine that slept, or a clock that jumped: the session is gone without a fault of anybody, and a new one will do.
            if (claimed.Problem?.Code == ProblemCode.StoreFenced) claimed = await ClaimOnceAsync(tenant, id, ct).ConfigureAwait(false);
            return claimed;
        }
        finally
        {
            if (!claimed.Ok) Forget(id);
        }
    }

    /// <param name="givenBack">False: the store may still think that the workflow is ours.</param>
    public async Task LeaveAsync(Hold hold, bool givenBack)
    {
        Forget(hold.Claim.Workflow);
        if (!givenBack) await hold.Lease.ReapAsync(CancellationToken.None).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        bool idle;
        lock (running) idle = running.Count == 0;
        if (Interlocked.Exchange(ref lease, null) is { } last) await last.EndAsync(leave: idle).ConfigureAwait(false);
    }

    private async Task<Outcome<Hold>> ClaimOnceAsync(TenantId tenant, WorkflowId id, CancellationToken ct)
    {
        if (!(await LeaseAsync(ct).ConfigureAwait(false)).Try(out var ours, out var problem)) return problem;
        if ((await store.ClaimAsync(ours.Session, tenant, id, ct).ConfigureAwait(false)).Try(out var claim, out problem)) return new Hold(ours, claim);
        if (problem.Code == ProblemCode.StoreFenced) await RetireAsync(ours).ConfigureAwait(false);
        return problem;
    }

    private async Task<Outcome<NodeLease>> LeaseAsync(CancellationToken ct)
    {
        if (Volatile.Read(ref lease) is { Live: true } held) return held;
        await door.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            if (lease is { Live: true } meanwhile) return meanwhile;
            if (lease is { } lapsed) await lapsed.EndAsync(leave: IsAlone()).ConfigureAwait(false);
            lease = null;
            var joined = await NodeLease.JoinAsync(store, clock, Running, ct).ConfigureAwait(false);
            if (joined.Try(out var fresh, out _)) Volatile.Write(ref lease, fresh);
            return joined;
        }
        finally
        {
            door.Release();
        }
    }

    private async Task RetireAsync(NodeLease lapsed)
    {
        if (Interlocked.CompareExchange(ref lease, null, lapsed) == lapsed) await lapsed.EndAsync(leave: IsAlone()).ConfigureAwait(false);
    }

    // Only the one who asks: nothing else hangs on the session. Otherwise it is not left: engines are only being stopped now, and until it has run out in the store
    // nobody may start them anew.
    private bool IsAlone()
    {
        lock (running) return running.Values.Sum() == 1;
    }

    private HashSet<WorkflowId> Running()
    {
        lock (running) return [.. running.Keys];
    }

    private void Forget(WorkflowId id)
    {
        lock (running)
        {
            if (running[id] == 1) running.Remove(id);
            else running[id]--;
        }
    }
}
