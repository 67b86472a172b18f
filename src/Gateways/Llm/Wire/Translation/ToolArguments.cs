// Arguments of a tool's call: JSON in a text in one API, an object in the other.
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CabinCrew.Gateways.Llm.Wire.Translation;

internal static class ToolArguments
{
    /// <summary>Null: it is no object that every reader reads alike. Nothing at all is an object without members: some servers say so of a tool without parameters.</summary>
    public static JsonObject? Read(string text) => text.Trim().Length == 0 ? [] : NestedJson.Of(text) is { ValueKind: JsonValueKind.Object } read ? JsonObject.Create(read) : null;
}
