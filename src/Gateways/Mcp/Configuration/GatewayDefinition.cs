// What a gateway's configuration says, checked and with every default filled in (docs/reference/gateway-file.md). Secrets are named here, never held.
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
    public CallerLimits Limits { get; init; } = CallerLimits.Default;
    /// <summary>Null: standard input and output only.</summary>
    public ListenDefinition? Listen { get; init; }
    /// <summary>What policies see as the session's context: an object.</summary>
    public JsonElement? Context { get; init; }

    public const string DefaultRules = "mcp-defaults";
}

public enum AuditDurability { Batched, Strict }

/// <summary>How calls wait for people.</summary>
public sealed record HoldRules
{
    public TimeSpan Expires { get; init; } = TimeSpan.FromMinutes(30);
    /// <summary>The client's person may be asked through the client (elicitation).</summary>
    public bool AskPerson { get; init; }
    public int WaitingMax { get; init; } = 64;
    public int WaitingPerCallerMax { get; init; } = 16;
    /// <summary>Of all messages that wait together.</summary>
    public int WaitingBytesMax { get; init; } = 64 << 20;
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

/// <summary>A value, or where it is read from when a server starts.</summary>
/// <param name="Kind"><c>text</c>, <c>env</c> or <c>file</c>.</param>
public sealed record ValueDefinition(string Kind, string Value)
{
    public bool IsSecret => Kind != "text";
}

public sealed record CallersDefinition
{
    /// <summary>Roles of whoever starts the gateway and talks to it over standard input; besides those of the identities file.</summary>
    public IReadOnlyList<string> LocalRoles { get; init; } = [];
    public IReadOnlyList<KeyCaller> Keys { get; init; } = [];
    public IReadOnlyList<TokenIssuer> Issuers { get; init; } = [];
    public IReadOnlyList<CertificateCaller> Certificates { get; init; } = [];

    public bool None => Keys.Count + Issuers.Count + Certificates.Count == 0;
}

/// <param name="Servers">Which it may use; empty: all.</param>
/// <param name="Limits">Null: the gateway's own.</param>
public sealed record CallerGrant(string Name, bool Human, IReadOnlyList<string> Roles, IReadOnlyList<string> Servers, CallerLimits? Limits);

/// <param name="KeySha256">Over the key's UTF-8 bytes.</param>
public sealed record KeyCaller(CallerGrant Grant, byte[] KeySha256);

/// <param name="Subject">A name in the certificate: its subject's common name, or a DNS, URI or e-mail alternative name. Null: by thumbprint.</param>
/// <param name="Sha256">Of the certificate (DER). Null: by subject.</param>
public sealed record CertificateCaller(CallerGrant Grant, string? Subject, byte[]? Sha256);

/// <param name="KeysFile">Absolute path of a JWK set; null: from <paramref name="KeysUrl"/>.</param>
/// <param name="NameClaim">Whose value names the caller.</param>
/// <param name="RolesClaim">Whose values are taken as roles, as far as <paramref name="Roles"/> lists them. Null: none.</param>
/// <param name="Roles">What a token may claim, and what it has without claiming it where <paramref name="RolesClaim"/> is null.</param>
public sealed record TokenIssuer(
    string Issuer, string Audience, string? KeysFile, Uri? KeysUrl, IReadOnlyList<string> Algorithms, string NameClaim, string? RolesClaim, IReadOnlyList<string> Roles, bool Human,
    IReadOnlyList<string> Servers, CallerLimits? Limits)
{
    /// <summary>The keys' URL may lead to a private address.</summary>
    public bool KeysPrivate { get; init; }
}

/// <summary>Null members: no such limit.</summary>
public sealed record CallerLimits
{
    public static readonly CallerLimits Default = new() { CallsPerMinute = 600, Burst = 100, Concurrent = 64 };

    public int? CallsPerMinute { get; init; }
    /// <summary>How many calls may come at once before the rate counts.</summary>
    public int? Burst { get; init; }
    public int? Concurrent { get; init; }
    public long? CallsPerDay { get; init; }
    public long? BytesPerDay { get; init; }
}

/// <param name="Hosts">What the Host header may say; empty: the address itself and, on loopback, localhost.</param>
/// <param name="Origins">What an Origin header may say where there is one; empty: none.</param>
public sealed record ListenDefinition(string Address, int Port, IReadOnlyList<string> Hosts, IReadOnlyList<string> Origins, TlsDefinition? Tls);

/// <param name="ClientCa">Who must have issued callers' certificates. Null: no certificates are asked for.</param>
public sealed record TlsDefinition(string Certificate, string Key, string? ClientCa);
