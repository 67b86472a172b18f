// The digest of an engine: of its one file, or of a listing of its files that sha256sum can check (docs/reference/engine-environment.md).
using System.Text;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Engines;

internal static class EngineDigest
{
    private const int EntriesMax = 20_000;
    private const long BytesMax = 2L << 30;

    /// <summary>Not a link, directory, fifo, socket or device: opening some of those could wait for ever.</summary>
    public static bool IsRegular(string path)
    {
        using var directory = Posix.DirectoryHandle.Open(Path.GetDirectoryName(path)!);
        return directory.Stat(Path.GetFileName(path)) is { Kind: Posix.EntryKind.File };
    }

    public static Outcome<Digest> OfFile(string path)
    {
        using var stream = File.OpenRead(path);
        if (stream.Length > BytesMax) return TooLarge(path);
        return Digest.FromHash(System.Security.Cryptography.SHA256.HashData(stream));
    }

    /// <summary>Files by name, each a line: hash, two spaces, path. Executables' paths end in <c>*</c>; links are listed as <c>path -> target</c> with the hash of the target's text.</summary>
    public static Outcome<Digest> OfFiles(IEnumerable<(string Name, string Path)> files)
    {
        var lines = new StringBuilder();
        var (count, bytes) = (0, 0L);
        foreach (var (name, path) in files.OrderBy(f => f.Name, StringComparer.Ordinal))
        {
            if (++count > EntriesMax) return TooLarge(path);
            if (new FileInfo(path).LinkTarget is { } target)
            {
                lines.Append(Digest.Of(Encoding.UTF8.GetBytes(target)).Hex).Append("  ").Append(name).Append(" -> ").Append(target).Append('\n');
                continue;
            }
            if (!IsRegular(path)) return new Problem(ProblemCode.EngineNotFound, "The engine's directory holds something that is no file, directory or link.") { Where = path };
            if ((bytes += new FileInfo(path).Length) > BytesMax) return TooLarge(path);
            if (!OfFile(path).Try(out var digest, out var problem)) return problem;
            var executable = (File.GetUnixFileMode(path) & UnixFileMode.UserExecute) != 0;
            lines.Append(digest.Hex).Append("  ").Append(name).Append(executable ? "*" : "").Append('\n');
        }
        return Digest.Of(Encoding.UTF8.GetBytes(lines.ToString()));
    }

    /// <summary>A whole directory. A link that leaves it would bring in what nobody hashed, and is refused.</summary>
    public static Outcome<Digest> OfTree(string root)
    {
        var prefix = root.TrimEnd('/') + "/";
        var files = new List<(string, string)>();
        var pending = new Stack<string>([root]);
        while (pending.TryPop(out var directory))
            foreach (var entry in new DirectoryInfo(directory).EnumerateFileSystemInfos())
            {
                if (files.Count > EntriesMax) return TooLarge(root);
                if (entry.LinkTarget is { } target && (target[0] == '/' || !Path.GetFullPath(target, directory).StartsWith(prefix, StringComparison.Ordinal)))
                    return new Problem(ProblemCode.EngineNotFound, $"The engine's directory holds a link that leaves it: '{target}'.") { Where = entry.FullName };
                if (entry.LinkTarget is null && entry is DirectoryInfo) pending.Push(entry.FullName);
                else files.Add((entry.FullName[prefix.Length..], entry.FullName));
            }
        return OfFiles(files);
    }

    private static Problem TooLarge(string path) =>
        new(ProblemCode.EngineNotFound, $"The engine is larger than {EntriesMax} files or {BytesMax} bytes.") { Where = path };
}
