// The examples of a rule about messages, tried when the file is loaded: what must match and what must not. A rule that does not do what its author thought is an error before it
// judges anything.
using CabinCrew.Governance.Policies.Rules;
using CabinCrew.Governance.Yaml;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;

namespace CabinCrew.Governance.Policies.Messages.Rules;

internal static class MessageRuleExamples
{
    private static readonly MessageSubject Empty = new()
    {
        Gateway = "mcp", Tenant = TenantId.Local, Caller = new("example", null, [], "os_user"), Session = "example", Server = "example", Direction = MessageDirection.ToServer,
        Kind = MessageKind.Request, Method = "tools/call", Now = DateTimeOffset.UnixEpoch,
    };

    public static void Check(MessageRule rule, YamlMap examples, bool run)
    {
        foreach (var (key, expected) in (ReadOnlySpan<(string, bool)>)[("match", true), ("no_match", false)])
        {
            if (examples.TakeList(key) is not { } list) continue;
            foreach (var item in list.Items)
            {
                var subject = Subject(item);
                if (!run || subject is null || rule.Match(subject, new(subject), CancellationToken.None) is not null == expected) continue;
                examples.Errors.Add(item, expected
                    ? $"the rule '{rule.Id}' does not match this example, which it must"
                    : $"the rule '{rule.Id}' matches this example, which it must not");
            }
        }
        examples.Close();
    }

    // A text is the name of a called tool; a mapping says more.
    internal static MessageSubject? Subject(YamlNode node)
    {
        if (node is YamlScalar { Type: YamlType.Text } tool) return Empty with { Name = tool.Text, Pin = PinState.Accepted };
        if (node is not YamlMap map)
        {
            node.Errors.Add(node, $"expected a tool's name, or a mapping, found {node.Is}");
            return null;
        }
        var named = map.TakeText("tool") is { } name ? ("tools/call", name) : map.TakeText("prompt") is { } prompt ? ("prompts/get", prompt)
            : map.TakeText("resource", charsMax: 8192) is { } resource ? ("resources/read", resource) : (Empty.Method, (string?)null);
        var direction = map.TakeWord("direction", MessageWords.Of<MessageDirection>(MessageWords.Word)) ?? MessageDirection.ToServer;
        var caller = new MessageCaller(map.TakeText("caller") ?? Empty.Caller.Name, Human(map), map.TakeTexts("caller_roles") ?? [], map.TakeText("authenticated_by") ?? Empty.Caller.AuthenticatedBy);
        var subject = Empty with
        {
            Server = map.TakeText("server") ?? Empty.Server,
            Method = map.TakeText("method") ?? named.Item1,
            Name = map.TakeText("name", charsMax: 8192) ?? named.Item2,
            Kind = map.TakeWord("kind", MessageWords.Of<MessageKind>(MessageWords.Word)) ?? MessageKind.Request,
            Direction = direction,
            Caller = caller,
            Pin = map.TakeWord("pin", MessageWords.Of<PinState>(MessageWords.Word)) ?? (named.Item2 is null ? PinState.None : PinState.Accepted),
            Arguments = map.TakeMap("arguments") is { } arguments ? CanonicalJson.Write(arguments.ToJson()) : default(ReadOnlyMemory<byte>),
            Annotations = map.TakeMap("annotations")?.ToJson(),
            File = map.TakeMap("file") is { } file ? File(file) : null,
            Findings = map.TakeList("findings") is { } findings ? [.. findings.Maps().Select(Finding)] : [],
        };
        map.Close();
        return subject;
    }

    private static bool? Human(YamlMap map) => map.TakeWord("caller_kind", [("human", 1), ("automation", 0), ("unknown", -1)]) switch { 1 => true, 0 => false, _ => null };

    private static MessageFinding Finding(YamlMap map)
    {
        var finding = new MessageFinding(map.TakeText("detector") ?? "secrets", map.TakeText("rule") ?? "example", "", map.TakeWord("decision", RuleReading.DecisionWords) ?? Decision.Allow, "an example");
        map.Close();
        return finding;
    }

    // Paths are relative to a root, and without fault unless one is said.
    private static FileOperation File(YamlMap map)
    {
        var fault = map.TakeWord("fault", MessageWords.Of<FileFault>(MessageWords.Word)) ?? FileFault.None;
        var exists = map.TakeTruth("exists") ?? true;
        IReadOnlyList<FileTarget> targets = [.. (map.TakeTexts("paths") ?? []).Select(p => fault == FileFault.None ? new FileTarget(p, p, "/example", fault, exists) : new FileTarget(p, null, null, fault, null))];
        var operation = new FileOperation(map.TakeWord("action", MessageWords.Of<FileAction>(MessageWords.Word)) ?? FileAction.Read, targets,
            [.. (map.TakeTexts("added") ?? []).Select((text, i) => new NumberedLine(i + 1, text))], map.TakeInteger("bytes", 0, int.MaxValue) ?? 0, map.TakeTruth("binary") ?? false)
        {
            FilesDeleted = (int)(map.TakeInteger("files_deleted", 0, 1_000_000) ?? 0),
            LinesDeleted = (int)(map.TakeInteger("lines_deleted", 0, 1_000_000) ?? 0),
        };
        map.Close();
        return operation;
    }
}
