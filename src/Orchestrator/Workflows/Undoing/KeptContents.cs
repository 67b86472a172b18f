// What a take-off overwrites or deletes, read from the workspace before it does, so that it can be put back: durable with the commit marker.
// Invariant: only bytes that are what the change says it began with; what is too large for a plan to put back is not kept, and is counted.
using CabinCrew.Orchestrator.Posix;
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;

namespace CabinCrew.Orchestrator.Workflows;

/// <param name="TooLarge">Paths whose content was not kept.</param>
internal sealed record KeptContents(IReadOnlyList<ReadOnlyMemory<byte>> Contents, int TooLarge)
{
    /// <summary>A patch that puts more back would be larger than a patch may be.</summary>
    private const long FileBytesMax = GitPatch.PatchBytesMax / 2, BytesMax = GitPatch.UnpackedBytesMax;

    public static Outcome<KeptContents> Read(string workspace, IReadOnlyList<FileChange> changes)
    {
        var contents = new Dictionary<Digest, ReadOnlyMemory<byte>>();
        var tooLarge = 0;
        long bytes = 0;
        try
        {
            using var root = DirectoryHandle.Open(workspace);
            foreach (var change in changes)
            {
                if (change.Before is not { } before || contents.ContainsKey(before.Content)) continue;
                if (before.Size > FileBytesMax || (bytes += before.Size) > BytesMax)
                {
                    tooLarge++;
                    continue;
                }
                var now = WorkspaceTree.Read(root, change.Path);
                if (now?.State != before) return new Problem(ProblemCode.WorkspaceDrift, $"{change.Path} is not what the plan was made on") { Where = workspace }.With("path", change.Path.ToString());
                contents[before.Content] = now.Bytes;
            }
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            return new Problem(ProblemCode.WorkspaceUnreadable, e.Message) { Where = workspace };
        }
        return new KeptContents([.. contents.Values], tooLarge);
    }
}
