// create_directory, move_file and delete_file.
using CabinCrew.Protocol;
using CabinCrew.Servers.Files.Disk;

namespace CabinCrew.Servers.Files.Tools;

internal sealed class MovingTools(Tree tree)
{
    private const int RemovedMax = 10_000;

    public IReadOnlyList<Tool> All =>
    [
        new("create_directory", "Make a directory", "Makes a directory, and those on the way to it that are not there.",
            """{"type":"object","properties":{"path":{"type":"string","description":"The directory."}},"required":["path"],"additionalProperties":false}""", Effect.Add, Again: true, MakeDirectory),
        new("move_file", "Move or rename", "Moves or renames a file, link or directory. What is at the destination stays: nothing is overwritten.",
            """
            {"type":"object","properties":{
              "source":{"type":"string","description":"What is moved."},
              "destination":{"type":"string","description":"Its new path (not the directory to put it into)."}},
             "required":["source","destination"],"additionalProperties":false}
            """, Effect.Destroy, Again: false, Move),
        new("delete_file", "Delete", "Deletes a file, a link (not what it leads to) or an empty directory; with recursive, a directory with up to 10000 entries in it.",
            """
            {"type":"object","properties":{
              "path":{"type":"string","description":"What is deleted."},
              "recursive":{"type":"boolean","description":"A directory with all that is in it."},
              "expected_digest":{"type":"string","description":"Delete the file only if this is its digest."}},
             "required":["path"],"additionalProperties":false}
            """, Effect.Destroy, Again: false, Delete),
    ];

    private Outcome<ToolAnswer> MakeDirectory(Arguments a, CancellationToken ct)
    {
        var path = a.Text("path");
        if (a.Check() is { } wrong) return wrong;
        if (!tree.Relative(path).Try(out var relative, out var problem)) return problem;
        var made = tree.MakeDirectories(relative);
        // Where a file of the name stands, this says so.
        using (tree.OpenDirectory(relative)) { }
        return ToolAnswer.Of(made == 0 ? $"The directory '{relative}' is there already." : $"Made '{relative}'.");
    }

    private Outcome<ToolAnswer> Move(Arguments a, CancellationToken ct)
    {
        var (source, destination) = (a.Text("source"), a.Text("destination"));
        if (a.Check() is { } wrong) return wrong;
        if (!tree.Relative(source).Try(out var from, out var problem) || !tree.Relative(destination).Try(out var to, out problem)) return problem;
        if (from.Length == 0 || to.Length == 0) return new Problem(ProblemCode.InvalidArgument, "The root cannot be moved, nor replaced.");
        if (to == from || to.StartsWith(from + "/", StringComparison.Ordinal)) return new Problem(ProblemCode.InvalidArgument, $"'{from}' cannot be moved into itself.");
        using var place = tree.Find(from);
        if (place.Status is null) return ReadingTools.Missing(from);
        if (to.LastIndexOf('/') is > 0 and var slash) tree.MakeDirectories(to[..slash]);
        using var target = tree.Find(to);
        if (target.Status is { } there) return new Problem(ProblemCode.InvalidArgument, $"'{to}' is there already: a {there.Word}. Nothing was moved.") { Remedy = there.Kind == EntryKind.Directory ? $"To move it in there, say '{to}/{place.Name}'." : "Delete it first, if that is meant." };
        try
        {
            Native.RenameToNew(place.Directory, place.Name, target.Directory, target.Name);
        }
        catch (KernelException e) when (e.Error == Native.EEXIST)
        {
            return new Problem(ProblemCode.WorkspaceDrift, $"'{to}' was made by somebody else meanwhile; nothing was moved.");
        }
        return ToolAnswer.Of($"Moved '{from}' to '{to}'.");
    }

    private Outcome<ToolAnswer> Delete(Arguments a, CancellationToken ct)
    {
        var (path, recursive, expected) = (a.Text("path"), a.Flag("recursive"), a.Digest("expected_digest"));
        if (a.Check() is { } wrong) return wrong;
        if (!tree.Relative(path).Try(out var relative, out var problem)) return problem;
        if (relative.Length == 0) return new Problem(ProblemCode.InvalidArgument, "The root cannot be deleted.");
        using var place = tree.Find(relative);
        if (place.Status is not { } status) return ReadingTools.Missing(relative);
        if (expected is not null)
        {
            if (status.Kind != EntryKind.File) return new Problem(ProblemCode.InvalidArgument, $"'{relative}' is a {status.Word}, which has no digest.");
            if (!tree.ReadWhole(relative).Try(out var bytes, out problem)) return problem;
            if (Digest.Of(bytes) != expected) return new Problem(ProblemCode.WorkspaceDrift, $"'{relative}' is not what you have read; nothing was deleted.") { Remedy = "Read it again." };
        }
        if (status.Kind != EntryKind.Directory)
        {
            Native.Remove(place.Directory, place.Name, isDirectory: false);
            return ToolAnswer.Of($"Deleted the {status.Word} '{relative}'.");
        }
        if (recursive) return DeleteAll(relative, place, ct);
        try
        {
            Native.Remove(place.Directory, place.Name, isDirectory: true);
        }
        catch (KernelException e) when (e.Error is Native.ENOTEMPTY or Native.EEXIST)
        {
            return new Problem(ProblemCode.InvalidArgument, $"The directory '{relative}' is not empty; nothing was deleted.") { Remedy = "Say recursive, if all that is in it is to go." };
        }
        return ToolAnswer.Of($"Deleted the empty directory '{relative}'.");
    }

    private Outcome<ToolAnswer> DeleteAll(string relative, Place place, CancellationToken ct)
    {
        // Counted before anything is gone.
        var all = new List<(string Path, bool IsDirectory)>();
        if (!Collect(relative)) return new Problem(ProblemCode.LimitFiles, $"'{relative}' has more than {RemovedMax} entries; nothing was deleted.") { Remedy = "Delete the directories in it one by one." };
        for (var i = all.Count - 1; i >= 0; i--)
        {
            using var entry = tree.Find(all[i].Path);
            Native.Remove(entry.Directory, entry.Name, all[i].IsDirectory);
        }
        Native.Remove(place.Directory, place.Name, isDirectory: true);
        return ToolAnswer.Of($"Deleted '{relative}' with {all.Count} entries.");

        bool Collect(string at)
        {
            ct.ThrowIfCancellationRequested();
            using var directory = tree.OpenDirectory(at);
            foreach (var entry in Tree.Entries(directory, RemovedMax + 1))
            {
                if (all.Count == RemovedMax) return false;
                all.Add(($"{at}/{entry.Name}", entry.Status.Kind == EntryKind.Directory));
                if (entry.Status.Kind == EntryKind.Directory && !Collect($"{at}/{entry.Name}")) return false;
            }
            return true;
        }
    }
}
