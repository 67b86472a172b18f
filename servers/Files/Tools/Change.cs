// A set of whole-file changes, made together: everything is staged on the disk and looked at again before the first name changes, and put back where a later one
// fails. Only a crash in the middle of the renames can leave some of them undone.
using System.Text;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;
using CabinCrew.Servers.Files.Disk;

namespace CabinCrew.Servers.Files.Tools;

internal static class Change
{
    /// <summary>As plans and patches read a tree: links are not followed.</summary>
    public static FileContent? Read(Tree tree, WorkspacePath path)
    {
        try
        {
            using var place = tree.Find(path.ToString());
            return place.Status switch
            {
                { Kind: EntryKind.File } status => new(status.IsExecutable ? FileKind.Executable : FileKind.Regular, ReadAt(place)),
                { Kind: EntryKind.Link } => new(FileKind.Link, Encoding.UTF8.GetBytes(Native.ReadLink(place.Directory, place.Name))),
                _ => null,
            };
        }
        catch (KernelException e) when (e.Error is Native.ENOENT or Native.ENOTDIR)
        {
            return null;
        }
    }

    private static byte[] ReadAt(Place place)
    {
        using var file = Native.Open(place.Directory, place.Name, Native.ReadOnly | Native.NonBlock, links: false);
        return Tree.ReadWhole(file, place.Relative).Try(out var bytes, out var problem) ? bytes : throw new IOException(problem.Message);
    }

    /// <summary>The unified diff of a change.</summary>
    public static string Diff(Tree tree, IReadOnlyList<FileWrite> writes) => Encoding.UTF8.GetString(GitPatch.Write(writes, path => Read(tree, path)));

    public static Outcome<Done> Apply(Tree tree, IReadOnlyList<FileWrite> writes)
    {
        if (writes.FirstOrDefault(w => w.Change.After?.Kind == FileKind.Link || w.Change.Before?.Kind == FileKind.Link) is { } link)
            return new Problem(ProblemCode.FilePathRefused, $"'{link.Change.Path}' is or would become a link; this server neither makes nor changes links.") { Remedy = "Change the file that it leads to." };
        var steps = new List<Step>();
        var done = 0;
        try
        {
            foreach (var write in writes) steps.Add(Step.Prepare(tree, write));
            foreach (var step in steps)
            {
                if (!step.Commit())
                {
                    Undo(steps, done);
                    return new Problem(ProblemCode.WorkspaceDrift, $"'{step.Relative}' was changed by somebody else meanwhile; nothing was changed.") { Remedy = "Read it again, and make the change on what is there now." };
                }
                done++;
            }
            return Done.Ok;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Undo(steps, done);
            return new Problem(ProblemCode.IoFailed, $"{e.Message}; nothing was changed.");
        }
        finally
        {
            foreach (var step in steps) step.Dispose();
        }
    }

    private static void Undo(List<Step> steps, int done)
    {
        foreach (var step in steps.Take(done).Reverse())
            try
            {
                step.Undo();
            }
            catch (IOException)
            {
                // The disk that refused the change refuses its undoing: the rest is put back all the same.
            }
    }

    private sealed record Step(Place Place, FileWrite Write, Status? Before, byte[]? Old, Staged? Staged) : IDisposable
    {
        public string Relative => Place.Relative;

        public static Step Prepare(Tree tree, FileWrite write)
        {
            var path = write.Change.Path.ToString();
            if (write.Content is not null && path.LastIndexOf('/') is > 0 and var slash) tree.MakeDirectories(path[..slash]);
            var place = tree.Find(path);
            try
            {
                var before = place.Status;
                var old = before is { Kind: EntryKind.File } ? ReadAt(place) : null;
                // What the change was computed from is what is replaced.
                if ((old is null ? null : (Digest?)Digest.Of(old)) != write.Change.Before?.Content || before is { Kind: not EntryKind.File }) throw new IOException($"'{path}' was changed by somebody else meanwhile");
                bool? executable = write.Change.After is { } after && after.Kind != write.Change.Before?.Kind ? after.Kind == FileKind.Executable : null;
                return new(place, write, before, old, write.Content is { } content ? Tree.Stage(place, content.Span, before, executable) : null);
            }
            catch
            {
                place.Dispose();
                throw;
            }
        }

        public bool Commit()
        {
            if (Staged is not null) return Staged.Commit();
            if (Place.Status != Before) return false;
            Native.Remove(Place.Directory, Place.Name, isDirectory: false);
            return true;
        }

        public void Undo()
        {
            if (Old is null) Native.Remove(Place.Directory, Place.Name, isDirectory: false);
            else
            {
                var now = Place.Status;
                using var back = Tree.Stage(Place, Old, now ?? Before);
                // Gone or replaced, the old content comes back under its name.
                if (now is not null) back.Commit();
                else back.Commit(asNew: true);
            }
        }

        public void Dispose()
        {
            Staged?.Dispose();
            Place.Dispose();
        }
    }
}
