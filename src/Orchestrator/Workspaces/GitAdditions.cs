// What a repository's history and its index add, file by file: read from git's own files, without running git, believing nothing that its name does not prove (GitRepository).
// Invariant: what cannot be read is told (as a content that is a problem, or in Missing), and never taken for nothing.
using System.Text;
using CabinCrew.Orchestrator.Artifacts;
using CabinCrew.Orchestrator.Posix;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;

namespace CabinCrew.Orchestrator.Workspaces;

/// <param name="Commit">Null: it is staged.</param>
/// <param name="Lines">The lines that are new, by their numbers from 1; null: all of them. Dear, and may be asked from any thread.</param>
public sealed record GitAddition(string? Commit, string Path, Outcome<ReadOnlyMemory<byte>> Content, Func<IReadOnlySet<int>?> Lines);

public sealed class GitAdditions : IDisposable
{
    private const int CommitsMax = 500_000;
    private const int SmallFileBytesMax = 4 << 20;

    private readonly string own, common;
    private readonly GitRepository repository;
    private readonly Lock reading = new();

    private GitAdditions(string own, string common, GitRepository repository) => (this.own, this.common, this.repository) = (own, common, repository);

    /// <summary>Why not all could be told; known when all was gone through. Null: it could.</summary>
    public Problem? Missing { get; private set; }

    /// <param name="directory">In a work tree, or a bare repository.</param>
    public static Outcome<GitAdditions> Open(string directory)
    {
        for (var at = Path.GetFullPath(directory); at is not null; at = Path.GetDirectoryName(at))
        {
            if (File.Exists(Path.Combine(at, ".git")) && Linked(at) is { } linked) return new GitAdditions(linked.Own, linked.Common, GitRepository.OpenObjects(Path.Combine(linked.Common, "objects")));
            var git = Directory.Exists(Path.Combine(at, ".git")) ? Path.Combine(at, ".git") : at;
            if (File.Exists(Path.Combine(git, "HEAD")) && Directory.Exists(Path.Combine(git, "objects"))) return new GitAdditions(git, git, GitRepository.OpenObjects(Path.Combine(git, "objects")));
        }
        return new Problem(ProblemCode.NotFound, $"'{directory}' is in no git repository") { Remedy = "Go to the work tree, or name it." };
    }

    /// <summary>Every commit that a reference leads to, the newest first; each with the files that it adds to, and of a merge only the lines that no parent has.</summary>
    public IEnumerable<GitAddition> History()
    {
        var shallow = Small("shallow", common)?.Split('\n', StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.Ordinal) ?? [];
        var open = new PriorityQueue<GitCommit, (long, string)>();
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach (var id in Heads().Distinct())
            if (Commit(id) is { } head && seen.Add(head.Id)) open.Enqueue(head, (-head.Date, head.Id));
        while (open.TryDequeue(out var commit, out _))
        {
            List<GitCommit> parents = [];
            foreach (var id in shallow.Contains(commit.Id) ? [] : commit.Parents)
            {
                if (Commit(id) is not { } parent)
                {
                    Missing ??= new(ProblemCode.IoFailed, $"the commit {id}, a parent of {commit.Id}, is not in the repository: not all of the history was looked at") { Remedy = "Fetch the whole history (`git fetch --unshallow`), or repack what stands in other repositories." };
                    continue;
                }
                parents.Add(parent);
                if (seen.Count < CommitsMax && seen.Add(parent.Id)) open.Enqueue(parent, (-parent.Date, parent.Id));
            }
            if (seen.Count >= CommitsMax) Missing ??= new(ProblemCode.IoFailed, $"there are more than {CommitsMax} commits: not all of the history was looked at");
            foreach (var addition in Of(commit, parents)) yield return addition;
        }
    }

    /// <summary>What the index adds to the commit that HEAD names.</summary>
    /// <param name="index">Another index than the work tree's: git gives its hooks one where a commit is of more, or of less, than was staged (<c>commit -a</c>). Null: the work tree's.</param>
    public Outcome<IReadOnlyList<GitAddition>> Staged(string? index = null)
    {
        var head = Head();
        var tree = head is null ? null : Commit(head)?.Tree;
        if (head is not null && tree is null) return new Problem(ProblemCode.IoFailed, $"the commit {head}, which HEAD names, cannot be read");
        var file = index ?? Path.Combine(own, "index");
        if (!File.Exists(file)) return index is null ? Outcome.Of<IReadOnlyList<GitAddition>>([]) : new Problem(ProblemCode.NotFound, $"there is no index at '{index}', which GIT_INDEX_FILE names");
        try
        {
            if (GitIndexEntries.Read(File.ReadAllBytes(file), (head?.Length ?? 40) / 2) is not { } entries) return new Problem(ProblemCode.NotYetSupported, "the index of this repository is of a kind that is not read here (split, sparse, or damaged)") { Remedy = "Pipe `git diff --cached` into `cabincrew scan --diff`." };
            Dictionary<string, GitLeaf> before;
            lock (reading) before = new GitHistory(repository).Difference(null, tree).Where(c => c.After is not null).ToDictionary(c => c.Path, c => c.After!.Value, StringComparer.Ordinal);
            List<GitAddition> additions = [];
            foreach (var (path, leaf) in entries)
                if (IsFile(leaf) && (!before.TryGetValue(path, out var old) || old.Id != leaf.Id)) additions.Add(Addition(null, path, leaf, [before.TryGetValue(path, out old) ? old : null]));
            return additions;
        }
        catch (InvalidDataException e)
        {
            return new Problem(ProblemCode.IoFailed, $"the repository cannot be read: {e.Message}");
        }
    }

