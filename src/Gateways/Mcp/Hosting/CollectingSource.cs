// A session's one connection to a file server in plan mode (INT-03): what it collected is proposed when it ends, so that there is no second one.
using CabinCrew.Gateways.Mcp.Servers;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Hosting;

internal sealed class CollectingSource(string name, IChangeCollector collector, Func<IServerProcess, IServerConnection> connect, Action<Outcome<Proposal>> atTheEnd) : IServerSource
{
    private bool connected;

    public string Name => name;

    public async Task<Outcome<IServerConnection>> ConnectAsync(CancellationToken ct)
    {
        if (connected) return new Problem(ProblemCode.UpstreamFailed, "the file server has ended; what it had collected was kept, and the next session finds it").At($"server {name}");
        connected = true;
        return (await CollectingConnection.OpenAsync(collector, connect, atTheEnd, ct).ConfigureAwait(false)).Then(c => Outcome.Of<IServerConnection>(c));
    }
}
