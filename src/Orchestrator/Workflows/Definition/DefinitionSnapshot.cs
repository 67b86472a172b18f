// A workflow's definition as it is stored with the flight, so that resuming does not depend on the file being unchanged (ORC-05).
// Reading trusts nothing: the store's bytes may be damaged, and a damaged definition must not fly.
using System.Text.Json;
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Yaml;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Orchestrator.Workflows;

public static class DefinitionSnapshot
{
    private const int Version = 1;

    public static JsonElement Write(WorkflowDefinition definition) => StepDefinitionJson.JsonOf(w =>
    {
        w.WriteStartObject();
        w.WriteNumber("version", Version);
        w.WriteString("name", definition.Name);
        w.WriteString("file", definition.File);
        w.WriteString("workspace", definition.Workspace);
        w.WriteString("on_drift", DefinitionWords.Word(definition.OnDrift));
        if (definition.PlanExpires is { } expires) w.WriteNumber("plan_expires_seconds", (long)expires.TotalSeconds);
        w.WriteNumber("approval_expires_seconds", (long)definition.ApprovalExpires.TotalSeconds);
        w.WriteNumber("policy_time_limit_seconds", (long)definition.PolicyTimeLimit.TotalSeconds);
        w.WriteString("aggregation", definition.Aggregation.Word());
        if (definition.ReducedIsolation) w.WriteString("isolation", DefinitionWords.Isolations.First(i => i.Value).Word);
        w.WriteStartArray("policies");
        foreach (var policy in definition.Policies) PolicyRefJson.Write(w, policy);
        w.WriteEndArray();
        w.WriteStartArray("steps");
        foreach (var step in definition.Steps) StepDefinitionJson.Write(w, step);
        w.WriteEndArray();
        w.WriteEndObject();
    });

    /// <summary>The named policies alone, as text: equal for definitions that name the same.</summary>
    internal static string PoliciesOf(WorkflowDefinition definition) => StepDefinitionJson.JsonOf(w =>
    {
        w.WriteStartArray();
        foreach (var policy in definition.Policies) PolicyRefJson.Write(w, policy);
        w.WriteEndArray();
    }).GetRawText();

    public static Outcome<WorkflowDefinition> Read(JsonElement snapshot)
    {
        try
        {
            return ReadWhole(snapshot);
        }
        catch (DamagedException e)
        {
            return new Problem(ProblemCode.StoreCorrupt, $"the stored definition of the workflow is damaged: {e.Message}");
        }
    }

    private static WorkflowDefinition ReadWhole(JsonElement json)
    {
        if (Int(json, "version", 0, int.MaxValue) is var version && version != Version)
            throw new DamagedException($"version {version} is not known, only {Version}");
        return new WorkflowDefinition
        {
            Name = Text(json, "name"),
            File = Absolute(json, "file"),
            Workspace = Absolute(json, "workspace"),
            OnDrift = Choice(json, "on_drift", DefinitionWords.DriftAnswers),
            PlanExpires = json.TryGetProperty("plan_expires_seconds", out _) ? Seconds(json, "plan_expires_seconds") : null,
            ApprovalExpires = Seconds(json, "approval_expires_seconds"),
            PolicyTimeLimit = Seconds(json, "policy_time_limit_seconds"),
            Aggregation = Choice(json, "aggregation", Aggregation.Methods),
            ReducedIsolation = json.TryGetProperty("isolation", out _) && Choice(json, "isolation", DefinitionWords.Isolations),
            Policies = [.. List(json, "policies").Select(p => PolicyRefJson.Read(p) ?? throw new DamagedException("a policy cannot be read"))],
            Steps = [.. List(json, "steps").Select(Step)],
        };
    }

