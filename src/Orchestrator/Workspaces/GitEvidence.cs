// What the evidence shows of a repository's change: patches by commit (as `git log --patch` prints them) and by ref (a line `ref NAME OLD..NEW` before one).
// It is read only to be checked against the real trees: nothing here is believed by itself.
using System.Text;
using CabinCrew.Orchestrator.Artifacts;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Workspaces;

/// <param name="Commits">By commit id; each against its first parent.</param>
/// <param name="Refs">By ref name; each against where the ref stood.</param>
internal sealed record GitEvidence(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Commits, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Refs)
{
    private const int SectionsMax = 100_000;

    /// <summary>Of the artifact that declares the change of refs.</summary>
    public static GitEvidence Of(ValidatedPlan plan)
    {
        var commits = new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        var refs = new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        foreach (var artifact in plan.Artifacts)
            if (artifact.Role == ArtifactRole.Evidence && artifact.Content is { } text && artifact.Metadata.ValueKind == System.Text.Json.JsonValueKind.Object && artifact.Metadata.TryGetProperty("git", out _))
                Read(text, commits, refs);
        return new(commits, refs);
    }

    private static void Read(ReadOnlyMemory<byte> text, Dictionary<string, ReadOnlyMemory<byte>> commits, Dictionary<string, ReadOnlyMemory<byte>> refs)
    {
        var (at, patch) = (0, -1);
        (Dictionary<string, ReadOnlyMemory<byte>> Into, string Key)? open = null;
        void Close(int end)
        {
            // A section that stands twice shows nothing for sure.
            if (open is { } section && !section.Into.TryAdd(section.Key, patch < 0 ? default : Trimmed(text[patch..end]))) section.Into[section.Key] = Encoding.ASCII.GetBytes("twice");
        }
        while (at < text.Length && commits.Count + refs.Count < SectionsMax)
        {
            var line = text.Span[at..];
            var length = line.IndexOf((byte)'\n') is var end and >= 0 ? end + 1 : line.Length;
            line = line[..length];
            if (Begins(line) is var (isCommit, key) && key is not null)
            {
                Close(at);
                (open, patch) = ((isCommit ? commits : refs, key), -1);
            }
            else if (patch < 0 && line.StartsWith("diff --git "u8))
            {
                patch = at;
            }
            at += length;
        }
        Close(at);
    }

    // Inside a patch every line begins with a mark of its own, and a message is indented: these two stand at the margin.
    private static (bool IsCommit, string? Key) Begins(ReadOnlySpan<byte> line)
    {
        if (line.Length > 2048 || !line.StartsWith("commit "u8) && !line.StartsWith("ref refs/"u8)) return default;
        var words = Encoding.UTF8.GetString(line).TrimEnd('\n').Split(' ');
        if (words is ["commit", var id] && GitNames.IsObjectId(id)) return (true, id);
        return words is ["ref", var name, var range] && GitNames.IsFullRef(name) && range.Split("..") is [var old, var now] && GitNames.IsObjectId(old) && GitNames.IsObjectId(now)
            ? (false, $"{name} {old}..{now}") : default;
    }

    // The empty line between a patch and the next commit is no part of it.
    private static ReadOnlyMemory<byte> Trimmed(ReadOnlyMemory<byte> patch) => patch.Span.EndsWith("\n\n"u8) ? patch[..^1] : patch;
}
