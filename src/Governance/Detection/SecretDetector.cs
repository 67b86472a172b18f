// Credentials by their form (INT-11, MCP-06): the tokens of SecretRules, private keys, passwords in URLs and in connection strings.
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Detection;

internal sealed class SecretDetector : ITextDetector
{
    private const int KeyCharsMax = 16 << 10;
    private const int UrlCharsMax = 512;
    private const int ConnectionCharsMax = 1024;

    private static readonly DetectorRule PrivateKey = new("private-key", "this is a private key");
    private static readonly DetectorRule UrlPassword = new("url-password", "this address has a password in it");
    private static readonly DetectorRule ConnectionPassword = new("connection-password", "this connection string has a password in it");

    private static readonly string[] Neighbours = ["server=", "data source=", "host=", "user id=", "uid=", "username=", "initial catalog=", "database=", "addr="];

    public SecretDetector() => Anchors =
    [
        .. from rule in SecretRules.Table from prefix in rule.Prefixes select new Anchor(prefix, (text, at) => Token(rule, text, at)),
        new("-----BEGIN ", Key),
        new("://", Url),
        new("password=", Connection, IgnoreCase: true),
        new("pwd=", Connection, IgnoreCase: true),
    ];

    public string Name => Detectors.Secrets;

    public IReadOnlyList<DetectorRule> Rules { get; } = [.. SecretRules.Table.Select(r => r.Rule), PrivateKey, UrlPassword, ConnectionPassword];

    public DetectorSettings Standard { get; } = new(Decision.Deny, Decision.Warn, RedactFromServer: true);

    public IReadOnlyList<Anchor> Anchors { get; }

    private static TextMatch? Token(SecretRule rule, ReadOnlySpan<char> text, int at)
    {
        // A prefix inside a longer word is no prefix: "task-..." holds "sk-". A prefix that begins with a dot stands after the token's own first part.
        if (at > 0 && rule.Prefixes[0][0] != '.' && IsWord(text[at - 1])) return null;
        var window = text.Slice(at, Math.Min(rule.CharsMax, text.Length - at));
        foreach (var match in rule.Regex.EnumerateMatches(window))
        {
            var token = window[..match.Length];
            if (match.Length < window.Length && char.IsAsciiLetterOrDigit(window[match.Length])) return null;
            if (!TokenChecks.IsDrawn(token) || rule.Check?.Invoke(token) is false) return null;
            return new(rule.Rule, at, match.Length);
        }
        return null;
    }

    // The header is enough to tell; the range goes on to the footer, or as far as a key's letters go.
    private static TextMatch? Key(ReadOnlySpan<char> text, int at)
    {
        var rest = text.Slice(at, Math.Min(KeyCharsMax, text.Length - at));
        var line = rest["-----BEGIN ".Length..];
        var label = line[..Math.Min(line.Length, 80)];
        var end = label.IndexOf("-----", StringComparison.Ordinal);
        if (end < 0) return null;
        label = label[..end];
        if (!label.EndsWith("PRIVATE KEY", StringComparison.Ordinal) && !label.EndsWith("PRIVATE KEY BLOCK", StringComparison.Ordinal) || label.ContainsAnyExcept(Capitals)) return null;
        var body = "-----BEGIN ".Length + end + 5;
        var text64 = rest[body..];
        var dashes = text64.IndexOf("-----", StringComparison.Ordinal);
        if (dashes >= 0) text64 = text64[..dashes];
        if (text64.IndexOfAnyExcept(KeyLetters) is >= 0 and var stop)
        {
            text64 = text64[..stop];
            dashes = -1;
        }
        if (!HasBody(text64)) return null;
        var length = body + text64.Length;
        if (dashes >= 0 && rest[length..].StartsWith("-----END ") && rest[(length + 9)..].IndexOf("-----", StringComparison.Ordinal) is >= 0 and < 80 and var close) length += 9 + close + 5;
        return new(PrivateKey, at, length);
    }

    private static readonly System.Buffers.SearchValues<char> Capitals = System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ");
    private static readonly System.Buffers.SearchValues<char> KeyLetters = System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-:,.()@_\\ \t\r\n");
    private static readonly System.Buffers.SearchValues<char> UrlEnds = System.Buffers.SearchValues.Create("/?# \t\r\n\"'<>`\\,;()|");

