// The files below paths, in the order of their names: no links followed, nothing of git's own, and, in directories, nothing that git is told to ignore.
using CabinCrew.Governance.Detection.Scanning;
using CabinCrew.Governance.Files;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Commands.Scan;

internal static class ScanFiles
{
    private const int DepthMax = 256;

    /// <param name="all">Also what git ignores.</param>
    public static Outcome<IEnumerable<ScanItem>> Under(IReadOnlyList<string> paths, bool all)
    {
        foreach (var path in paths)
            if (!File.Exists(path) && !Directory.Exists(path)) return new Problem(ProblemCode.NotFound, $"there is no file or directory '{Screen.Safe(path)}'") { Remedy = "Name files or directories, or - for standard input." };
        return Outcome.Of(paths.SelectMany(p => Directory.Exists(p) ? Walk(Path.GetFullPath(p), Shown(p), all ? null : IgnoreRules.Of(p), 0) : [Item(p, Shown(p))]));
    }

    /// <summary>As much of a stream as a scan looks at.</summary>
    public static ScanContent Read(Stream stream, string name)
    {
        using var all = new MemoryStream();
        var buffer = new byte[1 << 16];
        while (stream.Read(buffer) is > 0 and var read)
        {
            all.Write(buffer.AsSpan(0, (int)Math.Min(read, Scanner.BytesMax - all.Length)));
            if (all.Length == Scanner.BytesMax) return new(name, Written(all)) { IsCut = stream.Read(buffer) > 0 };
        }
        return new(name, Written(all));
    }

    // No second copy: it may be large.
    private static ReadOnlyMemory<byte> Written(MemoryStream all) => all.GetBuffer().AsMemory(0, (int)all.Length);

    private static Outcome<ScanContent> Read(string path, string name) => PlainFile.ReadStart(path, Scanner.BytesMax, ProblemCode.IoFailed)
        .Map(read => new ScanContent(name, read.Bytes) { IsCut = read.IsCut });

    private static IEnumerable<ScanItem> Walk(string directory, string shown, IgnoreRules? rules, int depth)
    {
        if (depth > DepthMax || Entries(directory) is not { } entries)
        {
            var why = depth > DepthMax ? $"directories are nested deeper than {DepthMax}" : "the directory cannot be listed";
            yield return new(shown, () => new Problem(ProblemCode.IoFailed, why));
            yield break;
        }
        foreach (var entry in entries)
        {
            if (entry.Name == ".git" || entry.LinkTarget is not null || rules?.Ignores(entry.FullName, entry is DirectoryInfo) == true) continue;
            var name = shown.Length == 0 ? entry.Name : $"{shown}/{entry.Name}";
            if (entry is not DirectoryInfo) yield return Item(entry.FullName, name);
            else
                foreach (var item in Walk(entry.FullName, name, rules?.In(entry.FullName), depth + 1)) yield return item;
        }
    }

    private static FileSystemInfo[]? Entries(string directory)
    {
        try
        {
            var entries = new DirectoryInfo(directory).GetFileSystemInfos();
            Array.Sort(entries, (a, b) => string.CompareOrdinal(a.Name, b.Name));
            return entries;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static ScanItem Item(string path, string name) => new(name, () => Read(path, name));

    private static string Shown(string path)
    {
        var shown = path.Length > 1 ? path.TrimEnd('/') : path;
        while (shown.StartsWith("./", StringComparison.Ordinal)) shown = shown[2..];
        return shown == "." ? "" : shown;
    }
}
