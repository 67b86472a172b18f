// One run of one engine: what goes in, what comes out. How it is isolated is Sandbox/'s business.
using CabinCrew.Orchestrator.Engines.Network;
using CabinCrew.Orchestrator.Posix;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Orchestrator.Engines;

/// <summary>An engine that was found and hashed.</summary>
/// <param name="Id">As the token carries it, for example <c>patch</c> or <c>./engines/hello.sh</c>.</param>
/// <param name="Digest">Of the executable, or of the tree of its directory.</param>
/// <param name="Command">Inside the sandbox: program and arguments, before <c>--mode</c>.</param>
/// <param name="Mounts">Read-only binds that it needs, beside the system's own.</param>
public sealed record ResolvedEngine(string Id, Digest Digest, IReadOnlyList<string> Command, IReadOnlyList<Mount> Mounts);

public sealed record Mount(string Source, string Target, bool Writable);

/// <summary>Asked once, when the sandbox stands and the engine's process waits in it: the engine's input (EngineInput, serialized; it holds secrets and is
/// never written to disk), or why the engine must not run. What has to be true first (the workspace's hash, an entry in the journal) is settled here,
/// so that it costs no time of its own. Called on the run's own thread.</summary>
public delegate Task<Outcome<ReadOnlyMemory<byte>>> Clearance();

public sealed record EngineRun
{
    public required ResolvedEngine Engine { get; init; }
    public required EngineMode Mode { get; init; }
    /// <summary>Gives the word to go, and the input with it.</summary>
    public required Clearance Clearance { get; init; }
    public required EngineLimits Limits { get; init; }
    /// <summary>The directory shown as the workspace: read-only in flight-plan, the writable view in take-off.</summary>
    public required string Workspace { get; init; }
    /// <summary>Names at the workspace's root that the engine must not see (the store's directory).</summary>
    public required IReadOnlyList<string> HiddenEntries { get; init; }
    /// <summary>Take-off: frozen artifacts (evidence and state), shown read-only. Flight-plan: null, a fresh sized tmpfs is made.</summary>
    public string? FrozenArtifacts { get; init; }
    public IReadOnlyList<Mount> Outside { get; init; } = [];
    /// <summary>The host's own network, whole.</summary>
    public bool Network { get; init; }
    /// <summary>What of the network there is, through a proxy. Without one, and without the host's, there is none.</summary>
    public NetworkGrant? DeclaredNetwork { get; init; }
    /// <summary>Command put before the launcher's own, to mount the workspace's view in a private mount namespace; it must exec what follows. With one,
    /// <see cref="Workspace"/> exists for that command only, and every hidden entry must be a directory there.</summary>
    public IReadOnlyList<string> LaunchPrefix { get; init; } = [];
    /// <summary>Where on our side the changes to a writable view come to lie: what may be written there is limited. Null for a view that cannot be written.</summary>
    public string? Written { get; init; }
    /// <summary>Checked just before exec; false stops the run before the engine did anything.</summary>
    public Func<bool> StillOurs { get; init; } = static () => true;
    /// <summary>Standard error as it comes, for live progress (not redacted: the receiver must).</summary>
    public Action<ReadOnlyMemory<byte>>? OnLog { get; init; }

    /// <summary>For a run that waits for nothing.</summary>
    public static Clearance Cleared(ReadOnlyMemory<byte> input) => () => Task.FromResult(Outcome.Of(input));
}

/// <summary>What a run left behind. The artifacts directory is alive through its handle and no process of the run is.</summary>
public sealed record EngineResult(
    EngineOutput Receipt, ReadOnlyMemory<byte> ReceiptBytes, int ExitCode, ReadOnlyMemory<byte> Log, DirectoryHandle? Artifacts, EngineUsage Usage, string Tier) : IDisposable
{
    /// <summary>Removes what the run kept on disk for the artifacts' sake (tier none only).</summary>
    internal Action? Cleanup { get; init; }

    /// <summary>What was said to a declared network.</summary>
    public NetworkLog? Network { get; init; }

    public void Dispose()
    {
        Artifacts?.Dispose();
        Cleanup?.Invoke();
    }
}

/// <summary>A run that failed, with what is left for people to read.</summary>
public sealed record EngineFailure(Problem Problem, ReadOnlyMemory<byte> Log, EngineUsage Usage)
{
    public NetworkLog? Network { get; init; }
}

public sealed record EngineUsage(TimeSpan Wall, TimeSpan Cpu, long MemoryPeakBytes, int ProcessesPeak);

/// <summary>Runs engines. Implementations: the bubblewrap sandbox, the reduced isolation without namespaces, and the explicit, audited absence of one.</summary>
public interface IEngineRunner
{
    /// <summary>One of <see cref="Tiers"/>.</summary>
    string Tier { get; }

    /// <summary>Whether a run has mounts of its own: a workspace that cannot be written, a view that is mounted for it alone.</summary>
    bool HasMounts => true;

    /// <summary>With a weaker isolation: why this machine does not give the full one.</summary>
    Problem? Because => null;

    Task<(EngineResult? Result, EngineFailure? Failure)> RunAsync(EngineRun run, CancellationToken ct);
}
