// A server's messages on their way to the client: answers to what was asked, and what the server asks or tells by itself (MCP-02, MCP-06, MCP-07).
// Invariant: nothing reaches the client that has not passed the gate; an answer reaches it once, and only to an open request of this very server.
using System.Text;
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Sessions;

internal sealed class FromServer(SessionParts session)
{
    public async ValueTask ReceivedAsync(Link link, ReadOnlyMemory<byte> bytes, CancellationToken ct)
    {
        if (!FrameReader.Read(bytes, session.Limits.Frames).Try(out var frame, out var unfit))
        {
            await UnreadableAsync(link, unfit);
            return;
        }
        try
        {
            await (frame.Kind switch
            {
                FrameKind.Request => RequestAsync(link, frame, ct),
                FrameKind.Notification => NotificationAsync(link, frame, ct),
                FrameKind.Result or FrameKind.Error => AnswerAsync(link, frame, ct),
            });
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Nothing that one message does to this code ends the session for the others.
            await session.RecordAsync(link.Name, MessageDirection.ToCaller, SessionParts.Bug(e));
            if (frame.Kind is FrameKind.Request) await link.SendAsync(Replies.Error(frame.Id, SessionParts.Bug(e)), ct);
        }
    }

    private async ValueTask UnreadableAsync(Link link, Problem why)
    {
        await session.RecordAsync(link.Name, MessageDirection.ToCaller, why);
        ReadOnlyMemory<byte> id = why.Evidence.TryGetValue(FrameReader.IdKey, out var text) ? Encoding.UTF8.GetBytes(text) : default;
        var kind = why.Evidence.GetValueOrDefault(FrameReader.KindKey);
        if (kind is nameof(FrameKind.Request)) await link.SendAsync(Replies.Error(id, why), ct: default);
        else if (kind is not nameof(FrameKind.Notification) && Asked(link, id) is { } open && open.TryAnswer())
            await session.AnswerClientAsync(open, Replies.Error(open.AskerId, new Problem(ProblemCode.UpstreamInvalid, $"the answer of '{link.Name}' was not forwarded: {why.Message}") { Where = why.Where }));
    }

    /// <summary>The open request with this id that this server was asked.</summary>
    private OpenRequest? Asked(Link link, ReadOnlyMemory<byte> id)
    {
        var open = session.FromClient.Find(id);
        if (open is { Link: null, Gathering: { } gathering }) return gathering.LegOf(link);
        return open?.Link == link ? open : null;
    }

    private async ValueTask AnswerAsync(Link link, Frame frame, CancellationToken ct)
    {
        var open = Asked(link, frame.Id);
        if (open is null && session.FromClient.WasForgotten(frame.Id)) return;
        if (open is null || !open.TryAnswer())
        {
            var what = frame.Id.IsEmpty ? "the server could not read a message that it was sent" : "an answer to nothing that this server was asked, or a second one";
            await session.RecordAsync(link.Name, MessageDirection.ToCaller, new Problem(ProblemCode.MessageUnexpected, what));
            return;
        }
        var turn = await link.ToClient.TakeAsync(frame.Bytes.Length, ct);
        session.Underway.Track(new ServerAnswer(session, turn, open, frame).RunAsync());
    }

    private async ValueTask RequestAsync(Link link, Frame frame, CancellationToken ct)
    {
        var id = session.Routes.ClientId(frame);
        var open = new OpenRequest(frame, link) { AskerId = frame.Id, Id = id, Token = session.Routes.ClientToken(frame, id), Facts = session.Standing.Facts };
        if ((Unplaced(link, frame, id) ?? session.Routes.Unowned(link, frame) ?? session.ToClient.Add(open)) is { } fault)
        {
            await session.RecordAsync(link.Name, MessageDirection.ToCaller, fault);
            await link.SendAsync(Replies.Error(frame.Id, fault), ct);
            return;
        }
        var turn = await link.ToClient.TakeAsync(frame.Bytes.Length, ct);
        session.Underway.Track(new ServerRequest(session, turn, open).RunAsync());
    }

