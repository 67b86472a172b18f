// A git directory of our own in temp that sees the workspace's objects and a copy of its refs, and nothing else of it:
// no hook, no config, no filter, no alternate command of the workspace can run, since none is ever read.
using System.Text;
using CabinCrew.EngineSdk;
using CabinCrew.Protocol;

namespace CabinCrew.Engines.Git;

internal sealed class ShadowRepository
{
    private const int RefsMax = 100_000;

    private readonly SortedDictionary<string, string> environment;

    private ShadowRepository(EngineSession session, string head, SortedDictionary<string, string> refs, bool sha256)
    {
        (Session, Head, Refs, Zero) = (session, head, refs, new string('0', sha256 ? 64 : 40));
        environment = ChildProcess.FixedEnvironment(session.TempDirectory);
        foreach (var (name, value) in new[]
        {
            ("GIT_DIR", Directory), ("GIT_INDEX_FILE", Path.Join(session.TempDirectory, "index")), ("GIT_CONFIG_NOSYSTEM", "1"), ("GIT_CONFIG_GLOBAL", GlobalConfig),
            ("GIT_ATTR_NOSYSTEM", "1"), ("GIT_TERMINAL_PROMPT", "0"), ("GIT_OPTIONAL_LOCKS", "0"), ("GIT_NO_REPLACE_OBJECTS", "1"), ("GIT_LITERAL_PATHSPECS", "1"),
            ("GIT_ALLOW_PROTOCOL", "file:https:ssh"), ("GIT_EDITOR", "false"), ("GIT_PAGER", "cat"),
        }) environment[name] = value;
    }

    public EngineSession Session { get; }

    /// <summary>HEAD's content as the workspace has it: <c>ref: refs/heads/x</c>, or an object id.</summary>
    public string Head { get; }

    /// <summary>The workspace's refs, loose before packed.</summary>
    public IReadOnlyDictionary<string, string> Refs { get; }

    public string Zero { get; }

    public string Directory => Path.Join(Session.TempDirectory, "git");

    public string WorkspaceGit => Path.Join(Session.Workspace, ".git");

    private string GlobalConfig => Path.Join(Session.TempDirectory, "gitconfig");

    public static bool IsId(string text) => text.Length is 40 or 64 && text.All(char.IsAsciiHexDigitLower);

    public static Outcome<ShadowRepository> Open(EngineSession session)
    {
        try
        {
            if (Read(session, ".git/HEAD") is not { } head) return Refuse("the workspace is no git repository of its own (there is no .git/HEAD; linked worktrees are not supported)");
            head = head.TrimEnd('\n');
            if (!IsId(head) && !head.StartsWith("ref: refs/heads/", StringComparison.Ordinal)) return Refuse(".git/HEAD is neither a branch nor an object id");
            var config = Read(session, ".git/config") ?? "";
            if (Setting(config, "refstorage") is not (null or "files")) return Refuse("the repository keeps its refs in a form that is not supported (extensions.refStorage)");
            if (!ReadRefs(session).Try(out var refs, out var problem)) return problem;
            var sha256 = Setting(config, "objectformat") == "sha256";
            var shadow = new ShadowRepository(session, head, refs, sha256);
            shadow.Create(sha256);
            return shadow;
        }
        catch (IOException e)
        {
            return Refuse($"the repository could not be read: {e.Message}");
        }
    }

    /// <summary>Runs git; anything but an exit code of 0 (or one of those allowed) is a problem with git's own words.</summary>
    public async Task<Outcome<ChildResult>> RunAsync(IReadOnlyList<string> arguments, CancellationToken ct, ReadOnlyMemory<byte> input = default,
        IReadOnlyDictionary<string, string>? variables = null, string? directory = null, int outputMax = 64 << 20, params int[] allowed)
    {
        var all = new SortedDictionary<string, string>(environment, StringComparer.Ordinal);
        foreach (var (name, value) in variables ?? new Dictionary<string, string>()) all[name] = value;
        var ran = await ChildProcess.RunAsync(["git", .. arguments], directory ?? Session.TempDirectory, all, input, outputMax, ct: ct);
        if (!ran.Try(out var result, out var problem)) return problem;
        return result.ExitCode == 0 || allowed.Contains(result.ExitCode) ? result : Refuse($"git {arguments[0]} ended with {result.ExitCode}: {result.ErrorTail()}");
    }

