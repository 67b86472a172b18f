// What a run said to the network and what it was answered: a document for reviewers, and the source of a replay. Holds no secret: URLs and headers are
// redacted before they come here. Two runs that said and heard the same have the same bytes.
using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;

namespace CabinCrew.Orchestrator.Engines.Network;

public sealed record NetworkExchange
{
    public required string Method { get; init; }
    /// <summary>With the destination of a refused CONNECT as <c>host:port</c>.</summary>
    public required string Url { get; init; }
    /// <summary>What the engine was answered.</summary>
    public required int Status { get; init; }
    public long RequestBytes { get; init; }
    public Digest? RequestBody { get; init; }
    public long ResponseBytes { get; init; }
    /// <summary>Null where the answer did not come to its end.</summary>
    public Digest? ResponseBody { get; init; }
    /// <summary>The answer's body is kept, so that it can be replayed.</summary>
    public bool Kept { get; init; }
    public ImmutableArray<(string Name, string Value)> Headers { get; init; } = [];
    /// <summary>What a replay finds it by; null for what cannot be replayed.</summary>
    public Digest? Key { get; init; }
    /// <summary>The refusal's code, and what was said.</summary>
    public string? Problem { get; init; }
    public string? Message { get; init; }
}

/// <param name="Bodies">Of the exchanges that are kept. Empty in a log that was read from its document alone.</param>
/// <param name="Unrecorded">Requests beyond the limit of exchanges: refused, and counted only.</param>
public sealed record NetworkLog(ImmutableArray<NetworkExchange> Exchanges, ImmutableDictionary<Digest, ReadOnlyMemory<byte>> Bodies, long Unrecorded = 0)
{
    public const string Format = "cabincrew-network-log/1";
    private static readonly JsonLimits Limits = new(BytesMax: 64 << 20);

    public int Refused => Exchanges.Count(e => e.Problem is not null);

    public long SentBytes => Exchanges.Sum(e => e.RequestBytes);

    public long ReceivedBytes => Exchanges.Sum(e => e.ResponseBytes);

    public byte[] ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var w = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            w.WriteStartObject();
            w.WriteString("format", Format);
            w.WriteNumber("unrecorded", Unrecorded);
            w.WriteStartArray("exchanges");
            foreach (var exchange in Exchanges) Write(w, exchange);
            w.WriteEndArray();
            w.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter w, NetworkExchange e)
    {
        w.WriteStartObject();
        w.WriteString("method", e.Method);
        w.WriteString("url", e.Url);
        w.WriteNumber("status", e.Status);
        w.WriteNumber("request_bytes", e.RequestBytes);
        if (e.RequestBody is { } sent) w.WriteString("request_body", sent.ToString());
        w.WriteNumber("response_bytes", e.ResponseBytes);
        if (e.ResponseBody is { } received) w.WriteString("response_body", received.ToString());
        w.WriteBoolean("kept", e.Kept);
        w.WriteStartArray("headers");
        foreach (var (name, value) in e.Headers)
        {
            w.WriteStartArray();
            w.WriteStringValue(name);
            w.WriteStringValue(value);
            w.WriteEndArray();
        }
        w.WriteEndArray();
        if (e.Key is { } key) w.WriteString("key", key.ToString());
        if (e.Problem is { } problem) w.WriteString("problem", problem);
        if (e.Message is { } message) w.WriteString("message", message);
        w.WriteEndObject();
    }

    /// <summary>Reads a document; whoever means to replay it adds the bodies.</summary>
    public static Outcome<NetworkLog> Read(ReadOnlyMemory<byte> bytes)
    {
        if (!StrictJson.Parse(bytes, Limits).Try(out var json, out var problem)) return Damaged(problem.Message);
        try
        {
            if (json.GetProperty("format").GetString() != Format) return Damaged("its format is not known");
            return new NetworkLog([.. json.GetProperty("exchanges").EnumerateArray().Select(Exchange)], ImmutableDictionary<Digest, ReadOnlyMemory<byte>>.Empty, json.GetProperty("unrecorded").GetInt64());
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or FormatException or IndexOutOfRangeException)
        {
            return Damaged(e.Message);
        }
    }

    private static NetworkExchange Exchange(JsonElement e) => new()
    {
        Method = e.GetProperty("method").GetString()!,
        Url = e.GetProperty("url").GetString()!,
        Status = e.GetProperty("status").GetInt32(),
        RequestBytes = e.GetProperty("request_bytes").GetInt64(),
        RequestBody = DigestOf(e, "request_body"),
        ResponseBytes = e.GetProperty("response_bytes").GetInt64(),
        ResponseBody = DigestOf(e, "response_body"),
        Kept = e.GetProperty("kept").GetBoolean(),
        Headers = [.. e.GetProperty("headers").EnumerateArray().Select(h => (h[0].GetString()!, h[1].GetString()!))],
        Key = DigestOf(e, "key"),
        Problem = e.TryGetProperty("problem", out var p) ? p.GetString() : null,
        Message = e.TryGetProperty("message", out var m) ? m.GetString() : null,
    };

    private static Digest? DigestOf(JsonElement e, string name) => e.TryGetProperty(name, out var value) ? Digest.Parse(value.GetString() ?? "") : null;

    private static Problem Damaged(string why) => new(ProblemCode.BlobCorrupt, $"the record of a run's network use cannot be read: {(why.Length <= 300 ? why : why[..300])}");
}
