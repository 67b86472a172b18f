// A rules file for messages, read: docs/reference/message-rules.md. Everything unknown is an error, an empty file too, and every rule's own examples must hold.
using CabinCrew.Governance.Policies.Rules;
using CabinCrew.Governance.Yaml;
using CabinCrew.Protocol;
using static CabinCrew.Governance.Policies.Rules.RuleReading;

namespace CabinCrew.Governance.Policies.Messages.Rules;

/// <param name="Default">Applies to each request and notification that no rule covers.</param>
/// <param name="Answers">Applies to each answer that no rule speaks of.</param>
internal sealed record MessageRulesFile(string File, IReadOnlyList<MessageRule> Rules, MessageRule Default, MessageRule Answers)
{
    public const int RulesMax = 500;

    private const string For = "messages";

    /// <param name="checkExamples">Whether the rules' examples are tried (a file of our own is tried by a test instead, not at every start).</param>
    public static Outcome<MessageRulesFile> Of(YamlMap map, bool checkExamples = true)
    {
        var errors = map.Errors;
        map.TakeInteger("version", 1, 1, required: true);
        map.TakeWord("for", [(For, true)], required: true);
        map.TakeText("description");
        var standard = Fallback(map, "default", "no rule covers this call", required: true);
        var answers = Fallback(map, "answers", "no rule speaks of this answer", required: false);
        List<(MessageRule Rule, YamlMap? Examples)> rules = [];
        HashSet<string> ids = new(StringComparer.Ordinal) { standard.Id, answers.Id };
        if (map.TakeList("rules", required: true) is { } list)
        {
            if (list.Items.Count is 0 or > RulesMax) errors.Add(list, $"'rules': expected 1 to {RulesMax} rules, found {list.Items.Count}");
            foreach (var item in list.Maps("a rule (a mapping)"))
            {
                var rule = ReadRule(item, out var examples);
                if (!ids.Add(rule.Id)) errors.Add(item, $"the rule id '{rule.Id}' is taken");
                rules.Add((rule, examples));
            }
        }
        map.Close();
        // Examples of a file that has errors would only add noise. Reading them reports into the same collection.
        if (!errors.Any)
            foreach (var (rule, examples) in rules)
                if (examples is not null) MessageRuleExamples.Check(rule, examples, run: checkExamples);
        return errors.Else(() => new MessageRulesFile(errors.File, [.. rules.Select(r => r.Rule)], standard, answers));
    }

    private static MessageRule Fallback(YamlMap map, string key, string reason, bool required)
    {
        var standard = required ? Decision.Deny : Decision.Allow;
        if (map.Take(key, "allow, warn, require_approval or deny, or a mapping with 'decision'", required) is not YamlMap details)
            return new(key, map.Line, map.TakeWord(key, DecisionWords) ?? standard, null, 1, reason);
        var decision = details.TakeWord("decision", DecisionWords, required: true) ?? Decision.Deny;
        var (role, count) = ReadApprover(details, decision);
        var rule = new MessageRule(key, details.Line, decision, role, count, details.TakeText("reason", charsMax: 500) ?? reason);
        details.Close();
        return rule;
    }

    private static MessageRule ReadRule(YamlMap map, out YamlMap? examples)
    {
        var id = map.TakeParsed<StepId>("id", "a name of letters, digits, '.', '_', '-'", s => StepId.TryParse(s, out var name) ? name : null, required: true);
        map.TakeText("description");
        var decision = map.TakeWord("decision", DecisionWords, required: true) ?? Decision.Deny;
        var (role, count) = ReadApprover(map, decision);
        var reason = map.TakeText("reason", required: true, charsMax: 500) ?? "";
        var rule = new MessageRule(id?.ToString() ?? $"rule-{map.Line}", map.Line, decision, role, count, reason);
        if (map.TakeMap("when", required: true) is { } when) rule = MessageConditionReading.Read(when, rule);
        examples = map.TakeMap("examples");
        map.Close();
        return rule;
    }
}
