// Seams to the servers behind the gateway: a connection that carries whole frames, and whoever starts a server's process (MCP-01, invariant 10).
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Servers;

/// <summary>Carries whole frames to and from one server. One reader and any number of senders at a time.</summary>
public interface IServerConnection : IAsyncDisposable
{
    /// <summary>Sends one frame. A server that is gone or does not take it in time is <see cref="ProblemCode.UpstreamFailed"/>.</summary>
    ValueTask<Outcome<Done>> SendAsync(ReadOnlyMemory<byte> frame, CancellationToken ct);

    /// <summary>The next frame's bytes as they came, unread; null: the server has ended. What breaks the transport's own rules (a line without end, beyond the limit) is a problem, and ends the connection.</summary>
    ValueTask<Outcome<ReadOnlyMemory<byte>>?> ReceiveAsync(CancellationToken ct);
}

/// <summary>How a server's program is run. Everything that is not declared is out of its reach.</summary>
public sealed record ServerProgram
{
    /// <summary>As the configuration calls the server.</summary>
    public required string Name { get; init; }
    public required IReadOnlyList<string> Command { get; init; }
    /// <summary>The server's whole environment besides the few fixed variables; values may be secrets.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();
    /// <summary>Directories and files that it sees, at the same path inside.</summary>
    public IReadOnlyList<ServerMount> Mounts { get; init; } = [];
    public string? WorkingDirectory { get; init; }
    /// <summary>Hosts that it may reach; empty: none.</summary>
    public IReadOnlyList<string> Network { get; init; } = [];
    /// <summary>Runs as an ordinary process of this user: only where the configuration says so in so many words, and on record.</summary>
    public bool Unsandboxed { get; init; }
}

public sealed record ServerMount(string Path, bool Writable);

/// <summary>The only one in this floor's reach who starts processes.</summary>
public interface IServerLauncher
{
    Task<Outcome<IServerProcess>> StartAsync(ServerProgram program, CancellationToken ct);
}

/// <summary>A running server. Disposing ends it and every process that it started.</summary>
public interface IServerProcess : IAsyncDisposable
{
    Stream StandardInput { get; }
    Stream StandardOutput { get; }
    /// <summary>Lines of its standard error, for people: redacted by whoever shows them.</summary>
    Stream StandardError { get; }
    /// <summary>What it runs in: <c>bubblewrap</c>, <c>reduced</c> or <c>none</c>.</summary>
    string Isolation { get; }
    /// <summary>Completes when it has ended; the exit code, or why it was ended.</summary>
    Task<Outcome<int>> Ended { get; }
}
