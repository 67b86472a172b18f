// The texts of a stream as what is judged of it: a list, so that what goes from one into the next is seen as well, then long numbers. What is to be cut out of that is cut out of the texts.
using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using CabinCrew.Governance.Detection;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Llm.Wire;

internal sealed class StreamTexts
{
    private const string ListName = "texts";

    /// <summary>Stands between texts of which nobody reads one after the other.</summary>
    internal const string Break = " # ";

    // In the order of the document; null: a break.
    private readonly List<Piece?> pieces;

    // Where each text stands in the document, between its quotes.
    private readonly List<(int Start, int End)> places = [];

    private StreamTexts(Carried carried, List<Piece?> pieces)
    {
        this.pieces = pieces;
        var to = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(to, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true }))
        {
            json.WriteStartObject();
            json.WriteStartArray(ListName);
            foreach (var piece in pieces)
            {
                json.WriteStartObject();
                json.WriteString("place", piece?.Place ?? "");
                json.WritePropertyName("text");
                var start = (int)(json.BytesCommitted + json.BytesPending) + 1;
                json.WriteStringValue(piece?.Text ?? Break);
                places.Add((start, (int)(json.BytesCommitted + json.BytesPending) - 1));
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteStartArray("numbers");
            foreach (var digits in carried.Numbers) json.WriteStringValue(digits);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        Json = to.WrittenMemory;
    }

    public ReadOnlyMemory<byte> Json { get; }

    /// <param name="isOver">Whether a text does not go on: what follows it is read after it. Null: all are over.</param>
    public static StreamTexts Of(Carried carried, Func<Piece, bool>? isOver = null)
    {
        List<Piece?> order = [], apart = [];
        foreach (var piece in carried.Pieces)
        {
            if (StreamPlace.Of(piece.Place).IsApart) apart.AddRange([null, piece]);
            else
            {
                order.Add(piece);
                if (isOver?.Invoke(piece) == false) order.Add(null);
            }
        }
        return new(carried, [.. order, .. apart]);
    }

    /// <summary>For policies and people: the texts in the order in which each began.</summary>
    public static ReadOnlyMemory<byte> Plain(Carried carried) => new StreamTexts(carried, [.. carried.Pieces]).Json;

    /// <summary>Where a text stands in the message.</summary>
    /// <param name="pointer">Into <see cref="Json"/>.</param>
    public string PlaceOf(string pointer) =>
        pointer.Split('/') is ["", ListName, var index, ..] && int.TryParse(index, NumberStyles.None, CultureInfo.InvariantCulture, out var at) && at < pieces.Count && pieces[at] is { } piece ? piece.Place : pointer;

    /// <summary>What is cut out of <see cref="Json"/>, as edits of the texts. Refused where it is no text: a name or a number stands in many events, and nothing can be cut out of it.</summary>
    /// <param name="cuts">In order, and apart from one another.</param>
    public Outcome<Dictionary<Piece, List<TextEdit>>> Edits(IReadOnlyList<(int Start, int Length, byte[] Instead)> cuts)
    {
        Dictionary<Piece, List<TextEdit>> edits = [];
        var at = 0;
        // Of the text at hand: so many bytes of it are so many characters.
        var (bytes, chars) = (0, 0);
        foreach (var (start, length, instead) in cuts)
        {
            while (at < places.Count && places[at].End < start + length)
            {
                at++;
                (bytes, chars) = (0, 0);
            }
            if (at == places.Count || start < places[at].Start || pieces[at] is not { } piece) return new Problem(ProblemCode.ResponseWithheld, "it stands in a name or in a number");
            var offset = start - places[at].Start;
            chars += Chars(places[at].Start + bytes, offset - bytes);
            var gone = Chars(start, length);
            if (!edits.TryGetValue(piece, out var own)) edits[piece] = own = [];
            own.Add(new(chars, gone, JsonText.Unescape(instead)));
            (bytes, chars) = (offset + length, chars + gone);
        }
        return edits;
    }

    private int Chars(int start, int length)
    {
        if (length == 0) return 0;
        using var text = JsonText.Decode(Json.Span.Slice(start, length));
        return text.Chars.Length;
    }
}
