// A server over Streamable HTTP, both eras (MCP-01): each frame a POST, its answer one object or a stream of events; in the era of sessions also the standing GET stream and resumption.
// Invariants: the bytes of a frame are the body of its POST. A request that fails on the way is answered by an error of the gateway's for its id; it is never sent a second time.
using System.Collections.Concurrent;
using System.Net;
using System.Text;
using CabinCrew.Gateways.Http;
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Servers.Remote;

public sealed class HttpConnection(RemoteServer server, TimeProvider time) : IServerConnection
{
    private const string SessionHeader = "Mcp-Session-Id", VersionHeader = "MCP-Protocol-Version";
    private const int SessionCharsMax = 1024;

    private readonly Inbox inbox = new(server.WaitingMax);
    private readonly CancellationTokenSource gone = new();
    private readonly ConcurrentDictionary<string, CancellationTokenSource> open = new(StringComparer.Ordinal);
    private readonly ParameterHeaders parameters = new();
    private volatile string? session, version;
    private int listening;

    public async ValueTask<Outcome<Done>> SendAsync(ReadOnlyMemory<byte> frame, CancellationToken ct)
    {
        if (gone.IsCancellationRequested) return Failed("the connection has ended");
        if (!FrameReader.Read(frame, server.Frames).Try(out var message, out var problem)) return problem;
        if (message.Kind is FrameKind.Request)
        {
            // Its answer may take long; other messages do not wait for it.
            _ = CallAsync(message);
            return Done.Ok;
        }
        // In the stateless era the end of the stream is the cancellation, and there is no message for it.
        if (message.Method is McpMethods.Cancelled && session is null && Id(JsonParts.Member(message.Params, "requestId"u8)) is { } id && open.TryGetValue(id, out var call))
        {
            await call.CancelAsync().ConfigureAwait(false);
            return Done.Ok;
        }
        return await TellAsync(message, ct).ConfigureAwait(false);
    }

    public ValueTask<Outcome<ReadOnlyMemory<byte>>?> ReceiveAsync(CancellationToken ct) => inbox.TakeAsync(ct);

    public async ValueTask DisposeAsync()
    {
        if (gone.IsCancellationRequested) return;
        if (session is not null)
        {
            using var limited = new CancellationTokenSource(server.ShortTimeMax, time);
            try
            {
                using var goodbye = WithSession(server.Request(HttpMethod.Delete, server.Url));
                using var answer = await server.Client.SendAsync(goodbye, limited.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (IsNetwork(e))
            {
                // A server that is not told lets the session lapse.
            }
        }
        await gone.CancelAsync().ConfigureAwait(false);
        inbox.End();
    }

    private static string? Id(ReadOnlyMemory<byte> text) => text.IsEmpty ? null : Encoding.UTF8.GetString(text.Span);

    private async ValueTask<Outcome<Done>> TellAsync(Frame message, CancellationToken ct)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(ct, gone.Token);
        limited.CancelAfter(server.ShortTimeMax);
        try
        {
            using var request = Head(server.Post(server.Url, message.Bytes), message);
            using var response = await server.Client.SendAsync(request, limited.Token).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode) return Refused(response);
            if (message.Method is McpMethods.Initialized && Interlocked.Exchange(ref listening, 1) == 0) _ = ListenAsync();
            return Done.Ok;
        }
        catch (Exception e) when (IsNetwork(e))
        {
            return ct.IsCancellationRequested ? new Problem(ProblemCode.Cancelled, "the message was withdrawn before it was taken") : Failed(Words(e));
        }
    }

    private async Task CallAsync(Frame message)
    {
        var id = Id(message.Id)!;
        using var call = CancellationTokenSource.CreateLinkedTokenSource(gone.Token);
        open[id] = call;
        call.CancelAfter(server.AnswerTimeMax);
        try
        {
            if (message is { Method: McpMethods.ToolsCall, Name: { } tool } && parameters.Fault(tool) is { } fault)
                await AnswerAsync(message, Failed($"the server's definition of this tool is invalid: {fault}")).ConfigureAwait(false);
            else if (await ExchangeAsync(message, call.Token).ConfigureAwait(false) is { } failed)
                await AnswerAsync(message, failed).ConfigureAwait(false);
        }
        catch (Exception e) when (IsNetwork(e))
        {
            if (!gone.IsCancellationRequested) await AnswerAsync(message, Failed(Words(e))).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            await AnswerAsync(message, Problem.Bug($"a call over HTTP failed: {e.GetType().Name}: {e.Message}")).ConfigureAwait(false);
        }
        finally
        {
            open.TryRemove(new(id, call));
        }
    }

