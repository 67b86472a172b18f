// What git is told to ignore: .git/info/exclude, and .gitignore files from the work tree's root downwards. The last line that fits decides, a nearer file over a farther one
// (gitignore(5)). Outside of a work tree there are no rules. Immutable: a directory's rules are its parent's and its own.
namespace CabinCrew.Cli.Commands.Scan;

internal sealed class IgnoreRules
{
    private const int FileBytesMax = 1 << 20;
    private const int RulesMax = 20_000;

    /// <param name="Base">The directory of the file that says so; its paths are relative to it.</param>
    /// <param name="Parts">Of the pattern, between slashes.</param>
    private sealed record Rule(string Base, string[] Parts, bool IsBack, bool DirectoriesOnly);

    private readonly IReadOnlyList<Rule> rules;

    private IgnoreRules(IReadOnlyList<Rule> rules) => this.rules = rules;

    /// <summary>What holds in a directory, its own file included. Null: it is in no work tree.</summary>
    public static IgnoreRules? Of(string directory)
    {
        List<string> way = [];
        for (var at = Path.GetFullPath(directory); at is not null; at = Path.GetDirectoryName(at))
        {
            way.Insert(0, at);
            if (!Path.Exists(Path.Combine(at, ".git"))) continue;
            List<Rule> rules = [];
            Read(Path.Combine(at, ".git", "info", "exclude"), at, rules);
            foreach (var each in way) Read(Path.Combine(each, ".gitignore"), each, rules);
            return new(rules);
        }
        return null;
    }

    /// <summary>The same one directory further down.</summary>
    public IgnoreRules In(string directory)
    {
        List<Rule> own = [];
        Read(Path.Combine(directory, ".gitignore"), directory, own);
        return own.Count == 0 ? this : new([.. rules, .. own]);
    }

    /// <param name="path">Absolute; of something whose directory is not ignored itself.</param>
    public bool Ignores(string path, bool isDirectory)
    {
        for (var i = rules.Count - 1; i >= 0; i--)
        {
            var rule = rules[i];
            if (rule.DirectoriesOnly && !isDirectory) continue;
            var relative = path[(rule.Base.Length == 1 ? 1 : rule.Base.Length + 1)..];
            if (Fits(rule.Parts, relative.Split('/'))) return !rule.IsBack;
        }
        return false;
    }

    private static void Read(string file, string directory, List<Rule> into)
    {
        if (!Governance.Files.PlainFile.Read(file, FileBytesMax, Protocol.ProblemCode.IoFailed).Try(out var read, out _)) return;
        foreach (var raw in System.Text.Encoding.UTF8.GetString(read.Bytes).Split('\n'))
        {
            var line = raw.TrimEnd('\r').TrimEnd(' ');
            var isBack = line.StartsWith('!');
            if (isBack) line = line[1..];
            if (line.Length == 0 || line[0] == '#' || into.Count >= RulesMax) continue;
            var directoriesOnly = line.EndsWith('/');
            line = line.TrimEnd('/');
            if (line.Length == 0) continue;
            // A slash anywhere but at the end ties the pattern to its directory.
            var parts = line.TrimStart('/').Split('/');
            into.Add(new(directory, line.Contains('/') ? parts : ["**", .. parts], isBack, directoriesOnly));
        }
    }

    // ** stands for any number of names, at the end for one at least. Goes back to the last of them only, which is enough.
    private static bool Fits(string[] pattern, string[] path)
    {
        var (p, n, stars, from) = (0, 0, -1, 0);
        while (n < path.Length)
        {
            if (p < pattern.Length && pattern[p] == "**")
            {
                if (p == pattern.Length - 1) return true;
                (stars, from) = (p++, n);
                continue;
            }
            if (p < pattern.Length && Fits(pattern[p], path[n])) (p, n) = (p + 1, n + 1);
            else if (stars >= 0) (p, n) = (stars + 1, ++from);
            else return false;
        }
        return p == pattern.Length;
    }

    // *, ?, [a-z], and a backslash before what is meant as it stands. Goes back to the last star only, which is enough.
    private static bool Fits(ReadOnlySpan<char> pattern, ReadOnlySpan<char> name)
    {
        var (p, n, star, from) = (0, 0, -1, 0);
        while (n < name.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                (star, from) = (p++, n);
                continue;
            }
            if (p < pattern.Length && One(pattern[p..], name[n]) is > 0 and var used)
            {
                p += used;
                n++;
            }
            else if (star >= 0)
            {
                p = star + 1;
                n = ++from;
            }
            else
            {
                return false;
            }
        }
        return pattern[p..].TrimStart('*').IsEmpty;
    }

    // How much of the pattern stands for this character; 0: it does not.
    private static int One(ReadOnlySpan<char> pattern, char c)
    {
        switch (pattern[0])
        {
            case '?':
                return 1;
            case '\\' when pattern.Length > 1:
                return pattern[1] == c ? 2 : 0;
            case '[' when pattern[1..].IndexOf(']') is > 0 and var close:
                var set = pattern.Slice(1, close);
                var isNot = set[0] is '!' or '^';
                if (isNot) set = set[1..];
                var isIn = false;
                for (var i = 0; i < set.Length; i++)
                {
                    if (i + 2 < set.Length && set[i + 1] == '-')
                    {
                        isIn |= c >= set[i] && c <= set[i + 2];
                        i += 2;
                    }
                    else
                    {
                        isIn |= set[i] == c;
                    }
                }
                return isIn != isNot ? close + 2 : 0;
            default:
                return pattern[0] == c ? 1 : 0;
        }
    }
}
