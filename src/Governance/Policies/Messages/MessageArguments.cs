// The arguments of a call taken apart: every text, number and literal with the way that leads to it. Made once for a call, without building a document; values become text when
// somebody asks for them. Bounded: what has more values than anybody could judge says so.
using System.Globalization;
using System.Text.Json;
using CabinCrew.Governance.Detection;

namespace CabinCrew.Governance.Policies.Messages;

/// <param name="Path">Names of members, and numbers of items; empty for a value that is not inside anything.</param>
/// <param name="Kind">String, Number, True, False or Null; StartObject and StartArray for what is empty.</param>
public readonly record struct ArgumentValue(string[] Path, JsonTokenType Kind, ReadOnlyMemory<byte> Raw, bool IsEscaped)
{
    /// <summary>The text of a string, unescaped; of anything else as JSON writes it.</summary>
    public string Text() => Kind == JsonTokenType.String ? IsEscaped ? JsonText.Unescape(Raw.Span) : System.Text.Encoding.UTF8.GetString(Raw.Span) : System.Text.Encoding.UTF8.GetString(Raw.Span);

    public double? Number() =>
        Kind == JsonTokenType.Number && System.Buffers.Text.Utf8Parser.TryParse(Raw.Span, out double value, out var used) && used == Raw.Length && double.IsFinite(value) ? value : null;
}

public sealed class MessageArguments
{
    public const int ValuesMax = 20_000;

    /// <summary>In a <see cref="Pointer"/>: any member or item.</summary>
    public const string Any = "*";

    public static readonly MessageArguments None = new();

    private readonly List<ArgumentValue> values = [];

    /// <summary>There are more values than <see cref="ValuesMax"/>, or the text is no JSON: what is here is not all.</summary>
    public bool IsPartial { get; private set; }

    /// <summary>In the order of the text.</summary>
    public IReadOnlyList<ArgumentValue> Values => values;

    public static MessageArguments Of(ReadOnlyMemory<byte> json)
    {
        if (json.IsEmpty) return None;
        var arguments = new MessageArguments();
        try
        {
            arguments.Read(json);
        }
        catch (JsonException)
        {
            arguments.IsPartial = true;
        }
        return arguments;
    }

    /// <summary>Takes a pointer apart: <c>/edits/*/newText</c>. Null: it is none.</summary>
    public static string[]? Pointer(string text)
    {
        if (text.Length == 0) return [];
        if (text[0] != '/') return null;
        var names = text[1..].Split('/');
        for (var i = 0; i < names.Length; i++) names[i] = names[i].Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
        return names;
    }

    public static bool IsAt(ArgumentValue value, string[] pointer)
    {
        if (value.Path.Length != pointer.Length) return false;
        for (var i = 0; i < pointer.Length; i++)
            if (pointer[i] != Any && pointer[i] != value.Path[i]) return false;
        return true;
    }

    /// <summary>The first value at a pointer that is text.</summary>
    public string? TextAt(string[] pointer)
    {
        foreach (var value in values)
            if (value.Kind == JsonTokenType.String && IsAt(value, pointer)) return value.Text();
        return null;
    }

    private void Read(ReadOnlyMemory<byte> utf8)
    {
        var json = new Utf8JsonReader(utf8.Span, new JsonReaderOptions { MaxDepth = JsonText.DepthMax });
        var open = new Stack<Level>();
        var name = "";
        while (json.Read())
        {
            switch (json.TokenType)
            {
                case JsonTokenType.PropertyName:
                    name = JsonText.Unescape(json.ValueSpan);
                    continue;
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    var path = PathOf(open, name);
                    open.Push(new(path, json.TokenType == JsonTokenType.StartArray));
                    continue;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    var closed = open.Pop();
                    if (closed.Count == 0) Add(new(closed.Path, closed.IsArray ? JsonTokenType.StartArray : JsonTokenType.StartObject, default, false));
                    continue;
                default:
                    var start = (int)json.TokenStartIndex;
                    var raw = json.TokenType == JsonTokenType.String ? utf8.Slice(start + 1, json.ValueSpan.Length) : utf8.Slice(start, json.ValueSpan.Length);
                    Add(new(PathOf(open, name), json.TokenType, raw, json.ValueIsEscaped));
                    break;
            }
            if (IsPartial) return;
        }
    }

    private static string[] PathOf(Stack<Level> open, string name)
    {
        if (!open.TryPeek(out var parent)) return [];
        return [.. parent.Path, parent.IsArray ? (parent.Count++).ToString(CultureInfo.InvariantCulture) : Counted(parent, name)];
    }

    private static string Counted(Level parent, string name)
    {
        parent.Count++;
        return name;
    }

    private void Add(ArgumentValue value)
    {
        if (values.Count < ValuesMax) values.Add(value);
        else IsPartial = true;
    }

    private sealed class Level(string[] path, bool isArray)
    {
        public string[] Path => path;

        public bool IsArray => isArray;

        public int Count { get; set; }
    }
}
