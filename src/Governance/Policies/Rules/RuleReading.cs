// How the parts are read that rules about plans and rules about messages have in common: decisions and approvers, patterns of paths, words and lines.
// Each reports what is wrong into its file's errors, and then gives null.
using CabinCrew.Governance.Yaml;
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Policies.Rules;

internal static class RuleReading
{
    public static readonly (string, Decision)[] DecisionWords =
        [("allow", Decision.Allow), ("warn", Decision.Warn), ("require_approval", Decision.RequireApproval), ("deny", Decision.Deny)];

    private const int CountMax = 20;

    public static (string? Role, int Count) ReadApprover(YamlMap map, Decision decision)
    {
        var role = map.TakeParsed<StepId>("role", "a role's name", s => StepId.TryParse(s, out var name) ? name : null)?.ToString();
        var count = map.TakeInteger("count", 1, CountMax);
        if (decision != Decision.RequireApproval && (role is not null || count is not null))
            map.Errors.Add(map, "'role' and 'count' go with 'decision: require_approval' only");
        return (role, (int)(count ?? 1));
    }

    public static long? Count(YamlMap when, string key) => when.TakeInteger(key, 1, 1_000_000);

    public static PathGlob? Glob(YamlMap when, string key, bool ignoreCase)
    {
        if (when.TakeTexts(key) is not { } patterns) return null;
        if (patterns.Count is 0 or > 200) when.Errors.Add(when.Take(key)!, $"'{key}': expected 1 to 200 patterns");
        else if (PathGlob.Of(patterns, ignoreCase) is var (glob, error))
        {
            if (error is not null) when.Errors.Add(when.Take(key)!, $"'{key}': {error}");
            return glob;
        }

        return null;
    }

    public static WordGlob? WordsOf(YamlMap when, string key)
    {
        if (when.TakeTexts(key) is not { } patterns) return null;
        if (patterns.Count is 0 or > 200 || patterns.Any(p => p.Length is 0 or > PathGlob.PatternCharsMax || p == "!")) when.Errors.Add(when.Take(key)!, $"'{key}': expected 1 to 200 words (*, ? and a leading ! have their meaning)");
        return new(patterns);
    }

    public static List<T>? Words<T>(YamlMap when, string key, (string Word, T Value)[] words)
    {
        if (when.TakeTexts(key) is not { } texts) return null;
        List<T> values = [];
        foreach (var text in texts)
        {
            var at = Array.FindIndex(words, w => w.Word == text);
            if (at >= 0) values.Add(words[at].Value);
            else when.Errors.Add(when.Take(key)!, $"'{key}': expected {string.Join(", ", words.Select(w => w.Word))}, found '{YamlMap.Clip(text)}'{NearMatch.Hint(text, words.Select(w => w.Word))}");
        }

        if (texts.Count == 0) when.Errors.Add(when.Take(key)!, $"'{key}': the list is empty");
        return values;
    }

    // A pattern alone, or a mapping with pattern and min.
    public static LinePattern? Lines(YamlMap when, string key)
    {
        var node = when.Take(key);
        if (node is null) return null;
        string? pattern;
        var min = 1L;
        if (node is YamlMap map)
        {
            pattern = map.TakeText("pattern");
            min = map.TakeInteger("min", 1, 1_000_000) ?? 1;
            if (map.Entries.Count == 0) map.Errors.Add(map, $"'{key}': expected 'pattern', 'min' or both");
            map.Close();
        }
        else
        {
            pattern = when.TakeText(key, expected: "a pattern, or a mapping with 'pattern' and 'min'");
        }

        if (pattern is not null && LinePattern.Fault(pattern) is { } fault) when.Errors.Add(node, $"'{key}': {fault}");
        return new(pattern, (int)min);
    }
}
