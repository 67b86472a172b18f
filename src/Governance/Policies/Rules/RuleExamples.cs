// A rule's own examples, tried when the file is loaded: what must match and what must not. A rule that does not do what its author
// thought is an error before it judges anything.
using System.Text.Json;
using CabinCrew.Governance.Policies.Findings;
using CabinCrew.Governance.Yaml;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Governance.Policies.Rules;

internal static class RuleExamples
{
    private const int FilesMax = 10_000;
    private static readonly JsonElement Nothing = JsonDocument.Parse("{}").RootElement.Clone();
    private static readonly Digest Old = Digest.Of("old"u8), New = Digest.Of("new"u8);

    public static void Check(Rule rule, YamlMap examples, bool run)
    {
        foreach (var (key, expected) in (ReadOnlySpan<(string, bool)>)[("match", true), ("no_match", false)])
        {
            if (examples.TakeList(key) is not { } list) continue;
            foreach (var item in list.Items)
            {
                var subject = Subject(item);
                if (run && subject is not null && rule.Files.Finding is not null) subject = subject with { Findings = PlanScan.Of(subject, CancellationToken.None) };
                if (!run || subject is null || rule.Match(subject, CancellationToken.None) is not null == expected) continue;
                examples.Errors.Add(item, expected
                    ? $"the rule '{rule.Id}' does not match this example, which it must"
                    : $"the rule '{rule.Id}' matches this example, which it must not");
            }
        }

        examples.Close();
    }

    // A text is the path of an updated file; a mapping says more; a list is a plan of several changes.
    internal static PolicySubject? Subject(YamlNode node)
    {
        if (node is YamlMap plan && (plan.Has("changes") || !plan.Has("path"))) return PlanOf(plan);
        List<YamlNode> items = node is YamlList list ? [.. list.Items] : [node];
        return Of(items);
    }

    private static PolicySubject? Of(IReadOnlyList<YamlNode> items)
    {
        List<JudgedChange> changes = [];
        foreach (var item in items)
            if (Changes(item) is { } some) changes.AddRange(some);
            else return null;
        return Empty with { Changes = [.. changes.OrderBy(c => c.Change.Path)] };
    }

    private static PolicySubject? PlanOf(YamlMap map)
    {
        var subject = map.TakeList("changes") is { } list ? Of(list.Items) : Empty;
        var type = map.TakeText("artifact_type");
        var action = map.TakeText("action");
        var text = map.TakeText("artifact_text");
        var state = map.TakeTruth("state") ?? false;
        subject = subject is null ? null : subject with
        {
            EngineId = map.TakeText("engine") ?? Empty.EngineId,
            StepId = map.TakeParsed<StepId>("step", "a step's id", s => StepId.TryParse(s, out var id) ? id : null) ?? Empty.StepId,
            WorkflowName = map.TakeText("workflow") ?? Empty.WorkflowName,
            Requester = map.TakeText("requester") ?? Empty.Requester,
            OutsideEffects = map.TakeTruth("outside_effects") ?? false,
            Network = map.TakeTexts("network") ?? [],
            Sandboxed = !(map.TakeTruth("unsandboxed") ?? false),
            Isolation = map.TakeText("isolation") ?? Empty.Isolation,
            Refs = Refs(map),
            Artifacts = type is null && action is null && text is null && !state ? [] :
            [
                new(ExampleName, state ? ArtifactRole.State : ArtifactRole.Evidence, type ?? "example", action ?? "example", text, Nothing, "{}"u8.ToArray(), null),
            ],
        };
        map.Close();
        return subject;
    }

    // Names of updated refs; a leading + is a new one, a leading - a deleted one, a leading ! one that is forced.
    private static IReadOnlyList<JudgedRef> Refs(YamlMap map) =>
    [
        .. (map.TakeTexts("git_refs") ?? []).Select(t => t switch
        {
            ['+', .. var name] => new JudgedRef(name, null, "new"),
            ['-', .. var name] => new JudgedRef(name, "old", null),
            ['!', .. var name] => new JudgedRef(name, "old", "new", Forced: true),
            var name => new JudgedRef(name, "old", "new"),
        }),
    ];

    private static List<JudgedChange>? Changes(YamlNode node)
    {
        if (node is YamlScalar { Type: YamlType.Text } scalar) return Path(node, scalar.Text) is { } p ? [Change(p, ChangeWord.Update, null, null, false, [], [])] : null;
        if (node is not YamlMap map)
        {
            node.Errors.Add(node, $"expected a path, or a mapping with 'path', found {node.Is}");
            return null;
        }

        var path = map.TakeText("path", required: true);
        var word = map.TakeWord("change", [("create", ChangeWord.Create), ("update", ChangeWord.Update), ("delete", ChangeWord.Delete)]) ?? ChangeWord.Update;
        var was = map.TakeWord("was", Kinds);
        var kind = map.TakeWord("kind", Kinds);
        var binary = map.TakeTruth("binary") ?? false;
        var added = Numbered(map.TakeTexts("added"));
        var deleted = Numbered(map.TakeTexts("deleted"));
        var times = map.TakeInteger("times", 1, FilesMax) ?? 1;
        map.Close();
        if (path is null) return null;
        List<JudgedChange> changes = [];
        for (var i = 0; i < times; i++)
        {
            // {n} numbers the files of an example that has many.
            if (Path(map, path.Replace("{n}", $"{i + 1}", StringComparison.Ordinal)) is not { } one) return null;
            changes.Add(Change(one, word, was, kind, binary, added, deleted));
        }

        return changes;
    }

    private static WorkspacePath? Path(YamlNode at, string text)
    {
        if (WorkspacePath.TryParse(text, out var path)) return path;
        at.Errors.Add(at, "an example's path must be relative to the workspace, without '..'");
        return null;
    }

    private static JudgedChange Change(
        WorkspacePath path, ChangeWord word, FileKind? was, FileKind? kind, bool binary, IReadOnlyList<NumberedLine> added, IReadOnlyList<NumberedLine> deleted)
    {
        var before = word == ChangeWord.Create ? null : new FileState(was ?? FileKind.Regular, Old, 1);
        var after = word == ChangeWord.Delete ? null : new FileState(kind ?? was ?? FileKind.Regular, New, 1);
        return new(new(path, before, after), binary, added, deleted);
    }

    private static IReadOnlyList<NumberedLine> Numbered(IReadOnlyList<string>? lines) => [.. (lines ?? []).Select((text, i) => new NumberedLine(i + 1, text))];

    private static readonly (string, FileKind)[] Kinds = [("regular", FileKind.Regular), ("executable", FileKind.Executable), ("link", FileKind.Link)];

    private static readonly ArtifactName ExampleName = ArtifactName.TryParse("example", out var name) ? name : default;

    private static readonly PolicySubject Empty = new()
    {
        Tenant = TenantId.Local,
        WorkflowId = WorkflowId.Parse("example"),
        WorkflowName = "example",
        StepId = StepId.Parse("example"),
        Requester = "example",
        Now = DateTimeOffset.UnixEpoch,
        EngineId = "example",
        OutsideEffects = false,
        Sandboxed = true,
        Config = Nothing,
        Context = Nothing,
        Artifacts = [],
        Changes = [],
    };
}
