// What a .git directory adds to the workspace's hash: HEAD and every ref, so that somebody's commit or switch of branch is drift,
// while a refreshed index or a repack is not. git is not run, and nothing in there is believed beyond its form.
using System.Text;
using CabinCrew.Orchestrator.Artifacts;
using CabinCrew.Orchestrator.Posix;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Workspaces;

internal static class GitReferences
{
    private const int PackedRefsBytesMax = 64 << 20;
    private const int RefBytesMax = 4096;

    /// <param name="path">Of the .git directory itself.</param>
    public static Outcome<Done> Collect(DirectoryHandle git, byte[] path, List<ManifestEntry> into, CancellationToken ct)
    {
        if (Refuse(git, path, 0, ct) is { } refused) return refused;
        var refs = ValuesOf(git);
        if (refs.Count + into.Count > WorkspaceHasher.FilesMax)
            return new Problem(ProblemCode.WorkspaceTooLarge, $"there are more than {WorkspaceHasher.FilesMax} refs") { Where = HashWalk.Text(path) };
        foreach (var (name, value) in refs) into.Add(new("ref", value, HashWalk.Join(path, Encoding.UTF8.GetBytes(name))));
        return Done.Ok;
    }

    /// <summary>HEAD and every ref by its full name, a loose one before a packed one.</summary>
    /// <param name="git">The .git directory.</param>
    /// <returns>An object id, <c>ref: NAME</c>, or a digest of whatever else stands there.</returns>
    public static SortedDictionary<string, string> ValuesOf(DirectoryHandle git)
    {
        var refs = new SortedDictionary<string, string>(StringComparer.Ordinal);
        if (git.Stat("packed-refs") is { Kind: EntryKind.File }) ReadPacked(git, refs);
        if (git.Stat("HEAD") is not null) refs["HEAD"] = ValueOf(git, "HEAD");
        if (git.Stat("refs") is { Kind: EntryKind.Directory })
        {
            using var loose = git.OpenDirectory("refs");
            ReadLoose(loose, "refs", refs, 0);
        }
        // The reftable format keeps refs in binary tables: their content stands for the refs.
        if (git.Stat("reftable") is { Kind: EntryKind.Directory })
        {
            using var tables = git.OpenDirectory("reftable");
            foreach (var entry in tables.Entries(WorkspaceHasher.FilesMax))
                if (WorkspaceTree.StateOf(tables, entry.Name) is { } state) refs[$"reftable/{entry.Name}"] = "raw:" + state.Content.Hex;
        }
        return refs;
    }

    /// <summary>The same for a workspace; empty where it is no git repository of its own.</summary>
    public static IReadOnlyDictionary<string, string> Of(string workspace)
    {
        using var root = DirectoryHandle.Open(workspace);
        if (root.Stat(".git") is not { Kind: EntryKind.Directory }) return new SortedDictionary<string, string>(StringComparer.Ordinal);
        using var git = root.OpenDirectory(".git");
        return ValuesOf(git);
    }

    /// <summary>What of a declaration is not so.</summary>
    public static IEnumerable<string> NotMoved(DeclaredGit declared, IReadOnlyDictionary<string, string> now)
    {
        foreach (var (name, (_, after)) in declared.Refs)
            if (now.GetValueOrDefault(name) != after) yield return name;
        if (declared.Head is { } head && now.GetValueOrDefault("HEAD") != head) yield return "HEAD";
    }

    public static bool IsPacked(string workspace, string name)
    {
        using var root = DirectoryHandle.Open(workspace);
        using var git = WorkspaceTree.OpenPath(root, [".git"]);
        if (git?.Stat("packed-refs") is not { Kind: EntryKind.File }) return false;
        var refs = new SortedDictionary<string, string>(StringComparer.Ordinal);
        ReadPacked(git, refs);
        return refs.ContainsKey(name);
    }

    // Nothing in .git is hashed but the refs; a socket there is as reachable for an engine as any other.
    private static Problem? Refuse(DirectoryHandle directory, byte[] path, int depth, CancellationToken ct)
    {
        if (depth > WorkspaceHasher.DepthMax)
            return new(ProblemCode.WorkspaceTooLarge, $"directories are nested deeper than {WorkspaceHasher.DepthMax}") { Where = HashWalk.Text(path) };
        foreach (var entry in directory.List(WorkspaceHasher.FilesMax))
        {
            ct.ThrowIfCancellationRequested();
            var inner = HashWalk.Join(path, entry.Name);
            var kind = entry.Kind == EntryKind.Unknown ? directory.Stat(DirectoryHandle.NameOf(entry.Name))?.Kind ?? EntryKind.File : entry.Kind;
            if (kind == EntryKind.Directory)
            {
                using var child = directory.OpenDirectory(DirectoryHandle.NameOf(entry.Name));
                if (Refuse(child, inner, depth + 1, ct) is { } problem) return problem;
            }
            else if (kind is not (EntryKind.File or EntryKind.Link))
            {
                return new(ProblemCode.SandboxWorkspaceSocket, $"a {kind.ToString().ToLowerInvariant()} stands in the workspace") { Where = HashWalk.Text(inner) };
            }
        }
        return null;
    }

    private static void ReadPacked(DirectoryHandle git, SortedDictionary<string, string> refs)
    {
        using var file = git.OpenFile("packed-refs", out var status);
        var text = Encoding.UTF8.GetString(WholeFile.Read(file, (long)status.Size, PackedRefsBytesMax));
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            var space = line.IndexOf(' ');
            if (space <= 0 || line[0] is '#' or '^') continue;
            refs[line[(space + 1)..].ToString()] = line[..space].ToString();
        }
    }

    private static void ReadLoose(DirectoryHandle directory, string prefix, SortedDictionary<string, string> refs, int depth)
    {
        if (depth > WorkspaceHasher.DepthMax) throw new IOException("refs are nested too deeply");
        foreach (var entry in directory.Entries(WorkspaceHasher.FilesMax))
        {
            var name = $"{prefix}/{entry.Name}";
            if (entry.Kind == EntryKind.Directory)
            {
                using var child = directory.OpenDirectory(entry.Name);
                ReadLoose(child, name, refs, depth + 1);
            }
            // A lock of git's own is no ref: its name is not even allowed for one.
            else if (!entry.Name.EndsWith(".lock", StringComparison.Ordinal))
            {
                refs[name] = ValueOf(directory, entry.Name);
            }
        }
    }

    /// <summary>An object id, <c>ref: NAME</c>, or a digest of whatever else stands there.</summary>
    private static string ValueOf(DirectoryHandle directory, string name)
    {
        var status = directory.Stat(name) ?? throw new IOException($"'{name}' vanished");
        if (status.Kind == EntryKind.Link) return "link:" + Digest.Of(directory.ReadLinkBytes(name)).Hex;
        using var file = directory.OpenFile(name, out var open);
        var bytes = WholeFile.Read(file, (long)open.Size, RefBytesMax);
        var text = Encoding.UTF8.GetString(bytes).TrimEnd();
        if (GitNames.IsObjectId(text)) return text;
        return text.StartsWith("ref: ", StringComparison.Ordinal) && text.Length > 5 && !text.AsSpan(5).ContainsAny(" \t\r\n\0") ? text : "raw:" + Digest.Of(bytes).Hex;
    }
}
