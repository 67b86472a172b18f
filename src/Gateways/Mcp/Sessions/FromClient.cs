// The client's messages on their way to the servers: each is read, placed, judged and carried, or refused (MCP-02, MCP-07).
// Invariant: nothing is sent to a server that has not passed the gate, and each request that goes no further is answered.
using System.Text;
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Sessions;

internal sealed class FromClient(SessionParts session)
{
    public async ValueTask ReceivedAsync(Outcome<ReadOnlyMemory<byte>> received, CancellationToken ct)
    {
        if (!received.Try(out var bytes, out var unread))
        {
            await UnreadableAsync(unread);
            return;
        }
        if (!FrameReader.Read(bytes, session.Limits.Frames).Try(out var frame, out var unfit))
        {
            await UnreadableAsync(unfit);
            return;
        }
        try
        {
            await (frame.Kind switch
            {
                FrameKind.Request => RequestAsync(frame, ct),
                FrameKind.Notification => NotificationAsync(frame, ct),
                FrameKind.Result or FrameKind.Error => AnswerAsync(frame, ct),
            });
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Nothing that one message does to this code ends the session for the others.
            await session.RecordAsync(null, MessageDirection.ToServer, SessionParts.Bug(e));
            if (frame.Kind is FrameKind.Request) await session.SendToClientAsync(Replies.Error(frame.Id, SessionParts.Bug(e)), frame.Id);
        }
    }

    private async ValueTask UnreadableAsync(Problem why)
    {
        await session.RecordAsync(null, MessageDirection.ToServer, why);
        ReadOnlyMemory<byte> id = why.Evidence.TryGetValue(FrameReader.IdKey, out var text) ? Encoding.UTF8.GetBytes(text) : default;
        var kind = why.Evidence.GetValueOrDefault(FrameReader.KindKey);
        if (kind is nameof(FrameKind.Result) or nameof(FrameKind.Error))
        {
            // Whoever asked must not wait for an answer that was refused.
            if (session.ToClient.Find(id) is not { Link: not null } open || !open.TryAnswer()) return;
            await session.AnswerServerAsync(open, Replies.Error(open.AskerId, why));
        }
        else if (kind is not nameof(FrameKind.Notification)) await session.SendToClientAsync(Replies.Error(id, why), id);
    }

    private async ValueTask RequestAsync(Frame frame, CancellationToken ct)
    {
        if (Unplaced(frame) is { } fault)
        {
            await RefuseAsync(frame, fault);
            return;
        }
        if (session.Questions.Resumes(frame, out var refused))
        {
            if (refused is not null) await RefuseAsync(frame, refused);
            return;
        }
        var route = session.Routes.Request(frame);
        if (route.Refused is { } nowhere) await RefuseAsync(frame, nowhere);
        else if (!route.Reply.IsEmpty) await session.SendToClientAsync(route.Reply, frame.Id);
        else if (route.Each is { } each) await SpreadAsync(frame, each, ct);
        else
        {
            var open = Open(route.Frame, route.Link, frame.Id);
            if (session.FromClient.Add(open) is { } taken) await RefuseAsync(frame, taken);
            else await BeginAsync(open, route.Link!, ct);
        }
    }

    private Problem? Unplaced(Frame frame) =>
        session.Ending ? new Problem(ProblemCode.MessageUnexpected, "the session is ending; nothing new is taken")
        : McpMethods.Misplaced(frame, Parties.Client) is { } misplaced ? new Problem(ProblemCode.MessageUnexpected, misplaced)
        : session.Questions.IsOwn(frame.Id) ? new Problem(ProblemCode.MessageIdTaken, "ids of this form are the gateway's own")
        : session.Standing.Admit(frame);

    private async ValueTask RefuseAsync(Frame frame, Problem why)
    {
        await session.RecordAsync(null, MessageDirection.ToServer, why);
        await session.SendToClientAsync(Replies.Error(frame.Id, why), frame.Id);
    }

    private OpenRequest Open(Frame frame, Link? link, ReadOnlyMemory<byte> id) => new(frame, link) { AskerId = id, Id = id, Facts = session.Standing.FactsOf(frame) };

