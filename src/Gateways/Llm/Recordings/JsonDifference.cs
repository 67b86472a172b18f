// Where two JSON values differ first, in the order of their names: for people who look for what they changed. Pure.
using System.Text.Json;

namespace CabinCrew.Gateways.Llm.Recordings;

internal static class JsonDifference
{
    /// <summary>A JSON pointer; empty: they are no two objects or lists, or do not differ.</summary>
    public static string First(JsonElement one, JsonElement other) => In(one, other) ?? "";

    // Null: alike. Bounded by the depth of what was read.
    private static string? In(JsonElement one, JsonElement other)
    {
        if (one.ValueKind != other.ValueKind) return "";
        if (one.ValueKind == JsonValueKind.Object)
        {
            foreach (var name in one.EnumerateObject().Concat(other.EnumerateObject()).Select(m => m.Name).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
            {
                var below = one.TryGetProperty(name, out var a) && other.TryGetProperty(name, out var b) ? In(a, b) : "";
                if (below is not null) return $"/{name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}{below}";
            }
            return null;
        }
        if (one.ValueKind != JsonValueKind.Array) return JsonElement.DeepEquals(one, other) ? null : "";
        var at = 0;
        foreach (var (a, b) in one.EnumerateArray().Zip(other.EnumerateArray()))
        {
            if (In(a, b) is { } below) return $"/{at}{below}";
            at++;
        }
        return one.GetArrayLength() == other.GetArrayLength() ? null : $"/{at}";
    }
}
