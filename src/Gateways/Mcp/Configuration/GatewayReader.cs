// The top level of a gateway's configuration, and what only the whole can show: twins, servers that callers name and nobody defines.
using System.Text.Json;
using CabinCrew.Gateways.Firewall.Records;
using CabinCrew.Gateways.Mcp.Definitions;
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Yaml;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Configuration;

internal sealed class GatewayReader(YamlMap root, string file)
{
    private const int ServersMax = 64;
    private const int RootsMax = 32;
    private const int PoliciesMax = 64;
    private const int BytesMin = 1 << 10;
    private const int BytesMax = 256 << 20;
    private static readonly TimeSpan PolicyTimeMax = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan HoldMax = TimeSpan.FromDays(7);
    private static readonly TimeSpan RecordMax = TimeSpan.FromDays(3660);

    private readonly string baseDirectory = Path.GetDirectoryName(file)!;

    /// <summary>Not to be used when there are errors.</summary>
    public GatewayDefinition? Read()
    {
        root.TakeInteger("version", GatewayFile.Version, GatewayFile.Version, required: true);
        if (root.Errors.Any) return null;
        var servers = Servers();
        var definition = new GatewayDefinition { File = file, BaseDirectory = baseDirectory, Servers = servers };
        var (texts, commands) = root.TakeMap("detectors") is { } detectors ? DetectorsReader.Read(detectors) : new([], definition.Commands);
        definition = definition with
        {
            Roots = Roots(servers),
            Policies = Policies() ?? definition.Policies,
            Aggregation = root.TakeWord("aggregation", Aggregation.Methods) ?? definition.Aggregation,
            PolicyTimeLimit = Quantities.TakeDuration(root, "policy_time_limit", PolicyTimeMax) ?? definition.PolicyTimeLimit,
            RequestBytesMax = Size("request_size_max") ?? definition.RequestBytesMax,
            ResponseBytesMax = Size("response_size_max") ?? definition.ResponseBytesMax,
            Detectors = texts,
            Commands = commands,
            WarningsInMeta = root.TakeTruth("warnings_in_meta") ?? definition.WarningsInMeta,
            Holds = Holds(),
            Pins = root.TakeWord("pins", [("first_use", PinMode.FirstUse), ("strict", PinMode.Strict)]) ?? definition.Pins,
            Audit = root.TakeWord("audit", [("batched", AuditDurability.Batched), ("strict", AuditDurability.Strict)]) ?? definition.Audit,
            Record = Record(),
            AnswersAfterEnd = Quantities.TakeDuration(root, "answers_after_end", HoldMax) ?? definition.AnswersAfterEnd,
            Callers = new CallersReader(root, baseDirectory, [.. servers.Select(s => s.Name)]).Read(),
            Limits = root.TakeMap("limits") is { } limits ? CallersReader.Limits(limits) : definition.Limits,
            Listen = root.TakeMap("listen") is { } listen ? new ListenReader(listen, baseDirectory).Read() : null,
            Context = Context(),
        };
        root.Close();
        if (definition.Listen is not null && definition.Callers.None && !root.Errors.Any)
            root.Errors.Add(root.Take("listen")!, "'listen': nobody could call, since 'callers' names no keys, issuers or certificates");
        return definition;
    }

    private List<ServerDefinition> Servers()
    {
        List<ServerDefinition> servers = [];
        if (root.TakeMap("servers", required: true) is not { } map) return servers;
        map.Know([.. map.Entries.Select(e => e.Key.Text)]);
        if (map.Entries.Count is 0 or > ServersMax) map.Errors.Add(map, $"'servers': expected 1 to {ServersMax}, found {map.Entries.Count}");
        foreach (var entry in map.Entries.Take(ServersMax))
        {
            if (!ServerReader.IsName(entry.Key.Text)) map.Errors.Add(entry.Key, $"a server's name has letters, digits and single '-', at most {ServerReader.NameCharsMax}; found '{YamlMap.Clip(entry.Key.Text)}'");
            else if (servers.Any(s => string.Equals(s.Name, entry.Key.Text, StringComparison.OrdinalIgnoreCase))) map.Errors.Add(entry.Key, $"the server '{entry.Key.Text}' stands here a second time");
            else if (entry.Value is not YamlMap described) map.Errors.Add(entry.Value, $"'{entry.Key.Text}': expected a mapping with 'command', 'url' or 'files', found {entry.Value.Is}");
            else if (new ServerReader(described, entry.Key.Text, baseDirectory).Read() is { } server) servers.Add(server);
        }
        return servers;
    }

