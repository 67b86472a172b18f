// search: text or a regular expression in the files of a directory, with context, within bounds of time, files and bytes that are told when they are met.
using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using CabinCrew.Protocol;
using CabinCrew.Servers.Files.Disk;

namespace CabinCrew.Servers.Files.Tools;

internal sealed class SearchTool(Tree tree)
{
    private const int ResultsMax = 1000, PatternCharsMax = 2000, GlobsMax = 32, LineCharsMax = 500, AnswerCharsMax = 512 << 10;
    private const long FileBytesMax = 8L << 20, TotalBytesMax = 1L << 30;
    private static readonly TimeSpan TimeMax = TimeSpan.FromSeconds(20);

    public Tool Definition => new("search", "Search in files",
        "Searches the files of a directory for a text or a regular expression, line by line, and gives path:line: text. Binary files, files over 8 MiB, and what is in '.git' and 'node_modules' are passed over. Without a pattern it lists the files that fit the globs.",
        """
        {"type":"object","properties":{
          "pattern":{"type":"string","maxLength":2000,"description":"A text, or with regex a regular expression (no lookaround, no back-references). Without it: file names only."},
          "path":{"type":"string","description":"The directory to search; without it the root."},
          "regex":{"type":"boolean","description":"The pattern is a regular expression."},
          "ignore_case":{"type":"boolean"},
          "include":{"type":"array","maxItems":32,"items":{"type":"string","maxLength":256},"description":"Globs that a path must fit, such as **/*.cs; one without '/' means the name."},
          "exclude":{"type":"array","maxItems":32,"items":{"type":"string","maxLength":256},"description":"Globs of paths to leave out."},
          "context":{"type":"integer","minimum":0,"maximum":10,"description":"Lines to show around each hit."},
          "max_results":{"type":"integer","minimum":1,"maximum":1000,"description":"200 without it."}},
         "additionalProperties":false}
        """, Effect.Read, Again: true, Search);

    private sealed record Request(string From, Func<string, bool>? Hit, IReadOnlyList<Glob> Include, IReadOnlyList<Glob> Exclude, int Context, int Most);

    private Outcome<ToolAnswer> Search(Arguments a, CancellationToken ct)
    {
        var (pattern, path) = (a.OptionalText("pattern", PatternCharsMax), a.OptionalText("path") ?? "");
        var (regex, ignoreCase) = (a.Flag("regex"), a.Flag("ignore_case"));
        var (include, exclude) = (a.Texts("include", GlobsMax, Glob.CharsMax), a.Texts("exclude", GlobsMax, Glob.CharsMax));
        var (context, most) = ((int)(a.Number("context", 0, 10) ?? 0), (int)(a.Number("max_results", 1, ResultsMax) ?? 200));
        if (a.Check() is { } wrong) return wrong;
        if (pattern is null && include.Count == 0) return new Problem(ProblemCode.InvalidArgument, "There is nothing to search for.") { Remedy = "Give a pattern, or globs under include." };
        if (!tree.Relative(path).Try(out var from, out var problem) || !Test(pattern, regex, ignoreCase).Try(out var hit, out problem)
            || !Globs(include).Try(out var wanted, out problem) || !Globs(exclude).Try(out var unwanted, out problem)) return problem;
        using (tree.OpenDirectory(from)) { }
        return Run(new(from, pattern is null ? null : hit, wanted, unwanted, context, most), ct);
    }

