// A message as it is carried: one JSON document, or the events of a stream; and every text in it, put together from its parts. It knows no API: whatever field a text stands in, and
// however it is cut into events, it is seen as a whole.
// Invariants: the bytes that go on are those of the documents, or those with whole strings replaced; nothing that is not a document is carried (comments, ids of events).
using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;

namespace CabinCrew.Gateways.Llm.Wire;

/// <param name="Type">Of the event; empty where there is none, and of a message that is no stream.</param>
public readonly record struct CarriedDocument(string Type, ReadOnlyMemory<byte> Json);

public sealed class Carried
{
    /// <summary>What ends a stream of OpenAI's; no JSON.</summary>
    internal static ReadOnlySpan<byte> DoneMark => "[DONE]"u8;

    private const int TypeCharsMax = 64;
    private const int DepthMax = 100;
    private const int PlaceCharsMax = 1000;

    /// <summary>A card, an account, an id: shorter ones are counts.</summary>
    private const int NumberDigitsMin = 9;

    private readonly List<CarriedDocument> documents = [];
    private readonly Dictionary<string, Piece> pieces = new(StringComparer.Ordinal);
    private readonly List<Piece> inOrder = [];
    private readonly List<string> numbers = [];
    private readonly List<(Piece, string)> latest = [];

    private Carried(bool isStream) => IsStream = isStream;

    public bool IsStream { get; }

    public IReadOnlyList<CarriedDocument> Documents => documents;

    /// <summary>Every text, in the order in which each began.</summary>
    public IReadOnlyList<Piece> Pieces => inOrder;

    /// <summary>Long ones, as they are written.</summary>
    public IReadOnlyList<string> Numbers => numbers;

    /// <summary>What the last document added, part by part.</summary>
    public IReadOnlyList<(Piece Piece, string Text)> Latest => latest;

    /// <summary>Of all documents.</summary>
    public long Bytes { get; private set; }

    /// <summary>One document, read strictly: what two readers could read differently is refused.</summary>
    public static Outcome<Carried> Of(ReadOnlyMemory<byte> json, int bytesMax)
    {
        var carried = new Carried(isStream: false);
        return carried.Add("", json, bytesMax).Try(out _, out var problem) ? carried : problem;
    }

    /// <summary>A stream without events yet.</summary>
    public static Carried Stream() => new(isStream: true);

    /// <summary>One more document, or event of the stream.</summary>
    public Outcome<Done> Add(string type, ReadOnlyMemory<byte> json, int bytesMax)
    {
        if (type.Length > TypeCharsMax || type.AsSpan().ContainsAnyExcept(TypeChars)) return new Problem(ProblemCode.UpstreamInvalid, "an event has a type of odd characters");
        Bytes += json.Length + type.Length;
        if (Bytes > bytesMax) return new Problem(ProblemCode.JsonTooLarge, $"the message has more than {bytesMax} bytes");
        var isDone = IsStream && json.Span.SequenceEqual(DoneMark);
        if (!isDone && StrictJson.Check(json.Span, new JsonLimits(bytesMax, DepthMax, int.MaxValue)).Problem is { } problem) return problem;
        documents.Add(new(type, json));
        latest.Clear();
        if (!isDone) Walk(type, json.Span);
        return Done.Ok;
    }

    private static readonly SearchValues<char> TypeChars = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

    /// <summary>The bytes that are carried: the document, or the stream's events as they are sent.</summary>
    public ReadOnlyMemory<byte> Write() => IsStream ? Write(0, documents.Count) : documents[0].Json;

    /// <summary>Some of a stream's events.</summary>
    public ReadOnlyMemory<byte> Write(int from, int to)
    {
        if (from >= to) return default;
        var all = new ArrayBufferWriter<byte>((int)Math.Min(Bytes * (to - from) / documents.Count + 24L * (to - from) + 256, int.MaxValue / 2));
        for (var i = from; i < to; i++) WriteEvent(all, documents[i]);
        return all.WrittenMemory;
    }

    /// <summary>The same with other texts. In a stream the first part of each holds all of it.</summary>
    public Outcome<Carried> With(IReadOnlyDictionary<Piece, string> replaced) =>
        Edited(replaced.SelectMany(r => r.Key.Parts.Select((part, i) => (part, i == 0 ? r.Value : ""))));

    /// <summary>The same with edits, each made in the parts where it stands: whatever is not in one stays in its event.</summary>
    /// <param name="edits">Of each text in order, and apart from one another.</param>
    public Outcome<Carried> With<T>(IReadOnlyDictionary<Piece, T> edits) where T : IReadOnlyList<TextEdit>
    {
        List<(Part, string)> changed = [];
        foreach (var (piece, own) in edits)
        {
            var next = 0;
            foreach (var part in piece.Parts)
            {
                while (next < own.Count && own[next].End <= part.From) next++;
                if (next == own.Count) break;
                if (own[next].Start >= part.End) continue;
                var text = new StringBuilder();
                var at = part.From;
                for (var i = next; i < own.Count && own[i].Start < part.End; i++)
                {
                    if (own[i].Start > at) text.Append(piece.Text, at, own[i].Start - at);
                    if (own[i].Start >= part.From) text.Append(own[i].Instead);
                    at = Math.Min(own[i].End, part.End);
                }
                changed.Add((part, text.Append(piece.Text, at, part.End - at).ToString()));
            }
        }
        return changed.Count == 0 ? this : Edited(changed);
    }

