// Approval: takes up the answers that came in and counts them again at the moment of use (APR-03). Ends in READY_FOR_TAKEOFF, FAILED, or goes on waiting.
using System.Text.Json;
using CabinCrew.Governance.Approvals;
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using static CabinCrew.Protocol.LifecycleState;

namespace CabinCrew.Orchestrator.Workflows.Stages;

internal static class ApprovalStage
{
    /// <summary>The kind of signal that carries an ApprovalResponse.</summary>
    public const string SignalKind = "approval_response";

    public static async Task<StageEnd> RunAsync(StepContext c, CancellationToken ct)
    {
        // Also what a restart asks for: nobody approves, and nothing waits on, a plan that is no longer what its token says (TOK-04).
        var loaded = await FrozenPlans.LoadAsync(c.Ledger, StepContext.Tenant, c.Journal.State, c.Id, ct).ConfigureAwait(false);
        if (!loaded.Try(out var frozen, out var problem)) return problem;
        if (frozen.Stale(c.Now) is { } stale) return stale;
        while (true)
        {
            var end = await TakeUpAsync(c, ct).ConfigureAwait(false);
            // Somebody answered since the inbox was read: a rejection that was taken is heard.
            if (end.Problem?.Code != ProblemCode.StoreMoved) return end;
        }
    }

    private static async Task<StageEnd> TakeUpAsync(StepContext c, CancellationToken ct)
    {
        var read = await c.Ledger.Store.ReadAsync(StepContext.Tenant, c.Workflow, ct).ConfigureAwait(false);
        if (!read.Try(out var snapshot, out var problem)) return problem;
        var answers = Answers(snapshot.Inbox, c.Flight.Request!.ApprovalId);
        if (answers.Count > 0)
        {
            var absorbed = await c.Journal.CommitAsync(_ => new()
            {
                Entries = [.. answers.Select(a => FlightEntries.ApprovalReceived(c.Id, a.Response))],
                Acknowledge = [.. answers.Select(a => a.SignalId)],
            }, ct).ConfigureAwait(false);
            if (!absorbed.Try(out _, out problem)) return problem;
        }
        return await CountAsync(c, snapshot.Point.Signals, ct).ConfigureAwait(false);
    }

    /// <summary>What is granted now, by the roles that people hold now.</summary>
    public static ApprovalTally Tally(StepContext c) =>
        ApprovalDesk.Tally(c.Flight.Request!, c.Flight.Responses, c.Flight.Token!.Token, c.Identities, c.Now);

    public static IReadOnlyList<(string SignalId, ApprovalResponse Response)> Answers(IReadOnlyList<Signal> inbox, string approvalId) =>
    [
        .. inbox.Where(s => s.Kind == SignalKind)
            .Select(s => (s.Id, Response: s.Data.Deserialize(ProtocolJson.Default.ApprovalResponse)!))
            .Where(a => a.Response.ApprovalId == approvalId),
    ];

    private static async Task<StageEnd> CountAsync(StepContext c, long signals, CancellationToken ct)
    {
        var request = c.Flight.Request!;
        var tally = Tally(c);
        switch (tally.State)
        {
            case ApprovalState.Granted:
                var granted = await c.Journal.CommitAsync(_ => new()
                {
                    Entries = [FlightEntries.Moved(c.Id, AwaitingApproval, Approved), FlightEntries.Moved(c.Id, Approved, ReadyForTakeoff)],
                    Audit = [c.Audit.Moved(c.Id, AwaitingApproval, Approved), c.Audit.Moved(c.Id, Approved, ReadyForTakeoff)],
                    SignalsSeen = signals,
                }, ct).ConfigureAwait(false);
                if (!granted.Try(out _, out var problem)) return problem;
                c.Tell(Approved, $"approved by {string.Join(", ", c.Flight.Responses.Select(r => r.Approver))}");
                return StageEnd.Moved;
            case ApprovalState.Rejected:
                return new Problem(ProblemCode.ApprovalRejected, tally.Why ?? "rejected").At($"step {c.Id}, approval {request.ApprovalId}");
            case ApprovalState.Expired:
                return new Problem(ProblemCode.ApprovalExpired, tally.Why ?? "nobody answered in time").At($"step {c.Id}, approval {request.ApprovalId}");
            default:
                var missing = string.Join(", ", tally.Outstanding.Select(n => $"{n.Count} x {n.Role}"));
                return StageEnd.Waiting(new Problem(ProblemCode.ApprovalRequired, $"waits for approval: {missing}")
                    { Remedy = $"cabincrew approve {request.ApprovalId}" }.At($"step {c.Id}").With("approval_id", request.ApprovalId));
        }
    }
}