    private static readonly System.Buffers.SearchValues<char> ValueEnds = System.Buffers.SearchValues.Create(";\"'\\ \t\r\n<>`");
    private static readonly System.Buffers.SearchValues<char> Chain = System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_.()[]?");
    private static readonly System.Buffers.SearchValues<char> Fillable = System.Buffers.SearchValues.Create("${}<>[]*");

    // Text about keys shows the header alone; a key has a body.
    private static bool HasBody(ReadOnlySpan<char> text)
    {
        var letters = 0;
        foreach (var c in text)
            if (char.IsAsciiLetterOrDigit(c) && ++letters >= 32) return true;
        return false;
    }

    // scheme://user:password@host. The range is the password.
    private static TextMatch? Url(ReadOnlySpan<char> text, int at)
    {
        if (at == 0 || !char.IsAsciiLetterOrDigit(text[at - 1])) return null;
        var rest = text.Slice(at + 3, Math.Min(UrlCharsMax, text.Length - at - 3));
        var end = rest.IndexOfAny(UrlEnds);
        var authority = end < 0 ? rest : rest[..end];
        var sign = authority.LastIndexOf('@');
        if (sign <= 0 || sign == authority.Length - 1 || !char.IsAsciiLetterOrDigit(authority[sign + 1]) && authority[sign + 1] != '[') return null;
        var colon = authority[..sign].IndexOf(':');
        if (colon < 0) return null;
        var password = authority[(colon + 1)..sign];
        return IsValue(password) ? new(UrlPassword, at + 3 + colon + 1, password.Length) : null;
    }

    // Password=...; beside a server, a user or a database in the same string.
    private static TextMatch? Connection(ReadOnlySpan<char> text, int at)
    {
        if (at > 0 && IsWord(text[at - 1])) return null;
        var start = at + text[at..].IndexOf('=') + 1;
        var value = text.Slice(start, Math.Min(256, text.Length - start));
        var end = value.IndexOfAny(ValueEnds);
        if (end >= 0) value = value[..end];
        if (!IsValue(value)) return null;
        // What is around, up to the ends of the line.
        var before = text[Math.Max(0, at - ConnectionCharsMax)..at];
        before = before[(before.LastIndexOfAny("\n\"'`") + 1)..];
        var after = text.Slice(start, Math.Min(ConnectionCharsMax, text.Length - start));
        if (after.IndexOfAny("\n\"'`") is >= 0 and var stop) after = after[..stop];
        if (!before.Contains(';') && !after.Contains(';')) return null;
        foreach (var neighbour in Neighbours)
            if (before.Contains(neighbour, StringComparison.OrdinalIgnoreCase) || after.Contains(neighbour, StringComparison.OrdinalIgnoreCase)) return new(ConnectionPassword, start, value.Length);
        return null;
    }

    // Something that is meant, and not a place for it: ${NAME}, <password>, ****, {0}, %s.
    private static bool IsValue(ReadOnlySpan<char> value)
    {
        if (value.Length is < 4 or > 256 || value.ContainsAny(Fillable) || (value.Contains('%') && !HasPercentEscape(value))) return false;
        foreach (var word in (ReadOnlySpan<string>)["pass", "password", "passwd", "secret", "changeme", "example", "user", "token", "xxxx", "redacted", "postgres"])
            if (value.Equals(word, StringComparison.OrdinalIgnoreCase)) return false;
        // Code: ==, and a member of something.
        if (value[0] == '=' || (value.Contains('.') && !value.ContainsAnyExcept(Chain))) return false;
        return !value.StartsWith("your", StringComparison.OrdinalIgnoreCase) && value.ContainsAnyExcept('x', 'X', '.');
    }

    private static bool HasPercentEscape(ReadOnlySpan<char> value) => value.IndexOf('%') is >= 0 and var at && at + 2 < value.Length && char.IsAsciiHexDigit(value[at + 1]) && char.IsAsciiHexDigit(value[at + 2]);

    private static bool IsWord(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '-';
}
