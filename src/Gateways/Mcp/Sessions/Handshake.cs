// Brings a server that was restarted to where the session stands (era of sessions): the handshake is repeated, then what the client had subscribed to, and the client hears what may have changed.
// Invariants: all of it passes the gate; a server that now speaks otherwise than it did when the client agreed is not connected.
using CabinCrew.Gateways.Mcp.Servers;
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Sessions;

internal sealed class Handshake(SessionParts session)
{
    private static readonly ReadOnlyMemory<byte> Initialized = """{"jsonrpc":"2.0","method":"notifications/initialized"}"""u8.ToArray();

    public async ValueTask<Outcome<Done>> RepeatAsync(Link link, IServerConnection connection, CancellationToken ct)
    {
        if (session.Standing.Opening is not { } opening) return Done.Ok;
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limited.CancelAfter(session.Limits.Handshake);
        try
        {
            var id = session.Questions.NextId();
            var frame = session.Read(JsonParts.Replace(opening.Bytes, opening.Id, id.Span));
            if (!(await WelcomeAsync(link, connection, frame, limited.Token)).Try(out var welcome, out var refused)) return refused;
            var version = JsonParts.Text(JsonParts.Member(welcome, "protocolVersion"u8))!;
            if (version != session.Standing.VersionOf(link))
                return new Problem(ProblemCode.UpstreamInvalid, "the restarted server agrees to another version of the protocol than it did before");
            session.Standing.AgreedWith(link, version);
            session.Renewals.Welcomed(link, JsonParts.Member(welcome, "capabilities"u8));
            return await SendAsync(link, connection, session.Read(Initialized), limited.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return new Problem(ProblemCode.UpstreamFailed, $"the restarted server did not answer its handshake within {session.Limits.Handshake.TotalSeconds:0} s");
        }
    }

    private async ValueTask<Outcome<ReadOnlyMemory<byte>>> WelcomeAsync(Link link, IServerConnection connection, Frame frame, CancellationToken ct)
    {
        try
        {
            return (await SendAsync(link, connection, frame, ct)).Try(out _, out var unsent) ? await AnswerAsync(connection, frame.Id, ct) : unsent;
        }
        finally
        {
            // Its answer goes to nobody, and what the gate keeps for it is given back.
            await session.Gate.UnansweredAsync(session.Standing.Facts, link.Name, MessageDirection.ToServer, frame);
        }
    }

    private async ValueTask<Outcome<Done>> SendAsync(Link link, IServerConnection connection, Frame frame, CancellationToken ct)
    {
        var passage = await session.Gate.PassAsync(new(session.Standing.Facts, link.Name, MessageDirection.ToServer, frame, null), Silent.Line, ct);
        return passage.Refused is { } refused ? refused : await connection.SendAsync(passage.Instead ?? frame.Bytes, ct);
    }

    /// <summary>The result that the server answers with. What else it says before its answer is for nobody.</summary>
    private async ValueTask<Outcome<ReadOnlyMemory<byte>>> AnswerAsync(IServerConnection connection, ReadOnlyMemory<byte> id, CancellationToken ct)
    {
        while (await connection.ReceiveAsync(ct) is { } received)
        {
            if (!received.Try(out var bytes, out var broken)) return broken;
            if (!FrameReader.Read(bytes, session.Limits.Frames).Try(out var frame, out _) || !frame.Id.Span.SequenceEqual(id.Span)) continue;
            if (frame.Kind is FrameKind.Result && JsonParts.Text(JsonParts.Member(frame.Answer, "protocolVersion"u8)) is not null) return frame.Answer;
            break;
        }
        return new Problem(ProblemCode.UpstreamFailed, "the restarted server refused its handshake");
    }

    /// <summary>Nobody waits for a handshake that is repeated.</summary>
    private sealed class Silent : Firewall.ICallerLine
    {
        public static readonly Silent Line = new();

        public bool CanAskPerson => false;

        public ValueTask ProgressAsync(string words, CancellationToken ct) => ValueTask.CompletedTask;

        public ValueTask<bool?> AskPersonAsync(string question, CancellationToken ct) => new((bool?)null);
    }
}
