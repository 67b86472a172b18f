// What a step is told by earlier steps: values from their frozen artifacts, as the workflow maps them, and nothing else (ORC-02).
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Orchestrator.Workflows.Stages;

internal static class ContextGathering
{
    private const int BodyBytesMax = 1 << 20;

    public static async Task<Outcome<JsonElement>> GatherAsync(StepContext c, CancellationToken ct)
    {
        var context = new JsonObject();
        foreach (var (key, source) in c.Definition.Context.OrderBy(s => s.Key, StringComparer.Ordinal))
        {
            var value = await ReadAsync(c, source, ct).ConfigureAwait(false);
            if (!value.Try(out var node, out var problem)) return problem.At($"context {key}");
            context[key] = node;
        }
        return StrictJson.Parse(CanonicalJson.Write(context));
    }

    private static async Task<Outcome<JsonNode>> ReadAsync(StepContext c, ContextSource source, CancellationToken ct)
    {
        var plan = c.Journal.State.Steps[source.Step].Plan;
        if (plan?.Artifacts.FirstOrDefault(a => a.Name == source.Artifact.ToString()) is not { } artifact)
            return new Problem(ProblemCode.NotFound, $"step {source.Step} has no artifact {source.Artifact}") { Remedy = "See what it made with `cabincrew show`." };
        if (source.Field == "body") return await BodyAsync(c, artifact, ct).ConfigureAwait(false);

        var blob = await c.Ledger.Blobs.GetAsync(StepContext.Tenant, artifact.Document, ct).ConfigureAwait(false);
        if (!blob.Try(out var bytes, out var problem)) return problem;
        if (!ArtifactDocuments.Read(bytes).Try(out var document, out problem)) return problem;
        var value = document.Metadata;
        foreach (var member in source.Field.Split('.').Skip(1))
            value = value is { ValueKind: JsonValueKind.Object } o && o.TryGetProperty(member, out var inner) ? inner : null;
        return value is { } found
            ? JsonNode.Parse(found.GetRawText())!
            : new Problem(ProblemCode.NotFound, $"artifact {source.Artifact} of step {source.Step} has no {source.Field}");
    }

    private static async Task<Outcome<JsonNode>> BodyAsync(StepContext c, FrozenArtifact artifact, CancellationToken ct)
    {
        if (artifact.Body is not { } digest) return new Problem(ProblemCode.NotFound, $"artifact {artifact.Name} has no body");
        if (artifact.Size > BodyBytesMax) return new Problem(ProblemCode.ArtifactTooLarge, $"the body of {artifact.Name} has {artifact.Size} bytes; context takes at most {BodyBytesMax}");
        var blob = await c.Ledger.Blobs.GetAsync(StepContext.Tenant, digest, ct).ConfigureAwait(false);
        if (!blob.Try(out var bytes, out var problem)) return problem;
        if (!System.Text.Unicode.Utf8.IsValid(bytes.Span)) return new Problem(ProblemCode.JsonNotUtf8, $"the body of {artifact.Name} is not text");
        return JsonValue.Create(Encoding.UTF8.GetString(bytes.Span));
    }
}
