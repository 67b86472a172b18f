// What becomes of each kind of message once it was judged: who is sent what, and who is told where it goes no further (MCP-03, MCP-06).
// Invariant: what is sent is what was judged or what stands in for it; only ids and tokens are the gateway's, where servers share one client.
using CabinCrew.Gateways.Firewall;
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Sessions;

internal sealed class ClientRequest(SessionParts session, Lane.Turn turn, OpenRequest open) : Crossing(session, turn, open, Parties.Client)
{
    protected override InterceptedFrame Message => new(Open.Facts, Open.Link!.Name, MessageDirection.ToServer, Open.Frame, null);

    protected override async ValueTask CarryAsync(Passage passage)
    {
        if (passage.Refused is not null)
        {
            await Session.AnswerClientAsync(Open, Replies.Error(Open.AskerId, passage));
            return;
        }
        if (!Open.TrySend()) return;
        var sent = await Open.Link!.SendAsync(Addressed(passage.Instead ?? Open.Frame.Bytes), Withdrawn);
        if (sent.Problem is { } failed) await Session.AnswerClientAsync(Open, Replies.Error(Open.AskerId, failed));
    }

    protected override ValueTask FailAsync(Problem bug) => Session.AnswerClientAsync(Open, Replies.Error(Open.AskerId, bug));

    // A client that has asked again, with the answer to a question, waits under another id than the request was judged with.
    private ReadOnlyMemory<byte> Addressed(ReadOnlyMemory<byte> bytes) =>
        Open.Id.Span.SequenceEqual(Open.Frame.Id.Span) ? bytes : JsonParts.Replace(bytes, Session.Read(bytes).Id, Open.Id.Span);
}

internal sealed class ClientAnswer(SessionParts session, Lane.Turn turn, OpenRequest open, Frame answer) : Crossing(session, turn, open, Parties.Server)
{
    protected override InterceptedFrame Message => new(Open.Facts, Open.Link!.Name, MessageDirection.ToServer, answer, Open.Frame);

    protected override ValueTask CarryAsync(Passage passage)
    {
        if (passage.Refused is not null) return Session.AnswerServerAsync(Open, Replies.Error(Open.AskerId, passage));
        var told = passage.Instead is { } instead ? Session.Read(instead) : answer;
        Session.Routes.Answered(Open, told);
        return Session.AnswerServerAsync(Open, Open.Id.Span.SequenceEqual(Open.AskerId.Span) ? told.Bytes : JsonParts.Replace(told.Bytes, told.Id, Open.AskerId.Span));
    }

    protected override ValueTask FailAsync(Problem bug) => Session.AnswerServerAsync(Open, Replies.Error(Open.AskerId, bug));
}

internal sealed class ServerRequest(SessionParts session, Lane.Turn turn, OpenRequest open) : Crossing(session, turn, open, Parties.Server)
{
    protected override InterceptedFrame Message => new(Open.Facts, Open.Link!.Name, MessageDirection.ToCaller, Open.Frame, null);

    protected override async ValueTask CarryAsync(Passage passage)
    {
        if (passage.Refused is not null) await Session.AnswerServerAsync(Open, Replies.Error(Open.AskerId, passage));
        else if (Open.TrySend())
        {
            var sent = await Session.Client.SendAsync(Session.Routes.ToClient(Open, passage.Instead is { } instead ? Session.Read(instead) : Open.Frame), default, CancellationToken.None);
            if (sent.Problem is { } nobody) await Session.AnswerServerAsync(Open, Replies.Error(Open.AskerId, nobody));
        }
    }

    protected override ValueTask FailAsync(Problem bug) => Session.AnswerServerAsync(Open, Replies.Error(Open.AskerId, bug));
}

internal sealed class ServerAnswer(SessionParts session, Lane.Turn turn, OpenRequest open, Frame answer) : Crossing(session, turn, open, Parties.Client)
{
    protected override InterceptedFrame Message => new(Open.Facts, Open.Link!.Name, MessageDirection.ToCaller, answer, Open.Frame);

    protected override ValueTask CarryAsync(Passage passage) =>
        passage.Refused is not null ? Session.AnswerClientAsync(Open, Replies.Error(Open.AskerId, passage)) : DeliverAsync(passage.Instead is { } instead ? Session.Read(instead) : answer);

    protected override ValueTask FailAsync(Problem bug) => Session.AnswerClientAsync(Open, Replies.Error(Open.AskerId, bug));

    private async ValueTask DeliverAsync(Frame told)
    {
        if (Open.Gathering is { } gathering)
        {
            if (!Open.TryClose(out _)) return;
            await (told.Kind is FrameKind.Result ? gathering.WithAsync(Open, told.Answer) : gathering.WithoutAsync(Open, told.Bytes));
            return;
        }
        var bytes = Session.Routes.Answer(Open, told);
        if (!Open.TryClose(out _)) return;
        Session.FromClient.Remove(Open, answerMayCome: false);
        Session.Renewals.Answered(Open, told);
        if (Open.Own is { } own)
        {
            own.TrySetResult(told);
            return;
        }
        if (Open.Frame.Method is McpMethods.Initialize)
        {
            if (told.Kind is FrameKind.Result) Session.Standing.Agreed(told.Answer);
            else Session.Standing.NotAgreed();
        }
        await Session.SendToClientAsync(bytes, Open.AskerId);
    }
}

/// <param name="from">Whose it is.</param>
/// <param name="regarding">The client's request that it speaks of; empty: none.</param>
internal sealed class Notice(SessionParts session, Lane.Turn turn, Link link, Frame frame, Parties from, ReadOnlyMemory<byte> regarding) : Crossing(session, turn, null, from)
{
    private MessageDirection Direction => Asker is Parties.Client ? MessageDirection.ToServer : MessageDirection.ToCaller;

    protected override InterceptedFrame Message => new(Session.Standing.Current, link.Name, Direction, frame, null);

    protected override async ValueTask CarryAsync(Passage passage)
    {
        if (passage.Refused is not null) return;
        var bytes = passage.Instead ?? frame.Bytes;
        if (Asker is Parties.Client) await link.SendAsync(bytes, Withdrawn);
        else if (Session.FromClient.Find(regarding) is { Gathering.Acknowledgements: { } stream }) await stream.CarryAsync(link, bytes);
        else await Session.SendToClientAsync(bytes, regarding);
    }

    protected override ValueTask FailAsync(Problem bug) => Session.RecordAsync(link.Name, Direction, bug);
}
