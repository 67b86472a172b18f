// A mapped secret's value, in any usual encoding, anywhere in what an engine hands over, is a deny (ART-07). Always part of a policy set.
using System.Text;
using System.Text.Json;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Policies.Sources;

internal sealed class MappedSecretsPolicySource(Redactor redactor) : IPolicySource
{
    public const string Id = "mapped-secrets";

    public string Name => Id;

    public PolicyOrigin Origin => PolicyOrigin.Custom;

    /// <summary>Over the source's own version: which secrets there are is no setting of the policy, and their values are bound nowhere.</summary>
    public Digest Digest { get; } = Digest.Of("mapped-secrets v1"u8);

    public ValueTask<IReadOnlyList<PolicyVerdict>> EvaluateAsync(PolicySubject subject, CancellationToken ct)
    {
        List<PolicyVerdict> found = [];
        foreach (var artifact in subject.Artifacts)
        {
            ct.ThrowIfCancellationRequested();
            foreach (var (part, secret) in Leaks(artifact))
                found.Add(new(Id, Decision.Deny,
                    $"the artifact '{artifact.Name}' holds the value of the secret {secret} in its {part}; engines must not copy secrets, and this one should be rotated"));
        }

        foreach (var change in subject.Changes)
        {
            ct.ThrowIfCancellationRequested();
            if (FindInChange(change) is { } secret)
                found.Add(new(Id, Decision.Deny, $"the change to '{change.Change.Path}' brings the value of the secret {secret} into the workspace"));
        }

        return new(found.Count > 0 ? found : [new(Id, Decision.Allow, "no mapped secret in any artifact")]);
    }

    private IEnumerable<(string Part, string Secret)> Leaks(JudgedArtifact artifact)
    {
        if (redactor.FindIn(artifact.Document.Span) is { } inDocument) yield return ("artifact.json", inDocument);
        // The document's bytes may spell a letter as \u0041: look at what they mean as well.
        else if (FindIn(artifact.Metadata) is { } inMetadata) yield return ("metadata", inMetadata);
        if (artifact.Body is { } body && redactor.FindIn(body.Span) is { } inBody) yield return ("body", inBody);
    }

    private string? FindIn(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String: return FindIn(value.GetString()!);
            case JsonValueKind.Array:
                foreach (var item in value.EnumerateArray())
                    if (FindIn(item) is { } secret) return secret;
                return null;
            case JsonValueKind.Object:
                foreach (var member in value.EnumerateObject())
                    if ((FindIn(member.Name) ?? FindIn(member.Value)) is { } secret) return secret;
                return null;
            default: return null;
        }
    }

    private string? FindInChange(JudgedChange change)
    {
        if (FindIn(change.Change.Path.ToString()) is { } inPath) return inPath;
        if (change.AddedLines.Count == 0) return null;
        // Joined, so that a secret of several lines is found too.
        return FindIn(string.Join('\n', change.AddedLines.Select(l => l.Text)));
    }

    private string? FindIn(string text) => redactor.FindIn(Encoding.UTF8.GetBytes(text));
}
