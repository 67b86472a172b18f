// Globs over paths: * and ? within a name, ** for any number of folders, nothing else. Linear in the path for each star, however the pattern is built. Pure.
namespace CabinCrew.Governance.Detection.Allowances;

internal static class PathPattern
{
    private const int CharsMax = 512;
    private const int DeepMax = 8;

    /// <summary>What is wrong with a pattern, or null.</summary>
    public static string? Fault(string pattern)
    {
        if (pattern.Length is 0 or > CharsMax) return $"a path has 1 to {CharsMax} characters";
        if (pattern.StartsWith('/') || pattern.Contains('\\')) return "a path is written with slashes, from the root of what is scanned";
        var segments = pattern.Split('/');
        if (segments.Any(s => s is "" or "." or "..")) return "a path has no empty parts, no . and no ..";
        if (segments.Any(s => s.Contains("**", StringComparison.Ordinal) && s != "**")) return "** stands for folders, and alone between slashes";
        if (segments.Count(s => s == "**") > DeepMax) return $"at most {DeepMax} times **";
        if (segments.All(s => s is "**" or "*")) return "a path that is everywhere allows the rule everywhere; name the places";
        return null;
    }

    public static bool IsMatch(IReadOnlyList<string> pattern, string path)
    {
        // Which parts of the pattern may come next: a set, so that ** costs nothing more.
        var next = new bool[pattern.Count + 1];
        Open(next, pattern, 0);
        foreach (var name in path.Split('/'))
        {
            var then = new bool[pattern.Count + 1];
            for (var i = 0; i < pattern.Count; i++)
            {
                if (!next[i]) continue;
                if (pattern[i] == "**") Open(then, pattern, i);
                else if (IsName(pattern[i], name)) Open(then, pattern, i + 1);
            }
            next = then;
        }
        return next[pattern.Count];
    }

    private static void Open(bool[] set, IReadOnlyList<string> pattern, int at)
    {
        set[at] = true;
        if (at < pattern.Count && pattern[at] == "**") Open(set, pattern, at + 1);
    }

    private static bool IsName(string pattern, string name)
    {
        int p = 0, n = 0, star = -1, from = 0;
        while (n < name.Length)
        {
            if (p < pattern.Length && (pattern[p] == '?' || (pattern[p] == name[n] && pattern[p] != '*'))) (p, n) = (p + 1, n + 1);
            else if (p < pattern.Length && pattern[p] == '*') (star, from, p) = (p, n, p + 1);
            else if (star >= 0) (p, n) = (star + 1, ++from);
            else return false;
        }
        while (p < pattern.Length && pattern[p] == '*') p++;
        return p == pattern.Length;
    }
}
