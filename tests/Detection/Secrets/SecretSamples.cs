// Tokens and near misses made from each rule's own declaration, from a seed. What a pattern alone cannot make (checksums, structures) is made by hand here, independently of the product.
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using CabinCrew.Governance.Detection.Secrets;

namespace CabinCrew.Detection.Tests.Secrets;

internal static class SecretSamples
{
    private const string Base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private const string Bech32 = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";

    private static readonly Dictionary<string, Func<string, Random, string>> Makers = new()
    {
        ["github-token"] = (token, _) => token[..^6] + Sum62(token[4..^6]),
        ["npm-token"] = (token, _) => token[..^6] + Sum62(token[4..^6]),
        ["netbird-token"] = (token, _) => token[..^6] + Sum62(token[4..^6]),
        ["grafana-token"] = (token, _) => token[..^8] + Convert.ToHexStringLower(BitConverter.GetBytes(Crc(token[..^9]))),
        ["age-key"] = (token, _) => WithBech32(token),
        ["jwt"] = (token, random) => Url($$"""{"alg":"RS256","kid":"{{random.Next()}}"}""") + "." + Url($$"""{"sub":"{{random.Next()}}"}""") + "." + token[(token.LastIndexOf('.') + 1)..],
        ["kubeconfig-key"] = (token, random) => Convert.ToBase64String(Encoding.ASCII.GetBytes("-----BEGIN RSA PRIVATE " + "KEY-----\n" + token[20..60] + random.Next())),
    };

    /// <summary>Rules whose tokens have a checksum: one letter changed makes them none.</summary>
    public static readonly string[] Checked = ["github-token", "npm-token", "netbird-token", "grafana-token", "age-key"];

    public static string Token(SecretRule rule, Random random)
    {
        var sampler = new PatternSampler(rule.Pattern);
        for (var i = 0; i < 5000; i++)
        {
            var token = sampler.Sample(random).Text;
            if (Makers.TryGetValue(rule.Id, out var make)) token = make(token, random);
            if (TokenChecks.IsDrawn(token, rule.IsRepetitive) && rule.Check?.Invoke(token) is not false) return token;
        }
        throw new InvalidOperationException($"{rule.Id}: its pattern makes nothing that its check takes");
    }

    public static string Value(KeyedService service, Random random)
    {
        var sampler = new PatternSampler(service.Pattern);
        for (var i = 0; i < 5000; i++)
        {
            var value = sampler.Sample(random).Text;
            if (TokenChecks.IsDrawn(value) && !SecretValues.IsPlaceholder(value) && value[0] is not ('-' or '/' or '+' or '=') && value[^1] is not ('-' or ':')) return value;
        }
        throw new InvalidOperationException($"{service.Id}: its pattern makes nothing that is taken");
    }

    /// <summary>What looks like a token of the rule and is none, and in which way.</summary>
    public static IEnumerable<(string Kind, string Text)> NearMisses(SecretRule rule, Random random)
    {
        var token = Token(rule, random);
        var anchor = rule.Anchors.First(a => token.Contains(a, StringComparison.Ordinal));
        var place = token.IndexOf(anchor, StringComparison.Ordinal);
        var shorter = token[..^1];
        while (shorter.Length > place + anchor.Length && Matches(rule, shorter)) shorter = shorter[..^1];
        if (shorter.Length > anchor.Length && !Matches(rule, shorter)) yield return ("too short", shorter);
        if (!Matches(rule, token + "Zq")) yield return ("within a longer word, before", token + "Zq");
        if (rule.Before is null) yield return ("within a longer word, behind", "Zq" + token);
        else yield return ("within a longer word, behind", new string(rule.Before[0], 90) + token);
        foreach (var at in new[] { place + anchor.Length + 2, place - 1, token.Length / 2, token.Length - 1, place + anchor.Length })
            if (at >= 0 && at < token.Length && token[..at] + '*' + token[(at + 1)..] is var odd && !Matches(rule, odd))
            {
                yield return ("another alphabet", odd);
                break;
            }
        if (!rule.IsRepetitive)
        {
            var body = place + anchor.Length < token.Length ? token[(place + anchor.Length)..] : "";
            var letter = body.FirstOrDefault(char.IsAsciiLetterOrDigit, 'a');
            if (body.Length > 8) yield return ("a sample", token[..(place + anchor.Length)] + string.Concat(body.Select(c => char.IsAsciiLetterOrDigit(c) ? letter : c)));
        }
        if (Checked.Contains(rule.Id)) yield return ("a wrong checksum", token[..^1] + (token[^1] == 'Q' ? 'P' : token[^1] == '7' ? '8' : rule.Id == "age-key" ? 'Q' : '7'));
    }

