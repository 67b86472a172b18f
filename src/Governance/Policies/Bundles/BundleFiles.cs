// The files of one bundle while they come in, from wherever: counted, bounded, each name once, also without regard to case.
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Policies.Bundles;

/// <param name="Path">Relative, with slashes.</param>
public sealed record BundleFile(string Path, ReadOnlyMemory<byte> Bytes)
{
    public BundleFileKind Kind => BundlePaths.KindOf(Path);
}

/// <param name="shownAs">The bundle's name in messages.</param>
internal sealed class BundleFiles(string shownAs, BundleLimits limits)
{
    private readonly List<BundleFile> files = [];
    private readonly Dictionary<string, string> seen = new(StringComparer.OrdinalIgnoreCase);
    private int entries;
    private long total;

    public string ShownAs => shownAs;

    public BundleLimits Limits => limits;

    /// <summary>Takes a name in, or says why not: to be asked before the bytes are read.</summary>
    /// <param name="size">What will come, as far as anybody knows.</param>
    public Outcome<string> Admit(string name, long size)
    {
        if (Count() is { } crowded) return crowded;
        if (BundlePaths.Plain(name, limits) is not { } path) return Refuse($"it holds '{Shown(name)}', which is no name of a file in a bundle (relative, printable ASCII, without '..', backslash and colon)");
        if (!seen.TryAdd(path, path))
        {
            var first = seen[path];
            return Refuse(first == path ? $"it holds '{Shown(path)}' twice" : $"it holds '{Shown(first)}' and '{Shown(path)}', which some systems take for one name");
        }
        if (size > limits.FileBytesMax) return Refuse($"'{Shown(path)}' has {size} bytes; at most {limits.FileBytesMax} are taken");
        total += size;
        return total > limits.TotalBytesMax ? Refuse($"it holds more than {limits.TotalBytesMax} bytes") : path;
    }

    /// <summary>A directory counts as an entry; its name must be as good as a file's.</summary>
    public Problem? AdmitDirectory(string name)
    {
        if (Count() is { } crowded) return crowded;
        var bare = name.TrimEnd('/');
        return bare is "" or "." || BundlePaths.Plain(bare, limits) is not null ? null : Refuse($"it holds the directory '{Shown(name)}', which is no name in a bundle");
    }

    public void Add(string path, ReadOnlyMemory<byte> bytes) => files.Add(new(path, bytes));

    /// <summary>In path order, by the bytes of the names.</summary>
    public IReadOnlyList<BundleFile> InOrder()
    {
        BundleFile[] ordered = [.. files];
        Array.Sort(ordered, static (a, b) => string.CompareOrdinal(a.Path, b.Path));
        return ordered;
    }

    public Problem Link(string name) => Refuse($"'{Shown(name)}' is a link; a bundle holds files only");

    public Problem Refuse(string why) => new(ProblemCode.PolicyInvalid, $"the bundle '{Shown(shownAs)}' is refused: {why}") { Where = Shown(shownAs), Remedy = "Build it anew with `cabincrew policy bundle build`." };

    private Problem? Count() => ++entries > limits.FilesMax ? Refuse($"it holds more than {limits.FilesMax} entries") : null;

    private static string Shown(string text)
    {
        var clipped = text.Length <= 120 ? text : text[..120] + "…";
        return clipped.Any(c => char.IsControl(c) || char.IsSurrogate(c)) ? string.Concat(clipped.Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '\uFFFD' : c)) : clipped;
    }
}
