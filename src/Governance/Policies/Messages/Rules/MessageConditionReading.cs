// The conditions of a rule about messages, read from YAML.
using CabinCrew.Governance.Policies.Rules;
using CabinCrew.Governance.Yaml;
using CabinCrew.Protocol;
using static CabinCrew.Governance.Policies.Rules.RuleReading;

namespace CabinCrew.Governance.Policies.Messages.Rules;

internal static class MessageConditionReading
{
    private const int ArgumentsMax = 50;

    private static readonly (string, MessageDirection)[] Directions = MessageWords.Of<MessageDirection>(MessageWords.Word);
    private static readonly (string, MessageKind)[] Kinds = MessageWords.Of<MessageKind>(MessageWords.Word);
    private static readonly (string, PinState)[] Pins = MessageWords.Of<PinState>(MessageWords.Word);
    private static readonly (string, FileAction)[] Actions = MessageWords.Of<FileAction>(MessageWords.Word);
    private static readonly (string, FileFault)[] Faults = [.. MessageWords.Of<FileFault>(MessageWords.Word).Where(f => f.Value != FileFault.None)];

    private static readonly (string Key, string Member)[] Hints =
        [("read_only", MessageAnnotations.ReadOnly), ("destructive", MessageAnnotations.Destructive), ("idempotent", MessageAnnotations.Idempotent), ("open_world", MessageAnnotations.OpenWorld)];

    public static MessageRule Read(YamlMap when, MessageRule rule)
    {
        if (when.Entries.Count == 0) when.Errors.Add(when, "'when' has no condition; a rule for everything is the file's 'default'");
        var allow = rule.Decision == Decision.Allow;
        // Exceptions are read narrowly, prohibitions widely.
        var ignoreCase = when.TakeWord("case", [("exact", false), ("ignore", true)]) ?? !allow;
        var read = rule with
        {
            Address = Address(when),
            File = when.TakeMap("file") is { } file ? File(file, ignoreCase, allow) : null,
            Arguments = when.TakeMap("arguments") is { } arguments ? [.. Arguments(arguments, ignoreCase)] : [],
            ArgumentText = Lines(when, "argument_text"),
            Annotations = when.TakeMap("annotations") is { } annotations ? Annotations(annotations) : null,
            Findings = when.TakeMap("findings") is { } findings ? Findings(findings) : null,
        };
        when.Close();
        if (!allow) return read;
        // Whoever sends a message chooses its words: what they add must never loosen the judgement.
        if (read.Findings is not null) when.Errors.Add(when.Take("findings")!, "an 'allow' rule cannot depend on 'findings': whoever sends the message could add what is found");
        if (read.ArgumentText is not null) when.Errors.Add(when.Take("argument_text")!, "an 'allow' rule cannot depend on 'argument_text': whoever calls could add what it looks for");
        if (read.Annotations is not null && read.Address.Pin is not [PinState.Accepted])
            when.Errors.Add(when.Take("annotations")!, "an 'allow' rule may depend on 'annotations' only with 'pin: accepted': a server says of its tools what it likes, until a person has accepted it");
        return read;
    }

    private static AddressConditions Address(YamlMap when) => new()
    {
        Direction = Words(when, "direction", Directions),
        Kind = Words(when, "kind", Kinds),
        Server = WordsOf(when, "server"),
        Method = WordsOf(when, "method"),
        Name = WordsOf(when, "name"),
        Tool = WordsOf(when, "tool"),
        Prompt = WordsOf(when, "prompt"),
        Resource = WordsOf(when, "resource"),
        Caller = WordsOf(when, "caller"),
        CallerRole = WordsOf(when, "caller_role"),
        CallerKind = Words(when, "caller_kind", [("human", "human"), ("automation", "automation"), ("unknown", "unknown")]),
        AuthenticatedBy = WordsOf(when, "authenticated_by"),
        Pin = Words(when, "pin", Pins),
    };

