// One case of the suite, as its file has it.
using System.Text.Json;
using CabinCrew.Rego.Syntax;

namespace CabinCrew.RegoConformance;

internal sealed record ConformanceCase(
    string Note, string Query, IReadOnlyList<string> Modules, JsonElement? Data, JsonElement? Input, string? InputTerm,
    JsonElement? WantResult, bool SortBindings, string? WantErrorCode, string? WantError, bool StrictError)
{
    public string Group => Note.Split('/')[0];

    /// <summary>The grammar of the modules: OPA keeps cases of its own for what was before 1.0.</summary>
    public RegoVersion Version { get; private init; }

    public static List<ConformanceCase> Read(byte[] utf8, RegoVersion version)
    {
        using var document = JsonDocument.Parse(utf8, new() { MaxDepth = 512 });
        return [.. document.RootElement.GetProperty("cases").EnumerateArray().Select(c => Read(c) with { Version = version })];
    }

    private static ConformanceCase Read(JsonElement from) => new(
        from.GetProperty("note").GetString()!,
        from.GetProperty("query").GetString()!,
        Get(from, "modules") is { ValueKind: JsonValueKind.Array } modules ? [.. modules.EnumerateArray().Select(m => m.GetString()!)] : [],
        Get(from, "data"), Get(from, "input"), Get(from, "input_term")?.GetString(),
        Get(from, "want_result"), Flag(from, "sort_bindings"), Get(from, "want_error_code")?.GetString(), Get(from, "want_error")?.GetString(), Flag(from, "strict_error"));

    private static bool Flag(JsonElement from, string name) => Get(from, name) is { ValueKind: JsonValueKind.True };

    private static JsonElement? Get(JsonElement from, string name) =>
        from.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value.Clone() : null;
}
