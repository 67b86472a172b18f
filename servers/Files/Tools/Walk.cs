// All files below a directory, in the order of their paths, within a bound of entries. Links are not followed; what goes away meanwhile is left out.
using CabinCrew.Servers.Files.Disk;

namespace CabinCrew.Servers.Files.Tools;

internal sealed class Walk(Tree tree, CancellationToken ct)
{
    private const int DepthMax = 256;

    /// <summary>Not entered unless a walk begins inside: what is in there is seldom meant, and there is much of it.</summary>
    public static bool IsPassedOver(string name) => name is ".git" or "node_modules";

    /// <summary>Looked at so far.</summary>
    public int Seen { get; private set; }

    /// <summary>There was more than is looked at.</summary>
    public bool WasCut { get; private set; }

    public IEnumerable<(string Path, Status Status)> Files(string from)
    {
        var left = new Stack<(string Path, int Depth)>();
        left.Push((from, 0));
        while (left.TryPop(out var at))
        {
            ct.ThrowIfCancellationRequested();
            IReadOnlyList<Entry> entries;
            try
            {
                using var directory = tree.OpenDirectory(at.Path);
                entries = Tree.Entries(directory, Tree.EntriesMax);
            }
            catch (IOException)
            {
                continue;
            }
            var inner = new Stack<(string, int)>();
            foreach (var entry in entries)
            {
                if (++Seen > Tree.EntriesMax)
                {
                    WasCut = true;
                    yield break;
                }
                var path = at.Path.Length == 0 ? entry.Name : $"{at.Path}/{entry.Name}";
                if (entry.Status.Kind == EntryKind.File) yield return (path, entry.Status);
                else if (entry.Status.Kind == EntryKind.Directory && at.Depth < DepthMax && !IsPassedOver(entry.Name)) inner.Push((path, at.Depth + 1));
            }
            while (inner.TryPop(out var next)) left.Push(next);
        }
    }
}
