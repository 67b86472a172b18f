// Doors of the network's proxy: requests from an engine that may send anything, destinations in any spelling, the record that a replay reads.
using System.Collections.Immutable;
using System.Net;
using System.Text;
using CabinCrew.Governance.Network;
using CabinCrew.Orchestrator.Engines.Network;
using CabinCrew.Protocol;
using static CabinCrew.Tests.Fuzz.FuzzTarget;

namespace CabinCrew.Tests.Fuzz;

internal static class NetworkTargets
{
    public static IEnumerable<FuzzTarget> All =>
    [
        new("http", [.. JsonTargets.Texts(
            "GET http://example.org/ HTTP/1.1\r\nHost: example.org\r\n\r\nGET / HTTP/1.0\r\n\r\n",
            "POST /x/git-upload-pack HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-git-upload-pack-request\r\nContent-Length: 4\r\n\r\n0000",
            "PUT /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\nCONNECT a:443 HTTP/1.1\r\n\r\n")], Http,
            "\r\n", "\n", "\r\n\r\n", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", "Transfer-Encoding : chunked\r\n", "HTTP/1.0", "Connection: upgrade\r\n", "Upgrade: h2c\r\n", "X-HTTP-Method: PUT\r\n", "Host: b\r\n", "0\r\n\r\n", "ffffff\r\n", "+1", "0x1")
            { Short = 4000 },
        new("destination", [.. JsonTargets.Texts("example.org:443", "[::1]:80", "127.0.0.1:1", "[::ffff:10.0.0.1]:443", "[64:ff9b::a00:1]:443", "A.b-c.example")], Destination,
            "[", "]", ":", "%1", "0x7f", "::", "127.1", ".", "..", "xn--", "\u212a", "\uff0e", "@", "/", "#") { Short = 8000 },
        new("exchanges", [new NetworkLog([new() { Method = "GET", Url = "https://a/", Status = 200, ResponseBytes = 3, ResponseBody = Digest.Of("abc"u8), Kept = true, Headers = [("a", "b")], Key = Digest.Of("k"u8) },
            new() { Method = "GET", Url = "https://b/", Status = 403, Problem = "io_failed", Message = "m" }], ImmutableDictionary<Digest, ReadOnlyMemory<byte>>.Empty).ToJson()], Exchanges, "exchanges", "headers", "key", "sha256:", "kept", "unrecorded") { Short = 2000 },
    ];

    private static string Http(byte[] input)
    {
        var whole = Requests(new MemoryStream(input));
        // However the bytes come in, they are the same requests.
        if (input.Length < 2000) Holds(whole == Requests(new Drops(input)), "byte by byte it is another request");
        return whole.Length > 160 ? whole[..160] : whole;
    }

    private static string Requests(Stream stream)
    {
        var reader = new HttpReader(stream, NetworkLimits.Default);
        var rules = new RequestRules(EngineMode.FlightPlan);
        var words = new StringBuilder();
        for (var i = 0; i < 6; i++)
        {
            var (head, problem) = reader.HeadAsync(default).GetAwaiter().GetResult();
            if (problem is not null) return words.Append(Refused(problem)).ToString();
            if (head is null) return words.Append("end").ToString();
            Holds(head.Headers.All(h => h.Name.Length > 0 && !h.Value.Any(c => c is '\r' or '\n' or '\0')), "a line break within a header");
            if (!head.Body().Try(out var framing, out problem)) return words.Append(Refused(problem)).ToString();
            Holds(!(framing.Chunked && head.Has("Content-Length")), "two lengths for one body");
            var judged = rules.Judge(head, $"http://x{head.Target}", framing);
            Holds(judged is not null || head.Method is "GET" or "HEAD" or "OPTIONS" && !framing.HasBody, $"forwarded from a flight-plan: {head.Method}");
            if (!reader.BodyAsync(framing, static _ => true, default).GetAwaiter().GetResult().Try(out var body, out problem)) return words.Append(Refused(problem)).ToString();
            Holds(framing.Chunked || body.Length == framing.Length, "a body of another length than it says");
            words.Append(head.Method.Length).Append(framing.Chunked ? 'c' : framing.HasBody ? 'l' : '-').Append(head.KeepsAlive ? ' ' : '!');
        }
        return words.ToString();
    }

    private static string Destination(byte[] input)
    {
        var text = Encoding.UTF8.GetString(input);
        if (Authority.Parse(text, 443) is not { } to) return "none";
        Holds(to.Port is > 0 and <= 65535 && Authority.Parse(to.ToString(), 0) == to, $"written and read again it is another: {to}");
        // What is no address to us must be none to a resolver that knows the old spellings of numbers.
        Holds(to.Address is not null || !IPAddress.TryParse(to.Host, out _), $"a number in disguise: {to.Host}");
        Holds(to.Address is not null || to.Host.All(char.IsAscii), "a letter that folds into another");
        if (to.Address is not { } address) return "name";
        var plain = PublicAddress.Plain(address);
        Holds(!PublicAddress.Is(address) || PublicAddress.Is(plain) && !IPAddress.IsLoopback(plain), $"public outside and not inside: {address}");
        return $"{address.AddressFamily} {PublicAddress.Is(address)}";
    }

    private static string Exchanges(byte[] input)
    {
        if (!NetworkLog.Read(input).Try(out var log, out var problem)) return Refused(problem);
        var written = log.ToJson();
        var again = NetworkLog.Read(written);
        Holds(again.Ok && again.Value.ToJson().AsSpan().SequenceEqual(written), $"written and read again it is another: {again.Problem}");
        return $"{log.Exchanges.Length} {log.Refused}";
    }

    /// <summary>A stream that gives one byte at a time.</summary>
    private sealed class Drops(byte[] bytes) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Read(buffer.Span[..Math.Min(1, buffer.Length)]));
    }
}
