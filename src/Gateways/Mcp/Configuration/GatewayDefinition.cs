// What a gateway's configuration says, checked and with every default filled in (docs/reference/gateway-file.md). Secrets are named here, never held.
using CabinCrew.Gateways.Firewall.Configuration;
using System.Text.Json;
using CabinCrew.Gateways.Firewall.Records;
using CabinCrew.Gateways.Mcp.Definitions;
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Policies;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Configuration;

public sealed record GatewayDefinition
{
    /// <summary>Absolute; null where a command line stood in for a file.</summary>
    public string? File { get; init; }
    /// <summary>What relative paths are relative to.</summary>
    public required string BaseDirectory { get; init; }
    /// <summary>At least one, names distinct under case folding; in the file's order.</summary>
    public required IReadOnlyList<ServerDefinition> Servers { get; init; }
    public IReadOnlyList<PolicyRef> Policies { get; init; } = [new("builtin", DefaultRules)];
    public AggregationMethod Aggregation { get; init; } = AggregationMethod.MostRestrictive;
    public TimeSpan PolicyTimeLimit { get; init; } = TimeSpan.FromSeconds(5);
    /// <summary>Absolute directories that callers' file operations must stay in.</summary>
    public IReadOnlyList<string> Roots { get; init; } = [];
    public int RequestBytesMax { get; init; } = 4 << 20;
    public int ResponseBytesMax { get; init; } = 16 << 20;
    /// <summary>By the detectors' names; those that are not here are as documented.</summary>
    public IReadOnlyDictionary<string, DetectorSettings> Detectors { get; init; } = new Dictionary<string, DetectorSettings>();

    /// <summary>What becomes of a call that would run commands that destroy or expose.</summary>
    public Firewall.CommandSettings Commands { get; init; } = Firewall.CommandSettings.Standard;
    /// <summary>A request's warnings are also told in its answer's <c>_meta</c>.</summary>
    public bool WarningsInMeta { get; init; }
    public HoldRules Holds { get; init; } = new();
    public PinMode Pins { get; init; } = PinMode.FirstUse;
    /// <summary>Which messages are kept besides their record.</summary>
    public KeepSettings Record { get; init; } = new();
    public AuditDurability Audit { get; init; } = AuditDurability.Batched;
    /// <summary>How long a client on standard input that has said all it had to say may wait for its answers.</summary>
    public TimeSpan AnswersAfterEnd { get; init; } = TimeSpan.FromMinutes(2);
    public CallersDefinition Callers { get; init; } = new();
    public LimitRules Limits { get; init; } = LimitRules.Default;
    /// <summary>Null: standard input and output only.</summary>
    public ListenDefinition? Listen { get; init; }
    /// <summary>What policies see as the session's context: an object.</summary>
    public JsonElement? Context { get; init; }

    public const string DefaultRules = "mcp-defaults";
}

public enum ServerKind { Command, Url, Files }

public enum UrlTransport { StreamableHttp, Sse }

public sealed record ServerDefinition
{
    public required string Name { get; init; }
    public required ServerKind Kind { get; init; }
    public IReadOnlyList<string> Command { get; init; } = [];
    public IReadOnlyDictionary<string, ValueDefinition> Environment { get; init; } = new Dictionary<string, ValueDefinition>();
    public string? WorkingDirectory { get; init; }
    public IReadOnlyList<MountDefinition> Mounts { get; init; } = [];
    /// <summary>Hosts that its program may reach.</summary>
    public IReadOnlyList<string> Network { get; init; } = [];
    /// <summary>Runs as an ordinary process, because the file says so in so many words.</summary>
    public bool Unsandboxed { get; init; }
    public Uri? Url { get; init; }
    public UrlTransport Transport { get; init; }
    public IReadOnlyDictionary<string, ValueDefinition> Headers { get; init; } = new Dictionary<string, ValueDefinition>();
    /// <summary>The URL may lead to a private address.</summary>
    public bool PrivateAddress { get; init; }
    /// <summary>Of the built-in file server: the directory that it serves, absolute.</summary>
    public string? FilesRoot { get; init; }
    /// <summary>Edits are collected, and become a flight's plan.</summary>
    public bool PlanMode { get; init; }
}

/// <param name="Path">Absolute.</param>
public sealed record MountDefinition(string Path, bool Writable);
