// How a server's program fares, for people to see (`cabincrew mcp inspect`). Never steers anything.
namespace CabinCrew.Gateways.Mcp.Servers;

public enum ServerState
{
    /// <summary>Not asked for yet.</summary>
    Idle,
    Starting,
    Running,

    /// <summary>It has ended; whether it is started again shows next.</summary>
    Ended,

    /// <summary>It will be started again at <see cref="ServerHealth.NextTry"/>.</summary>
    Pausing,
    GivenUp,
}

/// <param name="Since">When it came into this state.</param>
public sealed record ServerHealth(string Name, ServerState State, DateTimeOffset Since)
{
    public int Starts { get; init; }

    /// <summary>What it runs in, as its launcher says; null: it never ran.</summary>
    public string? Isolation { get; init; }

    /// <summary>Why it last ended or did not start.</summary>
    public Protocol.Problem? LastProblem { get; init; }
    public DateTimeOffset? NextTry { get; init; }

    /// <summary>The last lines of its standard error, not redacted: whoever shows or keeps them redacts them first.</summary>
    public IReadOnlyList<string> LastWords { get; init; } = [];
}
