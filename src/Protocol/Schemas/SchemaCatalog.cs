// Our JSON schemas, embedded from /schemas, and their small validator. Every document is validated before it is mapped.
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace CabinCrew.Protocol.Schemas;

public static partial class SchemaCatalog
{
    /// <summary>Names as `cabincrew schema NAME` takes them: engine-input, engine-output, artifact, plan-token, approval-request,
    /// approval-response, audit-event, wal-entry, workflow-state, preflight-input, preflight-output, workflow, rules, identities.</summary>
    public static IReadOnlyList<string> Names => throw new NotImplementedException();

    /// <summary>The schema's text.</summary>
    public static Outcome<string> Text(string name) => throw new NotImplementedException();

    /// <summary>Validates against a schema; the problem's <see cref="Problem.Where"/> is a JSON pointer.</summary>
    public static Outcome<Done> Validate(string name, JsonElement document) => throw new NotImplementedException();

    /// <summary>The whole way in: strict parse, schema, mapping.</summary>
    public static Outcome<T> Read<T>(string schema, ReadOnlyMemory<byte> utf8, JsonTypeInfo<T> type, Json.JsonLimits? limits = null) where T : class =>
        throw new NotImplementedException();
}