    private Outcome<Carried> Edited(IEnumerable<(Part Part, string Text)> changed)
    {
        var edits = new SortedList<int, (int Length, byte[] Instead)>?[documents.Count];
        foreach (var (part, text) in changed) (edits[part.Document] ??= [])[part.Start] = (part.Length, Quoted(text));
        var carried = new Carried(IsStream);
        for (var i = 0; i < documents.Count; i++)
        {
            var json = documents[i].Json;
            if (edits[i] is { } own)
            {
                var to = new ArrayBufferWriter<byte>(json.Length + 64);
                WriteEdited(to, json.Span, own);
                json = to.WrittenMemory;
            }
            if (carried.Add(documents[i].Type, json, int.MaxValue).Problem is { } problem) return problem;
        }
        return carried;
    }

    /// <summary>A text as a JSON string.</summary>
    public static byte[] Quoted(string text) => Encoding.UTF8.GetBytes($"\"{JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(text)}\"");

    private static void WriteEvent(ArrayBufferWriter<byte> to, CarriedDocument document)
    {
        if (document.Type.Length > 0) to.Write(Encoding.ASCII.GetBytes($"event: {document.Type}\n"));
        to.Write("data: "u8);
        var line = to.GetSpan(document.Json.Length)[..document.Json.Length];
        document.Json.Span.CopyTo(line);
        // Data of several lines came as several; JSON needs none.
        line.Replace((byte)'\n', (byte)' ');
        line.Replace((byte)'\r', (byte)' ');
        to.Advance(line.Length);
        to.Write("\n\n"u8);
    }

    private static void WriteEdited(ArrayBufferWriter<byte> to, ReadOnlySpan<byte> json, SortedList<int, (int Length, byte[] Instead)> edits)
    {
        var at = 0;
        foreach (var (start, (length, instead)) in edits)
        {
            to.Write(json[at..start]);
            to.Write(instead);
            at = start + length;
        }
        to.Write(json[at..]);
    }

    // The place of a string: its names, and for objects of an array the index that they give themselves, since in a stream each event has but one of them. What names the event goes first:
    // texts of two blocks are two texts.
    private void Walk(string type, ReadOnlySpan<byte> json)
    {
        var number = documents.Count - 1;
        var (names, counts, indices) = (new List<string>(), new List<int>(), new List<string?>());
        var head = IsStream ? Head(type, json) : "";
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = DepthMax + 1 });
        var name = "";
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    name = reader.GetString()!;
                    continue;
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    names.Add(Step(name, counts));
                    counts.Add(reader.TokenType == JsonTokenType.StartArray ? 0 : -1);
                    if (IsStream && reader.TokenType == JsonTokenType.StartObject && counts.Count > 1 && counts[^2] >= 0 && IndexOf(reader, json) is { } own) names[^1] = own;
                    name = "";
                    continue;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    names.RemoveAt(names.Count - 1);
                    counts.RemoveAt(counts.Count - 1);
                    break;
                case JsonTokenType.String:
                    var place = Place(head, names, Step(name, counts));
                    if (!pieces.TryGetValue(place, out var piece))
                    {
                        pieces[place] = piece = new(place);
                        inOrder.Add(piece);
                    }
                    var start = (int)reader.TokenStartIndex;
                    var text = reader.GetString()!;
                    piece.Add(text, number, start, (int)reader.BytesConsumed - start);
                    latest.Add((piece, text));
                    break;
            }
            if (reader.TokenType == JsonTokenType.Number && reader.ValueSpan.Length >= NumberDigitsMin) numbers.Add(Encoding.ASCII.GetString(reader.ValueSpan));
            if (counts.Count > 0 && counts[^1] >= 0) counts[^1]++;
        }
    }

    private static string Step(string name, List<int> counts) => counts.Count > 0 && counts[^1] >= 0 ? counts[^1].ToString(CultureInfo.InvariantCulture) : name;

    private static string Place(string head, List<string> names, string last)
    {
        var place = new StringBuilder(head);
        for (var i = 1; i < names.Count; i++) Append(place, names[i]);
        Append(place, last);
        // Names beyond any use: what they say is in the digest, and two of them are two places still.
        return place.Length <= PlaceCharsMax ? place.ToString() : $"{place.ToString(0, PlaceCharsMax - 70)}…{Digest.Of(Encoding.UTF8.GetBytes(place.ToString())).Hex}";

        static void Append(StringBuilder to, string name) => to.Append('/').Append(name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal));
    }

    // {"index": 2, ...}: the reader is a copy, and stands at the object's beginning.
    private static string? IndexOf(Utf8JsonReader reader, ReadOnlySpan<byte> json)
    {
        var depth = reader.CurrentDepth;
        while (reader.Read() && reader.CurrentDepth > depth)
            if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == depth + 1 && reader.ValueTextEquals("index"u8) && reader.Read())
                return reader.TokenType == JsonTokenType.Number ? Encoding.ASCII.GetString(json.Slice((int)reader.TokenStartIndex, reader.ValueSpan.Length)) : null;
        return null;
    }

    // content_block_delta of block 1 and of block 2; output_text.delta of item 0, content 1.
    private static string Head(string type, ReadOnlySpan<byte> json)
    {
        var head = new StringBuilder();
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = DepthMax + 1 });
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return type;
        string? kind = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isKind = reader.ValueTextEquals("type"u8);
            var isNumber = reader.ValueTextEquals("index"u8) || reader.ValueTextEquals("output_index"u8) || reader.ValueTextEquals("content_index"u8) || reader.ValueTextEquals("summary_index"u8);
            reader.Read();
            if (isKind && reader.TokenType == JsonTokenType.String) kind = reader.GetString();
            else if (isNumber && reader.TokenType == JsonTokenType.Number) head.Append('/').Append(Encoding.ASCII.GetString(reader.ValueSpan));
            reader.Skip();
        }
        return $"{kind ?? type}{head}";
    }
}
