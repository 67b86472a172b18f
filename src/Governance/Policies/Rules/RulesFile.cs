// A rules file, read: docs/reference/rules.md. Everything unknown is an error, an empty file too, and every rule's own examples must hold.
using CabinCrew.Governance.Yaml;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;
using static CabinCrew.Governance.Policies.Rules.RuleReading;

namespace CabinCrew.Governance.Policies.Rules;

/// <param name="Default">Applies to each changed file that no rule covers, and to a plan that changes none.</param>
internal sealed record RulesFile(string File, IReadOnlyList<Rule> Rules, Rule Default)
{
    public const int RulesMax = 500;

    private static readonly (string, ChangeWord)[] ChangeWords = [("create", ChangeWord.Create), ("update", ChangeWord.Update), ("delete", ChangeWord.Delete)];

    private static readonly (string, FileKind)[] KindWords = [("regular", FileKind.Regular), ("executable", FileKind.Executable), ("link", FileKind.Link)];

    /// <param name="checkExamples">Whether the rules' examples are tried (a file of our own is tried by a test instead, not at every start).</param>
    public static Outcome<RulesFile> Of(YamlMap map, bool checkExamples = true)
    {
        var errors = map.Errors;
        map.TakeInteger("version", 1, 1, required: true);
        map.TakeText("description");
        var standard = ReadDefault(map);
        List<(Rule Rule, YamlMap? Examples)> rules = [];
        HashSet<string> ids = new(StringComparer.Ordinal) { "default" };
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
                if (examples is not null) RuleExamples.Check(rule, examples, run: checkExamples);
        return errors.Else(() => new RulesFile(errors.File, [.. rules.Select(r => r.Rule)], standard));
    }

    private static Rule ReadDefault(YamlMap map)
    {
        const string Reason = "no rule covers this change";
        const string Expected = "allow, warn, require_approval or deny, or a mapping with 'decision'";
        if (map.Take("default", Expected, required: true) is not YamlMap details)
            return new("default", map.Line, FileConditions.None, new(), map.TakeWord("default", DecisionWords) ?? Decision.Deny, null, 1, Reason);
        var decision = details.TakeWord("decision", DecisionWords, required: true) ?? Decision.Deny;
        var (role, count) = ReadApprover(details, decision);
        var rule = new Rule("default", details.Line, FileConditions.None, new(), decision, role, count, details.TakeText("reason", charsMax: 500) ?? Reason);
        details.Close();
        return rule;
    }

    private static Rule ReadRule(YamlMap map, out YamlMap? examples)
    {
        var id = map.TakeParsed<StepId>("id", "a name of letters, digits, '.', '_', '-'", s => StepId.TryParse(s, out var name) ? name : null, required: true);
        map.TakeText("description");
        var decision = map.TakeWord("decision", DecisionWords, required: true);
        var (role, count) = ReadApprover(map, decision ?? Decision.Deny);
        var reason = map.TakeText("reason", required: true, charsMax: 500);
        var (files, plan) = map.TakeMap("when", required: true) is { } when ? ReadConditions(when, decision == Decision.Allow) : (FileConditions.None, new());
        examples = map.TakeMap("examples");
        map.Close();
        return new(id?.ToString() ?? $"rule-{map.Line}", map.Line, files, plan, decision ?? Decision.Deny, role, count, reason ?? "");
    }

    private static (FileConditions, PlanConditions) ReadConditions(YamlMap when, bool allow)
    {
        if (when.Entries.Count == 0) when.Errors.Add(when, "'when' has no condition; a rule for everything is the file's 'default'");
        // Exceptions are read narrowly, prohibitions widely.
        var ignoreCase = when.TakeWord("case", [("exact", false), ("ignore", true)]) ?? !allow;
        var files = new FileConditions
        {
            Paths = Glob(when, "paths", ignoreCase),
            Change = Words(when, "change", ChangeWords),
            Kind = Words(when, "kind", KindWords),
            BecomesExecutable = when.TakeTruth("becomes_executable"),
            LinkOutside = when.TakeTruth("link_outside"),
            Binary = when.TakeTruth("binary"),
            AddedLines = Lines(when, "added_lines"),
            DeletedLines = Lines(when, "deleted_lines"),
            BesideChanged = Glob(when, "beside_changed", ignoreCase),
            BesideUnchanged = Glob(when, "beside_unchanged", ignoreCase),
        };
        var plan = new PlanConditions
        {
            FilesChangedMin = Count(when, "files_changed_min"),
            FilesChangedMax = when.TakeInteger("files_changed_max", 0, 1_000_000),
            FilesDeletedMin = Count(when, "files_deleted_min"),
            LinesChangedMin = Count(when, "lines_changed_min"),
            LinesDeletedMin = Count(when, "lines_deleted_min"),
            DeletedShareMin = when.TakeNumber("deleted_share_min", 0, 1),
            ArtifactType = WordsOf(when, "artifact_type"),
            Action = WordsOf(when, "action"),
            ArtifactText = Lines(when, "artifact_text"),
            Engine = WordsOf(when, "engine"),
            Step = WordsOf(when, "step"),
            Workflow = WordsOf(when, "workflow"),
            Requester = WordsOf(when, "requester"),
            OutsideEffects = when.TakeTruth("outside_effects"),
            Network = WordsOf(when, "network"),
            Unsandboxed = when.TakeTruth("unsandboxed"),
            Isolation = WordsOf(when, "isolation"),
            GitRefs = Refs(when),
            Effects = when.TakeWord("effects", [("none", EffectsWord.None), ("some", EffectsWord.Some)]),
        };
        when.Close();
        // Whoever writes the plan chooses its lines and words: what they add must never loosen the judgement.
        foreach (var key in (string[])["added_lines", "deleted_lines", "artifact_text", "beside_changed"])
            if (allow && when.Has(key)) when.Errors.Add(when, $"an 'allow' rule cannot depend on '{key}': whoever makes the plan could add what it looks for");
        return (files, plan);
    }

    // Names alone, or a mapping with names, move and forced.
    private static RefConditions? Refs(YamlMap when)
    {
        if (when.Take("git_refs") is not YamlMap map) return WordsOf(when, "git_refs") is { } names ? new(names, null, null) : null;
        var refs = new RefConditions(WordsOf(map, "names") ?? new(["*"]), Words(map, "move", ChangeWords), map.TakeTruth("forced"));
        if (map.Entries.Count == 0) map.Errors.Add(map, "'git_refs': expected 'names', 'move', 'forced' or several of them");
        map.Close();
        return refs;
    }
}
