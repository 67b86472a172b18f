// The metadata of a patch, for reviewers and policies: each file with its lines and states. The body is what counts; this only tells of it.
using System.Text.Json.Nodes;
using CabinCrew.Protocol.Changes;

namespace CabinCrew.EngineSdk;

internal static class ChangeSummary
{
    /// <summary>artifact.json is bounded; beyond this many files only the counts are told.</summary>
    private const int FilesMax = 2000;

    public static JsonObject Of(IReadOnlyList<FileWrite> writes, byte[] patch)
    {
        var counts = new Dictionary<string, (int Added, int Deleted)>(StringComparer.Ordinal);
        if (patch.Length > 0 && GitPatch.Parse(patch).Try(out var set, out _))
            foreach (var file in set.Files)
            {
                var path = (file.NewPath ?? file.OldPath).ToString()!;
                var (added, deleted) = counts.GetValueOrDefault(path);
                counts[path] = (added + file.Added, deleted + file.Deleted);
            }
        var files = new JsonArray();
        foreach (var (path, before, after) in writes.Take(FilesMax).Select(w => (w.Change.Path.ToString(), w.Change.Before, w.Change.After)))
        {
            var (added, deleted) = counts.GetValueOrDefault(path);
            files.Add((JsonNode)new JsonObject
            {
                ["path"] = path,
                ["change"] = (before, after) switch { (null, _) => "create", (_, null) => "delete", _ => "update" },
                ["added"] = added,
                ["deleted"] = deleted,
                ["before"] = State(before),
                ["after"] = State(after),
            });
        }
        var (plus, minus) = (counts.Values.Sum(c => c.Added), counts.Values.Sum(c => c.Deleted));
        var summary = writes.Count == 0 ? "no changes" : $"{writes.Count} {(writes.Count == 1 ? "file" : "files")} changed, {plus} {Lines(plus)} added, {minus} deleted";
        var result = new JsonObject { ["files"] = files, ["summary"] = summary };
        if (writes.Count > FilesMax) result["files_left_out"] = writes.Count - FilesMax;
        return result;
    }

    private static string Lines(int count) => count == 1 ? "line" : "lines";

    private static JsonObject? State(FileState? state) => state is null ? null : new()
    {
        ["kind"] = state.Kind switch { FileKind.Regular => "file", FileKind.Executable => "executable", FileKind.Link => "link" },
        ["sha256"] = state.Content.Hex,
        ["size"] = state.Size,
    };
}
