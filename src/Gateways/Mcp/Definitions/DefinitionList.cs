// The answer to a list, cut into its definitions by their places in the bytes, so that one can be taken out and every other byte stays (MCP-05, MCP-06). Pure.
using System.Text;
using System.Text.Json;
using CabinCrew.Gateways.Firewall;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Definitions;

internal sealed class DefinitionList
{
    public const int DefinitionsMax = 10_000;

    private DefinitionList(DefinitionKind kind, int from, int end, IReadOnlyList<Definition> definitions) => (Kind, From, End, Definitions) = (kind, from, end, definitions);

    public DefinitionKind Kind { get; }
    public IReadOnlyList<Definition> Definitions { get; }

    /// <summary>Of the array in the answer, brackets included.</summary>
    private int From { get; }
    private int End { get; }

    /// <summary>Reads the result of a list. One without the list is a problem: nobody could say what it shows.</summary>
    public static Outcome<DefinitionList> Read(DefinitionKind kind, string member, ReadOnlyMemory<byte> answer)
    {
        try
        {
            var reader = new Utf8JsonReader(answer.Span, new JsonReaderOptions { MaxDepth = 256 });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return Invalid("the answer to a list is no object");
            DefinitionList? list = null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isList = reader.ValueTextEquals(member);
                // To a reader that ignores case it would be the list, and nobody had looked at it.
                if (!isList && string.Equals(reader.GetString()!.Replace('\u017F', 's'), member, StringComparison.OrdinalIgnoreCase)) return Invalid($"it has a key that is nearly '{member}'");
                reader.Read();
                if (!isList)
                {
                    reader.Skip();
                    continue;
                }
                if (list is not null || reader.TokenType != JsonTokenType.StartArray) return Invalid($"'{member}' is not one array");
                if (!ReadArray(kind, ref reader, answer).Try(out list, out var problem)) return problem;
            }
            return list is null ? Invalid($"the answer has no '{member}'") : list;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return Invalid($"the answer to a list cannot be read: {e.Message}");
        }
    }

    /// <summary>Takes these definitions out.</summary>
    /// <param name="offset">Of the answer within the message.</param>
    public void TakeOut(IReadOnlySet<int> hidden, int offset, MessageEdits edits)
    {
        if (hidden.Count == 0) return;
        var shown = Enumerable.Range(0, Definitions.Count).Where(i => !hidden.Contains(i)).ToList();
        if (shown.Count == 0)
        {
            edits.Replace(offset + From, End - From, "[]"u8.ToArray());
            return;
        }
        // What goes is cut from the end of the last one that stays to the beginning of the next one, comma and all; at the ends of the list to its brackets.
        var keepUntil = From + 1;
        foreach (var (place, i) in shown.Select((i, place) => (place, i)))
        {
            var definition = Definitions[i];
            var previous = place == 0 ? -1 : shown[place - 1];
            if (i != previous + 1) edits.Replace(offset + keepUntil, definition.From - keepUntil, place == 0 ? default : ","u8.ToArray());
            keepUntil = definition.From + definition.Length;
        }
        if (shown[^1] != Definitions.Count - 1) edits.Replace(offset + keepUntil, End - 1 - keepUntil, default);
    }

    private static Outcome<DefinitionList> ReadArray(DefinitionKind kind, ref Utf8JsonReader reader, ReadOnlyMemory<byte> answer)
    {
        var from = (int)reader.TokenStartIndex;
        var definitions = new List<Definition>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            var length = (int)reader.BytesConsumed - start;
            if (definitions.Count == DefinitionsMax) return Invalid($"it lists more than {DefinitionsMax} things at once");
            definitions.Add(ReadOne(kind, start, answer.Slice(start, length)));
        }
        return new DefinitionList(kind, from, (int)reader.BytesConsumed, definitions);
    }

    private static Definition ReadOne(DefinitionKind kind, int from, ReadOnlyMemory<byte> json)
    {
        if (json.Length > Definition.BytesMax) return new(null, from, json.Length, json, null);
        var element = JsonElement.Parse(json.Span);
        var member = DefinitionKinds.NameMember(kind);
        var isNamed = element.ValueKind == JsonValueKind.Object && element.TryGetProperty(member, out var name) && name.ValueKind == JsonValueKind.String;
        if (!isNamed || NameOf(element.GetProperty(member)) is not { Length: > 0 } text) return new(null, from, json.Length, json, null);
        return new(new(kind, text), from, json.Length, json, DefinitionDigest.Of(kind, element));
    }

    private static string? NameOf(JsonElement name)
    {
        try
        {
            return name.GetString();
        }
        catch (InvalidOperationException)
        {
            return null; // half a surrogate pair: two readers could read it differently
        }
    }

    private static Problem Invalid(string why) => new(ProblemCode.UpstreamInvalid, $"{why}; it is not shown");
}
