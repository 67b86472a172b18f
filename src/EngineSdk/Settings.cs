// Reads an engine's config member by member and keeps the first fault, with its place: what was expected, what was found, what was perhaps meant.
using System.Text.Json;
using CabinCrew.Protocol;

namespace CabinCrew.EngineSdk;

/// <summary>
/// An object of a config. Ask for each member by the method of its kind, then look at <see cref="Check"/> before using what they gave:
/// a missing or ill-typed member gives a harmless default and a <see cref="ProblemCode.EngineValidationFailed"/> there.
/// </summary>
public sealed class Settings
{
    private sealed class Sink
    {
        public Problem? First;
    }

    private readonly JsonElement element;
    private readonly string place;
    private readonly Sink sink;
    private readonly List<Settings> children = [];
    private readonly HashSet<string> asked = new(StringComparer.Ordinal);

    private Settings(JsonElement element, string place, Sink sink)
    {
        (this.element, this.place, this.sink) = (element, place, sink);
        if (element.ValueKind != JsonValueKind.Object) Fail("", "expected an object");
    }

    public static Settings Of(JsonElement config) => new(config, "config", new());

    /// <summary>Where this object stands, for messages: <c>config.edits[2]</c>.</summary>
    public string Place => place;

    public bool Has(string name) => Get(name) is not null;

    public string? Text(string name) => Kind(name, JsonValueKind.String, "a text")?.GetString();

    public string RequiredText(string name)
    {
        if (Get(name) is null) Fail("", $"'{name}' is missing");
        var text = Text(name) ?? "";
        if (text.Length == 0) Fail(name, "expected a text that is not empty");
        return text;
    }

    public bool Flag(string name, bool absent = false) => Get(name) switch
    {
        null => absent,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        _ => Fail(name, "expected true or false"),
    };

    public int? Number(string name, int min, int max)
    {
        if (Get(name) is not { } value) return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= min && number <= max) return number;
        Fail(name, $"expected a whole number from {min} to {max}");
        return null;
    }

    public IReadOnlyList<string>? Texts(string name)
    {
        if (Kind(name, JsonValueKind.Array, "a list of texts") is not { } list) return null;
        var texts = new List<string>();
        foreach (var item in list.EnumerateArray())
            if (item.ValueKind == JsonValueKind.String && !item.GetString()!.Contains('\0')) texts.Add(item.GetString()!);
            else Fail($"{name}[{texts.Count}]", "expected a text");
        if (texts.Count == 0) Fail(name, "the list is empty");
        return texts;
    }

    public IReadOnlyDictionary<string, string>? Map(string name)
    {
        if (Kind(name, JsonValueKind.Object, "an object of texts") is not { } map) return null;
        var texts = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var member in map.EnumerateObject())
            if (member.Value.ValueKind == JsonValueKind.String && !member.Value.GetString()!.Contains('\0')) texts[member.Name] = member.Value.GetString()!;
            else Fail($"{name}.{member.Name}", "expected a text");
        return texts;
    }

    public Settings? Object(string name) => Kind(name, JsonValueKind.Object, "an object") is { } value ? Child(value, Member(name)) : null;

    public IReadOnlyList<Settings>? Objects(string name)
    {
        if (Kind(name, JsonValueKind.Array, "a list of objects") is not { } list) return null;
        if (list.GetArrayLength() == 0) Fail(name, "the list is empty");
        return [.. list.EnumerateArray().Select((item, i) => Child(item, $"{Member(name)}[{i}]"))];
    }

    /// <summary>A path inside the workspace.</summary>
    public WorkspacePath? WorkspacePath(string name) => Get(name) is not null && Text(name) is { } text ? ToPath(text, name) : null;

    public IReadOnlyList<WorkspacePath>? WorkspacePaths(string name) =>
        Texts(name)?.Select((text, i) => ToPath(text.TrimEnd('/'), $"{name}[{i}]")).OfType<WorkspacePath>().ToList();

    /// <summary>Exactly one of the members may be there; gives its name.</summary>
    public string OneOf(params string[] names)
    {
        var there = names.Where(Has).ToList();
        if (there.Count == 0) Fail("", $"expected one of {string.Join(", ", names)}");
        if (there.Count > 1) Fail("", $"{string.Join(" and ", there)} exclude each other");
        return there.FirstOrDefault("");
    }

    /// <summary>Adds a fault of the engine's own finding.</summary>
    public bool Fail(string name, string message)
    {
        sink.First ??= new(ProblemCode.EngineValidationFailed, message) { Where = Member(name) };
        return false;
    }

    /// <summary>The first fault; members that nobody asked for are one.</summary>
    public Outcome<Done> Check()
    {
        Unknown();
        return sink.First is { } problem ? problem : Done.Ok;
    }

    private void Unknown()
    {
        if (element.ValueKind == JsonValueKind.Object)
            foreach (var member in element.EnumerateObject())
                if (!asked.Contains(member.Name))
                    Fail(member.Name, NearMatch.Of(member.Name, asked) is { } near ? $"there is no such setting; did you mean '{near}'?" : $"there is no such setting; there are {string.Join(", ", asked.Order(StringComparer.Ordinal))}");
        foreach (var child in children) child.Unknown();
    }

    private WorkspacePath? ToPath(string text, string name)
    {
        if (Protocol.WorkspacePath.TryParse(text, out var path)) return path;
        Fail(name, "expected a path inside the workspace: relative, without '..'");
        return null;
    }

    private Settings Child(JsonElement value, string at)
    {
        var child = new Settings(value, at, sink);
        children.Add(child);
        return child;
    }

    private JsonElement? Kind(string name, JsonValueKind kind, string word)
    {
        if (Get(name) is not { } value) return null;
        if (value.ValueKind == kind) return value;
        Fail(name, $"expected {word}, found {Word(value.ValueKind)}");
        return null;
    }

    private JsonElement? Get(string name)
    {
        asked.Add(name);
        return element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    private string Member(string name) => name.Length == 0 ? place : $"{place}.{name}";

    private static string Word(JsonValueKind kind) => kind switch
    {
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "true or false",
        JsonValueKind.Array => "a list",
        JsonValueKind.Object => "an object",
        _ => "nothing",
    };
}
