// Which tokens are taken, and whom they stand for (MCP-08).
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Firewall.Callers;

public sealed record TokenRules
{
    /// <summary>What can be allowed. Symmetric ones and <c>none</c> are not to be had; EdDSA neither: the framework cannot verify it.</summary>
    public static readonly IReadOnlyList<string> AlgorithmsKnown = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

    public static readonly TimeSpan ClockSkewMax = TimeSpan.FromMinutes(5);

    public required string Issuer { get; init; }
    /// <summary>One of the token's audiences must be this one.</summary>
    public required string Audience { get; init; }
    public IReadOnlyList<string> Algorithms { get; init; } = ["RS256", "ES256"];
    public TimeSpan ClockSkew { get; init; } = TimeSpan.FromSeconds(60);
    /// <summary>Tokens that are good for longer than this are not taken.</summary>
    public TimeSpan LifetimeMax { get; init; } = TimeSpan.FromHours(24);
    /// <summary>The claim that names the caller; a text.</summary>
    public string NameClaim { get; init; } = "sub";
    /// <summary>The claim with the roles: a list of texts, or one text with spaces between them. Null: tokens give no roles.</summary>
    public string? RolesClaim { get; init; }
    /// <summary>Roles of whoever has a token, without claiming them.</summary>
    public IReadOnlyList<string> RolesAlways { get; init; } = [];
    /// <summary>Roles that a token may give; others are passed over. A token's word is its issuer's, not this gateway's.</summary>
    public IReadOnlyList<string> RolesAllowed { get; init; } = [];
    /// <summary>The claim that is <c>true</c> where a person stands behind the token. Null: nothing is known of that.</summary>
    public string? HumanClaim { get; init; }
    /// <summary>Where no claim says it. Null: it is not known.</summary>
    public bool? Human { get; init; }

    public Outcome<TokenRules> Checked() =>
        Issuer.Length == 0 || Audience.Length == 0 ? Invalid("issuer and audience must be said: without them any service's token would do")
        : Algorithms.Count == 0 || Algorithms.Any(a => !AlgorithmsKnown.Contains(a)) ? Invalid($"algorithms are some of {string.Join(", ", AlgorithmsKnown)}")
        : ClockSkew < TimeSpan.Zero || ClockSkew > ClockSkewMax ? Invalid($"the clock skew is at most {ClockSkewMax.TotalMinutes:0} minutes")
        : LifetimeMax <= TimeSpan.Zero ? Invalid("the longest lifetime must be above zero")
        : this;

    private static Problem Invalid(string why) => new(ProblemCode.GatewayFileInvalid, $"the rules for tokens cannot be kept: {why}");
}
