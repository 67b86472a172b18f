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

    private readonly Carried carried;

    // Where each text stands in the document, between its quotes.
    private readonly (int Start, int End)[] places;

    private StreamTexts(Carried carried, ReadOnlyMemory<byte> json, (int, int)[] places) => (this.carried, Json, this.places) = (carried, json, places);

    public ReadOnlyMemory<byte> Json { get; }

    public static StreamTexts Of(Carried carried)
    {
        var to = new ArrayBufferWriter<byte>(1024);
        var places = new (int, int)[carried.Pieces.Count];
        using (var json = new Utf8JsonWriter(to, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true }))
        {
            json.WriteStartObject();
            json.WriteStartArray(ListName);
            for (var i = 0; i < places.Length; i++)
            {
                json.WriteStartObject();
                json.WriteString("place", carried.Pieces[i].Place);
                json.WritePropertyName("text");
                var start = (int)(json.BytesCommitted + json.BytesPending) + 1;
                json.WriteStringValue(carried.Pieces[i].Text);
                places[i] = (start, (int)(json.BytesCommitted + json.BytesPending) - 1);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteStartArray("numbers");
            foreach (var digits in carried.Numbers) json.WriteStringValue(digits);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return new(carried, to.WrittenMemory, places);
    }

    /// <summary>Where a text stands in the message.</summary>
    /// <param name="pointer">Into <see cref="Json"/>.</param>
    public string PlaceOf(string pointer) =>
        pointer.Split('/') is ["", ListName, var index, ..] && int.TryParse(index, NumberStyles.None, CultureInfo.InvariantCulture, out var at) && at < places.Length ? carried.Pieces[at].Place : pointer;

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
            while (at < places.Length && places[at].End < start + length)
            {
                at++;
                (bytes, chars) = (0, 0);
            }
            if (at == places.Length || start < places[at].Start) return new Problem(ProblemCode.ResponseWithheld, "it stands in a name or in a number");
            var offset = start - places[at].Start;
            chars += Chars(places[at].Start + bytes, offset - bytes);
            var gone = Chars(start, length);
            if (!edits.TryGetValue(carried.Pieces[at], out var own)) edits[carried.Pieces[at]] = own = [];
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
