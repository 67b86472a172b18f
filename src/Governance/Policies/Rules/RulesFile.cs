// A rules file, read: docs/reference/rules.md. Everything unknown is an error, an empty file too, and every rule's own examples must hold.
using CabinCrew.Governance.Yaml;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;
using static CabinCrew.Governance.Policies.Rules.RuleReading;

namespace CabinCrew.Governance.Policies.Rules;

/// <param name="Default">Applies to each changed file that no rule covers, and to a plan that changes none.</param>
internal sealed record RulesFile(string File, IReadOnlyList<Rule> Rules, Rule Default)
{
    private static readonly (string, ChangeWord)[] ChangeWords = [("create", ChangeWord.Create), ("update", ChangeWord.Update), ("delete", ChangeWord.Delete)];

    private static readonly (string, FileKind)[] KindWords = [("regular", FileKind.Regular), ("executable", FileKind.Executable), ("link", FileKind.Link)];

    /// <param name="checkExamples">Whether the rules' examples are tried (a file of our own is tried by a test instead, not at every start).</param>
    public static Outcome<RulesFile> Of(YamlMap map, bool checkExamples = true)
    {
        var errors = map.Errors;
        map.TakeInteger("version", 1, 1, required: true);
        map.TakeText("description");
        var standard = Of(Fallback(map, "default", "no rule covers this change", Decision.Deny, required: true), FileConditions.None, new());
        var rules = ReadRules(map, [standard.Id], ReadRule);
        map.Close();
        // Examples of a file that has errors would only add noise. Reading them reports into the same collection.
        if (!errors.Any)
            foreach (var (rule, examples) in rules)
                if (examples is not null) RuleExamples.Check(rule, examples, run: checkExamples);
        return errors.Else(() => new RulesFile(errors.File, [.. rules.Select(r => r.Rule)], standard));
    }

    private static Rule ReadRule(RuleHead head, YamlMap map)
    {
        var (files, plan) = map.TakeMap("when", required: true) is { } when ? ReadConditions(when, head.Decision == Decision.Allow) : (FileConditions.None, new());
        return Of(head, files, plan);
    }

    private static Rule Of(RuleHead head, FileConditions files, PlanConditions plan) => new(head.Id, head.Line, files, plan, head.Decision, head.Role, head.Count, head.Reason);

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
            Finding = WordsOf(when, "finding"),
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
        foreach (var key in (string[])["added_lines", "deleted_lines", "artifact_text", "beside_changed", "finding"])
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