    private static Outcome<Func<string, bool>> Test(string? pattern, bool isRegex, bool ignoreCase)
    {
        if (pattern is null or "") return pattern is null ? (Func<string, bool>)(static _ => true) : new Problem(ProblemCode.InvalidArgument, "The pattern is empty.");
        if (!isRegex)
        {
            var comparison = ignoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
            return (Func<string, bool>)(line => line.Contains(pattern, comparison));
        }
        try
        {
            var regex = new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | (ignoreCase ? RegexOptions.IgnoreCase : RegexOptions.None));
            return (Func<string, bool>)(line => regex.IsMatch(line));
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return new Problem(ProblemCode.InvalidArgument, $"The regular expression cannot be used: {e.Message.TrimEnd('.')}.") { Remedy = "Lookaround, back-references and very large counts are not supported; to search for the text as it stands, leave regex out." };
        }
    }

    private static Outcome<IReadOnlyList<Glob>> Globs(IReadOnlyList<string> texts)
    {
        var globs = new List<Glob>();
        foreach (var text in texts)
        {
            if (!Glob.Parse(text).Try(out var glob, out var problem)) return problem;
            globs.Add(glob);
        }
        return globs;
    }

    private ToolAnswer Run(Request request, CancellationToken ct)
    {
        var clock = Stopwatch.StartNew();
        var walk = new Walk(tree, ct);
        var text = new StringBuilder();
        var (hits, files, bytes, passed) = (0, 0, 0L, 0);
        string? cut = null;
        foreach (var (path, status) in walk.Files(request.From))
        {
            if (request.Include.Count > 0 && !request.Include.Any(g => g.Matches(path)) || request.Exclude.Any(g => g.Matches(path))) continue;
            cut = clock.Elapsed > TimeMax ? $"stopped after {TimeMax.TotalSeconds:0} s" : bytes > TotalBytesMax ? $"stopped after {TotalBytesMax >> 20} MiB" : text.Length > AnswerCharsMax ? "the answer is full" : hits >= request.Most ? $"the first {hits} results" : null;
            if (cut is not null) break;
            if (request.Hit is null)
            {
                text.Append(path).Append('\n');
                hits++;
                continue;
            }
            if (status.Size > FileBytesMax || Content(path) is not { IsText: true } content)
            {
                passed++;
                continue;
            }
            files++;
            bytes += status.Size;
            hits += Lines(content.Text.Split('\n'), path, request, request.Most - hits, text);
        }
        if (walk.WasCut) cut ??= $"stopped after {Tree.EntriesMax} entries";
        var what = request.Hit is null ? $"{hits} files" : $"{hits} hits in {files} files searched{(passed > 0 ? $"; {passed} binary or large files passed over" : "")}";
        return ToolAnswer.Of(text.ToString(), $"[{what}{(cut is null ? "" : $"; {cut}: narrow it down with path, include or a longer pattern")}]");
    }

    private FileText? Content(string path)
    {
        try
        {
            return tree.ReadWhole(path).Try(out var bytes, out _) ? FileText.Of(bytes) : null;
        }
        catch (IOException)
        {
            return null; // it went away, or may not be read
        }
    }

    private static int Lines(string[] lines, string path, Request request, int most, StringBuilder text)
    {
        var (found, shownTo) = (0, -1);
        // After the last line end there is no line.
        var count = lines[^1].Length == 0 ? lines.Length - 1 : lines.Length;
        for (var i = 0; i < count && found < most; i++)
        {
            if (!request.Hit!(lines[i])) continue;
            found++;
            var first = Math.Max(shownTo + 1, i - request.Context);
            if (request.Context > 0 && shownTo >= 0 && first > shownTo + 1) text.Append("--\n");
            for (var k = first; k < i; k++) Append(k, '-');
            if (i > shownTo) Append(i, ':');
            shownTo = Math.Max(shownTo, i);
            for (var k = i + 1; k <= i + request.Context && k < count && !request.Hit(lines[k]); k++)
            {
                Append(k, '-');
                shownTo = k;
            }
        }
        return found;

        void Append(int line, char mark)
        {
            var shown = lines[line].TrimEnd('\r');
            text.Append(path).Append(mark).Append(line + 1).Append(mark).Append(' ').Append(shown.Length <= LineCharsMax ? shown : shown[..LineCharsMax] + "…").Append('\n');
        }
    }
}
