// Collects what a run exchanges while it runs, within its limits. Thread-safe. What it hands out is redacted already.
using System.Collections.Immutable;
using System.Text;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Engines.Network;

internal sealed class NetworkRecorder(Redactor redactor, NetworkLimits limits)
{
    private const string Hidden = "[redacted]";

    /// <summary>Names of query members whose values are credentials wherever they stand.</summary>
    private static readonly string[] SecretMembers =
        ["token", "secret", "password", "passwd", "signature", "credential", "apikey", "api_key", "api-key", "access_key", "accesskey", "authorization"];
    private static readonly string[] SecretMembersWhole = ["key", "sig", "auth", "code", "jwt", "pwd", "sid", "session"];

    /// <summary>Never on record, whatever they hold.</summary>
    private static readonly string[] SecretHeaders = ["Set-Cookie", "WWW-Authenticate", "Authentication-Info", "Proxy-Authenticate"];

    private readonly Lock gate = new();
    private readonly SortedDictionary<int, NetworkExchange> exchanges = [];
    private readonly Dictionary<Digest, ReadOnlyMemory<byte>> bodies = [];
    private int begun;
    private long unrecorded, kept, total, held;

    /// <returns>The exchange's place in the record; null when there are too many.</returns>
    public int? Begin()
    {
        lock (gate)
        {
            if (begun < limits.Exchanges) return begun++;
            unrecorded++;
            return null;
        }
    }

    public void End(int place, NetworkExchange exchange)
    {
        if (!limits.Records) return;
        lock (gate) exchanges[place] = exchange;
    }

    /// <summary>Whether so many bytes more may pass in either direction.</summary>
    public bool Count(long bytes) => Interlocked.Add(ref total, bytes) <= limits.TotalBytes;

    /// <summary>Whether so many bytes more of requests may be held; <see cref="LetGo"/> gives them back.</summary>
    public bool Hold(long bytes) => Interlocked.Add(ref held, bytes) <= limits.HeldBytes;

    public void LetGo(long bytes) => Interlocked.Add(ref held, -bytes);

    /// <summary>Whether the run has room to keep so many bytes of an answer.</summary>
    public bool Reserve(long bytes)
    {
        if (Interlocked.Add(ref kept, bytes) <= limits.KeptTotalBytes) return true;
        Interlocked.Add(ref kept, -bytes);
        return false;
    }

    /// <returns>False for a body that holds a secret: it is not kept.</returns>
    public bool Keep(Digest digest, ReadOnlyMemory<byte> body)
    {
        if (redactor.FindIn(body.Span) is not null) return false;
        lock (gate) bodies[digest] = body;
        return true;
    }

    public NetworkLog Log()
    {
        lock (gate) return new([.. exchanges.Values], bodies.ToImmutableDictionary(), unrecorded);
    }

    /// <summary>A URL without credentials: known secrets, and the values of members that are credentials by their name.</summary>
    public string Url(string url)
    {
        var question = url.IndexOf('?', StringComparison.Ordinal);
        if (question < 0) return redactor.Redact(url);
        var query = url[(question + 1)..].Split('&').Select(member =>
        {
            var equals = member.IndexOf('=', StringComparison.Ordinal);
            return equals > 0 && IsSecret(Uri.UnescapeDataString(member[..equals])) ? member[..(equals + 1)] + Hidden : member;
        });
        return redactor.Redact($"{url[..question]}?{string.Join('&', query)}");
    }

    public string Text(string text) => redactor.Redact(text);

    public ImmutableArray<(string, string)> Headers(IEnumerable<(string Name, string Value)> headers) =>
        [.. headers.Where(h => !SecretHeaders.Contains(h.Name, StringComparer.OrdinalIgnoreCase)).Select(h => (h.Name, h.Name.Equals("Location", StringComparison.OrdinalIgnoreCase) ? Url(h.Value) : redactor.Redact(h.Value)))];

    /// <summary>What makes two requests one and the same to a replay: method, URL, body, and the headers that choose between representations.</summary>
    public Digest Key(HttpHead head, string url, ReadOnlySpan<byte> body)
    {
        var text = new StringBuilder($"{head.Method}\n{Url(url)}\n{(body.IsEmpty ? "" : Digest.Of(body).ToString())}\n");
        foreach (var name in (string[])["accept", "accept-encoding", "content-encoding", "content-type", "git-protocol", "if-modified-since", "if-none-match", "range"])
            text.Append(name).Append(": ").AppendJoin(", ", head.Values(name)).Append('\n');
        return Digest.Of(Encoding.UTF8.GetBytes(redactor.Redact(text.ToString())));
    }

    private static bool IsSecret(string name) =>
        SecretMembersWhole.Contains(name, StringComparer.OrdinalIgnoreCase) || SecretMembers.Any(s => name.Contains(s, StringComparison.OrdinalIgnoreCase));
}
