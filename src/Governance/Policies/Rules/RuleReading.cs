// How the parts are read that rules about plans and rules about messages have in common: decisions and approvers, patterns of paths, words and lines.
// Each reports what is wrong into its file's errors, and then gives null.
using CabinCrew.Governance.Yaml;
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Policies.Rules;

/// <summary>What every rule says besides its conditions.</summary>
/// <param name="Line">Where it stands in its file.</param>
internal sealed record RuleHead(string Id, int Line, Decision Decision, string? Role, int Count, string Reason);

internal static class RuleReading
{
    public static readonly (string, Decision)[] DecisionWords =
        [("allow", Decision.Allow), ("warn", Decision.Warn), ("require_approval", Decision.RequireApproval), ("deny", Decision.Deny)];

    private const int RulesMax = 500;
    private const int CountMax = 20;

    /// <summary>The list of rules, each with its examples.</summary>
    /// <param name="taken">Ids that no rule may have.</param>
    /// <param name="conditions">Reads what a rule says under <c>when</c>.</param>
    public static List<(T Rule, YamlMap? Examples)> ReadRules<T>(YamlMap map, IEnumerable<string> taken, Func<RuleHead, YamlMap, T> conditions)
    {
        List<(T, YamlMap?)> rules = [];
        HashSet<string> ids = new(taken, StringComparer.Ordinal);
        if (map.TakeList("rules", required: true) is not { } list) return rules;
        if (list.Items.Count is 0 or > RulesMax) map.Errors.Add(list, $"'rules': expected 1 to {RulesMax} rules, found {list.Items.Count}");
        foreach (var item in list.Maps("a rule (a mapping)"))
        {
            var head = Head(item);
            var rule = conditions(head, item);
            var examples = item.TakeMap("examples");
            item.Close();
            if (!ids.Add(head.Id)) map.Errors.Add(item, $"the rule id '{head.Id}' is taken");
            rules.Add((rule, examples));
        }
        return rules;
    }

    /// <summary>What holds where no rule does: a decision in a word, or a mapping.</summary>
    public static RuleHead Fallback(YamlMap map, string key, string reason, Decision standard, bool required)
    {
        if (map.Take(key, "allow, warn, require_approval or deny, or a mapping with 'decision'", required) is not YamlMap details)
            return new(key, map.Line, map.TakeWord(key, DecisionWords) ?? standard, null, 1, reason);
        var decision = details.TakeWord("decision", DecisionWords, required: true) ?? Decision.Deny;
        var (role, count) = ReadApprover(details, decision);
        var head = new RuleHead(key, details.Line, decision, role, count, details.TakeText("reason", charsMax: 500) ?? reason);
        details.Close();
        return head;
    }

    private static RuleHead Head(YamlMap map)
    {
        var id = map.TakeParsed<StepId>("id", "a name of letters, digits, '.', '_', '-'", s => StepId.TryParse(s, out var name) ? name : null, required: true);
        map.TakeText("description");
        var decision = map.TakeWord("decision", DecisionWords, required: true) ?? Decision.Deny;
        var (role, count) = ReadApprover(map, decision);
        return new(id?.ToString() ?? $"rule-{map.Line}", map.Line, decision, role, count, map.TakeText("reason", required: true, charsMax: 500) ?? "");
    }

    private static (string? Role, int Count) ReadApprover(YamlMap map, Decision decision)
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
