// Commits and trees, read from a repository's objects: who descends from whom, and what one tree changes against another.
// Invariant: bounded, and "cannot be told" is an answer of its own (null or a throw), never taken for "nothing".
using System.Text;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;

namespace CabinCrew.Orchestrator.Workspaces;

internal sealed record GitCommit(string Id, string Tree, IReadOnlyList<string> Parents, long Date);

/// <param name="Mode">As git writes it: 100644, 100755, 120000, 160000 (a submodule's commit).</param>
internal readonly record struct GitLeaf(string Mode, string Id)
{
    public FileKind? Kind => Mode switch { "100644" or "100664" => FileKind.Regular, "100755" => FileKind.Executable, "120000" => FileKind.Link, _ => null };
}

internal sealed record GitTreeChange(string Path, GitLeaf? Before, GitLeaf? After);

internal sealed class GitHistory(GitRepository repository)
{
    private const int CommitsMax = 500_000;
    private const int ChangesMax = 100_000;
    private const int DepthMax = 256;
    private const int TagsMax = 16;
    private const int NewCommitsMax = 10_000;

    // A few small objects can name each other into a tree without end, or one large content a thousand times.
    private const long EntriesMax = 5_000_000;
    private const long BytesMax = 2L << 30;
    private long entriesSeen, bytesSeen;

    public GitRepository Repository => repository;

    /// <summary>The commit that an object is or leads to, over tags; null: none.</summary>
    public GitCommit? Peel(string id)
    {
        for (var i = 0; i < TagsMax; i++)
        {
            if (repository.Read(id) is not { } found) return null;
            if (found.Type == "commit") return Parse(id, found.Content);
            if (found.Type != "tag" || Header(found.Content, "object") is not [var target, ..]) return null;
            id = target;
        }
        return null;
    }

    /// <summary>Whether one can be reached from the other. Where the history is longer than we follow, the answer is no.</summary>
    public bool IsAncestor(string older, GitCommit newer)
    {
        if (older == newer.Id) return true;
        var seen = new HashSet<string>(StringComparer.Ordinal) { newer.Id };
        // Newest first, so that what lies near is found soon.
        var open = new PriorityQueue<GitCommit, long>();
        open.Enqueue(newer, -newer.Date);
        while (open.TryDequeue(out var commit, out _))
            foreach (var parent in commit.Parents)
            {
                if (parent == older) return true;
                if (!seen.Add(parent)) continue;
                if (seen.Count > CommitsMax) return false;
                if (repository.Read(parent) is { Type: "commit" } found && Parse(parent, found.Content) is { } next) open.Enqueue(next, -next.Date);
            }
        return false;
    }

    /// <summary>The commits that are new and lead here, each with its parents among them or already there.</summary>
    public IReadOnlyList<GitCommit> NewCommits(GitCommit tip)
    {
        var found = new List<GitCommit>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var open = new Stack<string>([tip.Id]);
        while (open.TryPop(out var id))
        {
            if (!seen.Add(id) || !repository.IsNew(id)) continue;
            if (seen.Count > NewCommitsMax) throw new InvalidDataException($"there are more than {NewCommitsMax} new commits");
            if (repository.Read(id) is not { Type: "commit" } read || Parse(id, read.Content) is not { } commit) throw new InvalidDataException($"{id} is no commit");
            found.Add(commit);
            foreach (var parent in commit.Parents) open.Push(parent);
        }
        return found;
    }

    /// <summary>The first ancestor by first parents, itself included, that was there before; null: the line begins with what is new.</summary>
    public string? Base(GitCommit tip)
    {
        for (var at = tip; ; )
        {
            if (!repository.IsNew(at.Id)) return at.Id;
            if (at.Parents is not [var first, ..]) return null;
            if (repository.Read(first) is not { Type: "commit" } read || Parse(first, read.Content) is not { } next) throw new InvalidDataException($"the commit {first} is not there");
            at = next;
        }
    }

    /// <summary>The tree of a commit; null for no commit at all.</summary>
    public string? TreeOf(string? commit) => commit is null ? null : Peel(commit)?.Tree ?? throw new InvalidDataException($"the commit {commit} is not there");

    /// <summary>What the second tree changes against the first (null: an empty one), in path order.</summary>
    public IReadOnlyList<GitTreeChange> Difference(string? from, string? to)
    {
        var changes = new List<GitTreeChange>();
        Compare(from, to, "", changes, 0);
        changes.Sort((a, b) => string.CompareOrdinal(a.Path, b.Path));
        return changes;
    }

    /// <summary>The change as a workspace would see it. Throws where a path or an entry is none that a patch can show.</summary>
    public FileWrite Write(GitTreeChange change)
    {
        if (!WorkspacePath.TryParse(change.Path, out var path)) throw new InvalidDataException("a path of the tree is none that a plan can show");
        var (before, after) = (Content(change.Before, change.Path), Content(change.After, change.Path));
        return new(new(path, before?.State, after?.State), after?.Bytes);
    }