    private static CallFileConditions File(YamlMap map, bool ignoreCase, bool allow)
    {
        var file = new CallFileConditions
        {
            Action = Words(map, "action", Actions),
            Paths = Glob(map, "paths", ignoreCase),
            Fault = Fault(map),
            Exists = map.TakeTruth("exists"),
            Binary = map.TakeTruth("binary"),
            BytesMin = map.TakeInteger("bytes_min", 1, long.MaxValue >> 11),
            BytesMax = map.TakeInteger("bytes_max", 0, long.MaxValue >> 11),
            FilesDeletedMin = Count(map, "files_deleted_min"),
            LinesDeletedMin = Count(map, "lines_deleted_min"),
            TargetsMin = Count(map, "paths_min"),
            AddedLines = Lines(map, "added_lines"),
        };
        if (map.Entries.Count == 0) map.Errors.Add(map, "'file' has no condition; for any file operation write every action");
        map.Close();
        foreach (var key in (string[])["added_lines", "bytes_min", "files_deleted_min", "lines_deleted_min", "paths_min"])
            if (allow && map.Has(key)) map.Errors.Add(map, $"an 'allow' rule cannot depend on '{key}': whoever calls could add what it looks for");
        return file;
    }

    // none and any, or the faults by name.
    private static List<FileFault>? Fault(YamlMap map) => map.Take("fault") switch
    {
        YamlScalar { Text: "none" } => [],
        YamlScalar { Text: "any" } => [.. Faults.Select(f => f.Item2)],
        _ => Words(map, "fault", Faults),
    };

    private static IEnumerable<ArgumentCondition> Arguments(YamlMap map, bool ignoreCase)
    {
        if (map.Entries.Count is 0 or > ArgumentsMax) map.Errors.Add(map, $"'arguments': expected 1 to {ArgumentsMax} arguments");
        foreach (var entry in map.Entries)
        {
            var key = entry.Key.Text;
            var value = map.Take(key);
            if (MessageArguments.Pointer(key) is not { } pointer) map.Errors.Add(entry.Key, $"'{YamlMap.Clip(key)}' is no JSON pointer: write '/{YamlMap.Clip(key)}'; '*' stands for any member or item");
            else if (value is YamlMap details) yield return Argument(details, key, pointer, ignoreCase);
            else yield return new(key, pointer) { Is = WordsOf(map, key) };
        }
    }

    private static ArgumentCondition Argument(YamlMap details, string key, string[] pointer, bool ignoreCase)
    {
        var condition = new ArgumentCondition(key, pointer)
        {
            Is = WordsOf(details, "is"),
            Paths = Glob(details, "paths", ignoreCase),
            Pattern = details.Has("pattern") ? Lines(details, "pattern") : null,
            Min = details.TakeNumber("min", -StrictNumberMax, StrictNumberMax),
            Max = details.TakeNumber("max", -StrictNumberMax, StrictNumberMax),
            CharsMin = Count(details, "chars_min"),
            Present = details.TakeTruth("present") ?? true,
        };
        if (details.Entries.Count == 0) details.Errors.Add(details, "expected 'is', 'paths', 'pattern', 'min', 'max', 'chars_min' or 'present'");
        if (!condition.Present && details.Entries.Count > 1) details.Errors.Add(details, "'present: false' stands alone: of what is not there nothing else can be said");
        details.Close();
        return condition;
    }

    private const double StrictNumberMax = Protocol.Json.StrictJson.NumberMax;

    private static AnnotationConditions Annotations(YamlMap map)
    {
        List<(string, bool)> hints = [];
        foreach (var (key, member) in Hints)
            if (map.TakeTruth(key) is { } truth) hints.Add((member, truth));
        if (map.Entries.Count == 0) map.Errors.Add(map, $"'annotations': expected {string.Join(", ", Hints.Select(h => h.Key))}");
        map.Close();
        return new(hints);
    }

    private static FindingConditions Findings(YamlMap map)
    {
        var findings = new FindingConditions(WordsOf(map, "detector"), WordsOf(map, "rule"), (int)(Count(map, "min") ?? 1));
        map.Close();
        return findings;
    }
}
