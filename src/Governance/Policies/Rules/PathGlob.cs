// Path patterns of rules: ** any directories, * and ? within one name, {a,b} alternatives, ! exclusions. A pattern without a slash means
// a name at any depth. Linear-ish by construction (no backtracking beyond the last star), bounded in alternatives.
using System.Text;

namespace CabinCrew.Governance.Policies.Rules;

/// <summary>One or more patterns: matches what a positive pattern matches and no exclusion does.</summary>
internal sealed class PathGlob
{
    public const int PatternCharsMax = 512;
    public const int AlternativesMax = 64;

    private readonly IReadOnlyList<string[]> wanted;
    private readonly IReadOnlyList<string[]> excluded;
    private readonly bool ignoreCase;

    private PathGlob(IReadOnlyList<string[]> wanted, IReadOnlyList<string[]> excluded, bool ignoreCase) =>
        (this.wanted, this.excluded, this.ignoreCase) = (wanted, excluded, ignoreCase);

    /// <summary>Null and what is wrong, where a pattern is not well formed.</summary>
    public static (PathGlob? Glob, string? Error) Of(IReadOnlyList<string> patterns, bool ignoreCase)
    {
        List<string[]> wanted = [], excluded = [];
        foreach (var pattern in patterns)
        {
            var not = pattern.StartsWith('!');
            var (alternatives, error) = Expand(not ? pattern[1..] : pattern);
            if (error is not null) return (null, $"the pattern '{pattern}' {error}");
            foreach (var alternative in alternatives)
            {
                var segments = Segments(alternative);
                if (segments.Any(s => s is "" or "." or "..")) return (null, $"the pattern '{pattern}' has an empty, '.' or '..' part; write it relative to the workspace");
                if (segments.Any(s => s.Contains("**", StringComparison.Ordinal) && s != "**")) return (null, $"the pattern '{pattern}': '**' must stand alone between slashes");
                (not ? excluded : wanted).Add(segments);
            }
        }

        if (wanted.Count == 0) return (null, "there are only exclusions (!): say first what is meant, for example '**'");
        return (new(wanted, excluded, ignoreCase), null);
    }

    public bool IsMatch(string path) => IsMatch(path.Split('/'));

    /// <summary>The same for a path that is taken apart already.</summary>
    public bool IsMatch(string[] names) => Any(wanted, names) && !Any(excluded, names);

    private bool Any(IReadOnlyList<string[]> patterns, string[] names)
    {
        foreach (var pattern in patterns)
            if (Match(pattern, names)) return true;
        return false;
    }

    /// <summary>Whether one text matches one pattern with * (any characters) and ?; for words that are no paths.</summary>
    public static bool IsWordMatch(string pattern, string word) => MatchName(pattern, word, ignoreCase: false);

    private static string[] Segments(string pattern)
    {
        var anchored = pattern.StartsWith('/');
        var text = anchored ? pattern[1..] : pattern;
        if (text.EndsWith('/')) text += "**";
        else if (!anchored && !text.Contains('/', StringComparison.Ordinal)) text = "**/" + text;
        return text.Split('/');
    }

    private bool Match(string[] pattern, string[] path)
    {
        // A name at any depth, which most patterns are, is the last name.
        if (pattern is ["**", not "**"]) return MatchName(pattern[1], path[^1], ignoreCase);
        int p = 0, s = 0, star = -1, resume = 0;
        while (s < path.Length)
        {
            if (p < pattern.Length && pattern[p] == "**")
            {
                // At the end ** wants at least one name: "docs/**" is what is in docs, not docs itself.
                if (p == pattern.Length - 1) return true;
                (star, resume) = (p++, s);
            }
            else if (p < pattern.Length && MatchName(pattern[p], path[s], ignoreCase))
            {
                (p, s) = (p + 1, s + 1);
            }
            else if (star >= 0)
            {
                (p, s) = (star + 1, ++resume);
            }
            else
            {
                return false;
            }
        }

        return p == pattern.Length;
    }

    private static bool MatchName(string pattern, string name, bool ignoreCase)
    {
        int p = 0, s = 0, star = -1, resume = 0;
        while (s < name.Length)
        {
            if (p < pattern.Length && pattern[p] == '*') (star, resume) = (p++, s);
            else if (p < pattern.Length && (pattern[p] == '?' || Same(pattern[p], name[s], ignoreCase))) (p, s) = (p + 1, s + 1);
            else if (star >= 0) (p, s) = (star + 1, ++resume);
            else return false;
        }

        while (p < pattern.Length && pattern[p] == '*') p++;
        return p == pattern.Length;
    }

    private static bool Same(char a, char b, bool ignoreCase) => a == b || (ignoreCase && char.ToUpperInvariant(a) == char.ToUpperInvariant(b));

    private static (IReadOnlyList<string> Alternatives, string? Error) Expand(string pattern)
    {
        if (pattern.Length is 0 or > PatternCharsMax) return ([], $"must have 1 to {PatternCharsMax} characters");
        if (pattern.AsSpan().IndexOfAny("[]\\") >= 0) return ([], "has '[', ']' or '\\', which mean nothing here; use *, ?, {a,b}");
        List<string> done = [];
        Queue<string> open = new([pattern]);
        while (open.TryDequeue(out var next))
        {
            if (done.Count + open.Count >= AlternativesMax) return ([], $"has more than {AlternativesMax} alternatives");
            var start = next.IndexOf('{', StringComparison.Ordinal);
            var end = next.IndexOf('}', StringComparison.Ordinal);
            if (start < 0 && end < 0)
            {
                done.Add(next);
                continue;
            }

            if (start < 0 || end < start || next.AsSpan(start + 1, end - start - 1).Contains('{')) return ([], "has braces that do not pair (they cannot be nested)");
            foreach (var choice in next[(start + 1)..end].Split(',')) open.Enqueue(new StringBuilder(next[..start]).Append(choice).Append(next.AsSpan(end + 1)).ToString());
            if (open.Count > AlternativesMax) return ([], $"has more than {AlternativesMax} alternatives");
        }

        return (done, null);
    }
}
