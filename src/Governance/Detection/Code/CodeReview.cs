// What code says of its own weaknesses, in whole files and in parts of them: words that checks hang on, found among the tokens. Pure, bounded, and linear in the text. No data is followed
// beyond a statement, and what a comment allows (nosec, noqa and the like) is not asked.
using System.Collections.Frozen;
using System.Text;
using CabinCrew.Governance.Detection.Code.Languages;

namespace CabinCrew.Governance.Detection.Code;

public static class CodeReview
{
    /// <summary>Raised whenever this code finds something else in the same text.</summary>
    public const int Version = 1;

    /// <summary>So much is taken apart at a time; what is longer, in pieces that end with a line.</summary>
    private const int PieceChars = 4 << 20;

    private const int OfRuleMax = TextDetection.FindingsMax;

    /// <summary>Which checks there are, language by language.</summary>
    internal static readonly IReadOnlyList<(CodeLanguage Language, CodeCheck[] Checks)> Table =
    [
        (CodeLanguage.Python, PythonChecks.Table),
        (CodeLanguage.JavaScript, JavaScriptChecks.Table),
        (CodeLanguage.Java, JvmChecks.Table),
        (CodeLanguage.Kotlin, JvmChecks.Table),
        (CodeLanguage.CSharp, CSharpChecks.Table),
        (CodeLanguage.Go, GoChecks.Table),
        (CodeLanguage.Php, PhpChecks.Table),
        (CodeLanguage.Ruby, RubyChecks.Table),
        (CodeLanguage.C, NativeChecks.C),
        (CodeLanguage.Rust, NativeChecks.Rust),
        (CodeLanguage.Hcl, HclChecks.Table),
    ];

    // Each made when a file of its language is first read.
    private static readonly Dictionary<CodeLanguage, Lazy<FrozenDictionary<string, CodeCheck[]>>> ByWord = Table.ToDictionary(t => t.Language,
        t => new Lazy<FrozenDictionary<string, CodeCheck[]>>(() => t.Checks.SelectMany(c => c.On.Distinct().Select(word => (Word: word, Check: c))).GroupBy(c => c.Word, c => c.Check).ToFrozenDictionary(g => g.Key, g => g.ToArray(), StringComparer.Ordinal)));

    /// <summary>A list of tokens is kept for the next file of the same thread, but for those of very large files.</summary>
    private const int TokensKept = 1 << 18;

    [ThreadStatic]
    private static List<CodeToken>? tokens;

    /// <summary>The languages that a rule is looked for in.</summary>
    public static IEnumerable<CodeLanguage> LanguagesOf(CodeRule rule) => Table.Where(t => t.Checks.Any(c => c.Rule == rule)).Select(t => t.Language).Concat(YamlChecks.Rules.Contains(rule) ? [CodeLanguage.Yaml] : []);

    /// <summary>Whether a file is code of any language that is known here, before a text is made of its bytes.</summary>
    public static bool IsCode(string path, ReadOnlySpan<byte> utf8) => CodeLanguages.Of(path, utf8) != CodeLanguage.None;

    public static IReadOnlyList<CodeFinding> Of(string path, string text) => Of(path, text, [(0, text.Length)], isPart: false);

    /// <param name="pieces">What hangs together: the whole, or hunks.</param>
    public static IReadOnlyList<CodeFinding> Of(string path, string text, IReadOnlyList<(int Start, int End)> pieces, bool isPart)
    {
        var language = CodeLanguages.Of(path, text.StartsWith("#!", StringComparison.Ordinal) ? Encoding.UTF8.GetBytes(text[..Math.Min(text.Length, 200)]) : []);
        if (language == CodeLanguage.None) return [];
        List<CodeFinding> found = [];
        foreach (var (start, end) in pieces)
            for (var at = start; at < end;)
            {
                var to = Cut(text, at, end);
                if (language == CodeLanguage.Yaml) YamlChecks.Find(text, path, at, to, found);
                else Find(text, path, at, to, language, isPart || at > start, found);
                at = to;
            }
        return found.Count == 0 ? [] : Once(found);
    }

