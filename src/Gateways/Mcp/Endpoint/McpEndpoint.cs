// The gateway's HTTP endpoint, both eras of Streamable HTTP (MCP-01, MCP-08): whose host, whose page, who calls, what the head says against what the body says; then the session.
// Invariant: no frame reaches a session but of an authenticated caller, and of the very caller who opened it.
using System.Net;
using System.Text;
using CabinCrew.Gateways.Firewall.Callers;
using CabinCrew.Gateways.Http;
using CabinCrew.Gateways.Mcp.Sessions;
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Endpoint;

public sealed class McpEndpoint(EndpointSettings settings, CallerDoor door, EndpointSessions sessions)
{
    private static readonly System.Buffers.SearchValues<char> DateChars = System.Buffers.SearchValues.Create("0123456789-");

    public async Task HandleAsync(IHttpExchange http)
    {
        var ct = http.Aborted;
        try
        {
            if (HttpIntake.Foreign(http, settings.Hosts, settings.Origins) is { } foreign) await RefuseAsync(http, null, foreign, default, ct).ConfigureAwait(false);
            else if (!(await door.AuthenticateAsync(HttpIntake.Proof(http), ct).ConfigureAwait(false)).Try(out var caller, out var stranger)) await RefuseAsync(http, null, stranger, default, ct).ConfigureAwait(false);
            else await ServeAsync(http, caller, ct).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The client has gone.
        }
    }

    private Task ServeAsync(IHttpExchange http, MessageCaller caller, CancellationToken ct) => http.Method switch
    {
        "POST" => PostAsync(http, caller, ct),
        "GET" => ListenAsync(http, caller, ct),
        "DELETE" => EndAsync(http, caller),
        _ => NotAllowed(http),
    };

    private async Task PostAsync(IHttpExchange http, MessageCaller caller, CancellationToken ct)
    {
        if (http.Header("Content-Type") is not { } type || !type.Split(';')[0].Trim().Equals("application/json", StringComparison.OrdinalIgnoreCase))
        {
            http.Begin((int)HttpStatusCode.UnsupportedMediaType, null);
            return;
        }
        if (!RequestHead.Accepts(http, "application/json") || !RequestHead.Accepts(http, "text/event-stream"))
        {
            http.Begin((int)HttpStatusCode.NotAcceptable, null);
            return;
        }
        if (!(await HttpIntake.BodyAsync(http, settings.Frames.BytesMax, settings.BodyTimeMax, ct).ConfigureAwait(false)).Try(out var body, out var problem) || !FrameReader.Read(body, settings.Frames).Try(out var frame, out problem))
        {
            await RefuseAsync(http, caller, problem, problem.Evidence.TryGetValue(FrameReader.IdKey, out var id) ? Encoding.UTF8.GetBytes(id) : default, ct).ConfigureAwait(false);
            return;
        }
        if (http.Header("Mcp-Session-Id") is { } session && frame.Version is null) await InSessionAsync(http, caller, session, frame, ct).ConfigureAwait(false);
        else if (frame.Version is not null) await StatelessAsync(http, caller, frame, ct).ConfigureAwait(false);
        else if (frame is { Kind: FrameKind.Request, Method: McpMethods.Initialize }) await OpenAsync(http, caller, frame, ct).ConfigureAwait(false);
        else await RefuseAsync(http, caller, NoVersion(), frame.Id, ct).ConfigureAwait(false);
    }

    private async Task OpenAsync(IHttpExchange http, MessageCaller caller, Frame frame, CancellationToken ct)
    {
        if (!sessions.Open(caller).Try(out var session, out var problem))
        {
            await RefuseAsync(http, caller, problem, frame.Id, ct).ConfigureAwait(false);
            return;
        }
        await AnswerAsync(http, session, frame, ct, ("Mcp-Session-Id", session.Id)).ConfigureAwait(false);
    }

    private async Task InSessionAsync(IHttpExchange http, MessageCaller caller, string id, Frame frame, CancellationToken ct)
    {
        if (sessions.Find(id, caller) is not { } session)
        {
            http.Begin((int)HttpStatusCode.NotFound, null);
            return;
        }
        // Both eras name versions by their date; what is none was never agreed.
        if (http.Header("MCP-Protocol-Version") is { } version && (version.Length != 10 || version.AsSpan().ContainsAnyExcept(DateChars)))
            await RefuseAsync(http, caller, new Problem(ProblemCode.MessageHeaderMismatch, "the header MCP-Protocol-Version names no version"), frame.Id, ct).ConfigureAwait(false);
        else if (frame.Kind is FrameKind.Request) await AnswerAsync(http, session, frame, ct).ConfigureAwait(false);
        else http.Begin(await session.Client.PostAsync(frame.Bytes, ct).ConfigureAwait(false) ? (int)HttpStatusCode.Accepted : (int)HttpStatusCode.NotFound, null);
    }