    private static bool Matches(SecretRule rule, string text) => Regex.Match(text, $"^(?:{rule.Pattern})") is { Success: true } match && (match.Length == text.Length || !char.IsAsciiLetterOrDigit(text[match.Length]));

    private static uint Crc(string text)
    {
        var crc = uint.MaxValue;
        foreach (var c in text)
        {
            crc ^= c;
            for (var i = 0; i < 8; i++) crc = (crc & 1) != 0 ? 0xEDB88320 ^ (crc >> 1) : crc >> 1;
        }
        return ~crc;
    }

    private static string Sum62(string text)
    {
        var sum = "";
        for (var crc = Crc(text); sum.Length < 6; crc /= 62) sum = Base62[(int)(crc % 62)] + sum;
        return sum;
    }

    // BIP 173, as it is written there.
    private static string WithBech32(string token)
    {
        var word = "age-secret-key-";
        List<int> values = [.. word.Select(c => c >> 5), 0, .. word.Select(c => c & 31), .. token[16..68].Select(c => Bech32.IndexOf(c, StringComparison.Ordinal))];
        uint check = 1;
        foreach (var value in values.Concat(Enumerable.Repeat(0, 6)))
        {
            var top = check >> 25;
            check = (check & 0x1ffffff) << 5 ^ (uint)value;
            var generators = new uint[] { 0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3 };
            for (var i = 0; i < 5; i++) check ^= (top >> i & 1) != 0 ? generators[i] : 0;
        }
        check ^= 1;
        return token[..68] + string.Concat(Enumerable.Range(0, 6).Select(i => Bech32[(int)(check >> 5 * (5 - i) & 31)]));
    }

    private static string Url(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text)).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    /// <summary>A key's value in the ways in which files and commands have it; {0} is a name such as ACME, {1} the value.</summary>
    public static readonly string[] Assignments =
    [
        "{0}_API_KEY={1}\n", "export {0}_SECRET=\"{1}\"", "const string {2}Token = \"{1}\";", "{{\"{2}_api_key\": \"{1}\", \"x\": 1}}", "{2}:\n  secret_key: '{1}'\n", "--{2}-token {1} --verbose", "os.environ['{0}_API_KEY'] = '{1}'",
        "<add key=\"{2}ApiKey\" value=\"{1}\" />", "define('{0}_SECRET_KEY', '{1}');", "<{2}Token>{1}</{2}Token>", "{2}_client_secret := `{1}`", "let {2}_token: &str = \"{1}\";", "new Client {{ {2}ApiKey = \"{1}\" }}", "\"text\": \"{0}_TOKEN = \\\"{1}\\\"\"",
    ];

    public static string Assign(string form, string name, string value) => string.Format(CultureInfo.InvariantCulture, form, name.ToUpperInvariant().Replace('-', '_'), value, name);

    /// <summary>The places in which a token may stand.</summary>
    public static readonly string[] Surroundings =
    [
        "var token = \"{0}\"; // note", "{{\"value\":\"{0}\"}}", "key: {0}\n", "API_TOKEN={0}\n", "https://api.test/v1?k={0}&page=2", "2026-01-02T03:04:05Z INFO sent {0} to host", "tool --token {0} --verbose", "('{0}')", "a\\n{0}\\n", "x=%22{0}%22",
        "Authorization: token {0}",
    ];

    /// <summary>Places that say nothing of a secret, for what is none.</summary>
    public static readonly string[] NeutralSurroundings = ["var value = \"{0}\";", "{{\"id\":\"{0}\"}}", "name: {0}\n", "https://api.test/v1?page={0}&x=2", "INFO saw {0} today", "a\\n{0}\\n"];
}