    public ReadBase Reader(string? tree) => path => Content(Find(tree, path.ToString()), path.ToString());

    private FileContent? Content(GitLeaf? leaf, string path)
    {
        if (leaf is not { } l) return null;
        if (l.Kind is not { } kind) throw new InvalidDataException($"{path} is a submodule, which no patch here can show");
        if (repository.Read(l.Id) is not { Type: "blob" } blob) throw new InvalidDataException($"the content of {path} is not there");
        if ((bytesSeen += blob.Content.Length) > BytesMax) throw new InvalidDataException($"what changes has more than {BytesMax} bytes");
        return new(kind, blob.Content);
    }

    private GitLeaf? Find(string? tree, string path)
    {
        var segments = path.Split('/');
        for (var i = 0; i < segments.Length && tree is not null; i++)
        {
            if (!Entries(tree).TryGetValue(segments[i], out var entry)) return null;
            if (i == segments.Length - 1) return IsTree(entry) ? null : entry;
            tree = IsTree(entry) ? entry.Id : null;
        }
        return null;
    }

    private void Compare(string? from, string? to, string prefix, List<GitTreeChange> changes, int depth)
    {
        if (from == to) return;
        if (depth > DepthMax) throw new InvalidDataException("the trees are nested too deeply");
        var (old, now) = (Entries(from), Entries(to));
        if ((entriesSeen += old.Count + now.Count + 1) > EntriesMax) throw new InvalidDataException($"the trees have more than {EntriesMax} entries");
        foreach (var name in old.Keys.Union(now.Keys))
        {
            GitLeaf? before = old.TryGetValue(name, out var b) ? b : null, after = now.TryGetValue(name, out var a) ? a : null;
            if (before == after) continue;
            var path = prefix + name;
            var (oldTree, newTree) = (before is { } ob && IsTree(ob) ? ob.Id : null, after is { } na && IsTree(na) ? na.Id : null);
            if (oldTree is not null || newTree is not null) Compare(oldTree, newTree, path + "/", changes, depth + 1);
            if (oldTree is not null) before = null;
            if (newTree is not null) after = null;
            if (before is null && after is null) continue;
            if (changes.Count == ChangesMax) throw new InvalidDataException($"the trees differ in more than {ChangesMax} paths");
            changes.Add(new(path, before, after));
        }
    }

    private Dictionary<string, GitLeaf> Entries(string? tree)
    {
        var entries = new Dictionary<string, GitLeaf>(StringComparer.Ordinal);
        if (tree is null) return entries;
        if (repository.Read(tree) is not { Type: "tree" } read) throw new InvalidDataException($"the tree {tree} is not there");
        var bytes = read.Content.AsSpan();
        var idBytes = tree.Length / 2;
        while (bytes.Length > 0)
        {
            var (space, nul) = (bytes.IndexOf((byte)' '), bytes.IndexOf((byte)0));
            if (space is < 5 or > 6 || nul <= space + 1 || bytes.Length < nul + 1 + idBytes) throw new InvalidDataException("a tree is malformed");
            var name = Encoding.UTF8.GetString(bytes[(space + 1)..nul]);
            if (!entries.TryAdd(name, new(Encoding.ASCII.GetString(bytes[..space]), Convert.ToHexStringLower(bytes.Slice(nul + 1, idBytes))))) throw new InvalidDataException("a tree names an entry twice");
            bytes = bytes[(nul + 1 + idBytes)..];
        }
        return entries;
    }

    private static bool IsTree(GitLeaf leaf) => leaf.Mode is "40000" or "040000";

    private static GitCommit? Parse(string id, byte[] content)
    {
        if (Header(content, "tree") is not [var tree]) return null;
        var date = Encoding.UTF8.GetString(content.AsSpan(0, Math.Max(0, content.AsSpan().IndexOf("\n\n"u8)))).Split('\n').FirstOrDefault(l => l.StartsWith("committer ", StringComparison.Ordinal))?.Split(' ');
        return new(id, tree, Header(content, "parent"), date is { Length: > 2 } && long.TryParse(date[^2], System.Globalization.CultureInfo.InvariantCulture, out var at) ? at : 0);
    }

    /// <summary>The object ids that a commit's or tag's header names.</summary>
    private static List<string> Header(byte[] content, string name)
    {
        var end = content.AsSpan().IndexOf("\n\n"u8);
        var ids = new List<string>();
        foreach (var line in Encoding.UTF8.GetString(content.AsSpan(0, end < 0 ? content.Length : end)).Split('\n'))
            if (line.StartsWith(name + " ", StringComparison.Ordinal) && Artifacts.GitNames.IsObjectId(line[(name.Length + 1)..])) ids.Add(line[(name.Length + 1)..]);
        return ids;
    }
}
