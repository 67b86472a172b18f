// The bounds of one run's network use (docs/reference/network.md). They protect the orchestrator and the far end, not the engine's convenience.
namespace CabinCrew.Orchestrator.Engines.Network;

internal sealed record NetworkLimits
{
    public static readonly NetworkLimits Default = new();

    /// <summary>Of a server, which lives as long as somebody uses it: its requests and their bytes are not counted together, and none is kept.</summary>
    public static readonly NetworkLimits OfServers = new() { Exchanges = int.MaxValue, TotalBytes = long.MaxValue, KeptBytes = 0, KeptTotalBytes = 0, Records = false };

    /// <summary>Whether what is exchanged goes on record.</summary>
    public bool Records { get; init; } = true;

    public int Connections { get; init; } = 64;
    public int Exchanges { get; init; } = 10_000;
    /// <summary>One request's body, which is read whole before it is sent on.</summary>
    public long RequestBytes { get; init; } = 64L << 20;
    /// <summary>Requests' bodies held at one time.</summary>
    public long HeldBytes { get; init; } = 128L << 20;
    /// <summary>All bodies of the run, both ways.</summary>
    public long TotalBytes { get; init; } = 4L << 30;
    /// <summary>One answer's body that is kept for replay; a larger one is hashed only.</summary>
    public long KeptBytes { get; init; } = 32L << 20;
    /// <summary>All answers' bodies that are kept.</summary>
    public long KeptTotalBytes { get; init; } = 128L << 20;
    public TimeSpan Idle { get; init; } = TimeSpan.FromSeconds(60);
    public TimeSpan Head { get; init; } = TimeSpan.FromSeconds(10);
    public TimeSpan Stall { get; init; } = TimeSpan.FromSeconds(30);
    public TimeSpan Handshake { get; init; } = TimeSpan.FromSeconds(10);
    public TimeSpan Resolve { get; init; } = TimeSpan.FromSeconds(10);
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(15);
    public TimeSpan Answer { get; init; } = TimeSpan.FromSeconds(120);
}
