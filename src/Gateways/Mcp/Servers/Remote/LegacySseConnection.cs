// A server over the transport of revision 2024-11-05 (MCP-01): one stream of events from it, which first names the address that messages are posted to.
// Invariant: that address is of the same origin as the stream, or nothing is ever posted.
using CabinCrew.Gateways.Http;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Servers.Remote;

public sealed class LegacySseConnection : IServerConnection
{
    private readonly RemoteServer server;
    private readonly Inbox inbox;
    private readonly CancellationTokenSource gone = new();
    private readonly TaskCompletionSource<Outcome<Uri>> endpoint = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private LegacySseConnection(RemoteServer server) => (this.server, inbox) = (server, new(server.WaitingMax));

    /// <summary>Open once the server has named its address.</summary>
    public static async Task<Outcome<IServerConnection>> ConnectAsync(RemoteServer server, TimeProvider time, CancellationToken ct)
    {
        var connection = new LegacySseConnection(server);
        _ = connection.ListenAsync();
        Outcome<Uri> named;
        try
        {
            named = await connection.endpoint.Task.WaitAsync(server.ShortTimeMax, time, ct).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            named = connection.Failed("it did not name its address in time");
        }
        if (named.Try(out _, out var problem)) return connection;
        await connection.DisposeAsync().ConfigureAwait(false);
        return problem;
    }

    public async ValueTask<Outcome<Done>> SendAsync(ReadOnlyMemory<byte> frame, CancellationToken ct)
    {
        if (gone.IsCancellationRequested) return Failed("the connection has ended");
        var to = (await endpoint.Task.ConfigureAwait(false)).Value;
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(ct, gone.Token);
        limited.CancelAfter(server.ShortTimeMax);
        try
        {
            using var request = server.Post(to, frame);
            using var response = await server.Client.SendAsync(request, limited.Token).ConfigureAwait(false);
            return response.IsSuccessStatusCode ? Done.Ok : Failed($"it answered HTTP {(int)response.StatusCode}");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            return Failed(e is OperationCanceledException ? "it did not take a message in time" : e.Message);
        }
    }

    public ValueTask<Outcome<ReadOnlyMemory<byte>>?> ReceiveAsync(CancellationToken ct) => inbox.TakeAsync(ct);

    public async ValueTask DisposeAsync()
    {
        await gone.CancelAsync().ConfigureAwait(false);
        inbox.End();
    }

    private async Task ListenAsync()
    {
        Problem? why = null;
        try
        {
            using var request = server.Request(HttpMethod.Get, server.Url);
            request.Headers.TryAddWithoutValidation("Accept", "text/event-stream");
            using var response = await server.Client.SendAsync(request, gone.Token).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode || !RemoteServer.IsEventStream(response)) why = Failed($"it answered HTTP {(int)response.StatusCode} without a stream of events");
            else
            {
                await using var stream = await response.Content.ReadAsStreamAsync(gone.Token).ConfigureAwait(false);
                var events = new EventStreamReader(stream, server.Frames.BytesMax + 4096);
                while (why is null && await events.ReadAsync(gone.Token).ConfigureAwait(false) is { } next)
                {
                    if (next.Type == "endpoint") why = Name(System.Text.Encoding.UTF8.GetString(next.Data.Span));
                    else if (next.Type is "" or "message" && !next.Data.IsEmpty) await inbox.PutAsync(next.Data, gone.Token).ConfigureAwait(false);
                }
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException or InvalidDataException)
        {
            why = Failed(e.Message);
        }
        catch (OperationCanceledException)
        {
            // Let go of.
        }
        endpoint.TrySetResult(why ?? Failed("its stream ended before it named its address"));
        inbox.End(why);
    }

    private Problem? Name(string text)
    {
        if (!Uri.TryCreate(server.Url, text, out var to) || to.Scheme != server.Url.Scheme || to.Authority != server.Url.Authority || to.UserInfo.Length > 0) return Failed("it names an address of another origin for messages");
        return endpoint.TrySetResult(to) ? null : Failed("it names its address a second time");
    }

    private Problem Failed(string why) => new Problem(ProblemCode.UpstreamFailed, $"the server at {server.Url.GetLeftPart(UriPartial.Path)} failed: {why}").At($"server {server.Name}");
}
