// The last commit of a held call: its outcome, with the answers that were counted, the event that tells of it, and the claim given back, all or nothing.
using CabinCrew.Governance.Approvals.Calls;
using CabinCrew.Ledger;
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Gateways.Firewall.Holds;

internal sealed class HeldClose(LedgerRoom ledger, ApprovalRequest request, HeldMessage message)
{
    /// <param name="signalsSeen">With an answer since then nothing is written, and it is <see cref="ProblemCode.StoreMoved"/>. Null: no answer could matter any more.</param>
    public async Task<Outcome<Done>> CommitAsync(Hold hold, StreamPoint at, IReadOnlyList<(string SignalId, HeldAnswer Answer)> answers, CallOutcome outcome, string why, long? signalsSeen, Problem? problem = null)
    {
        var id = hold.Claim.Workflow;
        var type = outcome switch
        {
            CallOutcome.Released => AuditEventTypes.CallReleased,
            CallOutcome.Expired => AuditEventTypes.ApprovalExpired,
            _ => AuditEventTypes.CallClosed,
        };
        var told = HeldCallEntries.Event(ledger, type, id, request, message, $"{HeldCallEntries.Word(outcome)}: {why}", "gateway", problem: problem);
        var committed = await ledger.Store.CommitAsync(hold.Lease.Session, hold.Claim, new()
        {
            ExpectedSequence = at.NextSequence,
            Entries = [.. answers.Select(a => HeldCallEntries.Answered(a.Answer)), HeldCallEntries.Ended(outcome, why)],
            Acknowledge = [.. answers.Select(a => a.SignalId)],
            Audit = [outcome == CallOutcome.Released ? told : told with { Severity = problem?.Code.Entry().Severity ?? Severity.Warning }],
            Header = HeldCallEntries.Header(message, outcome),
            SignalsSeen = signalsSeen,
            ReleaseClaim = true,
        }, CancellationToken.None).ConfigureAwait(false);
        return committed.Map(_ => default(Done));
    }
}
