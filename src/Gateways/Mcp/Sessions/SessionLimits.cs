// What one session may hold and how long it waits (invariant 11).
using CabinCrew.Gateways.Mcp.Wire;

namespace CabinCrew.Gateways.Mcp.Sessions;

public sealed record SessionLimits
{
    public static readonly SessionLimits Default = new();

    public FrameLimits Frames { get; init; } = FrameLimits.Default;

    /// <summary>Requests of the client that are held or unanswered.</summary>
    public int ClientRequestsMax { get; init; } = 4096;

    /// <summary>Requests of all servers together that the client has not answered.</summary>
    public int ServerRequestsMax { get; init; } = 1024;

    /// <summary>Messages of one direction under judgement or on their way out, those that are held not counted. Beyond it nothing more is read.</summary>
    public int UnderWayMax { get; init; } = 1024;

    /// <summary>Of all open requests of one side together, and of what is under way in one direction.</summary>
    public long BytesMax { get; init; } = 256 << 20;

    /// <summary>How long messages wait behind one that is being judged, so that they leave in the order in which they came.</summary>
    public TimeSpan OrderPatience { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How long a message may take to be written, and a connection to be closed, when the session ends.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long the answers to what is under way are waited for when the client has said all that it had to say.</summary>
    public TimeSpan Parting { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a server may take to start, and one that was restarted for its handshake.</summary>
    public TimeSpan Handshake { get; init; } = TimeSpan.FromSeconds(30);
}
