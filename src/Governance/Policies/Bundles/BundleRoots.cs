// The parts of `data` that a bundle owns. Roots are paths with slashes; the empty one owns everything. Two bundles never own the same part.
namespace CabinCrew.Governance.Policies.Bundles;

public static class BundleRoots
{
    /// <summary>As OPA's manifests mean it: outer slashes do not count.</summary>
    public static string Plain(string root) => root.Trim('/');

    /// <summary>Whether <paramref name="path"/> is the root or lies in it.</summary>
    public static bool Contains(string root, string path) =>
        root.Length == 0 || path == root || (path.StartsWith(root, StringComparison.Ordinal) && path[root.Length] == '/');

    public static bool Contain(IEnumerable<string> roots, string path) => roots.Any(r => Contains(r, path));

    public static bool Overlap(string one, string other) => Contains(one, other) || Contains(other, one);

    /// <summary>The first pair of one list that overlaps, or null.</summary>
    public static (string One, string Other)? FirstOverlap(IReadOnlyList<string> roots)
    {
        for (var i = 1; i < roots.Count; i++)
            for (var j = 0; j < i; j++)
                if (Overlap(roots[i], roots[j])) return (roots[j], roots[i]);
        return null;
    }
}
