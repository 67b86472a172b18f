// An object that is translated, read by taking: each Take names a field that has a counterpart, or none and does not need one; Close refuses the rest. A null says as much as a field that is not there.
// Invariant: what nobody took is refused by its name, and never dropped.
using System.Text.Json;
using System.Text.Json.Nodes;
using CabinCrew.Gateways.Firewall;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Llm.Wire.Translation;

/// <summary>The first thing that cannot be told in the other API.</summary>
/// <param name="code">Of a request the caller's fault, of an answer the provider's.</param>
internal sealed class Untold(ProblemCode code)
{
    private const int CharsMax = 200;

    public Problem? Problem { get; private set; }

    public void Add(string place, string why) =>
        Problem ??= new(code, $"'{Plain.Text(place, CharsMax)}' cannot be translated: {why}") { Where = Plain.Text(place, CharsMax) };
}

internal sealed class Fields
{
    private const int WordCharsMax = 60;

    private readonly JsonElement of;
    private readonly Untold untold;
    private readonly HashSet<string> taken = new(StringComparer.Ordinal);

    public Fields(JsonElement of, string place, Untold untold)
    {
        (this.of, Place, this.untold) = (of, place, untold);
        if (of.ValueKind != JsonValueKind.Object) Refuse("", "an object is expected");
    }

    public string Place { get; }

    public string At(string name) => $"{Place}/{name}";

    public void Refuse(string name, string why) => untold.Add(name.Length == 0 ? Place : At(name), why);

    /// <summary>Null: it is not there, or it is null.</summary>
    public JsonElement? Take(string name)
    {
        taken.Add(name);
        return of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    public JsonElement? Take(string name, JsonValueKind kind, bool required = false)
    {
        if (Take(name) is { } value && value.ValueKind == kind) return value;
        if (required || Take(name) is not null) Refuse(name, $"{Word(kind)} is expected");
        return null;
    }

    public string? Text(string name, bool required = false) => Take(name, JsonValueKind.String, required)?.GetString();

    public bool? Truth(string name)
    {
        if (Take(name) is not { } value) return null;
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False) return value.GetBoolean();
        Refuse(name, "true or false is expected");
        return null;
    }

    public long? Count(string name)
    {
        if (Take(name) is not { } value) return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) && number >= 0) return number;
        Refuse(name, "a whole number is expected");
        return null;
    }

    public Fields? Object(string name, bool required = false) => Take(name, JsonValueKind.Object, required) is { } value ? new(value, At(name), untold) : null;

    public IEnumerable<(JsonElement Item, string Place)> List(string name, bool required = false) => Take(name, JsonValueKind.Array, required) is { } list ? list.EnumerateArray().Select((item, i) => (item, $"{At(name)}/{i}")) : [];

    /// <summary>Left out where it says what is so anyway; refused where it says anything else.</summary>
    public void Plainly(string name, params ReadOnlySpan<string> values)
    {
        if (Take(name) is not { } said) return;
        foreach (var value in values)
            if (JsonElement.DeepEquals(JsonElement.Parse(value), said)) return;
        Refuse(name, values.Length == 0 ? "there is nothing like it in the other API" : $"there is nothing like it in the other API but for {string.Join(" or ", values)}");
    }

    /// <summary>Left out whatever it says: the model never sees it.</summary>
    public void Aside(params ReadOnlySpan<string> names)
    {
        foreach (var name in names) taken.Add(name);
    }

    /// <summary>Refuses every field that nobody took.</summary>
    public void Close()
    {
        if (of.ValueKind != JsonValueKind.Object) return;
        foreach (var field in of.EnumerateObject())
            if (field.Value.ValueKind != JsonValueKind.Null && !taken.Contains(field.Name)) Refuse(field.Name, "there is nothing like it in the other API");
    }

    /// <summary>A word from outside, for a message.</summary>
    public static string Quoted(string? word) => word is null ? "nothing" : $"'{Plain.Text(word, WordCharsMax)}'";

    public static JsonNode? Copy(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => JsonObject.Create(element),
        JsonValueKind.Array => JsonArray.Create(element),
        _ => JsonValue.Create(element),
    };

    /// <summary>The same where it is there.</summary>
    public void CopyTo(JsonObject to, string name, JsonValueKind kind, string? named = null)
    {
        if (Take(name, kind) is { } value) to[named ?? name] = Copy(value);
    }

    private static string Word(JsonValueKind kind) => kind switch
    {
        JsonValueKind.String => "text",
        JsonValueKind.Array => "a list",
        JsonValueKind.Object => "an object",
        JsonValueKind.Number => "a number",
        _ => kind.ToString(),
    };
}
