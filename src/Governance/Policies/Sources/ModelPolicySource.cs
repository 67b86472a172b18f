// A model that judges what a plan brings (PRE-06): the text that each change adds to a file, and the bodies of artifacts that are text, in whatever encoding; an odd byte makes no text unread.
// What is no text at all is none of a text model's business, and is told.
using System.Text;
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Detection.Scanning;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Governance.Policies.Sources;

internal sealed class ModelPolicySource(string name, ITextModel model) : IPolicySource
{
    /// <summary>Raised whenever other texts of the same plan are looked at. Part of the digest.</summary>
    private const int Version = 1;

    public string Name { get; } = $"{TextModels.Kind}:{name}";

    public PolicyOrigin Origin => PolicyOrigin.Onnx;

    public Digest Digest { get; } = TextModels.DigestOf(model, Version);

    public static Outcome<IPolicySource> Load(PolicyRef reference, PolicySurroundings at) =>
        TextModels.Load(reference, at).Map(model => (IPolicySource)new ModelPolicySource(reference.Value, model));

    public ValueTask<IReadOnlyList<PolicyVerdict>> EvaluateAsync(PolicySubject subject, CancellationToken ct)
    {
        List<PolicyVerdict> verdicts = [];
        var (texts, unread) = (0, 0);
        foreach (var (place, text) in Texts(subject))
        {
            ct.ThrowIfCancellationRequested();
            if (text is null) unread++;
            else texts++;
            if (text is not null && TextModels.Judge(model, place, text, ct) is { } verdict) verdicts.Add(verdict);
        }
        return new(verdicts.Count > 0 ? verdicts : [TextModels.Nothing(model, texts, unread)]);
    }

    // Null: it is no text.
    private static IEnumerable<(string Place, string? Text)> Texts(PolicySubject subject)
    {
        foreach (var change in subject.Changes)
        {
            if (change.AddedLines.Count > 0) yield return (change.Change.Path.ToString(), string.Join('\n', change.AddedLines.Select(l => l.Text)));
            // A patch calls binary what a reader may well read.
            else if (change is { Binary: true, Content: { IsEmpty: false } content }) yield return (change.Change.Path.ToString(), TextOf(content));
        }
        foreach (var artifact in subject.Artifacts)
        {
            // What a patch adds has been looked at as the files will have it.
            if (artifact.Body is not { } body || (artifact.Role == ArtifactRole.Evidence && ArtifactTypes.DeclaresFileChanges(artifact.Type))) continue;
            yield return ($"artifact {artifact.Name}", TextOf(body));
        }
    }

    private static string? TextOf(ReadOnlyMemory<byte> bytes) => ScanText.Of(bytes) is { } utf8 ? Encoding.UTF8.GetString(utf8.Span) : null;
}
