// What makes two requests the same for a recording: the API's method, the model as the caller calls it, and the rest of the body in canonical form after redaction. Which provider is asked, by which
// name of the model, who asks and with which key is no part of it.
// Invariant: nothing is in here that a detector of secrets knows, whatever the gateway's own detectors let pass.
using System.Buffers;
using System.Text;
using System.Text.Json;
using CabinCrew.Gateways.Llm.Calls;
using CabinCrew.Gateways.Llm.Wire;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;

namespace CabinCrew.Gateways.Llm.Recordings;

/// <param name="Body">Canonical, without the model.</param>
internal sealed record RecordedRequest(string Method, string Model, JsonElement Body)
{
    private Digest? digest;

    /// <summary>{"method", "model", "request"}, whose names are in canonical order already.</summary>
    public byte[] Canonical { get; } = Write(Method, Model, Body);

    public Digest Digest => digest ??= Digest.Of(Canonical);

    private static byte[] Write(string method, string model, JsonElement body)
    {
        var to = new ArrayBufferWriter<byte>(1024);
        to.Write("{\"method\":"u8);
        CanonicalJson.Append(to, method);
        to.Write(",\"model\":"u8);
        CanonicalJson.Append(to, model);
        to.Write(",\"request\":"u8);
        CanonicalJson.Write(to, body);
        to.Write("}"u8);
        return to.WrittenSpan.ToArray();
    }
}

/// <param name="secrets">Looks for secrets only, and cuts all of them out.</param>
internal sealed class RecordedRequests(TextScan secrets)
{
    private const string ModelName = "model";

    /// <param name="api">The caller's, which the answer is in.</param>
    /// <param name="body">As it goes to the provider.</param>
    /// <param name="numbers">Those that the request gives.</param>
    public Outcome<RecordedRequest> Of(LlmApi api, string model, ReadOnlyMemory<byte> body, PlaceholderNumbers numbers, CancellationToken ct)
    {
        if (!Carried.Of(body, int.MaxValue).Then(c => Named(c, model)).Then(c => Without(c, ct)).Try(out var clean, out var problem)) return problem;
        var written = CanonicalJson.Text(JsonElement.Parse(clean.Documents[0].Json.Span, new JsonDocumentOptions { MaxDepth = RecordingFormat.DepthMax }));
        // Placeholders have no character that JSON escapes, so that they are found in its text.
        return StrictJson.Parse(Encoding.UTF8.GetBytes(numbers.Number(written)), RecordingFormat.Limits).Map(numbered => new RecordedRequest(api.Method, numbered.GetProperty(ModelName).GetString()!, WithoutModel(numbered)));
    }

    // What a caller calls a model is its own words: looked through as the rest is.
    private static Outcome<Carried> Named(Carried carried, string model) => carried.With(new Dictionary<Piece, string> { [carried.Pieces.First(p => p.Place == $"/{ModelName}")] = model });

    /// <summary>The same without secrets. Refused where they cannot be cut out.</summary>
    public Outcome<Carried> Without(Carried carried, CancellationToken ct)
    {
        var scan = secrets.Run(carried, new Exchange(), isPrompt: true, kept: null, new(), null, ct);
        return scan.Report.Findings.FirstOrDefault(f => f.Decision == Decision.Deny) is { } found
            ? new Problem(ProblemCode.IoFailed, $"the exchange cannot be recorded: {found.Detector}/{found.Rule}: {found.Reason}") { Where = found.Place }
            : scan.Goes;
    }

    private static JsonElement WithoutModel(JsonElement body)
    {
        var to = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(to))
        {
            json.WriteStartObject();
            foreach (var member in body.EnumerateObject().Where(m => m.Name != ModelName)) member.WriteTo(json);
            json.WriteEndObject();
        }
        return JsonElement.Parse(to.WrittenSpan, new JsonDocumentOptions { MaxDepth = RecordingFormat.DepthMax });
    }
}