    private static StepDefinition Step(JsonElement json) => new()
    {
        Id = Step(Text(json, "id")),
        Engine = Text(json, "engine"),
        Config = Member(json, "config", JsonValueKind.Object).Clone(),
        Secrets = Member(json, "secrets", JsonValueKind.Object).EnumerateObject().ToDictionary(p => p.Name, p => Secret(p.Value), StringComparer.Ordinal),
        Needs = [.. Strings(json, "needs").Select(Step)],
        Context = Member(json, "context", JsonValueKind.Object).EnumerateObject().ToDictionary(p => p.Name, p => Context(p.Value), StringComparer.Ordinal),
        Limits = Limits(Member(json, "limits", JsonValueKind.Object)),
        Determinism = Choice(json, "determinism", DefinitionWords.Determinisms),
        Approvals = [.. List(json, "approvals").Select(a => new RoleNeed(Text(a, "role"), (int)Int(a, "count", 1, int.MaxValue)))],
        Environment = json.TryGetProperty("environment", out _) ? Text(json, "environment") : null,
        Outside = [.. Strings(json, "outside")],
        Restores = !json.TryGetProperty("restores", out _) ? null : Digest.TryParse(Text(json, "restores"), out var list) ? list : throw new DamagedException("'restores' is no digest"),
        UnrestrictedTakeOff = NetworkRulesJson.TryRead(json, out var unrestricted, out var network) ? unrestricted : throw new DamagedException("'network' cannot be read"),
        Network = network,
    };

    private static StepId Step(string id) => StepId.TryParse(id, out var step) ? step : throw new DamagedException($"'{id}' is no step id");

    private static SecretSource Secret(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object) throw new DamagedException("a secret's source is no object");
        foreach (var kind in (string[])["env", "file"])
            if (json.TryGetProperty(kind, out _)) return new SecretSource(kind, Text(json, kind), []);
        var command = Strings(json, "command");
        return command.Count > 0 ? new SecretSource("command", "", command) : throw new DamagedException("a secret's command is empty");
    }

    private static ContextSource Context(JsonElement json) =>
        ArtifactName.TryParse(Text(json, "artifact"), out var artifact)
            ? new ContextSource(Step(Text(json, "step")), artifact, Text(json, "field"))
            : throw new DamagedException("a context source names no artifact");

    private static EngineLimits Limits(JsonElement json) =>
        LimitBounds.All.Aggregate(EngineLimits.Default, (limits, bound) => bound.Set(limits, Int(json, bound.Key, bound.Minimum, bound.Maximum)));

    private static JsonElement Member(JsonElement json, string key, JsonValueKind kind) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(key, out var member) && member.ValueKind == kind
            ? member
            : throw new DamagedException($"'{key}' is missing or not of kind {kind}");

    private static string Text(JsonElement json, string key) => Member(json, key, JsonValueKind.String).GetString()!;

    private static string Absolute(JsonElement json, string key) =>
        Text(json, key) is ['/', ..] path ? path : throw new DamagedException($"'{key}' is no absolute path");

    private static long Int(JsonElement json, string key, long minimum, long maximum) =>
        Member(json, key, JsonValueKind.Number).TryGetInt64(out var number) && number >= minimum && number <= maximum
            ? number
            : throw new DamagedException($"'{key}' is out of range");

    private static TimeSpan Seconds(JsonElement json, string key) => TimeSpan.FromSeconds(Int(json, key, 1, Quantities.SecondsMax));

    private static JsonElement.ArrayEnumerator List(JsonElement json, string key) => Member(json, key, JsonValueKind.Array).EnumerateArray();

    private static IReadOnlyList<string> Strings(JsonElement json, string key) =>
        [.. List(json, key).Select(v => v.ValueKind == JsonValueKind.String ? v.GetString()! : throw new DamagedException($"'{key}' holds something that is no text"))];

    private static T Choice<T>(JsonElement json, string key, IReadOnlyList<(string Word, T Value)> choices)
    {
        var word = Text(json, key);
        foreach (var choice in choices)
            if (choice.Word == word) return choice.Value;
        throw new DamagedException($"'{word}' is no value of '{key}'");
    }

    private sealed class DamagedException(string message) : Exception(message);
}
