// Bounds of the HTTP endpoint (invariant 11), and which hosts and origins it serves (MCP-08).
using CabinCrew.Gateways.Mcp.Wire;

namespace CabinCrew.Gateways.Mcp.Endpoint;

public sealed record EndpointSettings
{
    /// <summary>What a Host header may say, in lower case.</summary>
    public required IReadOnlyList<string> Hosts { get; init; }

    /// <summary>What an Origin header may say where there is one: a browser's page of any other may not call.</summary>
    public IReadOnlyList<string> Origins { get; init; } = [];

    public FrameLimits Frames { get; init; } = FrameLimits.Default;

    public int SessionsMax { get; init; } = 1000;

    public int SessionsPerCallerMax { get; init; } = 64;

    /// <summary>A session that nobody uses for so long ends.</summary>
    public TimeSpan IdleMax { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>Events of one stream that are kept for a client that comes back for them, and their bytes together.</summary>
    public int KeptEventsMax { get; init; } = 512;

    public int KeptBytesMax { get; init; } = 4 << 20;

    /// <summary>How often a stream on which nothing is said shows that it is alive.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a request of the era of sessions may be quiet before its answer becomes a stream, whose first event has an id: a client that loses the connection has something to come back with.</summary>
    public TimeSpan PrimeAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a client that lost a stream should wait before it comes back.</summary>
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan BodyTimeMax { get; init; } = TimeSpan.FromSeconds(60);
}
