// Where the contents of a scan come from: files and directories, standard input, diffs.
using CabinCrew.Governance.Detection.Scanning;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Commands.Scan;

internal sealed class ScanInput(IReadOnlyList<string> paths, bool isDiff, string? name, bool all) : IDisposable
{
    private const string StandardInput = "-";

    private readonly List<(string Path, DiffReader Diff)> diffs = [];
    private readonly List<Stream> open = [];

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

    public Outcome<IEnumerable<ScanItem>> Items()
    {
        if (!isDiff && !paths.Contains(StandardInput)) return ScanFiles.Under(paths, all);
        List<IEnumerable<ScanItem>> items = [];
        foreach (var path in paths)
        {
            if (path != StandardInput && !isDiff)
            {
                if (!ScanFiles.Under([path], all).Try(out var files, out var problem)) return problem;
                items.Add(files);
                continue;
            }
            if (!Open(path).Try(out var stream, out var cannot)) return cannot;
            if (!isDiff)
            {
                items.Add([new(name ?? "(standard input)", () => ScanFiles.Read(stream, name ?? "(standard input)"))]);
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
    }

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
