// A URI taken apart as Go's url.Parse does it.
using System.Globalization;
using System.Text;

namespace CabinCrew.Rego.Builtins.Encodings;

internal sealed record UriParts(string Scheme, string Host, string Port, string Path, string RawPath, string Query, string Fragment)
{
    /// <summary>Null, and Go's message, where the text is no URI.</summary>
    public static UriParts? Parse(string text, out string problem)
    {
        problem = text.Any(c => c < ' ' || c == 0x7f) ? "net/url: invalid control character in URL" : "";
        if (problem.Length > 0) return null;
        var rest = text;
        var hash = rest.IndexOf('#', StringComparison.Ordinal);
        var fragment = hash < 0 ? "" : rest[(hash + 1)..];
        if (hash >= 0) rest = rest[..hash];
        if (UrlFunctions.Unescape(fragment, plusIsSpace: false, out problem) is not { } plainFragment) return null;
        if (TakeScheme(ref rest, out problem) is not { } scheme) return null;
        var mark = rest.IndexOf('?', StringComparison.Ordinal);
        var query = mark < 0 ? "" : rest[(mark + 1)..];
        if (mark >= 0) rest = rest[..mark];
        if (!rest.StartsWith('/'))
        {
            // An opaque URI such as mailto:user@example.com has no path.
            if (scheme.Length > 0) return new UriParts(scheme, "", "", "", "", query, plainFragment);
            var slash = rest.IndexOf('/', StringComparison.Ordinal);
            if ((slash < 0 ? rest : rest[..slash]).Contains(':', StringComparison.Ordinal))
            {
                problem = "first path segment in URL cannot contain colon";
                return null;
            }
        }

        string host = "", port = "";
        if (rest.StartsWith("//", StringComparison.Ordinal) && !rest.StartsWith("///", StringComparison.Ordinal))
        {
            var end = rest.IndexOf('/', 2);
            var authority = end < 0 ? rest[2..] : rest[2..end];
            rest = end < 0 ? "" : rest[end..];
            if (!Authority(authority, out host, out port, out problem)) return null;
        }

        return UrlFunctions.Unescape(rest, plusIsSpace: false, out problem) is { } path
            ? new UriParts(scheme, host, port, path, rest == Escape(path) ? path : rest, query, plainFragment)
            : null;
    }

    // As Go writes a path: what reads back as it was written has no raw form of its own.
    private static string Escape(string path)
    {
        var text = new StringBuilder(path.Length);
        foreach (var unit in Encoding.UTF8.GetBytes(path))
        {
            if (char.IsAsciiLetterOrDigit((char)unit) || "-_.~$&+,/:;=@".Contains((char)unit, StringComparison.Ordinal)) text.Append((char)unit);
            else text.Append(CultureInfo.InvariantCulture, $"%{unit:X2}");
        }

        return text.ToString();
    }

    private static string? TakeScheme(ref string rest, out string problem)
    {
        problem = "";
        for (var i = 0; i < rest.Length; i++)
        {
            var c = rest[i];
            if (char.IsAsciiLetter(c)) continue;
            if (i > 0 && (char.IsAsciiDigit(c) || c is '+' or '-' or '.')) continue;
            if (c != ':') return "";
            if (i == 0)
            {
                problem = "missing protocol scheme";
                return null;
            }

            var scheme = rest[..i].ToLowerInvariant();
            rest = rest[(i + 1)..];
            return scheme;
        }

        return "";
    }

    private static bool Authority(string authority, out string host, out string port, out string problem)
    {
        problem = port = "";
        var at = authority.LastIndexOf('@');
        host = authority[(at + 1)..];
        string tail;
        if (host.StartsWith('['))
        {
            var close = host.LastIndexOf(']');
            if (close < 0)
            {
                problem = "missing ']' in host";
                return false;
            }

            tail = host[(close + 1)..];
            host = host[1..close];
        }
        else
        {
            var colon = host.LastIndexOf(':');
            tail = colon < 0 ? "" : host[colon..];
            if (colon >= 0) host = host[..colon];
        }

        if (tail.Length > 0 && (tail[0] != ':' || tail.AsSpan(1).ContainsAnyExceptInRange('0', '9')))
        {
            problem = $"invalid port {GoText.Quote(tail)} after host";
            return false;
        }

        port = tail.Length > 0 ? tail[1..] : "";
        if (AsciiEscape(host) is { } escape) problem = $"invalid URL escape {GoText.Quote(escape)}";
        if (problem.Length > 0 || UrlFunctions.Unescape(host, plusIsSpace: false, out problem) is not { } plain) return false;
        var bad = plain.AsSpan().IndexOfAny(" \"<>\\^`{|}");
        if (bad >= 0) problem = $"invalid character {GoText.Quote(plain[bad].ToString())} in host name";
        else if (at > 0 && !IsUser(authority.AsSpan(0, at))) problem = "net/url: invalid userinfo";
        host = plain;
        return problem.Length == 0;
    }

    // In a host only what is not ASCII may be escaped, and the percent sign itself.
    private static string? AsciiEscape(string host)
    {
        for (var at = host.IndexOf('%', StringComparison.Ordinal); at >= 0 && at + 2 < host.Length; at = host.IndexOf('%', at + 1))
        {
            if (host[at + 1] is >= '0' and < '8' && host.AsSpan(at, 3) is not "%25") return host.Substring(at, 3);
        }

        return null;
    }

    private static bool IsUser(ReadOnlySpan<char> user)
    {
        foreach (var c in user)
        {
            if (!char.IsAsciiLetterOrDigit(c) && !"-._:~!$&'()*+,;=%@".Contains(c, StringComparison.Ordinal)) return false;
        }

        return true;
    }
}
