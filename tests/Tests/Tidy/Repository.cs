// The repository as files, for the tests that read it: every file that belongs to it, and none that a build made.
using System.Runtime.CompilerServices;

namespace CabinCrew.Tests.Tidy;

internal static class Repository
{
    private static readonly HashSet<string> Made = [".git", "bin", "obj", "artifacts", ".cabincrew", "node_modules", "TestResults", "BenchmarkDotNet.Artifacts", "__pycache__", ".vs", ".idea"];

    /// <summary>True while parts are missing that only the whole can fulfil: such tests then run with <c>--long</c> alone.</summary>
    public const bool StillBuilding = false;

    public static readonly string Root = Find();

    /// <summary>Set to write generated documents in place of comparing them.</summary>
    public static bool WritesDocs => Environment.GetEnvironmentVariable("CABINCREW_WRITE_DOCS") == "1";

    /// <summary>Relative paths with '/', in ordinal order. Links are not followed.</summary>
    public static readonly IReadOnlyList<string> Files = [.. Walk(Root).Select(p => Path.GetRelativePath(Root, p).Replace('\\', '/')).Order(StringComparer.Ordinal)];

    public static IEnumerable<string> CodeFiles => Files.Where(f => f.EndsWith(".cs", StringComparison.Ordinal));

    /// <summary>The code that runs, without tests and benchmarks.</summary>
    public static IEnumerable<string> ProductFiles => CodeFiles.Where(f => Under(f, "src/") || Under(f, "engines/") || Under(f, "adapters/"));

    public static string Text(string file) => File.ReadAllText(Path.Combine(Root, file));

    public static string[] Lines(string file) => File.ReadAllLines(Path.Combine(Root, file));

    public static bool Exists(string path) => File.Exists(Path.Combine(Root, path)) || Directory.Exists(Path.Combine(Root, path));

    /// <summary>A generated document: compared with what is there, or written when asked.</summary>
    public static void IsUpToDate(string file, string expected)
    {
        var path = Path.Combine(Root, file);
        if (WritesDocs)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            if (!File.Exists(path) || File.ReadAllText(path) != expected) File.WriteAllText(path, expected);
        }
        Assert.True(File.Exists(path) && File.ReadAllText(path) == expected,
            $"{file} is stale. Run ./test with CABINCREW_WRITE_DOCS=1 and commit what it writes.");
    }

    /// <summary>Fails with one line for each finding.</summary>
    public static void None(IEnumerable<string> findings, string rule)
    {
        var all = findings.ToArray();
        Assert.True(all.Length == 0, $"{rule}\n  {string.Join("\n  ", all)}");
    }

    private static bool Under(string file, string folder) => file.StartsWith(folder, StringComparison.Ordinal);

    private static IEnumerable<string> Walk(string directory)
    {
        foreach (var entry in new DirectoryInfo(directory).EnumerateFileSystemInfos())
        {
            if (Made.Contains(entry.Name) || entry.LinkTarget is not null) continue;
            if (entry is FileInfo) yield return entry.FullName;
            else foreach (var inner in Walk(entry.FullName)) yield return inner;
        }
    }

    private static string Find([CallerFilePath] string here = "")
    {
        for (var d = Path.GetDirectoryName(here); d is not null; d = Path.GetDirectoryName(d))
            if (File.Exists(Path.Combine(d, "CabinCrew.slnx"))) return d;
        for (var d = AppContext.BaseDirectory; d is not null; d = Path.GetDirectoryName(d))
            if (File.Exists(Path.Combine(d, "CabinCrew.slnx"))) return d;
        throw new InvalidOperationException("the tests do not run from a clone of the repository");
    }
}
