// The way in for artifact.json (ART-02, ART-04): strict JSON, schema, and the draft's `artifact_type` read as `type`.
// Whether body, name and receipt agree with it is judged where the directory is read.
using System.Text.Json;
using System.Text.Json.Nodes;
using CabinCrew.Protocol.Json;
using CabinCrew.Protocol.Schemas;

namespace CabinCrew.Protocol.Wire;

public static class ArtifactDocuments
{
    public const string Schema = "artifact";
    private const string DraftType = "artifact_type";

    /// <summary>artifact.json is a description; bulk belongs into body.data.</summary>
    public static readonly JsonLimits Limits = new(BytesMax: 1 << 20, DepthMax: 32, ValuesMax: 50_000);

    /// <summary>Refuses with the JSON codes or with <see cref="ProblemCode.ArtifactMalformed"/>; the message names the field.</summary>
    public static Outcome<ArtifactDocument> Read(ReadOnlyMemory<byte> utf8) => StrictJson.Parse(utf8, Limits).Then(Read);

    /// <summary>The same for a document that is already parsed strictly.</summary>
    public static Outcome<ArtifactDocument> Read(JsonElement document)
    {
        if (!SchemaCatalog.Validate(Schema, document).Try(out _, out var problem)) return Malformed(document, problem);
        if (document.TryGetProperty("body", out _) && document.TryGetProperty("body_file", out _))
            return new Problem(ProblemCode.ArtifactMalformed, "'body' and 'body_file' both stand here: reviewers could not know which one is meant") { Where = "/body" };
        if (document.TryGetProperty(DraftType, out var draft))
        {
            if (document.TryGetProperty("type", out _))
                return new Problem(ProblemCode.ArtifactMalformed, "'type' and 'artifact_type' both stand here; write only 'type'") { Where = "/artifact_type" };
            var seeds = JsonObject.Create(document)!;
            seeds.Remove(DraftType);
            seeds["type"] = draft.GetString();
            document = WireJson.ToElement(seeds);
        }
        return SchemaCatalog.Map(Schema, document, ProtocolJson.Default.ArtifactDocument).Try(out var value, out var unmapped)
            ? value
            : unmapped with { Code = ProblemCode.ArtifactMalformed };
    }

    /// <summary>The document as an engine writes it: the seeds' spelling, canonical bytes, so that the same intent has the same hash.</summary>
    public static byte[] Write(ArtifactDocument document) => WireJson.Canonical(document, ProtocolJson.Default.ArtifactDocument);

    // Two mistakes have codes of their own, since their remedies differ.
    private static Problem Malformed(JsonElement document, Problem problem)
    {
        if (document.ValueKind is JsonValueKind.Object && document.TryGetProperty("body_file", out var file)
            && !(file.ValueKind is JsonValueKind.String && file.ValueEquals("body.data"u8)))
            return problem with { Code = ProblemCode.ArtifactBodyFileInvalid, Message = "body_file may only be \"body.data\"", Where = "/body_file" };
        return problem with { Code = ProblemCode.ArtifactMalformed };
    }
}
