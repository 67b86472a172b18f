// Who may call a gateway, how each shows who it is, how much each may, and where the gateway listens: what a configuration says, checked, with every default filled in.
namespace CabinCrew.Gateways.Firewall.Configuration;

public sealed record CallersDefinition
{
    /// <summary>Roles of whoever starts the gateway and talks to it over standard input; besides those of the identities file.</summary>
    public IReadOnlyList<string> LocalRoles { get; init; } = [];
    public IReadOnlyList<KeyCaller> Keys { get; init; } = [];
    public IReadOnlyList<TokenIssuer> Issuers { get; init; } = [];
    public IReadOnlyList<CertificateCaller> Certificates { get; init; } = [];

    public bool None => Keys.Count + Issuers.Count + Certificates.Count == 0;
}

/// <param name="Usable">Which servers, or models, it may use; empty: all.</param>
/// <param name="Limits">Null: the gateway's own.</param>
public sealed record CallerGrant(string Name, bool Human, IReadOnlyList<string> Roles, IReadOnlyList<string> Usable, LimitRules? Limits);

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
    IReadOnlyList<string> Usable, LimitRules? Limits)
{
    /// <summary>The keys' URL may lead to a private address.</summary>
    public bool KeysPrivate { get; init; }
}

/// <summary>Null members: no such limit.</summary>
public sealed record LimitRules
{
    public static readonly LimitRules Default = new() { CallsPerMinute = 600, Burst = 100, Concurrent = 64 };

    public int? CallsPerMinute { get; init; }
    /// <summary>How many calls may come at once before the rate counts.</summary>
    public int? Burst { get; init; }
    public int? Concurrent { get; init; }
    public long? CallsPerDay { get; init; }
    public long? BytesPerDay { get; init; }
    /// <summary>In dollars, where what is called has a price.</summary>
    public double? UsdPerDay { get; init; }
}

/// <param name="Hosts">What the Host header may say; empty: the address itself and, on loopback, localhost.</param>
/// <param name="Origins">What an Origin header may say where there is one; empty: none.</param>
public sealed record ListenDefinition(string Address, int Port, IReadOnlyList<string> Hosts, IReadOnlyList<string> Origins, TlsDefinition? Tls);

/// <param name="ClientCa">Who must have issued callers' certificates. Null: no certificates are asked for.</param>
public sealed record TlsDefinition(string Certificate, string Key, string? ClientCa);
