// A step's definition as JSON: what is hashed, stored and shown. Names where secrets come from, never what they are. Pure.
using System.Buffers;
using System.Text.Json;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Workflows;

public static class StepDefinitionJson
{
    /// <summary>Every member is written, defaults too, so that a later change of a default does not change the meaning of a stored step.</summary>
    public static JsonElement ToJson(this StepDefinition step) => JsonOf(w => Write(w, step));

    internal static JsonElement JsonOf(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer)) write(writer);
        using var document = JsonDocument.Parse(buffer.WrittenMemory, new JsonDocumentOptions { MaxDepth = 256 });
        return document.RootElement.Clone();
    }

    internal static void Write(Utf8JsonWriter w, StepDefinition step)
    {
        w.WriteStartObject();
        w.WriteString("id", step.Id.ToString());
        w.WriteString("engine", step.Engine);
        w.WritePropertyName("config");
        step.Config.WriteTo(w);
        WriteSecrets(w, step.Secrets);
        WriteStrings(w, "needs", step.Needs.Order().Select(n => n.ToString()));
        WriteContext(w, step.Context);
        WriteLimits(w, step.Limits);
        w.WriteString("determinism", DefinitionWords.Word(step.Determinism));
        w.WriteStartArray("approvals");
        foreach (var need in step.Approvals)
        {
            w.WriteStartObject();
            w.WriteString("role", need.Role);
            w.WriteNumber("count", need.Count);
            w.WriteEndObject();
        }
        w.WriteEndArray();
        if (step.Environment is { } environment) w.WriteString("environment", environment);
        NetworkRulesJson.Write(w, step);
        WriteStrings(w, "outside", step.Outside);
        if (step.Restores is { } restores) w.WriteString("restores", restores.ToString());
        w.WriteEndObject();
    }

    private static void WriteSecrets(Utf8JsonWriter w, IReadOnlyDictionary<string, SecretSource> secrets)
    {
        w.WriteStartObject("secrets");
        foreach (var (name, source) in secrets.OrderBy(s => s.Key, StringComparer.Ordinal))
        {
            w.WriteStartObject(name);
            if (source.Kind == "command") WriteStrings(w, "command", source.Command);
            else w.WriteString(source.Kind, source.Value);
            w.WriteEndObject();
        }
        w.WriteEndObject();
    }

    private static void WriteContext(Utf8JsonWriter w, IReadOnlyDictionary<string, ContextSource> context)
    {
        w.WriteStartObject("context");
        foreach (var (name, source) in context.OrderBy(c => c.Key, StringComparer.Ordinal))
        {
            w.WriteStartObject(name);
            w.WriteString("step", source.Step.ToString());
            w.WriteString("artifact", source.Artifact.ToString());
            w.WriteString("field", source.Field);
            w.WriteEndObject();
        }
        w.WriteEndObject();
    }

    private static void WriteLimits(Utf8JsonWriter w, EngineLimits limits)
    {
        w.WriteStartObject("limits");
        foreach (var bound in LimitBounds.All) w.WriteNumber(bound.Key, bound.Get(limits));
        w.WriteEndObject();
    }

    internal static void WriteStrings(Utf8JsonWriter w, string key, IEnumerable<string> values)
    {
        w.WriteStartArray(key);
        foreach (var value in values) w.WriteStringValue(value);
        w.WriteEndArray();
    }
}
