// A place in tokenizer.json, with the path that leads to it. Reading something else than what is there is one exception, which never leaves TokenizerFile.
using System.Runtime.InteropServices;
using System.Text.Json;

namespace CabinCrew.LocalModels.Tokens;

internal sealed class JsonShapeException(string message, string where) : Exception(message)
{
    public string Where { get; } = where;
}

internal readonly struct JsonNodeView(JsonElement? element, string where)
{
    public string Where => where;

    /// <summary>Null, or not there.</summary>
    public bool IsNull => element is not { ValueKind: not JsonValueKind.Null };

    public bool IsArray => element is { ValueKind: JsonValueKind.Array };

    public bool IsText => element is { ValueKind: JsonValueKind.String };

    public JsonNodeView this[string name] => element switch
    {
        null or { ValueKind: JsonValueKind.Null } => new(null, $"{where}/{name}"),
        { ValueKind: JsonValueKind.Object } e => new(e.TryGetProperty(name, out var member) ? member : null, $"{where}/{name}"),
        _ => throw Shape("an object"),
    };

    public string Text => element is { ValueKind: JsonValueKind.String } e ? e.GetString()! : throw Shape("a text");

    public double Number => element is { ValueKind: JsonValueKind.Number } e ? e.GetDouble() : throw Shape("a number");

    /// <summary>A number as the reference reads it.</summary>
    public double Score => element is { ValueKind: JsonValueKind.Number } e ? ReferenceNumber.Of(JsonMarshal.GetRawUtf8Value(e)) : throw Shape("a number");

    /// <summary>A whole number that can be an id or a count.</summary>
    public int Index => element is { ValueKind: JsonValueKind.Number } e && e.TryGetInt32(out var value) && value >= 0 ? value : throw Shape("a whole number of at least 0");

    public bool Flag(bool otherwise) => IsNull ? otherwise : element!.Value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Shape("true or false"),
    };

    public string TextOr(string otherwise) => IsNull ? otherwise : Text;

    public IEnumerable<JsonNodeView> Items
    {
        get
        {
            if (IsNull) yield break;
            if (!IsArray) throw Shape("a list");
            var i = 0;
            foreach (var item in element!.Value.EnumerateArray()) yield return new(item, $"{where}/{i++}");
        }
    }

    public IEnumerable<(string Name, JsonNodeView Value)> Members
    {
        get
        {
            if (element is not { ValueKind: JsonValueKind.Object } e) throw Shape("an object");
            foreach (var member in e.EnumerateObject()) yield return (member.Name, new(member.Value, $"{where}/{member.Name}"));
        }
    }

    private JsonShapeException Shape(string wanted) => new($"{wanted} must stand here", where);
}
