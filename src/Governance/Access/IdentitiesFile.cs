// identities.yaml, read: docs/reference/identities.md. One name, one OS user, one token for one identity each; delegations end.
using System.Globalization;
using CabinCrew.Governance.Yaml;
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Access;

internal static class IdentitiesFile
{
    private const int IdentitiesMax = 1000;
    private const int RolesMax = 50;

    public static Outcome<IdentityBook> Of(YamlMap map)
    {
        map.TakeInteger("version", 1, 1, required: true);
        var selfApproval = map.TakeTruth("self_approval") ?? false;
        var defaultRole = Name(map, "default_role", required: false) ?? Access.Roles.Default;
        List<Identity> identities = [];
        if (map.TakeList("identities", required: true) is { } list)
        {
            if (list.Items.Count is 0 or > IdentitiesMax) map.Errors.Add(list, $"'identities': expected 1 to {IdentitiesMax} identities, found {list.Items.Count}");
            foreach (var item in list.Maps("an identity (a mapping)"))
            {
                if (ReadIdentity(item) is not { } identity) continue;
                if (Twin(identities, identity) is { } twin) item.Errors.Add(item, twin);
                identities.Add(identity);
            }
        }

        List<Delegation> delegations = [];
        if (map.TakeList("delegations") is { } handed)
        {
            if (handed.Items.Count > IdentitiesMax) map.Errors.Add(handed, $"'delegations': at most {IdentitiesMax}");
            foreach (var item in handed.Maps("a delegation (a mapping)"))
                if (ReadDelegation(item, identities) is { } delegation) delegations.Add(delegation);
        }

        map.Close();
        return map.Errors.Else(() => new IdentityBook(identities, delegations, selfApproval, defaultRole));
    }

    private static Identity? ReadIdentity(YamlMap map)
    {
        var name = Name(map, "name", required: true);
        var human = map.TakeWord("kind", [("human", true), ("automation", false)], required: true);
        var roles = Roles(map, required: false);
        var (user, uid) = ReadOsUser(map);
        var token = ReadTokenHash(map);
        if (!map.Has("os_user") && !map.Has("token_sha256")) map.Errors.Add(map, "expected 'os_user', 'token_sha256' or both: without proof nobody can act as this identity");
        map.Close();
        return name is null || human is null ? null : new(name, human.Value, roles, user, uid, token);
    }

    private static (string? User, int? Uid) ReadOsUser(YamlMap map)
    {
        if (map.Take("os_user") is YamlScalar { Type: YamlType.Integer }) return (null, (int?)map.TakeInteger("os_user", 0, int.MaxValue));
        return (map.TakeText("os_user", expected: "a user's name, or a uid", charsMax: 256), null);
    }

    private static byte[]? ReadTokenHash(YamlMap map)
    {
        const string Expected = "64 lower-case hex digits (printf %s \"$TOKEN\" | sha256sum)";
        if (map.TakeText("token_sha256", expected: Expected) is not { } text) return null;
        if (Digest.TryParse(Digest.Prefix + text, out _)) return Convert.FromHexString(text);
        // Not shown: it may be the token itself.
        map.Errors.Add(map.Take("token_sha256")!, $"'token_sha256': expected {Expected}");
        return null;
    }

    private static string? Twin(List<Identity> earlier, Identity one)
    {
        foreach (var other in earlier)
        {
            if (string.Equals(other.Name, one.Name, StringComparison.OrdinalIgnoreCase)) return $"the name '{one.Name}' is taken";
            if ((one.OsUser is not null && one.OsUser == other.OsUser) || (one.Uid is not null && one.Uid == other.Uid)) return $"'{other.Name}' has the same os_user: one account stands for one identity";
            if (one.TokenHash is { } a && other.TokenHash is { } b && a.AsSpan().SequenceEqual(b)) return $"'{other.Name}' has the same token";
        }

        return null;
    }

    private static Delegation? ReadDelegation(YamlMap map, List<Identity> identities)
    {
        var from = Known(map, "from", identities);
        var to = Known(map, "to", identities);
        var roles = Roles(map, required: true);
        var until = map.TakeParsed("until", "a moment with its offset, for example 2026-02-01T00:00:00Z", Moment, required: true);
        if (from is not null && from == to) map.Errors.Add(map, "nobody delegates to themselves");
        foreach (var role in roles)
            if (from is not null && !from.Roles.Contains(role, StringComparer.Ordinal)) map.Errors.Add(map, $"'{from.Name}' does not hold the role '{role}', and what is delegated to one cannot be passed on");
        map.Close();
        return from is null || to is null || until is null ? null : new(from.Name, to.Name, roles, until.Value);
    }

    private static Identity? Known(YamlMap map, string key, List<Identity> identities)
    {
        if (Name(map, key, required: true) is not { } name) return null;
        var found = identities.FirstOrDefault(i => i.Name == name);
        if (found is null) map.Errors.Add(map.Take(key)!, $"'{key}': there is no identity '{name}'{NearMatch.Hint(name, identities.Select(i => i.Name))}");
        else if (!found.Human) map.Errors.Add(map.Take(key)!, $"'{key}': '{name}' is automation; only people delegate and are delegated to");
        return found;
    }

    private static IReadOnlyList<string> Roles(YamlMap map, bool required)
    {
        var roles = map.TakeTexts("roles", required, "a list of roles") ?? [];
        if (roles.Count > RolesMax || (required && map.Has("roles") && roles.Count == 0)) map.Errors.Add(map.Take("roles")!, $"'roles': expected 1 to {RolesMax}");
        foreach (var role in roles)
            if (!StepId.TryParse(role, out _)) map.Errors.Add(map.Take("roles")!, "'roles': a role is a name of letters, digits, '.', '_', '-'");
        return [.. roles.Distinct(StringComparer.Ordinal)];
    }

    private static string? Name(YamlMap map, string key, bool required) =>
        map.TakeParsed<StepId>(key, "a name of letters, digits, '.', '_', '-'", s => StepId.TryParse(s, out var name) ? name : null, required)?.ToString();

    private static DateTimeOffset? Moment(string text) =>
        DateTimeOffset.TryParseExact(text, ["yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mmK"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var moment)
            && (text.EndsWith('Z') || text.AsSpan(10).IndexOfAny('+', '-') >= 0) ? moment : null;
}
