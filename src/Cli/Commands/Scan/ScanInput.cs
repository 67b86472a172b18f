// Where the contents of a scan come from: files and directories, standard input, diffs, what git has staged, and all that its history ever added.
using CabinCrew.Governance.Detection.Scanning;
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Commands.Scan;

/// <param name="Name">Of standard input.</param>
/// <param name="All">Also what git ignores.</param>
internal sealed record ScanWish(IReadOnlyList<string> Paths, bool IsDiff, bool IsStaged, bool IsHistory, string? Name, bool All);

internal sealed class ScanInput(ScanWish wish) : IDisposable
{
    private const string StandardInput = "-";

    private readonly List<(string Path, DiffReader Diff)> diffs = [];
    private readonly List<Stream> open = [];
    private readonly List<GitAdditions> repositories = [];

    private IReadOnlyList<string> Paths => wish.Paths is { Count: > 0 } given ? given : wish.IsDiff ? [StandardInput] : ["."];

    /// <summary>Told when all was read: what should have been a diff and is none. Null: all is well.</summary>
    public Problem? Missing
    {
        get
        {
            foreach (var (path, diff) in diffs)
                if (!diff.HasSeenFile && diff.HasRead) return new(ProblemCode.InvalidArgument, $"there is no unified diff in {(path == StandardInput ? "standard input" : $"'{Screen.Safe(path)}'")}") { Remedy = "Pipe `git diff`, `git show` or `git log -p` into it, or leave --diff out." };
            return null;
        }
    }

    /// <summary>Told when all was read: why not all of a history could be looked at.</summary>
    public IEnumerable<ScanFinding> Gaps => repositories.Select(r => r.Missing).OfType<Problem>().Select(m => ScanRun.Unread("(history)", m));

    public Outcome<IEnumerable<ScanItem>> Items()
    {
        if (wish is { IsDiff: true, IsStaged: true } or { IsDiff: true, IsHistory: true } or { IsStaged: true, IsHistory: true })
            return new Problem(ProblemCode.InvalidArgument, "--diff, --staged and --history exclude each other") { Remedy = "Ask for one of them at a time." };
        if (wish.IsStaged || wish.IsHistory) return OfGit();
        if (!wish.IsDiff && !Paths.Contains(StandardInput)) return ScanFiles.Under(Paths, wish.All);
        List<IEnumerable<ScanItem>> items = [];
        foreach (var path in Paths)
        {
            if (path != StandardInput && !wish.IsDiff)
            {
                if (!ScanFiles.Under([path], wish.All).Try(out var files, out var problem)) return problem;
                items.Add(files);
                continue;
            }
            if (!Open(path).Try(out var stream, out var cannot)) return cannot;
            if (!wish.IsDiff)
            {
                var name = wish.Name ?? "(standard input)";
                items.Add([new(name, () => ScanFiles.Read(stream, name))]);
                continue;
            }
            var diff = new DiffReader(stream);
            diffs.Add((path, diff));
            items.Add(diff.Files().Select(f => new ScanItem(f.Name, () => f)));
        }
        return Outcome.Of(items.SelectMany(i => i));
    }

    public void Dispose()
    {
        foreach (var stream in open) stream.Dispose();
        foreach (var repository in repositories) repository.Dispose();
    }

    private Outcome<IEnumerable<ScanItem>> OfGit()
    {
        List<IEnumerable<GitAddition>> additions = [];
        foreach (var path in Paths)
        {
            if (!GitAdditions.Open(path).Try(out var repository, out var problem)) return problem;
            repositories.Add(repository);
            if (wish.IsHistory) additions.Add(repository.History());
            else if (repository.Staged(IndexOfHook()).Try(out var staged, out problem)) additions.Add(staged);
            else return problem;
        }
        return Outcome.Of(additions.SelectMany(a => a).Select(a => new ScanItem(a.Path, () => a.Content.Map(bytes => new ScanContent(a.Path, bytes) { Commit = a.Commit })) { Added = a.Lines }));
    }

    // git tells its hooks which index the commit will be made of.
    private static string? IndexOfHook() => Environment.GetEnvironmentVariable("GIT_INDEX_FILE") is { Length: > 0 } named ? Path.GetFullPath(named) : null;

    private Outcome<Stream> Open(string path)
    {
        if (path == StandardInput && open.Exists(s => s is not FileStream)) return new Problem(ProblemCode.InvalidArgument, "standard input is named twice") { Remedy = "Name it once." };
        try
        {
            Stream stream = path == StandardInput ? Console.OpenStandardInput() : File.OpenRead(path);
            open.Add(stream);
            return stream;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new Problem(ProblemCode.NotFound, $"there is no file '{Screen.Safe(path)}'") { Remedy = "Name a file, or - for standard input." };
        }
    }
}
