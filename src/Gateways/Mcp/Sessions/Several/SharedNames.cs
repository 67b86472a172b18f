// Names of tools and prompts of several servers behind one endpoint: "server__name" (MCP-01). The rule in words: docs/reference/mcp-messages.md.
// Invariant: a name leads to one server and to one name of it, and fits the 64 characters that clients and models take.
using System.Security.Cryptography;
using System.Text;

namespace CabinCrew.Gateways.Mcp.Sessions.Several;

public static class ServerNames
{
    public const string Separator = "__";
    public const int ServerCharsMax = 32;
    public const int NameCharsMax = 64;

    /// <summary>Letters, digits, hyphens and single underscores within: then the first separator in a name always ends the server's.</summary>
    public static bool IsValid(string server) =>
        server.Length is > 0 and <= ServerCharsMax
        && server.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')
        && char.IsAsciiLetterOrDigit(server[0]) && server[^1] != '_'
        && !server.Contains(Separator, StringComparison.Ordinal);

    /// <summary>The shared name. Where it would be too long, its end gives way to a digest of what it stands for.</summary>
    public static string Shared(string server, string own)
    {
        var whole = server + Separator + own;
        if (whole.Length <= NameCharsMax) return whole;
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(own)).AsSpan(0, 6));
        var kept = NameCharsMax - digest.Length - 1;
        // Half of a surrogate pair would be no character.
        if (char.IsHighSurrogate(whole[kept - 1])) kept--;
        return $"{whole[..kept]}_{digest}";
    }
}

/// <summary>The shared names of one session's servers, and the way back.</summary>
internal sealed class SharedNames
{
    private const int ShortenedMax = 10_000;
    private readonly Lock gate = new();
    private readonly Dictionary<string, Link> byServer;
    private readonly Dictionary<string, string> shortened = new(StringComparer.Ordinal);

    public SharedNames(IReadOnlyList<Link> links)
    {
        if (links.FirstOrDefault(l => !ServerNames.IsValid(l.Name)) is { } odd) throw new ArgumentException($"'{odd.Name}' is no name for one of several servers", nameof(links));
        byServer = links.ToDictionary(l => l.Name, StringComparer.Ordinal);
    }

    public string Share(Link link, string own)
    {
        var shared = ServerNames.Shared(link.Name, own);
        if (shared.Length == link.Name.Length + ServerNames.Separator.Length + own.Length) return shared;
        lock (gate)
        {
            if (shortened.Count < ShortenedMax) shortened[shared] = own;
        }
        return shared;
    }

    /// <summary>The server and its own name; null: no server of this session is meant.</summary>
    public (Link Link, string Own)? Find(string shared)
    {
        var end = shared.IndexOf(ServerNames.Separator, StringComparison.Ordinal);
        if (end < 0 || !byServer.TryGetValue(shared[..end], out var link)) return null;
        lock (gate)
        {
            // A digest says what was meant only to those who have listed it in this session.
            return (link, shortened.GetValueOrDefault(shared, shared[(end + ServerNames.Separator.Length)..]));
        }
    }
}