    public void Dispose() => repository.Dispose();

    private List<GitAddition> Of(GitCommit commit, List<GitCommit> parents)
    {
        try
        {
            lock (reading)
            {
                var changes = new GitHistory(repository).Difference(parents.Count == 0 ? null : parents[0].Tree, commit.Tree);
                // Of a merge, only what differs from every parent, and of that the lines that none of them has.
                List<Dictionary<string, GitLeaf?>> others = [.. parents.Skip(1).Select(p => new GitHistory(repository).Difference(p.Tree, commit.Tree).ToDictionary(c => c.Path, c => c.Before, StringComparer.Ordinal))];
                return
                [
                    .. changes.Where(c => c.After is { } after && IsFile(after) && after.Id != c.Before?.Id && others.TrueForAll(o => o.TryGetValue(c.Path, out var there) && there?.Id != after.Id))
                        .Select(c => Addition(commit.Id, c.Path, c.After!.Value, [c.Before, .. others.Select(o => o[c.Path])])),
                ];
            }
        }
        catch (InvalidDataException e)
        {
            Missing ??= new(ProblemCode.IoFailed, $"the commit {commit.Id} cannot be looked at: {e.Message}");
            return [];
        }
    }

    private GitAddition Addition(string? commit, string path, GitLeaf after, IReadOnlyList<GitLeaf?> befores)
    {
        var content = Blob(after.Id, path);
        return new(commit, path, content, () =>
        {
            HashSet<int>? lines = null;
            foreach (var each in befores)
            {
                if (each is not { } before || !IsFile(before) || !content.Try(out var now, out _) || !Blob(before.Id, path).Try(out var old, out _) || Added(old, now) is not { } added) continue;
                if (lines is null) lines = added;
                else lines.IntersectWith(added);
            }
            return lines;
        });
    }

    private Outcome<ReadOnlyMemory<byte>> Blob(string id, string path)
    {
        lock (reading) return repository.Read(id) is { Type: "blob" } blob ? Outcome.Of<ReadOnlyMemory<byte>>(blob.Content) : new Problem(ProblemCode.IoFailed, $"its content ({id}) is not in the repository, or larger than is read") { Where = path };
    }

    private static HashSet<int>? Added(ReadOnlyMemory<byte> before, ReadOnlyMemory<byte> after)
    {
        var path = WorkspacePath.Parse("content");
        FileContent old = new(FileKind.Regular, before), now = new(FileKind.Regular, after);
        if (old.State == now.State) return [];
        var patch = GitPatch.Write([new(new(path, old.State, now.State), after)], _ => old);
        if (patch.Length > GitPatch.PatchBytesMax || !GitPatch.Parse(patch).Try(out var set, out _) || set.Files is not [{ Binary: null } file]) return null;
        HashSet<int> lines = [];
        foreach (var hunk in file.Hunks)
        {
            var number = hunk.NewStart;
            foreach (var line in hunk.Lines)
            {
                if (line.Mark == '+') lines.Add(number);
                if (line.Mark is '+' or ' ') number++;
            }
        }
        return lines;
    }

    private static bool IsFile(GitLeaf leaf) => leaf.Kind is FileKind.Regular or FileKind.Executable;

    private GitCommit? Commit(string id)
    {
        lock (reading) return new GitHistory(repository).Peel(id);
    }

    private List<string> Heads()
    {
        using var directory = DirectoryHandle.Open(common);
        List<string> ids = [.. GitReferences.ValuesOf(directory).Values.Where(GitNames.IsObjectId)];
        if (Head() is { } head) ids.Add(head);
        return ids;
    }

    // The commit of the work tree's own HEAD. Null: there is none yet.
    private string? Head()
    {
        var value = Small("HEAD", own)?.Trim();
        if (value is null || GitNames.IsObjectId(value)) return value;
        using var directory = DirectoryHandle.Open(common);
        return value.StartsWith("ref: ", StringComparison.Ordinal) && GitReferences.ValuesOf(directory).TryGetValue(value[5..], out var id) && GitNames.IsObjectId(id) ? id : null;
    }

    // A work tree beside its repository: .git is a file that names its place there.
    private static (string Own, string Common)? Linked(string directory)
    {
        var text = Small(".git", directory)?.Trim();
        if (text?.StartsWith("gitdir: ", StringComparison.Ordinal) != true) return null;
        var own = Path.GetFullPath(text[8..], directory);
        var common = Small("commondir", own)?.Trim() is { Length: > 0 } shared ? Path.GetFullPath(shared, own) : own;
        return Directory.Exists(Path.Combine(common, "objects")) ? (own, common) : null;
    }

    private static string? Small(string name, string directory)
    {
        var path = Path.Combine(directory, name);
        return File.Exists(path) && new FileInfo(path).Length <= SmallFileBytesMax ? File.ReadAllText(path, Encoding.UTF8) : null;
    }
}
