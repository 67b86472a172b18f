// One held message while it waits: takes up answers, counts them at the moment of use, and closes the call one way or the other. Ends by itself: it expires.
using System.Text.Json;
using CabinCrew.Governance.Access;
using CabinCrew.Governance.Approvals;
using CabinCrew.Governance.Approvals.Calls;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Ledger;
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Gateways.Firewall.Holds;

internal sealed class HeldWait(
    LedgerRoom ledger, TenantId tenant, IdentityBook identities, HeldCalls calls, HoldSettings settings, Hold hold, HeldRequest what, ApprovalRequest request)
{
    /// <summary>However quiet the store is, the clock is looked at this often.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly HeldClose close = new(ledger, request, what.Message);

    private WorkflowId Id => hold.Claim.Workflow;

    public async Task<Outcome<Released>> RunAsync(MessageCaller caller, ICallerLine line, CancellationToken ct)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct, hold.Lease.Lost);
        var asked = Task.CompletedTask;
        try
        {
            if (settings.AskPerson && PersonOf(caller) is { } person && line.CanAskPerson) asked = AskAsync(person, line, stop.Token);
            return await CountUntilSettledAsync(line, stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            await GiveUpAsync(CallOutcome.Cancelled, "its caller took it back, or is gone").ConfigureAwait(false);
            throw;
        }
        catch (OperationCanceledException)
        {
            return new Problem(ProblemCode.StoreFenced, "this gateway lost its lease in the store while the message waited; it is not forwarded");
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await asked.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<Outcome<Released>> CountUntilSettledAsync(ICallerLine line, CancellationToken ct)
    {
        var words = $"waits for approval {request.ApprovalId} by {string.Join(", ", request.Extensions.Needs.Select(n => $"{n.Count} x {n.Role}"))}";
        var told = ledger.Clock.GetTimestamp();
        await line.ProgressAsync(words, ct).ConfigureAwait(false);
        while (true)
        {
            var counted = await CountAsync(ct).ConfigureAwait(false);
            if (counted is { } end && end.Problem?.Code != ProblemCode.StoreMoved) return end;
            if (counted is not null) continue; // somebody answered since the inbox was read
            await ledger.Store.WaitAsync(tenant, Id, LookEvery, ct).ConfigureAwait(false);
            if (ledger.Clock.GetElapsedTime(told) < settings.ProgressEvery) continue;
            told = ledger.Clock.GetTimestamp();
            await line.ProgressAsync(words, ct).ConfigureAwait(false);
        }
    }

    /// <returns>Null: not settled yet.</returns>
    private async Task<Outcome<Released>?> CountAsync(CancellationToken ct)
    {
        if (!(await ledger.Store.ReadAsync(tenant, Id, ct).ConfigureAwait(false)).Try(out var snapshot, out var problem)) return problem;
        IReadOnlyList<(string SignalId, HeldAnswer Answer)> answers;
        try
        {
            answers = HeldCallEntries.Answers(snapshot.Inbox);
        }
        catch (JsonException e)
        {
            return new Problem(ProblemCode.StoreCorrupt, $"the inbox of the held call {Id} cannot be read: {e.Message}");
        }
        // The inbox holds all of them: nothing is taken up before the end.
        IReadOnlyList<ApprovalResponse> responses = [.. answers.Select(a => a.Answer.Response)];
        if (!(await what.Binding(ct).ConfigureAwait(false)).Try(out var current, out problem)) return problem;
        if (current != request.PlanTokenHash) return await RefuseAsync(snapshot.Point, answers, current).ConfigureAwait(false);
        var tally = ApprovalDesk.Tally(request, responses, current, identities, ledger.Clock.GetUtcNow());
        switch (tally.State)
        {
            case ApprovalState.Open:
                return null;
            case ApprovalState.Granted:
                var who = string.Join(", ", responses.Select(r => r.Approver));
                var used = await close.CommitAsync(hold, snapshot.Point, answers, CallOutcome.Released, $"approved by {who}", snapshot.Point.Signals).ConfigureAwait(false);
                return used.Map(_ => new Released(request.ApprovalId, Id, [.. answers.Select(a => a.Answer)]));
            case ApprovalState.Rejected:
                return await EndAsync(snapshot.Point, answers, CallOutcome.Rejected, new(ProblemCode.ApprovalRejected, tally.Why ?? "rejected")).ConfigureAwait(false);
            default:
                return await EndAsync(snapshot.Point, answers, CallOutcome.Expired, new(ProblemCode.ApprovalExpired, tally.Why ?? "nobody answered in time")).ConfigureAwait(false);
        }
    }

    private Task<Outcome<Released>> RefuseAsync(StreamPoint at, IReadOnlyList<(string SignalId, HeldAnswer Answer)> answers, Digest current) => EndAsync(at, answers, CallOutcome.Refused,
        new Problem(ProblemCode.ApprovalTokenMismatch, "the policies, the tool's definition or the caller's roles changed while the message waited: what was asked is no longer what would be forwarded")
            .With("asked", request.PlanTokenHash.ToString()).With("current", current.ToString()));

    private async Task<Outcome<Released>> EndAsync(StreamPoint at, IReadOnlyList<(string SignalId, HeldAnswer Answer)> answers, CallOutcome outcome, Problem problem)
    {
        var why = problem.At($"approval {request.ApprovalId}");
        return (await close.CommitAsync(hold, at, answers, outcome, problem.Message, at.Signals, problem).ConfigureAwait(false)).Try(out _, out var unwritten) ? why : unwritten;
    }

    // What cannot be closed now is closed by whoever looks for what was left behind.
    private async Task GiveUpAsync(CallOutcome outcome, string why)
    {
        if ((await ledger.Store.ReadAsync(tenant, Id, CancellationToken.None).ConfigureAwait(false)).Try(out var snapshot, out _))
            await close.CommitAsync(hold, snapshot.Point, [], outcome, why, null).ConfigureAwait(false);
    }

    // Only by the identities file's own proof: a key or a token of somebody else's may bear a person's name and is not that person.
    private string? PersonOf(MessageCaller caller) =>
        (caller.AuthenticatedBy is "os_user" or "token" ? caller.Person ?? (caller.Human == true ? caller.Name : null) : null) is { } name && identities.IsHuman(name) ? name : null;

    // The person at the client is one more who may answer, no other than at the command line: verified alike, refused alike.
    private async Task AskAsync(string person, ICallerLine line, CancellationToken ct)
    {
        var question = $"Approve {what.Message.Method} {what.Message.Name} at {what.Message.Server}, asked by {what.Message.Caller}? Because: {request.Reason}. Arguments: {what.Message.Arguments}{(what.Message.Cut ? " [cut]" : "")}";
        if (await line.AskPersonAsync(question, ct).ConfigureAwait(false) is not { } yes) return;
        await calls.AnswerAsync(
            new(request.ApprovalId, yes, request.PlanTokenHash, null), new(person, identities.RolesOf(person), Human: true, HeldCalls.Elicitation), HeldCalls.Elicitation, ct).ConfigureAwait(false);
    }
}
