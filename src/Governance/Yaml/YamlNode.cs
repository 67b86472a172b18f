// YAML as a tree that knows where each node stands. Scalars have the types of the YAML 1.2 core schema: `on`, `yes`, `no` are text.
// Invariant: whatever a tree holds can be written as JSON (no NaN, no integer beyond 2^53-1, no lone surrogate, no duplicate key).
using System.Buffers;
using System.Text.Json;

namespace CabinCrew.Governance.Yaml;

public enum YamlType { Text, Integer, Number, Truth, Nothing }

/// <param name="Line">From 1, as <paramref name="Column"/>.</param>
public abstract class YamlNode(YamlErrors errors, int line, int column)
{
    public int Line => line;

    public int Column => column;

    /// <summary>Where errors about this node's file are collected.</summary>
    public YamlErrors Errors => errors;

    public string Where => $"{errors.File}:{line}:{column}";

    /// <summary>For messages: what kind of thing this is, without its value.</summary>
    public abstract string Is { get; }

    public JsonElement ToJson()
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(bytes)) WriteTo(writer);
        using var document = JsonDocument.Parse(bytes.WrittenMemory);
        return document.RootElement.Clone();
    }

    internal abstract void WriteTo(Utf8JsonWriter writer);
}

public sealed class YamlScalar : YamlNode
{
    internal YamlScalar(YamlErrors errors, int line, int column, string text, YamlType type, object? value) : base(errors, line, column) =>
        (Text, Type, Value) = (text, type, value);

    /// <summary>As written (quotes and escapes undone).</summary>
    public string Text { get; }

    public YamlType Type { get; }

    /// <summary>string, long, double, bool or null.</summary>
    public object? Value { get; }

    public override string Is => Type switch
    {
        YamlType.Text => "text",
        YamlType.Integer => "a whole number",
        YamlType.Number => "a number",
        YamlType.Truth => Text.ToLowerInvariant(),
        YamlType.Nothing => "nothing",
    };

    internal override void WriteTo(Utf8JsonWriter writer)
    {
        switch (Value)
        {
            case string s: writer.WriteStringValue(s); break;
            case long n: writer.WriteNumberValue(n); break;
            case double d: writer.WriteNumberValue(d); break;
            case bool b: writer.WriteBooleanValue(b); break;
            default: writer.WriteNullValue(); break;
        }
    }
}

public sealed class YamlList : YamlNode
{
    internal YamlList(YamlErrors errors, int line, int column, IReadOnlyList<YamlNode> items) : base(errors, line, column) => Items = items;

    public IReadOnlyList<YamlNode> Items { get; }

    public override string Is => "a list";

    /// <summary>The items that are mappings; an error for each that is not.</summary>
    public IEnumerable<YamlMap> Maps(string expected = "a mapping")
    {
        foreach (var item in Items)
        {
            if (item is YamlMap map) yield return map;
            else Errors.Add(item, $"expected {expected}, found {item.Is}");
        }
    }

    /// <summary>The items that are text; an error for each that is not.</summary>
    public IReadOnlyList<string> Texts(string expected = "text")
    {
        List<string> texts = [];
        foreach (var item in Items)
        {
            if (item is YamlScalar { Type: YamlType.Text } scalar) texts.Add(scalar.Text);
            else Errors.Add(item, $"expected {expected}, found {item.Is}{YamlMap.Quoting(item)}");
        }

        return texts;
    }

    internal override void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartArray();
        foreach (var item in Items) item.WriteTo(writer);
        writer.WriteEndArray();
    }
}
