// An artifact's text, line by line: the strings of its metadata, and its body where it is text. Bounded; a body beyond the bound is read as far as it goes.
using System.Text;
using System.Text.Json;
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Policies.Rules;

internal static class ArtifactTexts
{
    public const int BodyBytesMax = 8 << 20;

    public static IEnumerable<string> Of(JudgedArtifact artifact)
    {
        if (artifact.Target is { } target) yield return target;
        foreach (var text in Strings(artifact.Metadata))
            foreach (var line in text.Split('\n')) yield return line;
        if (artifact.Body is not { } body) yield break;
        var bytes = body[..Math.Min(body.Length, BodyBytesMax)];
        if (bytes.Span.Contains((byte)0)) yield break;
        using var reader = new StringReader(Encoding.UTF8.GetString(bytes.Span));
        while (reader.ReadLine() is { } line) yield return line;
    }

    private static IEnumerable<string> Strings(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => [value.GetString()!],
        JsonValueKind.Array => value.EnumerateArray().SelectMany(Strings),
        JsonValueKind.Object => value.EnumerateObject().SelectMany(m => Strings(m.Value).Prepend(m.Name)),
        _ => [],
    };
}