    private async Task AnswerAsync(IHttpExchange http, EndpointSession session, Frame frame, CancellationToken ct, params (string Name, string Value)[] headers)
    {
        if (session.Client.Expect(frame) is not { } stream)
        {
            await RefuseAsync(http, session.Caller, new Problem(ProblemCode.MessageIdTaken, "a request with this id is still open in this session"), frame.Id, ct).ConfigureAwait(false);
            return;
        }
        if (!await session.Client.PostAsync(frame.Bytes, ct).ConfigureAwait(false)) http.Begin((int)HttpStatusCode.NotFound, null);
        else await EventStreams.WriteAsync(http, stream, 0, resumable: true, settings, ct, headers).ConfigureAwait(false);
        if (stream.Ended) session.Client.Forget(stream);
    }

    private async Task StatelessAsync(IHttpExchange http, MessageCaller caller, Frame frame, CancellationToken ct)
    {
        if (RequestHead.Fault(http, frame, sessions.Parameters) is { } fault)
        {
            await RefuseAsync(http, caller, fault, frame.Id, ct).ConfigureAwait(false);
            return;
        }
        if (!sessions.Stateless(caller).Try(out var client, out var problem))
        {
            await RefuseAsync(http, caller, problem, frame.Id, ct).ConfigureAwait(false);
            return;
        }
        if (frame.Kind is not FrameKind.Request)
        {
            http.Begin(await client.PostAsync(frame.Bytes, ct).ConfigureAwait(false) ? (int)HttpStatusCode.Accepted : (int)HttpStatusCode.ServiceUnavailable, null);
            return;
        }
        if (await client.CallAsync(frame, ct).ConfigureAwait(false) is not var (stream, own))
        {
            await RefuseAsync(http, caller, new Problem(ProblemCode.CallerConcurrencyExceeded, "too many requests of this caller are open"), frame.Id, ct).ConfigureAwait(false);
            return;
        }
        try
        {
            await EventStreams.WriteAsync(http, stream, 0, resumable: false, settings, ct).ConfigureAwait(false);
        }
        finally
        {
            if (!stream.Ended) await client.CancelAsync(own).ConfigureAwait(false);
        }
    }

    private async Task ListenAsync(IHttpExchange http, MessageCaller caller, CancellationToken ct)
    {
        if (http.Header("Mcp-Session-Id") is not { } id)
        {
            await NotAllowed(http).ConfigureAwait(false);
            return;
        }
        if (!RequestHead.Accepts(http, "text/event-stream"))
        {
            http.Begin((int)HttpStatusCode.NotAcceptable, null);
            return;
        }
        if (sessions.Find(id, caller) is not { } session)
        {
            http.Begin((int)HttpStatusCode.NotFound, null);
            return;
        }
        var (stream, after) = (session.Client.Aside, 0L);
        if (http.Header("Last-Event-ID") is { } last)
        {
            if (ReplyStream.Parse(last) is not var (name, number) || session.Client.Named(name) is not { } named)
            {
                http.Begin((int)HttpStatusCode.NotFound, null);
                return;
            }
            (stream, after) = (named, number);
        }
        await EventStreams.WriteAsync(http, stream, after, resumable: true, settings, ct, alwaysStream: true).ConfigureAwait(false);
        if (stream.Ended) session.Client.Forget(stream);
    }

    private async Task EndAsync(IHttpExchange http, MessageCaller caller)
    {
        if (http.Header("Mcp-Session-Id") is not { } id) await NotAllowed(http).ConfigureAwait(false);
        else http.Begin(sessions.End(id, caller) ? (int)HttpStatusCode.NoContent : (int)HttpStatusCode.NotFound, null);
    }

    private static Task NotAllowed(IHttpExchange http)
    {
        http.Begin((int)HttpStatusCode.MethodNotAllowed, null, ("Allow", "POST, GET, DELETE"));
        return Task.CompletedTask;
    }

    private static Problem NoVersion() =>
        new Problem(ProblemCode.MessageUnexpected, "neither a session nor a protocol version of its own: begin with 'initialize', or name the version in 'params._meta'").With(FrameReader.ReasonKey, ErrorCodes.NoVersion);

    private async Task RefuseAsync(IHttpExchange http, MessageCaller? caller, Problem why, ReadOnlyMemory<byte> id, CancellationToken ct)
    {
        await sessions.RefusedAsync(caller, why).ConfigureAwait(false);
        // A stranger is not told where anything is.
        if (caller is null) why = why with { Where = null };
        ReadOnlySpan<(string, string)> headers = why.Code == ProblemCode.CallerNotAuthenticated ? [("WWW-Authenticate", "Bearer")] : [];
        // What lacks its parameters is malformed here, wherever a session would stand.
        http.Begin(ErrorCodes.Of(why) is ErrorCodes.InvalidParams ? (int)HttpStatusCode.BadRequest : why.Code.Entry().Http, "application/json", headers);
        await http.WriteAsync(Replies.Error(id, why), ct).ConfigureAwait(false);
    }
}
