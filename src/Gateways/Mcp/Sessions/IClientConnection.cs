// Seams of a session to its surroundings: the client, whose transport may need to know what a message is about, and the record of what was refused before it reached the gate.
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Gateways.Mcp.Servers;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Sessions;

/// <summary>Carries whole frames to and from the client. One reader and any number of senders at a time.</summary>
public interface IClientConnection : IAsyncDisposable
{
    /// <param name="regarding">The JSON text of the id of the client's request that the frame answers or speaks of; empty: of none.</param>
    ValueTask<Outcome<Done>> SendAsync(ReadOnlyMemory<byte> frame, ReadOnlyMemory<byte> regarding, CancellationToken ct);

    /// <summary>The next frame's bytes as they came, unread; null: the client has left. A problem is told to the client, and the next frame is read.</summary>
    ValueTask<Outcome<ReadOnlyMemory<byte>>?> ReceiveAsync(CancellationToken ct);
}

/// <summary>A client over two streams: one channel, whatever a message is about.</summary>
public sealed class StreamClient(StreamConnection streams) : IClientConnection
{
    public ValueTask<Outcome<Done>> SendAsync(ReadOnlyMemory<byte> frame, ReadOnlyMemory<byte> regarding, CancellationToken ct) => streams.SendAsync(frame, ct);

    public ValueTask<Outcome<ReadOnlyMemory<byte>>?> ReceiveAsync(CancellationToken ct) => streams.ReceiveAsync(ct);

    public ValueTask DisposeAsync() => streams.DisposeAsync();
}

public interface ISessionRecord
{
    /// <summary>A message that never reached the gate: no frame, out of place, or an answer to nobody. It was not forwarded. Never throws.</summary>
    /// <param name="server">Null: it concerns none in particular.</param>
    ValueTask RefusedAsync(SessionFacts session, string? server, MessageDirection direction, Problem why);
}
