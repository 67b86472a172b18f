// "Did you mean": the one known word that a mistyped one is closest to, if any is close.
namespace CabinCrew.Protocol;

public static class NearMatch
{
    private const int CharsMax = 64;

    /// <summary>The closest candidate within a third of the word's length (at least one edit; a swap of neighbours is one edit), or null.</summary>
    public static string? Of(string word, IEnumerable<string> candidates)
    {
        if (word.Length is 0 or > CharsMax) return null;
        var asked = Plain(word);
        string? best = null;
        var least = Math.Max(1, word.Length / 3) + 1;
        foreach (var candidate in candidates.Order(StringComparer.Ordinal))
        {
            if (candidate.Length > CharsMax) continue;
            var edits = Edits(asked, Plain(candidate));
            if (edits < least) (best, least) = (candidate, edits);
        }

        return best;
    }

    /// <summary><c>; did you mean 'x'?</c>, or nothing.</summary>
    public static string Hint(string word, IEnumerable<string> candidates) => Of(word, candidates) is { } near ? $"; did you mean '{near}'?" : "";

    private static string Plain(string word) => word.ToLowerInvariant().Replace('-', '_');

    // Damerau-Levenshtein, restricted to swaps of neighbours.
    private static int Edits(string a, string b)
    {
        var (older, old, row) = (new int[b.Length + 1], new int[b.Length + 1], new int[b.Length + 1]);
        for (var j = 0; j <= b.Length; j++) old[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = a[i - 1] == b[j - 1] ? 0 : 1;
                row[j] = Math.Min(Math.Min(row[j - 1] + 1, old[j] + 1), old[j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = Math.Min(row[j], older[j - 2] + 1);
            }

            (older, old, row) = (old, row, older);
        }

        return old[b.Length];
    }
}
