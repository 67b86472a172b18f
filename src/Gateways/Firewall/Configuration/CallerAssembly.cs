// Callers, their servers and their limits, as the configuration says (MCP-08).
using CabinCrew.Gateways.Firewall.Callers;
using CabinCrew.Gateways.Firewall.Limits;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Firewall.Configuration;

internal static class CallerAssembly
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    public static Outcome<CallerDoor> Door(CallersDefinition callers, Func<bool, HttpMessageInvoker>? http, TimeProvider clock)
    {
        if (!CallerKeys.Of([.. callers.Keys.Select(k => new CallerKey(k.Grant.Name, k.KeySha256, k.Grant.Roles, k.Grant.Human))]).Try(out var keys, out var problem)) return problem;
        if (!CertificateCallers.Of([.. callers.Certificates.Select(c => new CertificateRule(c.Grant.Name, c.Grant.Roles, c.Grant.Human, Thumbprint(c), c.Subject))]).Try(out var certificates, out problem)) return problem;
        var issuers = new List<Firewall.Callers.TokenIssuer>();
        foreach (var issuer in callers.Issuers)
        {
            if (issuers.Exists(i => i.Rules.Issuer == issuer.Issuer)) return new Problem(ProblemCode.GatewayFileInvalid, "an issuer stands there twice: whose callers get what could not be told") { Where = $"callers.jwt {issuer.Issuer}" };
            var rules = new TokenRules
            {
                Issuer = issuer.Issuer, Audience = issuer.Audience, Algorithms = issuer.Algorithms, NameClaim = issuer.NameClaim, RolesClaim = issuer.RolesClaim,
                RolesAllowed = issuer.RolesClaim is null ? [] : issuer.Roles, RolesAlways = issuer.RolesClaim is null ? issuer.Roles : [], Human = issuer.Human,
            };
            if (!rules.Checked().Try(out _, out problem)) return problem.At($"callers.jwt {issuer.Issuer}");
            issuers.Add(new(rules, new KeySource(issuer.KeysFile ?? issuer.KeysUrl!.AbsoluteUri, http?.Invoke(issuer.KeysPrivate), clock)));
        }
        return new CallerDoor(callers.Keys.Count > 0 ? keys : null, issuers, callers.Certificates.Count > 0 ? certificates : null, clock);
    }

    public static Outcome<Func<MessageCaller, LimitSettings>> Limits(CallersDefinition callers, LimitRules forAll)
    {
        if (!Of(forAll).Checked().Try(out var standard, out var problem)) return problem;
        var own = new Dictionary<string, LimitSettings>(StringComparer.Ordinal);
        foreach (var (key, _, limits) in Grants(callers))
        {
            if (limits is null) continue;
            if (!Of(limits).Checked().Try(out var settings, out problem)) return problem;
            own[key] = settings;
        }
        return Outcome.Of<Func<MessageCaller, LimitSettings>>(caller => own.GetValueOrDefault(KeyOf(caller), standard));
    }

    /// <summary>Whoever stands in no list (the one who started the gateway) may use all of them, servers or models.</summary>
    public static Func<MessageCaller, string, bool> Usable(CallersDefinition callers)
    {
        var allowed = Grants(callers).Where(g => g.Usable.Count > 0).ToDictionary(g => g.Key, g => g.Usable.ToHashSet(StringComparer.Ordinal), StringComparer.Ordinal);
        return (caller, name) => !allowed.TryGetValue(KeyOf(caller), out var usable) || usable.Contains(name);
    }

    private static IEnumerable<(string Key, IReadOnlyList<string> Usable, LimitRules? Limits)> Grants(CallersDefinition callers) =>
        callers.Keys.Select(k => (Key(CallerKeys.Method, k.Grant.Name), k.Grant.Usable, k.Grant.Limits))
            .Concat(callers.Certificates.Select(c => (Key(CertificateCallers.Method, c.Grant.Name), c.Grant.Usable, c.Grant.Limits)))
            .Concat(callers.Issuers.Select(i => (Key(TokenCheck.Method, i.Issuer), i.Usable, i.Limits)));

    // A null array, and null itself, would become an empty thumbprint, which is not none.
    private static ReadOnlyMemory<byte>? Thumbprint(CertificateCaller caller) => caller.Sha256 is { } hash ? new ReadOnlyMemory<byte>(hash) : default(ReadOnlyMemory<byte>?);

    // A token's callers share what their issuer is granted.
    private static string KeyOf(MessageCaller caller) => Key(caller.AuthenticatedBy, caller.Issuer ?? caller.Name);

    private static string Key(string method, string name) => $"{method}\n{name}";

    private static LimitSettings Of(LimitRules limits) => new()
    {
        Rate = limits.CallsPerMinute is { } calls ? new(calls, TimeSpan.FromMinutes(1), limits.Burst ?? Math.Max(1, calls / 6)) : null,
        ConcurrencyMax = limits.Concurrent,
        Budget = limits is { CallsPerDay: null, BytesPerDay: null, UsdPerDay: null } ? null
            : new(limits.CallsPerDay, limits.BytesPerDay, Day, Kept: true) { Cost = limits.UsdPerDay is { } usd ? (long)Math.Round(usd * 1_000_000) : null },
    };
}
