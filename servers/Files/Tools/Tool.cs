// One tool: what agents are told of it, and what it does.
using System.Text.Json;
using CabinCrew.Protocol;

namespace CabinCrew.Servers.Files.Tools;

internal enum Effect
{
    /// <summary>Changes nothing.</summary>
    Read,

    /// <summary>Only adds.</summary>
    Add,

    /// <summary>May overwrite or remove.</summary>
    Destroy,
}

/// <param name="Schema">Of the arguments: the text of a JSON object.</param>
/// <param name="Again">The same call once more changes nothing further.</param>
/// <param name="Run">Called by one writer at a time where it has an effect.</param>
internal sealed record Tool(string Name, string Title, string Description, string Schema, Effect Effect, bool Again, Func<Arguments, CancellationToken, Outcome<ToolAnswer>> Run)
{
    public void WriteTo(Utf8JsonWriter w)
    {
        w.WriteStartObject();
        w.WriteString("name", Name);
        w.WriteString("title", Title);
        w.WriteString("description", Description);
        w.WritePropertyName("inputSchema");
        using (var schema = JsonDocument.Parse(Schema)) schema.RootElement.WriteTo(w);
        w.WriteStartObject("annotations");
        w.WriteString("title", Title);
        w.WriteBoolean("readOnlyHint", Effect == Effect.Read);
        w.WriteBoolean("destructiveHint", Effect == Effect.Destroy);
        w.WriteBoolean("idempotentHint", Again);
        w.WriteBoolean("openWorldHint", false);
        w.WriteEndObject();
        w.WriteEndObject();
    }
}
