// The file of a recording: JSON that people read, written one way only, and read as what somebody may have changed: strictly, bounded, each half by its digest.
// Invariant: what is read is whole: its request has the digest that its name says, its answer the one that stands beside it, and a stream has its end.
using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using CabinCrew.Gateways.Http;
using CabinCrew.Gateways.Llm.Wire;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;

namespace CabinCrew.Gateways.Llm.Recordings;

internal static class RecordingFormat
{
    public const int Version = 1, DepthMax = 128, BytesMax = 128 << 20;

    /// <summary>What a provider says of the request, and its callers get to see.</summary>
    public static readonly string[] Headers = ["request-id", "x-request-id", "retry-after"];

    public static readonly JsonLimits Limits = new(BytesMax, DepthMax, int.MaxValue);

    private const int HeaderCharsMax = 1024;
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly string[] Members = ["answer", "answer_digest", "method", "model", "request", "request_digest", "version"];

    public static ReadOnlyMemory<byte> Write(Recording recording)
    {
        var to = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(to, Plain with { Indented = true, NewLine = "\n" }))
        {
            var answer = Answer(recording);
            json.WriteStartObject();
            json.WriteNumber("version", Version);
            json.WriteString("method", recording.Request.Method);
            json.WriteString("model", recording.Request.Model);
            json.WriteString("request_digest", recording.Request.Digest.ToString());
            json.WriteString("answer_digest", CanonicalJson.Hash(answer).ToString());
            json.WritePropertyName("request");
            recording.Request.Body.WriteTo(json);
            json.WritePropertyName("answer");
            answer.WriteTo(json);
            json.WriteEndObject();
        }
        to.Write("\n"u8);
        return to.WrittenMemory;
    }

    public static Outcome<Recording> Read(ReadOnlyMemory<byte> bytes)
    {
        if (!StrictJson.Parse(bytes, Limits).Try(out var root, out var problem)) return problem;
        if (!Has(root, Members) || Number(root, "version") != Version) return Odd($"expected an object with {string.Join(", ", Members)} and nothing else, of version {Version}");
        if (Text(root, "method") is not { } method || LlmApi.All.FirstOrDefault(a => a.Method == method) is not { } api) return Odd("'method' is none that is spoken here");
        if (Text(root, "model") is not { Length: > 0 } model || root.GetProperty("request") is not { ValueKind: JsonValueKind.Object } body) return Odd("'model' is to be a name, 'request' an object");
        var request = new RecordedRequest(method, model, body);
        if (Text(root, "request_digest") != request.Digest.ToString()) return Odd($"its request was changed: it has the digest {request.Digest}");
        var answer = root.GetProperty("answer");
        if (CanonicalJson.Hash(answer) is var digest && Text(root, "answer_digest") != digest.ToString()) return Odd($"its answer was changed: it has the digest {digest}");
        var isStream = answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty("events", out _);
        if (!Has(answer, ["headers", "status", isStream ? "events" : "body"]) || Number(answer, "status") is not { } status || status is < 200 or > 599) return Odd("'answer' is to have a status from 200 to 599, headers, and a body or events");
        if (!HeadersOf(answer.GetProperty("headers")).Try(out var headers, out problem)) return problem;
        return (isStream ? Events(api, answer.GetProperty("events")) : Carried.Of(Compact(answer.GetProperty("body")), BytesMax)).Map(carried => new Recording(request, status, headers, carried));
    }

    // On one line, as providers write it; numbers are spelled as they were.
    private static ReadOnlyMemory<byte> Compact(JsonElement value)
    {
        var to = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(to, Plain)) value.WriteTo(json);
        return to.WrittenMemory;
    }

    private static JsonElement Answer(Recording recording)
    {
        var to = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(to, Plain))
        {
            json.WriteStartObject();
            json.WriteNumber("status", recording.Status);
            json.WriteStartObject("headers");
            foreach (var (name, value) in recording.Headers) json.WriteString(name, value);
            json.WriteEndObject();
            if (recording.Answer.IsStream) json.WriteStartArray("events");
            foreach (var document in recording.Answer.Documents) Document(json, document, recording.Answer.IsStream);
            if (recording.Answer.IsStream) json.WriteEndArray();
            json.WriteEndObject();
        }
        return JsonElement.Parse(to.WrittenSpan, new JsonDocumentOptions { MaxDepth = DepthMax });
    }

    private static void Document(Utf8JsonWriter json, CarriedDocument document, bool isEvent)
    {
        if (isEvent) json.WriteStartObject();
        if (document.Type.Length > 0) json.WriteString("event", document.Type);
        if (isEvent && document.Json.Span.SequenceEqual(Carried.DoneMark)) json.WriteBoolean("done", true);
        else
        {
            json.WritePropertyName(isEvent ? "data" : "body");
            JsonElement.Parse(document.Json.Span, new JsonDocumentOptions { MaxDepth = DepthMax }).WriteTo(json);
        }
        if (isEvent) json.WriteEndObject();
    }

    private static Outcome<Carried> Events(LlmApi api, JsonElement events)
    {
        if (events.ValueKind != JsonValueKind.Array || !api.CanStream) return Odd("'events' is to be a list, of an API that streams");
        var carried = Carried.Stream();
        var ended = false;
        foreach (var one in events.EnumerateArray())
        {
            if (ended) return Odd("an event follows the end of its stream");
            var isTyped = one.ValueKind == JsonValueKind.Object && one.TryGetProperty("event", out _);
            var isDone = one.ValueKind == JsonValueKind.Object && one.TryGetProperty("done", out var mark) && mark.ValueKind == JsonValueKind.True;
            if (!Has(one, [.. isTyped ? (string[])["event"] : [], isDone ? "done" : "data"]) || (isTyped && Text(one, "event") is null)) return Odd("an event is to have 'data' or 'done', and 'event' where it has a type");
            var said = new ServerSentEvent(isTyped ? Text(one, "event")! : "", isDone ? Carried.DoneMark.ToArray() : Compact(one.GetProperty("data")), null, null);
            if (carried.Add(said.Type, said.Data, BytesMax).Problem is { } problem) return problem;
            ended = StreamEnds.IsLast(api, said);
        }
        return ended || StreamEnds.MayEnd(api, carried) ? carried : Odd("its stream ends before its end");
    }

    private static Outcome<IReadOnlyList<(string, string)>> HeadersOf(JsonElement headers)
    {
        List<(string, string)> read = [];
        if (headers.ValueKind != JsonValueKind.Object) return Odd("'headers' is to be an object");
        foreach (var header in headers.EnumerateObject())
        {
            if (!Headers.Contains(header.Name) || header.Value.ValueKind != JsonValueKind.String || header.Value.GetString() is not { Length: > 0 and <= HeaderCharsMax } value || value.AsSpan().ContainsAnyExceptInRange(' ', '~'))
                return Odd($"'headers' may have {string.Join(", ", Headers)}, each a line of text");
            read.Add((header.Name, value));
        }
        return read;
    }

    private static bool Has(JsonElement of, ReadOnlySpan<string> names)
    {
        if (of.ValueKind != JsonValueKind.Object || of.GetPropertyCount() != names.Length) return false;
        foreach (var name in names)
            if (!of.TryGetProperty(name, out _)) return false;
        return true;
    }

    private static string? Text(JsonElement of, string name) => of.GetProperty(name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    private static int? Number(JsonElement of, string name) => of.GetProperty(name) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out var value) ? value : null;

    private static Problem Odd(string why) => new(ProblemCode.InvalidArgument, $"this is no recording that can be used: {why}");
}
