// `callers` and `limits`: who may call, how it is proven, and how much each may (MCP-08). Keys stand here as hashes only.
using CabinCrew.Gateways.Firewall.Callers;
using CabinCrew.Governance.Yaml;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Firewall.Configuration;

/// <param name="usable">What a caller may use of the gateway, as the file calls it: <c>servers</c>, <c>models</c>.</param>
/// <param name="known">All of those.</param>
internal sealed class CallersReader(YamlMap root, string baseDirectory, string usable, IReadOnlyList<string> known)
{
    private const int CallersMax = 1000;
    private const int RolesMax = 50;

    private bool IsOfModels => usable == "models";

    private readonly HashSet<string> names = new(StringComparer.OrdinalIgnoreCase);

    public CallersDefinition Read()
    {
        if (root.TakeMap("callers") is not { } map) return new();
        IReadOnlyList<string> localRoles = [];
        // Over HTTP alone nobody is local.
        if (!IsOfModels && map.TakeMap("local") is { } local)
        {
            localRoles = Roles(local);
            local.Close();
        }
        var callers = new CallersDefinition
        {
            LocalRoles = localRoles,
            Keys = Many(map, "keys", Key),
            Issuers = Many(map, "jwt", Issuer),
            Certificates = Many(map, "certificates", Certificate),
        };
        map.Close();
        return callers;
    }

    /// <param name="havePrices">What is called may have a price.</param>
    public static LimitRules Limits(YamlMap map, bool havePrices)
    {
        var limits = new LimitRules
        {
            CallsPerMinute = (int?)map.TakeInteger("calls_per_minute", 1, 1_000_000),
            Burst = (int?)map.TakeInteger("burst", 1, 1_000_000),
            Concurrent = (int?)map.TakeInteger("concurrent", 1, 10_000),
            CallsPerDay = map.TakeInteger("calls_per_day", 1, 1_000_000_000),
            BytesPerDay = Quantities.TakeSize(map, "bytes_per_day", 1, 1L << 50),
            UsdPerDay = havePrices ? map.TakeNumber("usd_per_day", 0.000001, 1_000_000) : null,
        };
        if (limits is { Burst: not null, CallsPerMinute: null }) map.Errors.Add(map, "'burst' goes with 'calls_per_minute'");
        map.Close();
        return limits;
    }

    private static List<T> Many<T>(YamlMap map, string key, Func<YamlMap, T?> read) where T : class
    {
        List<T> found = [];
        if (map.TakeList(key) is not { } list) return found;
        if (list.Items.Count is 0 or > CallersMax) map.Errors.Add(list, $"'{key}': expected 1 to {CallersMax}, found {list.Items.Count}");
        foreach (var item in list.Maps("a mapping").Take(CallersMax))
        {
            if (read(item) is { } one) found.Add(one);
            item.Close();
        }
        return found;
    }

    private KeyCaller? Key(YamlMap map)
    {
        var hash = Hash(map, "key_sha256", required: true);
        return Grant(map) is { } grant && hash is not null ? new(grant, hash) : null;
    }

    private CertificateCaller? Certificate(YamlMap map)
    {
        var subject = map.TakeText("subject", expected: "a name in the certificate", charsMax: 256);
        var hash = Hash(map, "sha256", required: false);
        if (map.Has("subject") == map.Has("sha256")) map.Errors.Add(map, "expected one of 'subject' and 'sha256'");
        return Grant(map) is { } grant ? new(grant, subject, hash) : null;
    }