    /// <returns>Null: it was answered.</returns>
    private async Task<Problem?> ExchangeAsync(Frame message, CancellationToken ct)
    {
        using var request = Head(server.Post(server.Url, message.Bytes), message);
        using var response = await server.Client.SendAsync(request, ct).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.NotFound && session is not null && message.Method is not McpMethods.Initialize)
        {
            // The session is no more: a new one begins with a new handshake, and what was asked in the old one is not asked again.
            inbox.End(Failed("the server has ended the session"));
            return Failed("the server has ended the session");
        }
        if (message.Method is McpMethods.Initialize && response.IsSuccessStatusCode) Begin(response);
        if (RemoteServer.IsEventStream(response) && response.IsSuccessStatusCode) return await FollowAsync(message, response, ct).ConfigureAwait(false);
        if (!RemoteServer.IsJson(response)) return response.IsSuccessStatusCode ? Failed("it accepted the request without an answer") : Refused(response);
        if (await server.BodyAsync(response, ct).ConfigureAwait(false) is not { } body) return new Problem(ProblemCode.MessageTooLarge, $"the answer has more than {server.Frames.BytesMax} bytes");
        // A refusal in the protocol's own words is passed on; any other body of a refusal speaks of nothing that was asked.
        if (!response.IsSuccessStatusCode && !(FrameReader.Read(body, server.Frames).Try(out var told, out _) && told.Kind is FrameKind.Error && told.Id.Span.SequenceEqual(message.Id.Span))) return Refused(response);
        await TakeAsync(message, body).ConfigureAwait(false);
        return null;
    }

    /// <summary>Events until the answer; a stream that breaks before is taken up again where the server gave a place to (era of sessions).</summary>
    private async Task<Problem?> FollowAsync(Frame message, HttpResponseMessage first, CancellationToken ct)
    {
        var (response, owned) = (first, false);
        string? lastId = null;
        var retry = server.RetryDefault;
        for (var resumed = 0; ; resumed++)
        {
            try
            {
                await using var stream = await response.Content.ReadAsStreamAsync(ct).ConfigureAwait(false);
                var events = new EventStreamReader(stream, server.Frames.BytesMax + 4096);
                while (await events.ReadAsync(ct).ConfigureAwait(false) is { } next)
                {
                    (lastId, retry) = (next.Id ?? lastId, next.Retry ?? retry);
                    if (!next.Data.IsEmpty && await TakeAsync(message, next.Data).ConfigureAwait(false)) return null;
                }
            }
            catch (Exception e) when (e is IOException or HttpRequestException && lastId is not null)
            {
                // It goes on where it broke off.
            }
            finally
            {
                if (owned) response.Dispose();
            }
            if (lastId is null || session is null || resumed >= server.ResumptionsMax) return Failed("its stream ended before the answer");
            await Task.Delay(retry, time, ct).ConfigureAwait(false);
            using var again = WithSession(server.Request(HttpMethod.Get, server.Url));
            again.Headers.TryAddWithoutValidation("Accept", "text/event-stream");
            again.Headers.TryAddWithoutValidation("Last-Event-ID", lastId);
            (response, owned) = (await server.Client.SendAsync(again, ct).ConfigureAwait(false), true);
            if (response.IsSuccessStatusCode && RemoteServer.IsEventStream(response)) continue;
            var problem = Refused(response);
            response.Dispose();
            return problem;
        }
    }

    /// <summary>What the server says without being asked (era of sessions): one standing stream, taken up again whenever it ends.</summary>
    private async Task ListenAsync()
    {
        string? lastId = null;
        var retry = server.RetryDefault;
        while (!gone.IsCancellationRequested)
        {
            try
            {
                using var request = WithSession(server.Request(HttpMethod.Get, server.Url));
                request.Headers.TryAddWithoutValidation("Accept", "text/event-stream");
                if (lastId is not null) request.Headers.TryAddWithoutValidation("Last-Event-ID", lastId);
                using var response = await server.Client.SendAsync(request, gone.Token).ConfigureAwait(false);
                // A server that offers no such stream says so, and that is that.
                if (!response.IsSuccessStatusCode || !RemoteServer.IsEventStream(response)) return;
                await using var stream = await response.Content.ReadAsStreamAsync(gone.Token).ConfigureAwait(false);
                var events = new EventStreamReader(stream, server.Frames.BytesMax + 4096);
                while (await events.ReadAsync(gone.Token).ConfigureAwait(false) is { } next)
                {
                    (lastId, retry) = (next.Id ?? lastId, next.Retry ?? retry);
                    if (!next.Data.IsEmpty) await inbox.PutAsync(next.Data, gone.Token).ConfigureAwait(false);
                }
            }
            catch (InvalidDataException e)
            {
                inbox.End(new Problem(ProblemCode.MessageTooLarge, e.Message));
                return;
            }
            catch (Exception e) when (IsNetwork(e))
            {
                // Taken up again below.
            }
            try
            {
                await Task.Delay(retry, time, gone.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>Hands on what came; true: it is the answer.</summary>
    private async ValueTask<bool> TakeAsync(Frame message, ReadOnlyMemory<byte> bytes)
    {
        var isAnswer = FrameReader.Read(bytes, server.Frames).Try(out var frame, out _) && frame.Kind is FrameKind.Result or FrameKind.Error && frame!.Id.Span.SequenceEqual(message.Id.Span);
        if (isAnswer && frame!.Kind is FrameKind.Result)
        {
            if (message.Method is McpMethods.Initialize) version = JsonParts.Text(JsonParts.Member(frame.Answer, "protocolVersion"u8));
            if (message is { Method: McpMethods.ToolsList, Version: not null }) parameters.Learn(frame.Answer);
        }
        await inbox.PutAsync(bytes, gone.Token).ConfigureAwait(false);
        return isAnswer;
    }

    private void Begin(HttpResponseMessage response)
    {
        if (response.Headers.TryGetValues(SessionHeader, out var ids) && ids.Single() is { Length: > 0 and <= SessionCharsMax } id && !id.AsSpan().ContainsAnyExceptInRange('!', '~')) session = id;
    }

    private HttpRequestMessage WithSession(HttpRequestMessage request)
    {
        if (session is { } id) request.Headers.TryAddWithoutValidation(SessionHeader, id);
        if (version is { } agreed) request.Headers.TryAddWithoutValidation(VersionHeader, agreed);
        return request;
    }

    private HttpRequestMessage Head(HttpRequestMessage request, Frame message)
    {
        if (message.Version is not { } stateless) return message.Method is McpMethods.Initialize ? request : WithSession(request);
        request.Headers.TryAddWithoutValidation(VersionHeader, HeaderText.Encode(stateless));
        request.Headers.TryAddWithoutValidation("Mcp-Method", HeaderText.Encode(message.Method!));
        if (McpMethods.HeaderName(message) is { } name) request.Headers.TryAddWithoutValidation("Mcp-Name", HeaderText.Encode(name));
        if (message is { Method: McpMethods.ToolsCall, Name: { } tool })
            foreach (var (header, value) in parameters.Of(tool, message.Arguments)) request.Headers.TryAddWithoutValidation(header, value);
        return request;
    }

    private async ValueTask AnswerAsync(Frame message, Problem why)
    {
        try
        {
            await inbox.PutAsync(Sessions.Replies.Error(message.Id, why), gone.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Nobody waits any more.
        }
    }

    private Problem Refused(HttpResponseMessage response) => Failed($"it answered HTTP {(int)response.StatusCode}{((int)response.StatusCode is >= 300 and < 400 ? ", a redirect, which is not followed" : "")}");

    private Problem Failed(string why) => new Problem(ProblemCode.UpstreamFailed, $"the server at {server.Url.GetLeftPart(UriPartial.Path)} failed: {why}").At($"server {server.Name}");

    private static bool IsNetwork(Exception e) => e is HttpRequestException or IOException or OperationCanceledException or InvalidDataException;

    private static string Words(Exception e) => e switch
    {
        OperationCanceledException => "it did not answer in time, or the call was cancelled",
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } h => h.Message,
        HttpRequestException h => $"{h.HttpRequestError}",
        _ => e.Message,
    };
}
