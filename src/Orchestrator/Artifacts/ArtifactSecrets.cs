// A mapped secret's value anywhere in an artifact fails the step (ART-07); the problem names the secret, never the value.
using System.Text;
using System.Text.Json;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Artifacts;

internal static class ArtifactSecrets
{
    public static Problem? FindIn(RawArtifact raw, JsonElement document, Redactor redactor)
    {
        if (redactor.FindIn(raw.Document.Span) is { } inBytes) return Leak(raw, inBytes, "artifact.json");
        if (redactor.FindIn(Encoding.UTF8.GetBytes(raw.Name.ToString())) is { } inName) return Leak(raw, inName, "name");
        // Written as \u escapes a secret is not in the bytes, but in what everybody reads from them.
        var text = new StringBuilder();
        Gather(document, text);
        if (redactor.FindIn(Encoding.UTF8.GetBytes(text.ToString())) is { } inText) return Leak(raw, inText, "artifact.json");
        return raw.Body is { } body && redactor.FindIn(body.Span) is { } inBody ? Leak(raw, inBody, "body.data") : null;
    }

    private static void Gather(JsonElement value, StringBuilder into)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                into.Append(value.GetString()).Append('\n');
                break;
            case JsonValueKind.Array:
                foreach (var item in value.EnumerateArray()) Gather(item, into);
                break;
            case JsonValueKind.Object:
                foreach (var member in value.EnumerateObject())
                {
                    into.Append(member.Name).Append('\n');
                    Gather(member.Value, into);
                }
                break;
        }
    }

    // The artifact's own name is left out where it is what leaks.
    private static Problem Leak(RawArtifact raw, string secret, string field) => field == "name"
        ? new Problem(ProblemCode.ArtifactSecret, $"the value of secret {secret} stands in an artifact's name").With("secret", secret)
        : ArtifactProblem.Of(ProblemCode.ArtifactSecret, raw.Name.ToString(), $"the value of secret {secret} stands in it", field).With("secret", secret);
}
