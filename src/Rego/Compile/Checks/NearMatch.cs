// The name that was probably meant.
namespace CabinCrew.Rego.Compile.Checks;

internal static class NearMatch
{
    private const int LengthMax = 64;

    /// <summary>The nearest of some names to one that does not exist: at most a third of its letters differ (one always may), or null.</summary>
    public static string? Of(string name, IEnumerable<string> names)
    {
        string? best = null;
        var bestDistance = Math.Max(1, Math.Min(name.Length, LengthMax) / 3) + 1;
        foreach (var candidate in names)
        {
            if (candidate.Length > LengthMax || name.Length > LengthMax || Math.Abs(candidate.Length - name.Length) >= bestDistance)
                continue;
            var distance = Distance(name, candidate);
            if (distance < bestDistance)
                (best, bestDistance) = (candidate, distance);
        }

        return best;
    }

    // Levenshtein's distance with neighbours swapped counting once; letters' case does not count.
    private static int Distance(string a, string b)
    {
        Span<int> before = stackalloc int[LengthMax + 1];
        Span<int> last = stackalloc int[LengthMax + 1];
        Span<int> row = stackalloc int[LengthMax + 1];
        for (var j = 0; j <= b.Length; j++)
            last[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var same = char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]);
                row[j] = Math.Min(Math.Min(row[j - 1], last[j]) + 1, last[j - 1] + (same ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    row[j] = Math.Min(row[j], before[j - 2] + 1);
            }

            last[..(b.Length + 1)].CopyTo(before);
            row[..(b.Length + 1)].CopyTo(last);
        }

        return last[b.Length];
    }
}
