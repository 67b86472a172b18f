// "Did you mean": the one candidate that is close to a mistyped word, or none. Small edits only, so that it is rarely wrong.
namespace CabinCrew.Protocol;

public static class NearMatch
{
    private const int WordCharsMax = 64;

    /// <summary>The closest candidate within about a third of the word's letters (swaps count as one edit), or null.</summary>
    public static string? Find(string word, IEnumerable<string> candidates)
    {
        if (word.Length is 0 or > WordCharsMax) return null;
        var bare = Bare(word);
        string? best = null;
        var bestDistance = Math.Max(1, bare.Length / 3) + 1;
        foreach (var candidate in candidates)
        {
            if (candidate.Length is 0 or > WordCharsMax) continue;
            var distance = Distance(bare, Bare(candidate));
            if (distance >= bestDistance) continue;
            (best, bestDistance) = (candidate, distance);
        }
        return best;
    }

    /// <summary>"; did you mean 'x'?" or nothing, to append to a message.</summary>
    public static string Question(string word, IEnumerable<string> candidates) => Find(word, candidates) is { } near ? $"; did you mean '{near}'?" : "";

    // Case, '-' and '_' are the commonest slips and cost nothing.
    private static string Bare(string word) => word.ToLowerInvariant().Replace('-', '_');

    private static int Distance(string a, string b)
    {
        if (Math.Abs(a.Length - b.Length) > a.Length) return int.MaxValue;
        var (two, one, now) = (new int[b.Length + 1], new int[b.Length + 1], new int[b.Length + 1]);
        for (var j = 0; j <= b.Length; j++) one[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            now[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                now[j] = Math.Min(Math.Min(one[j] + 1, now[j - 1] + 1), one[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) now[j] = Math.Min(now[j], two[j - 2] + 1);
            }
            (two, one, now) = (one, now, two);
        }
        return one[b.Length];
    }
}
