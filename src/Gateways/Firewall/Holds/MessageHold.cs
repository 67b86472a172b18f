// Holds messages until people have answered for them: a stream in the store each, so that what waits survives a restart, and what a restart cut off is never let through (APR-04, APR-07, MCP-07).
// Invariant: a message is let go only after the entry that uses its approvals up is durable, once, by the one who holds its claim.
using CabinCrew.Governance.Access;
using CabinCrew.Governance.Approvals;
using CabinCrew.Governance.Approvals.Calls;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Ledger;
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Gateways.Firewall.Holds;

/// <summary>People said yes, for this message, and their word is used up now.</summary>
public sealed record Released(string ApprovalId, WorkflowId Call, IReadOnlyList<HeldAnswer> Answers);

public sealed class MessageHold(LedgerRoom ledger, TenantId tenant, IdentityBook identities, HoldSettings settings, Node node)
{
    private readonly HeldCalls calls = new(ledger, identities, tenant);
    private readonly HoldPlaces places = new(settings.PerCallerMax, settings.TotalMax, settings.BytesMax);

    /// <summary>Waits for the answer. Every refusal means that the message must not go on.</summary>
    public async Task<Outcome<Released>> WaitAsync(HeldRequest what, MessageCaller caller, ICallerLine line, CancellationToken ct)
    {
        if (what.Needs.Count == 0) return Problem.Bug("an approval is needed, and nobody is named who could give it");
        if (!places.Take(caller.Key, what.Message.Bytes).Try(out var place, out var problem)) return problem;
        using (place)
        {
            if (!(await what.Binding(ct).ConfigureAwait(false)).Try(out var binding, out problem)) return problem;
            var id = WorkflowId.Parse(ledger.Ids.Next(HeldCallEntries.StreamKind));
            var request = what.Ask(ledger.Ids.Next("apr"), id, binding, ledger.Clock.GetUtcNow(), settings.Expiry);
            var started = await ledger.Store.StartAsync(new()
            {
                Tenant = tenant,
                Workflow = id,
                WorkspaceKey = $"{what.Message.Gateway}:{what.Message.Server}",
                Header = HeldCallEntries.Header(what.Message, null),
                Entries = [HeldCallEntries.Requested(request, what.Message)],
                Audit = [HeldCallEntries.Event(ledger, AuditEventTypes.ApprovalRequested, id, request, what.Message, $"{what.Message.Caller} waits for approval: {request.Reason}", caller.Name)],
            }, ct).ConfigureAwait(false);
            if (!started.Try(out _, out problem)) return problem;
            return await ClaimedAsync(id, hold => new HeldWait(ledger, tenant, identities, calls, settings, hold, what, request).RunAsync(caller, line, ct)).ConfigureAwait(false);
        }
    }

    /// <summary>Closes what others left behind when they died: it was never forwarded, and an approval given for it lets nothing through. The number of them.</summary>
    public async Task<Outcome<int>> AbandonLeftAsync(CancellationToken ct)
    {
        if (!(await calls.ListAsync(ct).ConfigureAwait(false)).Try(out var pending, out var problem)) return problem;
        var closed = 0;
        foreach (var left in pending.Where(p => p.Call.Holder is null))
        {
            var ended = await ClaimedAsync<Done>(left.Call.Id, async hold =>
            {
                // Read again: it is ours now, and nobody else's word comes in between.
                if (!(await calls.ReadAsync(left.Call.Id, ct).ConfigureAwait(false)).Try(out var call, out var unread)) return unread;
                var close = new HeldClose(ledger, call.Request, call.Message);
                return await close.CommitAsync(hold, call.Point, [], CallOutcome.Abandoned, "whoever held it is gone; it was never forwarded", null).ConfigureAwait(false);
            }).ConfigureAwait(false);
            // Another gateway was first, or has it.
            if (ended.Ok) closed++;
            else if (ended.Problem.Code is not (ProblemCode.WorkflowBusy or ProblemCode.WorkflowFinished or ProblemCode.StoreFenced)) return ended.Problem;
        }
        return closed;
    }

    private async Task<Outcome<T>> ClaimedAsync<T>(WorkflowId id, Func<Hold, Task<Outcome<T>>> work)
    {
        // Not to be given up half way: without the claim nothing could be closed.
        if (!(await node.ClaimAsync(tenant, id, CancellationToken.None).ConfigureAwait(false)).Try(out var hold, out var problem)) return problem;
        var given = default(Outcome<T>);
        try
        {
            return given = await work(hold).ConfigureAwait(false);
        }
        finally
        {
            await node.LeaveAsync(hold, givenBack: given.Ok).ConfigureAwait(false);
        }
    }
}
