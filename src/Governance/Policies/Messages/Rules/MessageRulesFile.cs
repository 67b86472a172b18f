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
    private const string For = "messages";

    /// <param name="checkExamples">Whether the rules' examples are tried (a file of our own is tried by a test instead, not at every start).</param>
    public static Outcome<MessageRulesFile> Of(YamlMap map, bool checkExamples = true)
    {
        var errors = map.Errors;
        map.TakeInteger("version", 1, 1, required: true);
        map.TakeWord("for", [(For, true)], required: true);
        map.TakeText("description");
        var standard = Of(Fallback(map, "default", "no rule covers this call", Decision.Deny, required: true));
        var answers = Of(Fallback(map, "answers", "no rule speaks of this answer", Decision.Allow, required: false));
        var rules = ReadRules(map, [standard.Id, answers.Id], ReadRule);
        map.Close();
        // Examples of a file that has errors would only add noise. Reading them reports into the same collection.
        if (!errors.Any)
            foreach (var (rule, examples) in rules)
                if (examples is not null) MessageRuleExamples.Check(rule, examples, run: checkExamples);
        return errors.Else(() => new MessageRulesFile(errors.File, [.. rules.Select(r => r.Rule)], standard, answers));
    }

    private static MessageRule ReadRule(RuleHead head, YamlMap map) =>
        map.TakeMap("when", required: true) is { } when ? MessageConditionReading.Read(when, Of(head)) : Of(head);

    private static MessageRule Of(RuleHead head) => new(head.Id, head.Line, head.Decision, head.Role, head.Count, head.Reason);
}
