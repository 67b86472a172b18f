// Secrets without a form of their own, by the name that they are assigned to (INT-11, MCP-06): keys of services that are named beside them, and whatever else is assigned to a password, a
// key, a token or a secret and looks like one. Less sure than what has a form, so what this finds is a warning at most where nobody says otherwise, and
// between agents and servers it is off until somebody turns it on.
using System.Buffers;
using System.Collections.Frozen;
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Detection.Secrets;

internal sealed class AssignmentDetector : ITextDetector
{
    private const int NearCharsMax = 80;
    private const int ValueCharsMin = 8;
    private const int PagingCharsMax = 6;

    private static readonly DetectorRule Password = new("password-assignment", "a password is assigned here");
    private static readonly DetectorRule Key = new("key-assignment", "a key is assigned here");
    private static readonly DetectorRule Token = new("token-assignment", "a token is assigned here");
    private static readonly DetectorRule Secret = new("secret-assignment", "a secret is assigned here");

    // Before "key" in the name of a secret one, and before any of the words where they are written as one.
    private static readonly string[] Qualifiers = ["api", "auth", "access", "secret", "private", "priv", "account", "acct", "master", "signing", "sign", "encryption", "encrypt", "crypto", "cipher", "aes", "hmac", "storage", "shared", "app", "client", "service", "consumer", "license", "session", "jwt", "bot", "refresh", "bearer", "user", "admin", "db", "root", "webhook", "deploy", "personal", "oauth", "security", "token", "write", "read", "server", "integration", "subscription", "functions", "host"];

    private static readonly SearchValues<string> Harmless = SearchValues.Create(["public", "csrf", "xsrf", "continuation", "antiforgery", "clienttoken", "client_token", "clientrequesttoken", "foreign", "primary_key", "cancell", "example", "sample", "dummy", "fake", "mock", "hash", "publishable", "placeholder", "invalid"], StringComparison.OrdinalIgnoreCase);

    // These only where no service is named: statuspageToken is one.
    private static readonly SearchValues<string> Paging = SearchValues.Create(["page", "next_", "nexttoken", "cursor", "resume", "sync_"], StringComparison.OrdinalIgnoreCase);

    private static readonly FrozenDictionary<string, KeyedService[]> ByName =
        KeyedServices.Table.SelectMany(s => s.Names.Select(n => (Name: n, Service: s))).GroupBy(s => s.Name, s => s.Service).ToFrozenDictionary(g => g.Key, g => g.ToArray(), StringComparer.OrdinalIgnoreCase);

    private static readonly SearchValues<string> Names = SearchValues.Create([.. ByName.Keys], StringComparison.OrdinalIgnoreCase);
    private static readonly string[] LongestFirst = [.. ByName.Keys.OrderByDescending(n => n.Length)];

    // Into the list above.
    private static readonly FrozenDictionary<char, int[]> ByFirstLetter = LongestFirst.Select((name, at) => (First: char.ToUpperInvariant(name[0]), at)).GroupBy(n => n.First, n => n.at).ToFrozenDictionary(g => g.Key, g => g.ToArray());

    public AssignmentDetector() => Anchors =
    [
        new("key", Look("key", Key, []), IgnoreCase: true),
        new("token", Look("token", Token, []), IgnoreCase: true),
        new("secret", Look("secret", Secret, []), IgnoreCase: true),
        new("pass", Look("pass", Password, ["word", "wd", "phrase", "code"]), IgnoreCase: true),
        new("pwd", Look("pwd", Password, []), IgnoreCase: true),
        new("contribsys", Look("contribsys", Secret, ["__com"]), IgnoreCase: true),
    ];

    public string Name => Detectors.Assigned;

    public IReadOnlyList<DetectorRule> Rules { get; } = [.. KeyedServices.Table.Select(s => s.Rule), Password, Key, Token, Secret];

    /// <summary>Off between agents and servers, where ordinary text goes by and every message waits for it.</summary>
    public DetectorSettings Standard { get; } = DetectorSettings.Off;

    public DetectorSettings InFiles { get; } = new(Decision.Warn, Decision.Warn, RedactFromServer: false);

