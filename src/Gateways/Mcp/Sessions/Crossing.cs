// One message on its way through the gate: judged, held while it must be, then carried or refused in its turn (MCP-02, MCP-03).
// To the gate it is the line to whoever waits: progress where it was asked for, a question to the client's person where the client can put one.
// Invariant: whatever is held lets pass what came after it, and nothing is carried that was withdrawn meanwhile.
using CabinCrew.Gateways.Firewall;
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Sessions;

/// <param name="request">The request that waits, or whose answer does. Null: a notification, for which nobody waits.</param>
/// <param name="asker">Who waits for it.</param>
internal abstract class Crossing(SessionParts session, Lane.Turn turn, OpenRequest? request, Parties asker) : ICallerLine
{
    private int step;

    protected SessionParts Session => session;

    protected OpenRequest Open => request!;

    protected Parties Asker => asker;

    public bool CanAskPerson => session.Standing.CanElicit || ByResult;

    private bool ByResult => asker is Parties.Client && request is { Gathering: null, Stage: RequestStage.Judged } && Standing.CanElicitBy(request.Frame);

    protected CancellationToken Withdrawn => request?.Withdrawn ?? session.Stopping;

    protected abstract InterceptedFrame Message { get; }

    /// <summary>It is its turn: lets it go on, or tells the asker that it does not.</summary>
    protected abstract ValueTask CarryAsync(Passage passage);

    /// <summary>The gateway's own fault: it is not carried.</summary>
    protected abstract ValueTask FailAsync(Problem bug);

    public async ValueTask RunAsync()
    {
        try
        {
            var passage = await session.Gate.PassAsync(Message, this, Withdrawn);
            if (request is { AskerId.IsEmpty: true } && !await session.Questions.ReclaimedAsync(request)) return;
            await turn.ReachedAsync();
            await CarryAsync(passage);
        }
        catch (OperationCanceledException) when (Withdrawn.IsCancellationRequested)
        {
            // Whoever withdrew it has told the asker, or knows that nobody waits.
        }
        catch (Exception e)
        {
            await FailAsync(SessionParts.Bug(e));
        }
        finally
        {
            turn.Leave();
        }
    }

    public async ValueTask ProgressAsync(string words, CancellationToken ct)
    {
        Hold();
        if (request is not { Own: null } || request.Frame.ProgressToken.IsEmpty || request.Stage is RequestStage.Closed || request.AskerId.IsEmpty) return;
        var progress = Replies.Progress(request.Frame.ProgressToken, Interlocked.Increment(ref step), words);
        // A caller that is gone ends the session, and with it what is held: nothing is to be done about it here.
        if (asker is Parties.Client) await session.Client.SendAsync(progress, request.AskerId, ct);
        else await request.Link!.SendAsync(progress, ct);
    }

    public async ValueTask<bool?> AskPersonAsync(string question, CancellationToken ct)
    {
        Hold();
        if (ByResult) return await session.Questions.AskByResultAsync(request!, question, ct);
        return session.Standing.CanElicit ? await session.Questions.AskAsync(question, request?.AskerId ?? default, ct) : null;
    }

    private void Hold()
    {
        turn.Leave();
        if (request is not null) request.Held = true;
    }
}
