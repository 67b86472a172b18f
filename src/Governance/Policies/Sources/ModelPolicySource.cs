// A model that judges what a plan brings (PRE-06): the text that each change adds to a file, and the bodies of artifacts that are text. Binary content is none of a text model's business.
using System.Text;
using CabinCrew.Governance.Detection;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Governance.Policies.Sources;

internal sealed class ModelPolicySource(string name, ITextModel model) : IPolicySource
{
    /// <summary>Raised whenever other texts of the same plan are looked at. Part of the digest.</summary>
    private const int Version = 1;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public string Name { get; } = $"{TextModels.Kind}:{name}";

    public PolicyOrigin Origin => PolicyOrigin.Onnx;

    public Digest Digest { get; } = TextModels.DigestOf(model, Version);

    public static Outcome<IPolicySource> Load(PolicyRef reference, PolicySurroundings at) =>
        TextModels.Load(reference, at).Map(model => (IPolicySource)new ModelPolicySource(reference.Value, model));

    public ValueTask<IReadOnlyList<PolicyVerdict>> EvaluateAsync(PolicySubject subject, CancellationToken ct)
    {
        List<PolicyVerdict> verdicts = [];
        var texts = 0;
        foreach (var (place, text) in Texts(subject))
        {
            ct.ThrowIfCancellationRequested();
            texts++;
            if (TextModels.Judge(model, place, text, ct) is { } verdict) verdicts.Add(verdict);
        }
        return new(verdicts.Count > 0 ? verdicts : [TextModels.Nothing(model, texts)]);
    }

    private static IEnumerable<(string Place, string Text)> Texts(PolicySubject subject)
    {
        foreach (var change in subject.Changes)
            if (change.AddedLines.Count > 0) yield return (change.Change.Path.ToString(), string.Join('\n', change.AddedLines.Select(l => l.Text)));
        foreach (var artifact in subject.Artifacts)
        {
            // What a patch adds has been looked at as the files will have it.
            if (artifact.Body is not { } body || (artifact.Role == ArtifactRole.Evidence && ArtifactTypes.DeclaresFileChanges(artifact.Type))) continue;
            if (TextOf(body.Span) is { } text) yield return ($"artifact {artifact.Name}", text);
        }
    }

    private static string? TextOf(ReadOnlySpan<byte> body)
    {
        if (body.Contains((byte)0)) return null;
        try
        {
            return Utf8.GetString(body);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
