// Where a session gets its connection to a server from, the first time and after each loss of it.
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Servers;

public interface IServerSource
{
    /// <summary>As the configuration calls the server.</summary>
    string Name { get; }

    /// <summary>A fresh connection, as soon as there may be one again. A problem means that there will be none any more.</summary>
    Task<Outcome<IServerConnection>> ConnectAsync(CancellationToken ct);
}
