// Patterns for files as OPA's manifests and signing options write them: * and ? within a name, ** across names, [a-z], [!a], {a,b}, a backslash before what is meant literally.
// Bounded: as many steps as pattern and path have characters, multiplied; longer patterns are none.
namespace CabinCrew.Governance.Policies.Bundles;

internal static class GoGlob
{
    private const int PatternCharsMax = 256;
    private const int AlternativesMax = 64;

    public static bool IsPattern(string pattern) => pattern.Length is > 0 and <= PatternCharsMax && Expand(pattern) is { } all && all.All(IsPlain);

    public static bool IsMatch(string pattern, string path) => pattern.Length <= PatternCharsMax && Expand(pattern) is { } all && all.Any(p => Match(p, path));

    // Alternatives are written out, innermost last; null: too many, or a brace without its other half.
    private static List<string>? Expand(string pattern)
    {
        List<string> open = [pattern], done = [];
        while (open.Count > 0)
        {
            if (open.Count + done.Count > AlternativesMax) return null;
            var one = open[^1];
            open.RemoveAt(open.Count - 1);
            var (from, to, commas) = Braces(one);
            if (from < 0)
            {
                if (to >= 0) return null;
                done.Add(one);
                continue;
            }
            if (to < 0) return null;
            commas.Add(to);
            for (var (start, i) = (from + 1, 0); i < commas.Count; start = commas[i++] + 1) open.Add(one[..from] + one[start..commas[i]] + one[(to + 1)..]);
        }
        return done;
    }

    // The first outermost pair of braces and the commas right inside it; (-1, 0) for a closing brace that nothing opened.
    private static (int From, int To, List<int> Commas) Braces(string pattern)
    {
        var (from, depth) = (-1, 0);
        List<int> commas = [];
        for (var i = 0; i < pattern.Length; i++)
            switch (pattern[i])
            {
                case '\\': i++; break;
                case '[': i = Math.Max(i, ClassEnd(pattern, i)); break;
                case '{': if (depth++ == 0) from = i; break;
                case ',' when depth == 1: commas.Add(i); break;
                case '}' when depth == 0: return (-1, 0, commas);
                case '}': if (--depth == 0) return (from, i, commas); break;
            }
        return (from, -1, commas);
    }

    private static int ClassEnd(string pattern, int at)
    {
        var first = at + 1 < pattern.Length && pattern[at + 1] is '!' or '^' ? at + 2 : at + 1;
        for (var i = first; i < pattern.Length; i++)
        {
            if (pattern[i] == '\\') i++;
            else if (pattern[i] == ']' && i > first) return i;
        }
        return -1;
    }

    private static bool IsPlain(string pattern)
    {
        for (var i = 0; i < pattern.Length; i++)
        {
            if (pattern[i] == '\\' && ++i == pattern.Length) return false;
            if (pattern[i] == '[' && pattern[Math.Max(0, i - 1)] != '\\' && (i = ClassEnd(pattern, i)) < 0) return false;
        }
        return true;
    }

    // One row of "can the rest match from here" for each piece of the pattern, so that no input makes it slow.
    private static bool Match(string pattern, string path)
    {
        var reach = new bool[path.Length + 1];
        reach[0] = true;
        for (var p = 0; p < pattern.Length;)
        {
            var next = new bool[path.Length + 1];
            if (pattern[p] == '*')
            {
                var crosses = p + 1 < pattern.Length && pattern[p + 1] == '*';
                for (var i = 0; i <= path.Length; i++) next[i] = reach[i] || (i > 0 && next[i - 1] && (crosses || path[i - 1] != '/'));
                p += crosses ? 2 : 1;
            }
            else
            {
                var end = pattern[p] == '[' && ClassEnd(pattern, p) is > 0 and var close ? close + 1 : pattern[p] == '\\' && p + 1 < pattern.Length ? p + 2 : p + 1;
                for (var i = 0; i < path.Length; i++) next[i + 1] = reach[i] && IsOne(pattern[p..end], path[i]);
                p = end;
            }
            reach = next;
        }
        return reach[^1];
    }

    private static bool IsOne(string piece, char c)
    {
        if (piece == "?") return c != '/';
        if (piece.Length == 1) return piece[0] == c;
        if (piece[0] == '\\') return piece[1] == c;
        var isNot = piece[1] is '!' or '^';
        var hit = false;
        for (var i = isNot ? 2 : 1; i < piece.Length - 1; i++)
        {
            if (piece[i] == '\\' && i + 2 < piece.Length) i++;
            if (i + 2 < piece.Length - 1 && piece[i + 1] == '-')
            {
                hit |= c >= piece[i] && c <= piece[i + 2];
                i += 2;
            }
            else hit |= piece[i] == c;
        }
        return c != '/' && hit != isNot;
    }
}
