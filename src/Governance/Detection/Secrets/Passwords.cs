// Passwords where a format says that there is one: addresses, connection strings (ADO.NET, JDBC, Redis), curl, HTTP headers, docker's config.json, .npmrc, .netrc, and pairs of username
// and password in INI files such as .pypirc.
using System.Buffers;
using System.Buffers.Text;

namespace CabinCrew.Governance.Detection.Secrets;

internal static class Passwords
{
    private const int UrlCharsMax = 512;
    private const int ConnectionCharsMax = 1024;
    private const int LineCharsMax = 400;
    private const int LoginCharsMin = 6;

    private static readonly DetectorRule UrlPassword = new("url-password", "this address has a password in it");
    private static readonly DetectorRule ConnectionPassword = new("connection-password", "this connection string has a password in it");
    private static readonly DetectorRule JdbcPassword = new("jdbc-password", "this JDBC address has a password in it");
    private static readonly DetectorRule CurlPassword = new("curl-password", "this command gives curl a password");
    private static readonly DetectorRule BasicHeader = new("basic-header", "this is a user and a password for HTTP");
    private static readonly DetectorRule BearerHeader = new("bearer-header", "this is a token for HTTP");
    private static readonly DetectorRule DockerAuth = new("docker-auth", "this is a login to a registry of images");
    private static readonly DetectorRule NpmAuth = new("npmrc-token", "this is a login to a registry of packages");
    private static readonly DetectorRule NetrcPassword = new("netrc-password", "this is a login of a .netrc file");
    private static readonly DetectorRule IniPassword = new("ini-password", "this is a username and its password");

    private static readonly string[] Neighbours = ["server=", "data source=", "host=", "user id=", "uid=", "username=", "initial catalog=", "database=", "addr="];
    private static readonly string[] OfRedis = ["ssl=", "abortconnect=", ":6379", ":6380", "defaultdatabase="];

    private static readonly SearchValues<char> UrlEnds = SearchValues.Create("/?# \t\r\n\"'<>`\\,;()|");
    private static readonly SearchValues<char> JdbcEnds = SearchValues.Create(" \t\r\n\"'<>`\\");
    private static readonly SearchValues<char> ValueEnds = SearchValues.Create(";\"'\\ \t\r\n<>`");
    private static readonly SearchValues<char> Chain = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_.()[]?");
    private static readonly SearchValues<char> Fillable = SearchValues.Create("${}<>[]*");
    private static readonly SearchValues<char> HeaderLetters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+/=.~");
    private static readonly SearchValues<char> Base64Letters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=");
    private static readonly SearchValues<char> Blanks = SearchValues.Create(" \t\r\n\\\"'");

    public static IReadOnlyList<DetectorRule> Rules { get; } = [UrlPassword, ConnectionPassword, JdbcPassword, CurlPassword, BasicHeader, BearerHeader, DockerAuth, NpmAuth, NetrcPassword, IniPassword];

