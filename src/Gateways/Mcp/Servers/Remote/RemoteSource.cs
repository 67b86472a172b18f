// A session's connections to a server reached by its URL: the first at once, further ones after growing pauses, and none any more when they keep failing (MCP-07).
using CabinCrew.Gateways.Mcp.Configuration;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Servers.Remote;

public sealed class RemoteSource(RemoteServer server, UrlTransport transport, RestartPolicy policy, TimeProvider time) : IServerSource
{
    private int connections;
    private long last;

    public string Name => server.Name;

    public async Task<Outcome<IServerConnection>> ConnectAsync(CancellationToken ct)
    {
        if (connections > 0 && time.GetElapsedTime(last) >= policy.LongEnough) connections = 0;
        if (connections > policy.RestartsMax) return new Problem(ProblemCode.UpstreamFailed, $"the server at {server.Url.GetLeftPart(UriPartial.Path)} was lost {connections} times in a row").At($"server {Name}");
        if (connections > 0) await Task.Delay(policy.Pause(connections), time, ct).ConfigureAwait(false);
        connections++;
        last = time.GetTimestamp();
        return transport == UrlTransport.Sse
            ? await LegacySseConnection.ConnectAsync(server, time, ct).ConfigureAwait(false)
            : Outcome.Of<IServerConnection>(new HttpConnection(server, time));
    }
}
