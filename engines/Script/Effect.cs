// A copy of the workspace, and what differs from it afterwards. Anything that a plan cannot hold (fifo, socket, a link that leads out) is a failure.
using System.Text;
using CabinCrew.EngineSdk;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;

namespace CabinCrew.Engines.Script;

internal static class Effect
{
    private const string Store = ".cabincrew", Git = ".git";

    /// <summary>Files with their modes, links as links, empty directories too. Never the store; git's directory only if asked for.</summary>
    public static void Copy(string from, string to, bool withGit, bool atRoot = true)
    {
        Directory.CreateDirectory(to);
        foreach (var entry in new DirectoryInfo(from).EnumerateFileSystemInfos())
        {
            if (atRoot && (entry.Name == Store || entry.Name == Git && !withGit)) continue;
            var target = Path.Join(to, entry.Name);
            if (entry.LinkTarget is { } link) File.CreateSymbolicLink(target, link);
            else if (entry is DirectoryInfo) Copy(entry.FullName, target, withGit, atRoot: false);
            else
            {
                File.Copy(entry.FullName, target);
                // The copy is the command's own to change, whatever the original's write bits are.
                File.SetUnixFileMode(target, File.GetUnixFileMode(target) | UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }
        }
    }

    public static Outcome<IReadOnlyList<FileWrite>> Of(FlightPlan plan, string copy)
    {
        try
        {
            var writes = new List<FileWrite>();
            var (before, after) = (WorkspaceFiles.List(plan.Workspace, Store, Git), WorkspaceFiles.List(copy, Store, Git));
            foreach (var path in before.Union(after).Order())
            {
                var (old, now) = (plan.ReadWorkspace(path), WorkspaceFiles.Read(copy, path));
                if (old?.Kind == now?.Kind && old is not null && now is not null && old.Bytes.Span.SequenceEqual(now.Bytes.Span)) continue;
                if (now?.Kind == FileKind.Link && LeadsOut(path, Encoding.UTF8.GetString(now.Bytes.Span)))
                    return new Problem(ProblemCode.EngineFailed, $"the command made '{path}' a link that leads out of the workspace");
                if (path.ToString().Split('/').Contains(Git)) return new Problem(ProblemCode.EngineFailed, $"the command changed '{path}', inside git's own directory");
                writes.Add(new(new(path, old?.State, now?.State), now?.Bytes));
            }
            return writes;
        }
        catch (IOException e)
        {
            return new Problem(ProblemCode.EngineFailed, $"the command's effect is no plan: {e.Message}");
        }
    }

    private static bool LeadsOut(WorkspacePath path, string target)
    {
        if (target.StartsWith('/')) return true;
        var depth = path.ToString().Count(c => c == '/');
        foreach (var segment in target.Split('/'))
        {
            if (segment == "..") depth--;
            else if (segment is not ("" or ".")) depth++;
            if (depth < 0) return true;
        }
        return false;
    }
}
