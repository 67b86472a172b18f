// What a server says of its own tool (MCP's ToolAnnotations): hints from an untrusted party, read where they have the type that the specification gives them.
using System.Text.Json;

namespace CabinCrew.Governance.Policies.Messages;

internal static class MessageAnnotations
{
    public const string ReadOnly = "readOnlyHint", Destructive = "destructiveHint", Idempotent = "idempotentHint", OpenWorld = "openWorldHint";

    /// <summary>Null: it says nothing, or nothing that could be understood.</summary>
    public static bool? Hint(JsonElement annotations, string member) =>
        annotations.ValueKind == JsonValueKind.Object && annotations.TryGetProperty(member, out var value) && value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : null;
}
