// Frozen artifacts laid out for a take-off to read: evidence and state only, for logs are never its inputs (ART-06).
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Artifacts;

internal static class FrozenDirectory
{
    public static string Write(string root, IEnumerable<(ArtifactName Name, ReadOnlyMemory<byte> Document, ReadOnlyMemory<byte>? Body)> artifacts)
    {
        Directory.CreateDirectory(root);
        foreach (var (name, document, body) in artifacts)
        {
            var directory = Directory.CreateDirectory(Path.Combine(root, name.ToString())).FullName;
            File.WriteAllBytes(Path.Combine(directory, "artifact.json"), document.Span);
            if (body is { } bytes) File.WriteAllBytes(Path.Combine(directory, "body.data"), bytes.Span);
        }
        return root;
    }
}