    private TokenIssuer? Issuer(YamlMap map)
    {
        var issuer = map.TakeText("issuer", required: true, "the issuer as tokens name it");
        var audience = map.TakeText("audience", required: true, "the audience that tokens must name");
        var (file, url, isPrivate) = KeySource(map);
        IReadOnlyList<string> algorithms = map.TakeTexts("algorithms", expected: "a list of algorithms") ?? ["RS256", "ES256"];
        foreach (var odd in algorithms.Where(a => !TokenRules.AlgorithmsKnown.Contains(a)))
            map.Errors.Add(map.Take("algorithms")!, $"'algorithms': '{YamlMap.Clip(odd)}' is none of {string.Join(", ", TokenRules.AlgorithmsKnown)}");
        if (algorithms.Count == 0) map.Errors.Add(map.Take("algorithms")!, "'algorithms': expected at least one");
        var name = map.TakeText("name_claim", expected: "the name of a claim", charsMax: 128) ?? "sub";
        var roles = map.TakeText("roles_claim", expected: "the name of a claim", charsMax: 128);
        var human = map.TakeWord("kind", [("human", true), ("automation", false)], required: true);
        var granted = Roles(map);
        var usables = Usable(map);
        var limits = map.TakeMap("limits") is { } l ? Limits(l, IsOfModels) : null;
        return issuer is null || audience is null || human is null ? null : new(issuer, audience, file, url, algorithms, name, roles, granted, human.Value, usables, limits) { KeysPrivate = isPrivate };
    }

    private (string? File, Uri? Url, bool Private) KeySource(YamlMap map)
    {
        if (map.TakeMap("keys", required: true) is not { } keys) return default;
        var file = keys.TakeText("file", expected: "the file of a JWK set");
        var written = keys.TakeText("url", expected: "an https URL of a JWK set");
        var isPrivate = keys.TakeTruth("private") ?? false;
        keys.Close();
        if (keys.Has("file") == keys.Has("url")) keys.Errors.Add(keys, "'keys': expected one of file, url");
        Uri? url = null;
        if (written is not null && (!Uri.TryCreate(written, UriKind.Absolute, out url) || !(url.Scheme == "https" || (url.Scheme == "http" && url.IsLoopback))))
            keys.Errors.Add(keys.Take("url")!, "'url': expected an https URL (http on this machine only)");
        // Who writes this machine's own address means it.
        return (file is null ? null : Path.GetFullPath(file, baseDirectory), url, isPrivate || url is { IsLoopback: true });
    }

    private CallerGrant? Grant(YamlMap map)
    {
        var name = map.TakeText("name", required: true, "a name of letters, digits, '.', '_', '-'", charsMax: 128);
        if (name is not null && !StepId.TryParse(name, out _)) map.Errors.Add(map.Take("name")!, "'name': expected letters, digits, '.', '_' and '-', beginning with a letter or digit");
        else if (name is not null && !names.Add(name)) map.Errors.Add(map.Take("name")!, $"the caller '{name}' stands here a second time");
        var human = map.TakeWord("kind", [("human", true), ("automation", false)], required: true);
        var grant = name is null || human is null ? null : new CallerGrant(name, human.Value, Roles(map), Usable(map), map.TakeMap("limits") is { } limits ? Limits(limits, IsOfModels) : null);
        if (grant is null) map.Know("roles", usable, "limits");
        return grant;
    }

    private static IReadOnlyList<string> Roles(YamlMap map)
    {
        var roles = map.TakeTexts("roles", expected: "a list of roles") ?? [];
        if (roles.Count > RolesMax) map.Errors.Add(map.Take("roles")!, $"'roles': expected at most {RolesMax}");
        if (roles.Any(r => !StepId.TryParse(r, out _))) map.Errors.Add(map.Take("roles")!, "'roles': a role is a name of letters, digits, '.', '_', '-'");
        return [.. roles.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }

    private IReadOnlyList<string> Usable(YamlMap map)
    {
        var named = map.TakeTexts(usable, expected: $"a list of {usable}") ?? [];
        foreach (var unknown in named.Where(s => !known.Contains(s, StringComparer.Ordinal)))
            map.Errors.Add(map.Take(usable)!, $"'{usable}': there is no {usable[..^1]} '{YamlMap.Clip(unknown)}'{NearMatch.Hint(unknown, known)}");
        return named;
    }

    private static byte[]? Hash(YamlMap map, string key, bool required)
    {
        const string Expected = "64 lower-case hex digits (printf %s \"$KEY\" | sha256sum)";
        if (map.TakeText(key, required, Expected) is not { } text) return null;
        if (Digest.TryParse(Digest.Prefix + text, out _)) return Convert.FromHexString(text);
        // Not shown: it may be the key itself.
        map.Errors.Add(map.Take(key)!, $"'{key}': expected {Expected}");
        return null;
    }
}
