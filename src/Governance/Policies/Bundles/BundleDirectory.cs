// A bundle read from a directory: the files that belong to a bundle, and none else. Hidden directories are passed over; a link anywhere else is refused,
// since what it leads to could be another file at the next look.
using CabinCrew.Governance.Files;
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Policies.Bundles;

internal static class BundleDirectory
{
    /// <summary>Null: everything came in.</summary>
    public static Problem? Read(string directory, BundleFiles into)
    {
        try
        {
            return Read(new DirectoryInfo(directory), "", into);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return into.Refuse($"it cannot be read: {e.Message}");
        }
    }

    private static Problem? Read(DirectoryInfo at, string prefix, BundleFiles into)
    {
        var entries = at.GetFileSystemInfos();
        Array.Sort(entries, static (a, b) => string.CompareOrdinal(a.Name, b.Name));
        foreach (var entry in entries)
        {
            var path = prefix + entry.Name;
            var kind = BundlePaths.KindOf(path);
            if (kind == BundleFileKind.Other && entry.Name.StartsWith('.')) continue;
            if (entry.LinkTarget is not null) return into.Link(path);
            if (entry is DirectoryInfo inner)
            {
                if ((into.AdmitDirectory(path) ?? Read(inner, path + "/", into)) is { } refused) return refused;
                continue;
            }
            if (kind == BundleFileKind.Other) continue;
            if (!into.Admit(path, ((FileInfo)entry).Length).Try(out var name, out var problem)) return problem;
            if (!PlainFile.Read(entry.FullName, into.Limits.FileBytesMax, ProblemCode.PolicyInvalid).Try(out var file, out problem)) return into.Refuse($"{name}: {problem.Message}");
            into.Add(name, file.Bytes);
        }
        return null;
    }
}
