// The calls that wait for people, for whoever lists, shows or answers them. Answers go through the one verifier, exactly as for flights (APR-03, APR-06).
using CabinCrew.Governance.Access;
using CabinCrew.Ledger;
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Governance.Approvals.Calls;

/// <summary>A held call with what is still needed.</summary>
public sealed record PendingCall(HeldCall Call, ApprovalTally Tally);

public sealed class HeldCalls(LedgerRoom ledger, IdentityBook identities, TenantId tenant)
{
    public const string CommandLine = "command_line", Elicitation = "elicitation";

    private const int AnswerTriesMax = 50;
    private const int ListMax = 1000;

    /// <summary>Every call that waits, newest first. One that cannot be read is left out: it harms no other, and nobody can approve it.</summary>
    public async Task<Outcome<IReadOnlyList<PendingCall>>> ListAsync(CancellationToken ct)
    {
        var listed = await ledger.Store.ListAsync(tenant, new(OpenOnly: true, CountMax: ListMax, Kind: HeldCallEntries.StreamKind), ct).ConfigureAwait(false);
        if (!listed.Try(out var headers, out var problem)) return problem;
        var pending = new List<PendingCall>(headers.Count);
        foreach (var header in headers)
            if ((await ReadAsync(header.Workflow, ct).ConfigureAwait(false)).Try(out var call, out _) && call.Outcome is null) pending.Add(With(call));
        return pending;
    }

    /// <summary>One call by its id, waiting or ended.</summary>
    public async Task<Outcome<HeldCall>> ReadAsync(WorkflowId id, CancellationToken ct) =>
        (await ledger.Store.ReadAsync(tenant, id, ct).ConfigureAwait(false)).Then(snapshot => HeldCall.Read(id, snapshot));

    /// <summary>A waiting call by its approval's id or its own.</summary>
    public async Task<Outcome<PendingCall>> FindAsync(string approvalOrCall, CancellationToken ct)
    {
        if (!(await ListAsync(ct).ConfigureAwait(false)).Try(out var pending, out var problem)) return problem;
        return pending.FirstOrDefault(p => p.Call.Request.ApprovalId == approvalOrCall || p.Call.Id.ToString() == approvalOrCall) is { } found
            ? found
            : new Problem(ProblemCode.ApprovalNotFound, $"no open approval '{approvalOrCall}'");
    }

    public static bool IsCall(string id) => id.StartsWith(HeldCallEntries.StreamKind + "-", StringComparison.Ordinal);

    /// <summary>Verifies an answer and leaves it for the gateway that holds the call, or refuses it and records that.</summary>
    public async Task<Outcome<ApprovalResponse>> AnswerAsync(Answer answer, Caller caller, string channel, CancellationToken ct)
    {
        // Whoever comes second is verified against what the first one made of it.
        for (var tries = 1; ; tries++)
        {
            if (!(await FindAsync(answer.ApprovalId, ct).ConfigureAwait(false)).Try(out var pending, out var problem)) return problem;
            var answered = await AnswerOnceAsync(pending.Call, answer, caller, channel, ct).ConfigureAwait(false);
            if (answered.Problem?.Code != ProblemCode.StoreMoved || tries == AnswerTriesMax) return answered;
        }
    }

    private async Task<Outcome<ApprovalResponse>> AnswerOnceAsync(HeldCall call, Answer answer, Caller caller, string channel, CancellationToken ct)
    {
        var request = call.Request;
        if (!ApprovalDesk.Verify(answer, request, call.Responses, request.PlanTokenHash, caller, identities, ledger.Clock.GetUtcNow()).Try(out var response, out var problem))
        {
            var told = await ledger.Store.AppendAuditAsync(tenant,
                [HeldCallEntries.Event(ledger, AuditEventTypes.ApprovalRefused, call.Id, request, call.Message, problem.ToString(), caller.Name, problem: problem)], ct).ConfigureAwait(false);
            return told.Problem ?? problem;
        }
        var given = new HeldAnswer(response, channel);
        var signalled = await ledger.Store.SignalAsync(tenant, call.Id, HeldCallEntries.Signal(ledger.Ids.Next("sig"), given, call.Point),
            [HeldCallEntries.Event(ledger, AuditEventTypes.ApprovalReceived, call.Id, request, call.Message, $"{(response.Approved ? "approved" : "rejected")} by {response.Approver}, {channel}", response.Approver, given)],
            ct).ConfigureAwait(false);
        return signalled.Map(_ => response);
    }

    private PendingCall With(HeldCall call) =>
        new(call, ApprovalDesk.Tally(call.Request, call.Responses, call.Request.PlanTokenHash, identities, ledger.Clock.GetUtcNow()));
}
