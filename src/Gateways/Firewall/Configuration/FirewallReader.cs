// The parts of a configuration that every gateway has: policies, approvals, records, sizes.
using System.Text.Json;
using CabinCrew.Gateways.Firewall.Records;
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Yaml;

namespace CabinCrew.Gateways.Firewall.Configuration;

internal sealed class FirewallReader(YamlMap root, string baseDirectory)
{
    private const int PoliciesMax = 64;
    private const int BytesMin = 1 << 10;
    private const int BytesMax = 256 << 20;
    public static readonly TimeSpan HoldMax = TimeSpan.FromDays(7);
    private static readonly TimeSpan PolicyTimeMax = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan RecordMax = TimeSpan.FromDays(3660);

    /// <summary>Null: the file says nothing of them.</summary>
    public List<PolicyRef>? Policies(PolicyDialect dialect)
    {
        if (root.TakeList("policies") is not { } list) return null;
        List<PolicyRef> policies = [];
        var reader = new PolicyReader(baseDirectory, dialect);
        if (list.Items.Count is 0 or > PoliciesMax) root.Errors.Add(list, $"'policies': expected 1 to {PoliciesMax}, found {list.Items.Count}; without any policy nothing is allowed");
        foreach (var map in list.Maps($"a policy such as `builtin: {dialect.BuiltIn}` or `rego: DIRECTORY`"))
        {
            if (reader.Read(map) is not { } policy) continue;
            if (policies.Any(p => p.Kind == policy.Kind && p.Value == policy.Value)) root.Errors.Add(map, $"the policy `{policy.Kind}: {YamlMap.Clip(policy.Value)}` stands here a second time");
            else policies.Add(policy);
        }
        return policies;
    }

    public TimeSpan? PolicyTimeLimit() => Quantities.TakeDuration(root, "policy_time_limit", PolicyTimeMax);

    public AuditDurability? Audit() => root.TakeWord("audit", [("batched", AuditDurability.Batched), ("strict", AuditDurability.Strict)]);

    public int? Size(string key) => (int?)Quantities.TakeSize(root, key, BytesMin, BytesMax);

    /// <param name="clientsAsk">A client may be asked to put the question to its person.</param>
    public HoldRules Holds(bool clientsAsk)
    {
        var rules = new HoldRules();
        if (root.TakeMap("approvals") is not { } map) return rules;
        rules = rules with
        {
            Expires = Quantities.TakeDuration(map, "expires", HoldMax) ?? rules.Expires,
            AskPerson = clientsAsk ? map.TakeTruth("ask_person") ?? rules.AskPerson : rules.AskPerson,
            WaitingMax = (int?)map.TakeInteger("waiting_max", 1, 10_000) ?? rules.WaitingMax,
            WaitingPerCallerMax = (int?)map.TakeInteger("waiting_per_caller_max", 1, 10_000) ?? rules.WaitingPerCallerMax,
            WaitingBytesMax = (int?)Quantities.TakeSize(map, "waiting_size_max", BytesMin, 1 << 30) ?? rules.WaitingBytesMax,
        };
        map.Close();
        return rules;
    }

    // One word, or the word and how long and how much.
    public KeepSettings Record()
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

    public JsonElement? Context()
    {
        if (root.TakeMap("context") is not { } map) return null;
        map.Know([.. map.Entries.Select(e => e.Key.Text)]);
        return map.ToJson();
    }
}
