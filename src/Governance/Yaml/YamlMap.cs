// A mapping, read by taking: each Take names a key that may stand here, and Close reports the keys that nobody took.
using System.Text.Json;
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Yaml;

public sealed record YamlEntry(YamlScalar Key, YamlNode Value);

public sealed class YamlMap : YamlNode
{
    private readonly Dictionary<string, YamlEntry> byKey;
    private readonly HashSet<string> known = new(StringComparer.Ordinal);

    internal YamlMap(YamlErrors errors, int line, int column, IReadOnlyList<YamlEntry> entries) : base(errors, line, column)
    {
        Entries = entries;
        byKey = entries.ToDictionary(e => e.Key.Text, StringComparer.Ordinal);
    }

    /// <summary>In the file's order.</summary>
    public IReadOnlyList<YamlEntry> Entries { get; }

    public override string Is => "a mapping";

    /// <summary>Whether the key is there; looking takes nothing.</summary>
    public bool Has(string key) => byKey.ContainsKey(key);

    /// <summary>Whatever stands at the key, or null.</summary>
    public YamlNode? Take(string key)
    {
        known.Add(key);
        return byKey.TryGetValue(key, out var entry) ? entry.Value : null;
    }

    public YamlNode? Take(string key, string expected, bool required)
    {
        var node = Take(key);
        if (node is null && required) Errors.Add(this, $"'{key}' is missing: expected {expected}");
        return node;
    }

    public YamlMap? TakeMap(string key, bool required = false) => Typed<YamlMap>(key, "a mapping", required);

    public YamlList? TakeList(string key, bool required = false) => Typed<YamlList>(key, "a list", required);

    public string? TakeText(string key, bool required = false, string expected = "text", int charsMax = 4096)
    {
        if (Take(key, expected, required) is not { } node) return null;
        if (node is not YamlScalar { Type: YamlType.Text } scalar)
        {
            Errors.Add(node, $"'{key}': expected {expected}, found {node.Is}{Quoting(node)}");
            return null;
        }

        if (scalar.Text.Length is > 0 and var length && length <= charsMax) return scalar.Text;
        Errors.Add(node, scalar.Text.Length == 0 ? $"'{key}': expected {expected}, found empty text" : $"'{key}': longer than {charsMax} characters");
        return null;
    }

    /// <summary>A list of texts; one text alone counts as a list of one.</summary>
    public IReadOnlyList<string>? TakeTexts(string key, bool required = false, string expected = "text, or a list of texts")
    {
        switch (Take(key, expected, required))
        {
            case null: return null;
            case YamlScalar { Type: YamlType.Text } scalar: return [scalar.Text];
            case YamlList list: return list.Texts();
            case var other:
                Errors.Add(other, $"'{key}': expected {expected}, found {other.Is}{Quoting(other)}");
                return null;
        }
    }

    public long? TakeInteger(string key, long min, long max, bool required = false)
    {
        var expected = $"a whole number from {min} to {max}";
        if (Take(key, expected, required) is not { } node) return null;
        if (node is YamlScalar { Value: long n } && n >= min && n <= max) return n;
        Errors.Add(node, node is YamlScalar { Type: YamlType.Integer } scalar
            ? $"'{key}': expected {expected}, found {scalar.Text}"
            : $"'{key}': expected {expected}, found {node.Is}");
        return null;
    }

    public double? TakeNumber(string key, double min, double max, bool required = false)
    {
        var expected = FormattableString.Invariant($"a number from {min} to {max}");
        if (Take(key, expected, required) is not { } node) return null;
        double? value = node is YamlScalar scalar ? scalar.Value switch { long n => n, double d => d, _ => null } : null;
        if (value >= min && value <= max) return value;
        Errors.Add(node, $"'{key}': expected {expected}, found {(value is null ? node.Is : ((YamlScalar)node).Text)}");
        return null;
    }

    public bool? TakeTruth(string key, bool required = false)
    {
        if (Take(key, "true or false", required) is not { } node) return null;
        if (node is YamlScalar { Value: bool truth }) return truth;
        Errors.Add(node, $"'{key}': expected true or false, found {node.Is}");
        return null;
    }

    /// <summary>One of a few words.</summary>
    public T? TakeWord<T>(string key, IReadOnlyList<(string Word, T Value)> words, bool required = false) where T : struct
    {
        var expected = words.Count == 1 ? words[0].Word : $"one of {string.Join(", ", words.Select(w => w.Word))}";
        if (TakeText(key, required, expected) is not { } text) return null;
        foreach (var (word, value) in words)
            if (word == text) return value;
        Errors.Add(byKey[key].Value, $"'{key}': expected {expected}, found '{Clip(text)}'{NearMatch.Hint(text, words.Select(w => w.Word))}");
        return null;
    }

    /// <summary>Text of some form; <paramref name="parse"/> gives null for what it does not take.</summary>
    public T? TakeParsed<T>(string key, string expected, Func<string, T?> parse, bool required = false) where T : struct
    {
        if (TakeText(key, required, expected) is not { } text) return null;
        if (parse(text) is { } value) return value;
        Errors.Add(byKey[key].Value, $"'{key}': expected {expected}, found '{Clip(text)}'");
        return null;
    }

    /// <summary>Says what may stand here without taking it, so that Close can offer it as a near match.</summary>
    public void Know(params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys) known.Add(key);
    }

    /// <summary>An error for every key that was not taken.</summary>
    public void Close()
    {
        foreach (var entry in Entries)
        {
            if (Errors.Full) return;
            if (known.Contains(entry.Key.Text)) continue;
            var free = known.Where(k => !byKey.ContainsKey(k)).ToList();
            var hint = NearMatch.Hint(entry.Key.Text, free.Count > 0 ? free : known);
            if (hint.Length == 0) hint = $"; expected {(known.Count == 0 ? "no keys here" : string.Join(", ", known.Order(StringComparer.Ordinal)))}";
            Errors.Add(entry.Key, $"unknown key '{Clip(entry.Key.Text)}'{hint}");
        }
    }

    private T? Typed<T>(string key, string expected, bool required) where T : YamlNode
    {
        var node = Take(key, expected, required);
        if (node is null or T) return node as T;
        Errors.Add(node, $"'{key}': expected {expected}, found {node.Is}");
        return null;
    }

    internal static string Quoting(YamlNode node) =>
        node is YamlScalar { Type: YamlType.Integer or YamlType.Number or YamlType.Truth } ? " (put it in quotes if it is text)" : "";

    /// <summary>Text of the file, short enough for a message.</summary>
    public static string Clip(string text) => text.Length <= 60 ? text : text[..60] + "…";

    internal override void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        foreach (var entry in Entries)
        {
            writer.WritePropertyName(entry.Key.Text);
            entry.Value.WriteTo(writer);
        }

        writer.WriteEndObject();
    }
}
