// The line to the caller while one message is held (MCP-03): progress where it was asked for, a question to the client's person where the client can put one.
// Invariant: whatever is held lets pass what came after it.
using CabinCrew.Gateways.Firewall;
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Governance.Policies.Messages;

namespace CabinCrew.Gateways.Mcp.Sessions;

/// <param name="request">The request that waits, or whose answer does. Null: a notification, for which nobody waits.</param>
/// <param name="asker">Who waits for it.</param>
internal sealed class CallerLine(SessionParts session, Lane.Turn turn, OpenRequest? request, Parties asker) : ICallerLine
{
    private int step;

    public bool CanAskPerson => session.Standing.CanElicit || ByResult;

    private bool ByResult => asker is Parties.Client && request is { Gathering: null, Stage: RequestStage.Judged } && Standing.CanElicitBy(request.Frame);

    public async ValueTask ProgressAsync(string words, CancellationToken ct)
    {
        turn.Leave();
        if (request is null || request.Frame.ProgressToken.IsEmpty || request.Stage is RequestStage.Closed || request.AskerId.IsEmpty) return;
        var progress = Replies.Progress(request.Frame.ProgressToken, Interlocked.Increment(ref step), words);
        // A caller that is gone ends the session, and with it what is held: nothing is to be done about it here.
        if (asker is Parties.Client) await session.Client.SendAsync(progress, request.AskerId, ct);
        else await request.Link!.SendAsync(progress, ct);
    }

    public async ValueTask<bool?> AskPersonAsync(string question, CancellationToken ct)
    {
        turn.Leave();
        if (ByResult) return await session.Questions.AskByResultAsync(request!, question, ct);
        return session.Standing.CanElicit ? await session.Questions.AskAsync(question, request?.AskerId ?? default, ct) : null;
    }
}
