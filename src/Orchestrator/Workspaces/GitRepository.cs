// A repository's objects, read without running git: what a take-off adds, then loose files, then packs. Each is what its name says or is not believed.
// No link is followed, no configuration read; alternates are not looked into, so that an object that only they have is not there.
using CabinCrew.Orchestrator.Posix;
using CabinCrew.Protocol.Changes;

namespace CabinCrew.Orchestrator.Workspaces;

internal sealed class GitRepository : IDisposable
{
    /// <summary>One object that is looked into.</summary>
    private const long ObjectBytesMax = 256L << 20;
    private const int PacksMax = 10_000;
    private const long CachedBytesMax = 64L << 20;

    private readonly DirectoryHandle? objects;
    private readonly IReadOnlyList<FileWrite> added;
    private readonly Dictionary<int, List<GitPackFile>> packs = [];
    private readonly Dictionary<string, GitObject> cache = new(StringComparer.Ordinal);
    private Dictionary<string, GitObject>? fresh;
    private long cached;

    private GitRepository(DirectoryHandle? objects, IReadOnlyList<FileWrite> added) => (this.objects, this.added) = (objects, added);

    /// <param name="added">What a take-off changed: its new objects count before those that are there.</param>
    public static GitRepository Open(string workspace, IReadOnlyList<FileWrite> added)
    {
        using var root = DirectoryHandle.Open(workspace);
        return new(WorkspaceTree.OpenPath(root, [".git", "objects"]), added);
    }

    /// <param name="directory">The repository's own directory of objects.</param>
    public static GitRepository OpenObjects(string directory) => new(DirectoryHandle.Open(directory), []);

    /// <summary>Brought by the take-off, and not there before.</summary>
    public bool IsNew(string id) => (fresh ??= ReadFresh()).ContainsKey(id) && !HasOld(id);

    public bool Has(string id) => (fresh ??= ReadFresh()).ContainsKey(id) || HasOld(id);

    /// <summary>Null: it is not there, or cannot be believed.</summary>
    public GitObject? Read(string id)
    {
        if ((fresh ??= ReadFresh()).TryGetValue(id, out var own) || cache.TryGetValue(id, out own)) return own;
        if (ReadOld(id) is not { } found) return null;
        cached += found.Content.Length;
        if (cached > CachedBytesMax)
        {
            cache.Clear();
            cached = found.Content.Length;
        }
        return cache[id] = found;
    }

    public void Dispose()
    {
        foreach (var pack in packs.Values.SelectMany(p => p)) pack.Dispose();
        objects?.Dispose();
    }

    private bool HasOld(string id)
    {
        if (objects is null) return false;
        using var directory = WorkspaceTree.OpenPath(objects, [id[..2]]);
        return directory?.Stat(id[2..]) is { Kind: EntryKind.File } || Packs(id.Length / 2).Any(p => p.Has(id));
    }

    private GitObject? ReadOld(string id)
    {
        if (objects is null) return null;
        using (var directory = WorkspaceTree.OpenPath(objects, [id[..2]]))
            if (directory?.Stat(id[2..]) is { Kind: EntryKind.File })
            {
                using var file = directory.OpenFile(id[2..], out var status);
                return GitObjects.ReadLoose(WholeFile.Read(file, (long)status.Size, ObjectBytesMax), id, ObjectBytesMax);
            }
        foreach (var pack in Packs(id.Length / 2))
        {
            try
            {
                if (pack.Read(id, ObjectBytesMax) is { } found && GitObjects.IdOf(found.Type, found.Content, id.Length / 2) == id) return found;
            }
            catch (Exception e) when (e is InvalidDataException or IOException or ArgumentException or IndexOutOfRangeException or OverflowException)
            {
                // A damaged pack: perhaps another one has it.
            }
        }
        return null;
    }

    private List<GitPackFile> Packs(int idBytes)
    {
        if (packs.TryGetValue(idBytes, out var open)) return open;
        packs[idBytes] = open = [];
        using var directory = objects is null ? null : WorkspaceTree.OpenPath(objects, ["pack"]);
        if (directory is null) return open;
        foreach (var entry in directory.Entries(PacksMax * 8).Where(e => e.Kind == EntryKind.File && e.Name.EndsWith(".idx", StringComparison.Ordinal)).Take(PacksMax))
        {
            var stem = entry.Name[..^4];
            if (directory.Stat(stem + ".pack") is not { Kind: EntryKind.File }) continue;
            try
            {
                open.Add(GitPackFile.Open(directory, stem, idBytes));
            }
            catch (InvalidDataException)
            {
                // Not one that we can read: what it has is not there for us.
            }
        }
        return open;
    }

    // Judged before (GitComparison): each is the object that its name says.
    private Dictionary<string, GitObject> ReadFresh()
    {
        const string prefix = ".git/objects/";
        var found = new Dictionary<string, GitObject>(StringComparer.Ordinal);
        var byPath = added.Where(w => w.Content is not null && w.Change.Path.ToString().StartsWith(prefix, StringComparison.Ordinal)).ToDictionary(w => w.Change.Path.ToString()[prefix.Length..], w => w.Content!.Value, StringComparer.Ordinal);
        foreach (var (name, content) in byPath)
        {
            if (name.StartsWith("pack/", StringComparison.Ordinal))
            {
                if (!name.EndsWith(".pack", StringComparison.Ordinal) || !byPath.TryGetValue(name[..^5] + ".idx", out var index)) continue;
                foreach (var (id, value) in GitPacks.Objects(content, index, (name.Length - "pack/pack-.pack".Length) / 2)) found[id] = value;
            }
            else if (name.Length > 3 && name[2] == '/' && GitObjects.ReadLoose(content, name[..2] + name[3..], ObjectBytesMax) is { } loose)
            {
                found[name[..2] + name[3..]] = loose;
            }
        }
        return found;
    }
}
