// JSON within a string: the arguments of a tool call, a tool's result. Escapes within it hide what it says from whoever reads the string only.
using System.Text;
using System.Text.Json;
using CabinCrew.Protocol.Json;

namespace CabinCrew.Gateways.Llm.Wire;

internal static class NestedJson
{
    /// <summary>Null: the text is no JSON object or list that every reader reads alike.</summary>
    public static JsonElement? Of(string text)
    {
        var trimmed = text.AsSpan().Trim();
        if (trimmed.Length < 2 || !((trimmed[0] == '{' && trimmed[^1] == '}') || (trimmed[0] == '[' && trimmed[^1] == ']'))) return null;
        return StrictJson.Parse(Encoding.UTF8.GetBytes(text), new JsonLimits(int.MaxValue, ValuesMax: int.MaxValue)).Try(out var json, out _) ? json : null;
    }
}