    public async Task<Outcome<string>> TextAsync(IReadOnlyList<string> arguments, CancellationToken ct, ReadOnlyMemory<byte> input = default, IReadOnlyDictionary<string, string>? variables = null, string? directory = null) =>
        (await RunAsync(arguments, ct, input, variables, directory)).Map(r => Encoding.UTF8.GetString(r.Output).TrimEnd('\n'));

    /// <summary>The object id that a revision names (as <paramref name="kind"/>), or null.</summary>
    public async Task<string?> ResolveAsync(string revision, string kind, CancellationToken ct)
    {
        var ran = await RunAsync(["rev-parse", "--verify", "--quiet", $"{revision}^{{{kind}}}"], ct, allowed: [1, 128]);
        return ran.Try(out var result, out _) && result.ExitCode == 0 && Encoding.ASCII.GetString(result.Output).Trim() is var id && IsId(id) ? id : null;
    }

    public static Problem Refuse(string message) => new(ProblemCode.EngineFailed, message);

    private void Create(bool sha256)
    {
        foreach (var part in (string[])["objects/info", "refs/heads", "info"]) System.IO.Directory.CreateDirectory(Path.Join(Directory, part));
        // Read by the shadow alone. Hooks are off here and not in the global file, so that a remote's own hooks still judge a push.
        File.WriteAllText(Path.Join(Directory, "config"), $"[core]\n\trepositoryformatversion = {(sha256 ? 1 : 0)}\n\tbare = false\n\thooksPath = /dev/null\n\tlogAllRefUpdates = false\n" + (sha256 ? "[extensions]\n\tobjectformat = sha256\n" : ""));
        File.WriteAllText(GlobalConfig, "[safe]\n\tdirectory = *\n[core]\n\tfsmonitor = false\n\tattributesFile = /dev/null\n\texcludesFile = /dev/null\n\tquotePath = false\n[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n[commit]\n\tgpgSign = false\n[tag]\n\tgpgSign = false\n[pack]\n\tthreads = 1\n[protocol \"ext\"]\n\tallow = never\n[submodule]\n\trecurse = false\n[push]\n\tfollowTags = false\n\tgpgSign = false\n[advice]\n\tdetachedHead = false\n");
        File.WriteAllText(Path.Join(Directory, "HEAD"), Head + "\n");
        File.WriteAllText(Path.Join(Directory, "packed-refs"), string.Concat(Refs.Select(r => $"{r.Value} {r.Key}\n")));
        File.WriteAllText(Path.Join(Directory, "objects/info/alternates"), Path.Join(WorkspaceGit, "objects") + "\n");
        File.WriteAllText(Path.Join(Directory, "info/exclude"), (Read(Session, ".git/info/exclude") ?? "") + "\n/.cabincrew\n");
        if (Read(Session, ".git/shallow") is { } shallow) File.WriteAllText(Path.Join(Directory, "shallow"), shallow);
    }

    private static Outcome<SortedDictionary<string, string>> ReadRefs(EngineSession session)
    {
        var refs = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in (Read(session, ".git/packed-refs") ?? "").Split('\n'))
            if (line.Length > 41 && line.IndexOf(' ', StringComparison.Ordinal) is var space and > 0 && IsId(line[..space])) refs[line[(space + 1)..]] = line[..space];
        var folder = Path.Join(session.Workspace, ".git/refs");
        if (System.IO.Directory.Exists(folder))
            foreach (var path in WorkspaceFiles.List(folder))
                // Symbolic refs (refs/remotes/origin/HEAD) and lock files are nothing that we name.
                if (Read(session, $".git/refs/{path}")?.TrimEnd('\n') is { } id && IsId(id)) refs[$"refs/{path}"] = id;
        return refs.Count <= RefsMax ? refs : Refuse($"the repository has more than {RefsMax} refs");
    }

    private static string? Read(EngineSession session, string path) =>
        session.ReadWorkspace(WorkspacePath.Parse(path)) is { Kind: not Protocol.Changes.FileKind.Link } file ? Encoding.UTF8.GetString(file.Bytes.Span) : null;

    // The two settings that say how to read the repository; both have one form that git itself writes.
    private static string? Setting(string config, string name) => config.Split('\n').Select(l => l.Split('=', 2))
        .Where(p => p.Length == 2 && p[0].Trim().Equals(name, StringComparison.OrdinalIgnoreCase)).Select(p => p[1].Trim().ToLowerInvariant()).LastOrDefault();
}