    public IReadOnlyList<Anchor> Anchors { get; }

    private static AnchorLook Look(string word, DetectorRule rule, string[] endings) => (text, at) =>
    {
        var end = at + word.Length;
        foreach (var ending in endings)
            if (text[end..].StartsWith(ending, StringComparison.OrdinalIgnoreCase))
            {
                end += ending.Length;
                break;
            }
        if (Assignment.Read(text, at, end) is not { } read || read.ValueLength < ValueCharsMin) return null;
        var value = text.Slice(read.ValueStart, read.ValueLength);
        var name = text[read.NameStart..read.NameEnd];
        if (name.ContainsAny(Harmless) || SecretValues.IsPlaceholder(value)) return null;
        if (ServiceOf(text[Math.Max(0, read.NameStart - NearCharsMax)..read.NameEnd], value) is { } service) return IsKnown(text, read) ? null : new(service.Rule, read.ValueStart, read.ValueLength);
        if (text[Math.Max(0, read.NameStart - PagingCharsMax)..read.NameEnd].ContainsAny(Paging) || !IsName(rule, name[..(at - read.NameStart)], text[at], isWhole: end > at + word.Length || word == "pwd") || SecretValues.IsChain(value) || (!read.IsQuoted && !read.IsLine && value.Contains('.'))) return null;
        var isSecret = rule == Password
            ? (read.IsQuoted || read.IsLine) && SecretValues.IsStrong(value, read.IsQuoted)
            : SecretValues.IsDrawn(value, hexCounts: rule == Key || rule == Secret || name.Length > "token".Length);
        return isSecret && !IsKnown(text, read) ? new(rule, read.ValueStart, read.ValueLength) : null;
    };

    // What has a form of its own is told by that.
    private static bool IsKnown(ReadOnlySpan<char> text, Assignment read) => TokenFinder.IsIn(text, read.ValueStart, read.ValueLength);

    private static KeyedService? ServiceOf(ReadOnlySpan<char> near, ReadOnlySpan<char> value)
    {
        if (near.IndexOfAny(Names) is not (>= 0 and var first) || !TokenChecks.IsDrawn(value)) return null;
        Span<bool> stands = stackalloc bool[LongestFirst.Length];
        stands.Clear();
        for (var at = first; ;)
        {
            if (ByFirstLetter.TryGetValue(char.ToUpperInvariant(near[at]), out var names))
                foreach (var name in names) stands[name] |= Stands(LongestFirst[name], near, at);
            if (near[(at + 1)..].IndexOfAny(Names) is not (>= 0 and var next)) break;
            at += 1 + next;
        }
        for (var name = 0; name < stands.Length; name++)
        {
            if (!stands[name]) continue;
            foreach (var service in ByName[LongestFirst[name]])
                if (service.Regex.IsMatch(value)) return service;
        }
        return null;
    }

    // As a word of its own, or as a part of a name: MY_ALGOLIA_KEY, algoliaKey, but not "locktable" for okta.
    private static bool Stands(string name, ReadOnlySpan<char> text, int at)
    {
        if (!text[at..].StartsWith(name, StringComparison.OrdinalIgnoreCase)) return false;
        var end = at + name.Length;
        var begins = at == 0 || !char.IsAsciiLetter(text[at - 1]) || (char.IsAsciiLetterUpper(text[at]) && char.IsAsciiLetterLower(text[at - 1]));
        return begins && (name.Length >= 6 || end == text.Length || !char.IsAsciiLetterLower(text[end]));
    }

    // A password is one under any name, but for bypass and compass; a key needs a word that says that it is secret, and no word goes without where it is only the end of another: monkey.
    private static bool IsName(DetectorRule rule, ReadOnlySpan<char> before, char first, bool isWhole)
    {
        var isPart = before.IsEmpty || !char.IsAsciiLetter(before[^1]) || (char.IsAsciiLetterUpper(first) && char.IsAsciiLetterLower(before[^1]));
        if (rule == Password) return isPart || isWhole;
        if (rule != Key && isPart) return true;
        before = before.TrimEnd("_-.");
        foreach (var word in Qualifiers)
            if (before.EndsWith(word, StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }
}