    private async ValueTask SpreadAsync(Frame frame, IReadOnlyList<Leg> each, CancellationToken ct)
    {
        var whole = Open(frame, null, frame.Id);
        whole.Gathering = new Gathering(session, whole, each.Count);
        if (session.FromClient.Add(whole) is { } taken)
        {
            await RefuseAsync(frame, taken);
            return;
        }
        var legs = each.Select(e => Open(e.Frame, e.Link, frame.Id)).ToList();
        for (var i = 0; i < legs.Count; i++)
        {
            legs[i].Gathering = whole.Gathering;
            whole.Gathering.Begin(i, legs[i]);
        }
        foreach (var leg in legs) await BeginAsync(leg, leg.Link!, ct);
    }

    private async ValueTask BeginAsync(OpenRequest open, Link link, CancellationToken ct)
    {
        var turn = await link.ToServer.TakeAsync(open.Frame.Bytes.Length, ct);
        session.Underway.Track(new ClientRequest(session, turn, open).RunAsync());
    }

    private async ValueTask NotificationAsync(Frame frame, CancellationToken ct)
    {
        if (McpMethods.Misplaced(frame, Parties.Client) is { } misplaced)
            await session.RecordAsync(null, MessageDirection.ToServer, new Problem(ProblemCode.MessageUnexpected, misplaced));
        else if (session.Ending)
            await session.RecordAsync(null, MessageDirection.ToServer, new Problem(ProblemCode.MessageUnexpected, "the session is ending; nothing new is taken"));
        else if (frame.Method is McpMethods.Cancelled) await CancelAsync(frame, ct);
        else if (frame.Method is McpMethods.Progress) await ProgressAsync(frame, ct);
        else
            foreach (var (link, own) in session.Routes.Notification(frame)) await ForwardAsync(own, link, ct);
    }

    private async ValueTask ForwardAsync(Frame frame, Link link, CancellationToken ct)
    {
        var turn = await link.ToServer.TakeAsync(frame.Bytes.Length, ct);
        session.Underway.Track(new Notice(session, turn, link, frame, Parties.Client, default).RunAsync());
    }

    // A cancellation that refers to nothing open is ignored, as the specification asks: it may have crossed with the answer.
    private async ValueTask CancelAsync(Frame frame, CancellationToken ct)
    {
        var open = session.FromClient.Find(JsonParts.Member(frame.Params, "requestId"u8));
        if (open is not { Own: null } || open.Frame.Method is McpMethods.Initialize || !open.TryClose(out var before)) return;
        session.FromClient.Remove(open, answerMayCome: before is RequestStage.Sent || open.Gathering is not null);
        open.Withdraw();
        if (open.Gathering is null)
        {
            if (before is RequestStage.Sent) await ForwardAsync(frame, open.Link!, ct);
            return;
        }
        foreach (var leg in open.Gathering.Legs)
        {
            if (leg is null || !leg.TryClose(out var stage)) continue;
            leg.Withdraw();
            if (stage is RequestStage.Sent) await ForwardAsync(frame, leg.Link!, ct);
        }
    }

    private async ValueTask ProgressAsync(Frame frame, CancellationToken ct)
    {
        var token = JsonParts.Member(frame.Params, "progressToken"u8);
        if (session.ToClient.FindByToken(token) is { Link: { } link } open) await ForwardAsync(session.Routes.TokenOf(open, frame, token), link, ct);
        else await session.RecordAsync(null, MessageDirection.ToServer, new Problem(ProblemCode.MessageUnexpected, "progress of nothing that a server has asked for"));
    }

    private async ValueTask AnswerAsync(Frame frame, CancellationToken ct)
    {
        var open = session.ToClient.Find(frame.Id);
        if (open is null && session.ToClient.WasForgotten(frame.Id)) return;
        if (open is null || !open.TryAnswer())
        {
            await session.RecordAsync(null, MessageDirection.ToServer, new Problem(ProblemCode.MessageUnexpected, "an answer to nothing that the client was asked, or a second one"));
            return;
        }
        if (open.Own is { } own)
        {
            open.TryClose(out _);
            session.ToClient.Remove(open, answerMayCome: false);
            own.TrySetResult(frame);
            return;
        }
        var turn = await open.Link!.ToServer.TakeAsync(frame.Bytes.Length, ct);
        session.Underway.Track(new ClientAnswer(session, turn, open, frame).RunAsync());
    }
}