    private static int Cut(string text, int at, int end)
    {
        if (end - at <= PieceChars) return end;
        var line = text.LastIndexOf('\n', at + PieceChars - 1, PieceChars);
        return line > at ? line + 1 : at + PieceChars;
    }

    private static void Find(string text, string path, int start, int end, CodeLanguage language, bool isPart, List<CodeFinding> found)
    {
        var list = tokens ?? [];
        tokens = null;
        new CodeLexer(text, start, end, language, list).Run(isPart);
        Find(new(text, path, list, language), ByWord[language].Value, found);
        list.Clear();
        if (list.Capacity <= TokensKept) tokens = list;
    }

    private static void Find(CodeView code, FrozenDictionary<string, CodeCheck[]> byWord, List<CodeFinding> found)
    {
        var words = byWord.GetAlternateLookup<ReadOnlySpan<char>>();
        for (var i = 0; i < code.Count; i++)
        {
            var token = code[i];
            if (token.Kind == CodeTokenKind.Name)
            {
                if (words.TryGetValue(code.Text(i), out var checks)) Run(code, i, checks, found);
            }
            else if (token.Kind == CodeTokenKind.Text)
            {
                Text(code, i, byWord, words, found);
            }
        }
    }

    private static void Text(CodeView code, int i, FrozenDictionary<string, CodeCheck[]> byWord, FrozenDictionary<string, CodeCheck[]>.AlternateLookup<ReadOnlySpan<char>> words, List<CodeFinding> found)
    {
        var content = code.Content(i);
        if (code.Text(i) is ['`', ..] && byWord.TryGetValue(CodeCheck.Backtick, out var checks)) Run(code, i, checks, found);
        if (SqlBuilding.IsStatement(content) && byWord.TryGetValue(CodeCheck.SqlText, out checks)) Run(code, i, checks, found);
        if (content.Length <= 80 && NamesShell(content) && byWord.TryGetValue(CodeCheck.ShellPath, out checks)) Run(code, i, checks, found);
        // A key of an object or a map: "rejectUnauthorized": false.
        if (content.Length is > 1 and <= 40 && (code.IsAny(i + 1, ":", "=>") || code.Is(i + 1, "]")) && words.TryGetValue(content, out checks)) Run(code, i, checks, found);
    }

    private static bool NamesShell(ReadOnlySpan<char> content) =>
        content is "/bin/sh" or "/bin/bash" or "sh" or "bash" or "cmd.exe" or "cmd" or "powershell.exe" or "/bin/zsh" || content.Contains("/bin/sh -i", StringComparison.Ordinal) || content.Contains("/bin/bash -i", StringComparison.Ordinal);

    private static void Run(CodeView code, int i, CodeCheck[] checks, List<CodeFinding> found)
    {
        foreach (var check in checks)
            if (check.Look(code, i)) found.Add(new(check.Rule, code[i].Start, code.EndOf(i), code[i].Kind == CodeTokenKind.Text ? check.Rule.Id : code.Text(i).ToString()));
    }

    // Once where it stands, and of several that say the same the one that weighs more: what comes from a request is no second finding for being no constant.
    private static List<CodeFinding> Once(List<CodeFinding> found)
    {
        HashSet<(string, int)> seen = [];
        Dictionary<string, int> times = new(StringComparer.Ordinal);
        var heavy = found.Where(f => f.Rule.Decision != Protocol.Decision.Warn).Select(f => f.At).ToHashSet();
        return [.. found.OrderBy(f => f.At).Where(f => (f.Rule.Decision != Protocol.Decision.Warn || !heavy.Contains(f.At)) && seen.Add((f.Rule.Id, f.At)) && (times[f.Rule.Id] = times.GetValueOrDefault(f.Rule.Id) + 1) <= OfRuleMax)];
    }
}