    public static IEnumerable<Anchor> Anchors { get; } =
    [
        new("://", Url),
        new("password=", Connection, IgnoreCase: true),
        new("pwd=", Connection, IgnoreCase: true),
        new("jdbc:", Jdbc) { AtWord = true },
        new("curl ", Curl) { AtWord = true },
        .. from word in (string[])["Basic ", "basic "] select new Anchor(word, Basic) { AtWord = true },
        .. from word in (string[])["Bearer ", "bearer "] select new Anchor(word, Bearer) { AtWord = true },
        new("auth", Docker) { AtWord = true },
        .. from word in (string[])["_authToken", "_auth", "_password"] select new Anchor(word, (text, at) => Npm(text, at, word.Length)) { AtWord = true },
        new("machine ", Netrc) { AtWord = true },
        new("username", Ini) { AtWord = true },
    ];

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
        // cvs://:pserver:anoncvs@...: no password, but a method and a user.
        if (colon == 0 && password.Contains(':')) return null;
        return IsValue(password) ? new(UrlPassword, at + 3 + colon + 1, password.Length) : null;
    }

    // Password=...; beside a server, a user or a database in the same string.
    private static TextMatch? Connection(ReadOnlySpan<char> text, int at)
    {
        if (!WordStarts.IsAt(text, at)) return null;
        var start = at + text[at..].IndexOf('=') + 1;
        var value = text.Slice(start, Math.Min(256, text.Length - start));
        var end = value.IndexOfAny(ValueEnds);
        if (end >= 0) value = value[..end];
        // Redis separates by commas, and they may stand in the passwords of others.
        var first = value.IndexOf(',') is >= 0 and var comma ? value[..comma] : value;
        if (!IsValue(value) && !IsValue(first)) return null;
        // What is around, up to the ends of the line.
        var before = text[Math.Max(0, at - ConnectionCharsMax)..at];
        before = before[(before.LastIndexOfAny("\n\"'`") + 1)..];
        var after = text.Slice(start, Math.Min(ConnectionCharsMax, text.Length - start));
        if (after.IndexOfAny("\n\"'`") is >= 0 and var stop) after = after[..stop];
        if (before.Contains(';') || after.Contains(';')) return IsValue(value) && HasAny(Neighbours, before, after) ? new(ConnectionPassword, start, value.Length) : null;
        return first.Length >= 8 && TokenChecks.HasDigit(first) && IsValue(first) && (before.EndsWith(",") || first.Length < value.Length) && HasAny(OfRedis, before, after) ? new(ConnectionPassword, start, first.Length) : null;
    }

    private static bool HasAny(string[] words, ReadOnlySpan<char> before, ReadOnlySpan<char> after)
    {
        foreach (var word in words)
            if (before.Contains(word, StringComparison.OrdinalIgnoreCase) || after.Contains(word, StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }

    // jdbc:...?user=x&password=y, and Oracle's jdbc:oracle:thin:user/password@host.
    private static TextMatch? Jdbc(ReadOnlySpan<char> text, int at)
    {
        var url = text.Slice(at, Math.Min(UrlCharsMax, text.Length - at));
        var end = url.IndexOfAny(JdbcEnds);
        if (end >= 0) url = url[..end];
        var key = url.IndexOf("password=", StringComparison.OrdinalIgnoreCase);
        if (key > 0)
        {
            var value = url[(key + 9)..];
            if (value.IndexOfAny("&;,)") is >= 0 and var stop) value = value[..stop];
            return IsValue(value) ? new(JdbcPassword, at + key + 9, value.Length) : null;
        }
        if (!url.StartsWith("jdbc:oracle:thin:") || url.LastIndexOf('@') is not (> 0 and var sign)) return null;
        var slash = url[..sign].LastIndexOf('/');
        if (slash < 0 || url[slash - 1] == '/') return null;
        var password = url[(slash + 1)..sign];
        return IsValue(password) ? new(JdbcPassword, at + slash + 1, password.Length) : null;
    }

    // The option -u or --user with a name and a password.
    private static TextMatch? Curl(ReadOnlySpan<char> text, int at)
    {
        var line = text.Slice(at, Math.Min(LineCharsMax, text.Length - at));
        foreach (var option in (ReadOnlySpan<string>)[" -u ", " --user ", " -u", " --user="])
        {
            if (line.IndexOf(option, StringComparison.Ordinal) is not (> 0 and var found) || line[..found].Contains('\n') && !line[..found].Contains("\\\n", StringComparison.Ordinal)) continue;
            var from = found + option.Length;
            while (from < line.Length && line[from] is '"' or '\'' or '\\' or ' ') from++;
            var credentials = line[from..];
            var end = credentials.IndexOfAny(Blanks);
            if (end >= 0) credentials = credentials[..end];
            if (credentials.IndexOf(':') is > 0 and var colon && credentials.Length - colon > 4 && !credentials.StartsWith("http") && IsValue(credentials[(colon + 1)..]))
                return new(CurlPassword, at + from + colon + 1, credentials.Length - colon - 1);
        }
        return null;
    }

    private static TextMatch? Basic(ReadOnlySpan<char> text, int at)
    {
        var value = Letters(text, at + "Basic ".Length, Base64Letters);
        return value.Length is >= 12 and <= 400 && IsLogin(value) ? new(BasicHeader, at + "Basic ".Length, value.Length) : null;
    }

    private static TextMatch? Bearer(ReadOnlySpan<char> text, int at)
    {
        var start = at + "Bearer ".Length;
        var value = Letters(text, start, HeaderLetters).TrimEnd('.');
        return SecretValues.IsDrawn(value, hexCounts: true) && !SecretValues.IsPlaceholder(value) && !TokenFinder.IsIn(text, start, value.Length) ? new(BearerHeader, start, value.Length) : null;
    }

    // "auth": "dXNlcjpwYXNzd29yZA==".
    private static TextMatch? Docker(ReadOnlySpan<char> text, int at)
    {
        var start = at + 4;
        if (start >= text.Length || text[start] is not ('"' or '\\' or '\'')) return null;
        while (start < text.Length && start < at + 16 && text[start] is '"' or '\\' or '\'' or ':' or ' ' or '\t') start++;
        var value = Letters(text, start, Base64Letters);
        return value.Length is >= 12 and <= 4096 && IsLogin(value) ? new(DockerAuth, start, value.Length) : null;
    }

    // //registry.npmjs.org/:_authToken=...
    private static TextMatch? Npm(ReadOnlySpan<char> text, int at, int length)
    {
        var start = at + length;
        while (start < text.Length && start < at + length + 4 && text[start] is ' ' or '=') start++;
        if (start == at + length) return null;
        if (start < text.Length && text[start] == '"') start++;
        var value = Letters(text, start, HeaderLetters);
        var isScoped = at > 0 && text[at - 1] == ':';
        var isOne = length == "_auth".Length ? IsLogin(value) : isScoped && value.Length >= 8 && TokenChecks.HasDigit(value) && TokenChecks.IsDrawn(value) && (SecretValues.IsUuid(value) || !SecretValues.IsPlaceholder(value));
        return isOne && !TokenFinder.IsIn(text, start, value.Length) ? new(NpmAuth, start, value.Length) : null;
    }

    // machine HOST login USER password PASSWORD.
    private static TextMatch? Netrc(ReadOnlySpan<char> text, int at)
    {
        var rest = text.Slice(at, Math.Min(LineCharsMax, text.Length - at));
        var from = 0;
        ReadOnlySpan<char> word = default;
        for (var i = 0; i < 8; i++)
        {
            var isPassword = word is "password";
            if (!NextWord(rest, ref from, out word)) return null;
            if (i == 2 && word is not ("login" or "account")) return null;
            if (isPassword) return IsValue(word) ? new(NetrcPassword, at + from - word.Length, word.Length) : null;
        }
        return null;
    }

    // username = x, and on the next line password = y.
    private static TextMatch? Ini(ReadOnlySpan<char> text, int at)
    {
        var rest = text.Slice(at, Math.Min(LineCharsMax, text.Length - at));
        var from = 0;
        from = "username".Length;
        if (!NextSign(rest, ref from) || !NextWord(rest, ref from, out _) || !NextWord(rest, ref from, out var word)) return null;
        if (!word.StartsWith("password") || word.Trim("=:") is not "password") return null;
        from -= word.Length - "password".Length;
        if (!NextSign(rest, ref from) || !NextWord(rest, ref from, out word)) return null;
        return IsValue(word) && !SecretValues.IsPlaceholder(word) && SecretValues.IsStrong(word, isQuoted: false) && !TokenFinder.IsIn(text, at + from - word.Length, word.Length) ? new(IniPassword, at + from - word.Length, word.Length) : null;
    }

    private static bool NextSign(ReadOnlySpan<char> text, scoped ref int at)
    {
        while (at < text.Length && text[at] is ' ' or '\t') at++;
        return at < text.Length && text[at++] is '=' or ':';
    }

    private static bool NextWord(ReadOnlySpan<char> text, scoped ref int at, out ReadOnlySpan<char> word)
    {
        while (at < text.Length && (text[at] is ' ' or '\t' or '\r' or '\n' || (text[at] == '\\' && at + 1 < text.Length && text[at + 1] is 'n' or 'r' or 't'))) at += text[at] == '\\' ? 2 : 1;
        var rest = text[at..];
        var end = rest.IndexOfAny(Blanks);
        word = end < 0 ? rest : rest[..end];
        at += word.Length;
        return word.Length > 0;
    }

    private static ReadOnlySpan<char> Letters(ReadOnlySpan<char> text, int start, SearchValues<char> letters)
    {
        var rest = text.Slice(Math.Min(start, text.Length), Math.Min(4096, text.Length - Math.Min(start, text.Length)));
        var end = rest.IndexOfAnyExcept(letters);
        return end < 0 ? rest : rest[..end];
    }

    // Base64 of user:password.
    private static bool IsLogin(ReadOnlySpan<char> base64)
    {
        if (base64.Length is < 8 or > 4096 || base64.Length % 4 == 1 || !Base64.IsValid(base64.TrimEnd('=').Length % 4 == 0 ? base64.TrimEnd('=') : base64)) return false;
        var bytes = new byte[base64.Length];
        if (!Convert.TryFromBase64Chars(base64, bytes, out var count)) return false;
        var text = bytes.AsSpan(0, count);
        var colon = text.IndexOf((byte)':');
        if (colon <= 0 || count - colon <= LoginCharsMin || text.ContainsAnyExceptInRange((byte)' ', (byte)'~')) return false;
        return IsValue(System.Text.Encoding.ASCII.GetString(text[(colon + 1)..]));
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
}
