// A program that serves as long as somebody talks to it over its standard streams (a tool server): what it is given. It is untrusted code, like an engine.
using CabinCrew.Orchestrator.Workflows;

namespace CabinCrew.Orchestrator.Engines.Servers;

public sealed record ServerRun
{
    /// <summary>For messages.</summary>
    public required string Name { get; init; }

    /// <summary>A program by its name on the sandbox's PATH, or by its path, and its arguments.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>All of its environment, beside the few fixed variables (which these may replace). Values may be secrets.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>What it sees of the host, beside the system's programs.</summary>
    public IReadOnlyList<Mount> Mounts { get; init; } = [];

    /// <summary>Null: the first directory that it is shown, or else its own temporary one.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Hosts (<c>example.org</c>, <c>*.example.org</c>, <c>example.org:8443</c>) and private addresses (<c>10.0.0.5:8080</c>) that it may reach. Empty: there is no network.</summary>
    public IReadOnlyList<string> Network { get; init; } = [];

    public ServerLimits Limits { get; init; } = ServerLimits.Default;

    /// <summary>As an ordinary process of this user, who said so in so many words; the caller puts it on record.</summary>
    public bool Unsandboxed { get; init; }

    /// <summary>Put before the launcher to mount what a mount's source names (see <see cref="EngineRun.LaunchPrefix"/>).</summary>
    public IReadOnlyList<string> LaunchPrefix { get; init; } = [];

    /// <summary>What the sources of mounts written by <see cref="LaunchPrefix"/> are called: not looked at before it has run.</summary>
    public string? PreparedSource { get; init; }
}

/// <summary>What a server may use, all of its processes together. There is no limit of time: it ends with its session. docs/reference/mcp-servers.md has the defaults.</summary>
public sealed record ServerLimits
{
    public static readonly ServerLimits Default = new();

    public long MemoryBytes { get; init; } = 2L << 30;

    /// <summary>Processes and threads.</summary>
    public int Processes { get; init; } = 256;

    /// <summary>Its private temporary directory, which is its HOME too. It is in memory.</summary>
    public long TempBytes { get; init; } = 256L << 20;

    /// <summary>Any one file that it writes.</summary>
    public long FileBytes { get; init; } = 4L << 30;

    /// <summary>Of one processor, where the machine lets us cap it; elsewhere it only comes after everybody else.</summary>
    public int ProcessorPercent { get; init; } = 200;

    /// <summary>In an engine's words, for what enforces both.</summary>
    internal EngineLimits AsEngine => new()
    {
        WallClockSeconds = int.MaxValue, CpuSeconds = int.MaxValue, MemoryBytes = MemoryBytes, Processes = Processes, TempBytes = TempBytes, ArtifactBytes = 0, ArtifactCount = 0,
    };
}