    // Without a word about roots, what the built-in file servers serve is what there is.
    private List<string> Roots(List<ServerDefinition> servers)
    {
        if (root.TakeTexts("roots", expected: "a directory, or a list of directories") is not { } written) return [.. servers.Select(s => s.FilesRoot).OfType<string>().Distinct(StringComparer.Ordinal)];
        List<string> roots = [];
        if (written.Count is 0 or > RootsMax) root.Errors.Add(root.Take("roots")!, $"'roots': expected 1 to {RootsMax}, found {written.Count}");
        foreach (var text in written.Take(RootsMax))
            if (ServerReader.Directory(root, "roots", text, baseDirectory) is { } path) roots.Add(path);
        return roots;
    }

    private List<PolicyRef>? Policies()
    {
        if (root.TakeList("policies") is not { } list) return null;
        List<PolicyRef> policies = [];
        var reader = new PolicyReader(baseDirectory, new(GatewayDefinition.DefaultRules, "cabincrew.mcp", null) { Messages = true });
        if (list.Items.Count is 0 or > PoliciesMax) root.Errors.Add(list, $"'policies': expected 1 to {PoliciesMax}, found {list.Items.Count}; without any policy nothing is allowed");
        foreach (var map in list.Maps($"a policy such as `builtin: {GatewayDefinition.DefaultRules}` or `rego: DIRECTORY`"))
        {
            if (reader.Read(map) is not { } policy) continue;
            if (policies.Any(p => p.Kind == policy.Kind && p.Value == policy.Value)) root.Errors.Add(map, $"the policy `{policy.Kind}: {YamlMap.Clip(policy.Value)}` stands here a second time");
            else policies.Add(policy);
        }
        return policies;
    }

    private int? Size(string key) => (int?)Quantities.TakeSize(root, key, BytesMin, BytesMax);

    private HoldRules Holds()
    {
        var rules = new HoldRules();
        if (root.TakeMap("approvals") is not { } map) return rules;
        rules = rules with
        {
            Expires = Quantities.TakeDuration(map, "expires", HoldMax) ?? rules.Expires,
            AskPerson = map.TakeTruth("ask_person") ?? rules.AskPerson,
            WaitingMax = (int?)map.TakeInteger("waiting_max", 1, 10_000) ?? rules.WaitingMax,
            WaitingPerCallerMax = (int?)map.TakeInteger("waiting_per_caller_max", 1, 10_000) ?? rules.WaitingPerCallerMax,
            WaitingBytesMax = (int?)Quantities.TakeSize(map, "waiting_size_max", BytesMin, 1 << 30) ?? rules.WaitingBytesMax,
        };
        map.Close();
        return rules;
    }

    // One word, or the word and how long and how much.
    private KeepSettings Record()
    {
        IReadOnlyList<(string, KeepScope)> scopes = [("none", KeepScope.None), ("calls", KeepScope.Calls), ("messages", KeepScope.Messages)];
        var settings = new KeepSettings();
        if (root.Take("record") is not YamlMap map) return settings with { Scope = root.TakeWord("record", scopes) ?? settings.Scope };
        settings = settings with
        {
            Scope = map.TakeWord("frames", scopes, required: true) ?? settings.Scope,
            KeepFor = Quantities.TakeDuration(map, "keep", RecordMax) ?? settings.KeepFor,
            BytesMax = Quantities.TakeSize(map, "size_max", 1 << 20, 64L << 30) ?? settings.BytesMax,
            MessageBytesMax = (int?)Quantities.TakeSize(map, "message_size_max", BytesMin, 16 << 20) ?? settings.MessageBytesMax,
        };
        map.Close();
        return settings;
    }

    private JsonElement? Context()
    {
        if (root.TakeMap("context") is not { } map) return null;
        map.Know([.. map.Entries.Select(e => e.Key.Text)]);
        return map.ToJson();
    }
}
