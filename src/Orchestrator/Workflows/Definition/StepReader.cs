// One step of a workflow file. What depends on other steps is left to WorkflowReader, which knows them all.
using System.Text.Json;
using System.Text.RegularExpressions;
using CabinCrew.Governance.Yaml;
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Orchestrator.Workflows;

internal sealed partial class StepReader(YamlMap map, string baseDirectory, string? workspace)
{
    private const int ApprovalsMax = 16;
    private const int ApproversMax = 100;
    private const int NeedsMax = WorkflowFile.StepsMax;

    public StepId? Id { get; private set; }

    public YamlNode? IdNode { get; private set; }

    public List<(StepId Id, YamlNode Node)> Needs { get; } = [];

    public List<(StepId Id, YamlNode Node)> ContextSteps { get; } = [];

    /// <summary>Null when this step has errors.</summary>
    public StepDefinition? Definition { get; private set; }

    public void Read()
    {
        ReadId();
        var engine = Engine();
        var config = Config();
        ReadNeeds();
        var sources = new StepSources(map, baseDirectory, workspace);
        var secrets = sources.Secrets();
        var context = sources.Context(ContextSteps);
        var limits = Limits();
        var determinism = map.TakeWord("determinism", DefinitionWords.Determinisms) ?? Determinism.Trust;
        var approvals = Approvals();
        var environment = map.TakeParsed<StepId>("environment", "a name of letters, digits, '.', '_', '-'", s => StepId.TryParse(s, out var name) ? name : null)?.ToString();
        var (unrestricted, network) = new NetworkReader(map).Read();
        var outside = new OutsideDirectories(baseDirectory, workspace).Read(map);
        map.Close();
        if (Id is not { } id || engine is null || map.Errors.Any) return;
        Definition = new StepDefinition
        {
            Id = id, Engine = engine, Config = config, Secrets = secrets, Needs = [.. Needs.Select(n => n.Id).Order()], Context = context,
            Limits = limits, Determinism = determinism, Environment = environment, Approvals = approvals, Network = network, UnrestrictedTakeOff = unrestricted, Outside = outside,
        };
    }

    private void ReadId()
    {
        IdNode = map.Take("id");
        if (map.TakeText("id", required: true, "a name", charsMax: 128) is not { } text) return;
        if (StepId.TryParse(text, out var id)) Id = id;
        else map.Errors.Add(IdNode!, $"'id': expected letters, digits, '.', '_' and '-', beginning with a letter or digit, found '{WorkflowReader.Clip(text)}'");
    }

    private string? Engine()
    {
        const string Expected = "a built-in engine (patch, git, script), or a path with a '/' such as ./engines/mine";
        if (map.TakeText("engine", required: true, Expected) is not { } engine) return null;
        if (EngineCatalog.BuiltIns.Contains(engine)) return engine;
        if (engine.Contains('/') && !engine.Any(char.IsControl)) return engine;
        map.Errors.Add(map.Take("engine")!, $"'engine': expected {Expected}, found '{WorkflowReader.Clip(engine)}'{NearMatch.Hint(engine, EngineCatalog.BuiltIns)}");
        return null;
    }

    private JsonElement Config()
    {
        if (map.TakeMap("config") is not { } config) return StepDefinitionJson.JsonOf(w => { w.WriteStartObject(); w.WriteEndObject(); });
        RefuseSecrets(config);
        return config.ToJson();
    }

    // The config is shown to reviewers and bound into the plan-token; a literal secret in it would be published by both.
    private static void RefuseSecrets(YamlNode node)
    {
        if (node is YamlList list)
            foreach (var item in list.Items) RefuseSecrets(item);
        if (node is not YamlMap inner) return;
        foreach (var (key, value) in inner.Entries)
        {
            if (value is YamlScalar { Type: YamlType.Text, Text.Length: > 0 } && SecretName.IsMatch(key.Text.Replace("-", "", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal)))
                inner.Errors.Add(value, $"'{WorkflowReader.Clip(key.Text)}': expected no secret in 'config', which reviewers see; map it under 'secrets' instead");
            RefuseSecrets(value);
        }
    }

    private void ReadNeeds()
    {
        if (map.TakeList("needs") is not { } list) return;
        if (list.Items.Count > NeedsMax) map.Errors.Add(list, $"'needs': expected at most {NeedsMax}, found {list.Items.Count}");
        foreach (var node in list.Items.Take(NeedsMax))
        {
            if (node is not YamlScalar { Type: YamlType.Text } scalar || !StepId.TryParse(scalar.Text, out var need))
                map.Errors.Add(node, $"'needs': expected the id of a step, found {(node is YamlScalar s ? $"'{WorkflowReader.Clip(s.Text)}'" : node.Is)}");
            else if (Needs.Any(n => n.Id == need)) map.Errors.Add(node, $"'needs': '{need}' stands here a second time");
            else Needs.Add((need, node));
        }
    }

    private EngineLimits Limits()
    {
        var limits = EngineLimits.Default;
        if (map.TakeMap("limits") is not { } given) return limits;
        foreach (var bound in LimitBounds.All)
            if (Quantity.Take(given, bound) is { } value) limits = bound.Set(limits, value);
        given.Close();
        return limits;
    }

    private List<RoleNeed> Approvals()
    {
        List<RoleNeed> needs = [];
        if (map.TakeList("approvals") is not { } list) return needs;
        if (list.Items.Count > ApprovalsMax) map.Errors.Add(list, $"'approvals': expected at most {ApprovalsMax}, found {list.Items.Count}");
        foreach (var item in list.Maps("an approval such as `role: security`").Take(ApprovalsMax))
        {
            var role = item.TakeText("role", required: true, "the name of a role", charsMax: 128);
            var count = (int)(item.TakeInteger("count", 1, ApproversMax) ?? 1);
            item.Close();
            if (role is null) continue;
            if (!StepId.TryParse(role, out _))
                map.Errors.Add(item.Take("role")!, $"'role': expected letters, digits, '.', '_' and '-', beginning with a letter or digit, found '{WorkflowReader.Clip(role)}'");
            else if (needs.Any(n => n.Role == role)) map.Errors.Add(item, $"'approvals': the role '{role}' stands here a second time; raise its 'count' instead");
            else needs.Add(new RoleNeed(role, count));
        }
        return needs;
    }

    [GeneratedRegex("(password|passwd|secret|token|apikey|accesskey|secretkey|privatekey|credentials?)\\z", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex SecretName { get; }
}
