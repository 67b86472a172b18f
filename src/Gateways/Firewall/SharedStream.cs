// A stream that several gateways write, each for a moment: claimed, read, changed and given back (budgets, pins). What one decides, it decides on what all the others have written.
using CabinCrew.Ledger;
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Gateways.Firewall;

/// <param name="Entries">None: nothing is written.</param>
internal sealed record StreamChange<T>(T Value, IReadOnlyList<EntryDraft> Entries, IReadOnlyList<AuditEvent> Audit);

internal sealed class SharedStream(LedgerRoom ledger, TenantId tenant, Node node)
{
    private const int TriesMax = 80;
    private static readonly TimeSpan TryAgainAfter = TimeSpan.FromMilliseconds(25);

    /// <param name="name">For people, where streams are listed.</param>
    public async Task<Outcome<T>> ChangeAsync<T>(WorkflowId id, string name, Func<StreamSnapshot, Outcome<StreamChange<T>>> decide, CancellationToken ct)
    {
        for (var tries = 1; ; tries++)
        {
            var changed = await ChangeOnceAsync(id, name, decide, ct).ConfigureAwait(false);
            // Another gateway is at it just now.
            if (changed.Problem?.Code is not (ProblemCode.WorkflowBusy or ProblemCode.StoreFenced) || tries == TriesMax) return changed;
            await Task.Delay(TryAgainAfter, ct).ConfigureAwait(false);
        }
    }

    private async Task<Outcome<T>> ChangeOnceAsync<T>(WorkflowId id, string name, Func<StreamSnapshot, Outcome<StreamChange<T>>> decide, CancellationToken ct)
    {
        var claimed = await node.ClaimAsync(tenant, id, ct).ConfigureAwait(false);
        if (claimed.Problem?.Code == ProblemCode.NotFound)
        {
            // Whoever begins it is first; the other one finds it there.
            await ledger.Store.StartAsync(new() { Tenant = tenant, Workflow = id, WorkspaceKey = id.ToString(), Header = new(name, "gateway", LifecycleState.Init, "", Finished: false), Entries = [], Audit = [] }, ct).ConfigureAwait(false);
            claimed = await node.ClaimAsync(tenant, id, ct).ConfigureAwait(false);
        }
        if (!claimed.Try(out var hold, out var problem)) return problem;
        var givenBack = false;
        try
        {
            if (!(await ledger.Store.ReadAsync(tenant, id, ct).ConfigureAwait(false)).Try(out var snapshot, out problem)) return problem;
            var decided = decide(snapshot);
            if (!decided.Try(out var change, out problem)) return problem;
            var committed = await ledger.Store.CommitAsync(hold.Lease.Session, hold.Claim, new()
            {
                ExpectedSequence = snapshot.Point.NextSequence,
                Entries = change.Entries,
                Audit = change.Audit,
                Deferred = change.Entries.Count + change.Audit.Count == 0,
                ReleaseClaim = true,
            }, ct).ConfigureAwait(false);
            givenBack = committed.Ok;
            return committed.Map(_ => change.Value);
        }
        finally
        {
            await node.LeaveAsync(hold, givenBack).ConfigureAwait(false);
        }
    }
}