    private Problem? Unplaced(Link link, Frame frame, ReadOnlyMemory<byte> clientId) =>
        session.Ending ? new Problem(ProblemCode.MessageUnexpected, "the session is ending; nothing new is taken")
        : McpMethods.Misplaced(frame, Parties.Server) is { } misplaced ? new Problem(ProblemCode.MessageUnexpected, misplaced)
        : session.Questions.IsOwn(frame.Id) ? new Problem(ProblemCode.MessageIdTaken, "ids of this form are the gateway's own")
        : !session.Standing.Open && frame.Method is not McpMethods.Ping
            ? new Problem(ProblemCode.MessageUnexpected, "a server may ask the client only after 'initialize' was answered, and never in the stateless era")
        // Under an id of the gateway's, the table of what the client was asked does not show it.
        : !clientId.Span.SequenceEqual(frame.Id.Span) && Own(link, frame.Id) is not null ? new Problem(ProblemCode.MessageIdTaken, "a request with this id is still open")
        : null;

    private async ValueTask NotificationAsync(Link link, Frame frame, CancellationToken ct)
    {
        if (McpMethods.Misplaced(frame, Parties.Server) is { } misplaced)
            await session.RecordAsync(link.Name, MessageDirection.ToCaller, new Problem(ProblemCode.MessageUnexpected, misplaced));
        else if (frame.Method is McpMethods.Cancelled) await CancelAsync(link, frame, ct);
        else if (frame.Method is McpMethods.Progress && !IsAwaited(link, frame))
            await session.RecordAsync(link.Name, MessageDirection.ToCaller, new Problem(ProblemCode.MessageUnexpected, "progress of nothing that this server is asked"));
        else await ForwardAsync(link, frame, ct);
    }

    private bool IsAwaited(Link link, Frame progress)
    {
        var open = session.FromClient.FindByToken(JsonParts.Member(progress.Params, "progressToken"u8));
        var asked = open is { Link: null, Gathering: { } gathering } ? gathering.LegOf(link) : open?.Link == link ? open : null;
        return asked is { Stage: RequestStage.Sent or RequestStage.Answered } || session.Routes.IsTaskToken(link, progress);
    }

    // Of a request of its own (era of sessions), or of a stream of notifications that the client listens to (stateless era). Anything else is ignored, as the specification asks.
    private async ValueTask CancelAsync(Link link, Frame frame, CancellationToken ct)
    {
        var id = JsonParts.Member(frame.Params, "requestId"u8);
        if (Own(link, id) is { } open)
        {
            if (!open.TryClose(out var before)) return;
            session.ToClient.Remove(open, answerMayCome: before is RequestStage.Sent);
            open.Withdraw();
            if (before is not RequestStage.Sent) return;
            await ForwardAsync(link, open.Id.Span.SequenceEqual(id.Span) ? frame : session.Read(JsonParts.Replace(frame.Bytes, id, open.Id.Span)), ct);
        }
        else if (Asked(link, id) is { Frame.Method: McpMethods.Listen } stream && stream.TryClose(out _))
        {
            stream.Withdraw();
            if (stream.Gathering is { } gathering)
            {
                // The client goes on to listen to the others.
                await gathering.WithAsync(stream, (byte[])[.. "{\"resultType\":\"complete\",\"_meta\":{\"io.modelcontextprotocol/subscriptionId\":"u8, .. id.Span, .. "}}"u8]);
                return;
            }
            session.FromClient.Remove(stream, answerMayCome: true);
            await ForwardAsync(link, frame, stream.AskerId, ct);
        }
    }

    private OpenRequest? Own(Link link, ReadOnlyMemory<byte> askerId)
    {
        if (askerId.IsEmpty) return null;
        if (session.ToClient.Find(askerId) is { } same && same.Link == link && same.AskerId.Span.SequenceEqual(askerId.Span)) return same;
        return session.ToClient.All().Find(o => o.Link == link && o.AskerId.Span.SequenceEqual(askerId.Span));
    }

    private ValueTask ForwardAsync(Link link, Frame frame, CancellationToken ct) => ForwardAsync(link, frame, Regarding(frame), ct);

    private async ValueTask ForwardAsync(Link link, Frame frame, ReadOnlyMemory<byte> regarding, CancellationToken ct)
    {
        var turn = await link.ToClient.TakeAsync(frame.Bytes.Length, ct);
        session.Underway.Track(new Notice(session, turn, link, frame, Parties.Server, regarding).RunAsync());
    }

    private ReadOnlyMemory<byte> Regarding(Frame frame)
    {
        if (frame.Method is McpMethods.Progress) return session.FromClient.FindByToken(JsonParts.Member(frame.Params, "progressToken"u8))?.AskerId ?? default;
        return JsonParts.Member(frame.Meta, "io.modelcontextprotocol/subscriptionId"u8);
    }
}
