// What is carried, and every text in it as a whole: however a stream cuts it, and wherever it stands (LLM-02).
using System.Text;
using System.Text.Json;
using CabinCrew.Gateways.Llm.Wire;

namespace CabinCrew.Gateways.Tests.Llm;

public sealed class CarriedTests
{
    private const int Most = 1 << 20;

    private static Carried One(string json) => Carried.Of(Encoding.UTF8.GetBytes(json), Most).Value;

    private static Carried Stream(params (string Type, string Json)[] events)
    {
        var carried = Carried.Stream();
        foreach (var (type, json) in events) Assert.Null(carried.Add(type, Encoding.UTF8.GetBytes(json), Most).Problem);
        return carried;
    }

    private static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);

    [Fact]
    public void Places_are_pointers_and_bytes_stay() =>
        Assert.Equal([("/a", "1"), ("/b/0/c~1d", "é"), ("/b/1", "x"), ("/b/2/0", "y")], One("""{"a":"1","b":[{"c/d":"\u00e9"},"x",["y"]],"n":3}""").Pieces.Select(p => (p.Place, p.Text)));

    [Fact]
    public void A_text_is_replaced_and_every_other_byte_stays()
    {
        var carried = One("""{ "a" : "x\n", "keep":1.50, "b":["y"] }""");
        Assert.Equal("""{ "a" : "new \"one\"", "keep":1.50, "b":["y"] }""", Text(carried.With(new Dictionary<Piece, string> { [carried.Pieces[0]] = "new \"one\"" }).Value.Write()));
    }

    /// <summary>The stream shapes of each API, with a text cut in two.</summary>
    public static TheoryData<string> Shapes => ["chat", "chat tool", "completions", "messages", "messages tool", "messages thinking", "responses", "responses tool", "somewhere new"];

    private static (string, string)[] Cut(string shape, string one, string two) => shape switch
    {
        "chat" => [("", $$$"""{"choices":[{"index":1,"delta":{"content":"other"}},{"index":0,"delta":{"content":{{{Q(one)}}} }}]}"""), ("", $$$"""{"choices":[{"index":0,"delta":{"content":{{{Q(two)}}} }}]}""")],
        "chat tool" => [("", $$$"""{"choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"function":{"arguments":{{{Q(one)}}} }}]}}]}"""), ("", $$$"""{"choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"function":{"arguments":{{{Q(two)}}} }}]}}]}""")],
        "completions" => [("", $$"""{"choices":[{"index":0,"text":{{Q(one)}} }]}"""), ("", $$"""{"choices":[{"index":0,"text":{{Q(two)}} }]}""")],
        "messages" => [("content_block_delta", Block(0, "text_delta", "text", one)), ("content_block_delta", Block(1, "text_delta", "text", "other")), ("content_block_delta", Block(0, "text_delta", "text", two))],
        "messages tool" => [("content_block_delta", Block(2, "input_json_delta", "partial_json", one)), ("ping", """{"type":"ping"}"""), ("content_block_delta", Block(2, "input_json_delta", "partial_json", two))],
        "messages thinking" => [("content_block_delta", Block(0, "thinking_delta", "thinking", one)), ("content_block_delta", Block(0, "thinking_delta", "thinking", two))],
        "responses" => [("response.output_text.delta", Delta("response.output_text.delta", one)), ("response.output_text.delta", Delta("response.output_text.delta", two))],
        "responses tool" => [("response.function_call_arguments.delta", Delta("response.function_call_arguments.delta", one)), ("response.function_call_arguments.delta", Delta("response.function_call_arguments.delta", two))],
        _ => [("", $$$"""{"novel":{"deep":[{"index":3,"words":{{{Q(one)}}} }]}}"""), ("", $$$"""{"novel":{"deep":[{"index":3,"words":{{{Q(two)}}} }]}}""")],
    };

    private static string Q(string text) => JsonSerializer.Serialize(text);

    private static string Block(int index, string type, string name, string text) => $$$"""{"type":"content_block_delta","index":{{{index}}},"delta":{"type":"{{{type}}}","{{{name}}}":{{{Q(text)}}} }}""";

    private static string Delta(string type, string text) => $$"""{"type":"{{type}}","item_id":"i","output_index":0,"content_index":0,"delta":{{Q(text)}}}""";

    [Theory, MemberData(nameof(Shapes)), Clause("LLM-02")]
    public void A_text_is_whole_at_every_cut_and_goes_on_replaced_as_a_whole(string shape)
    {
        const string Secret = "tok-4f\"\\7€b1";
        for (var cut = 0; cut <= Secret.Length; cut++)
        {
            var carried = Stream(Cut(shape, "it is " + Secret[..cut], Secret[cut..]));
            var piece = Assert.Single(carried.Pieces, p => p.Text == "it is " + Secret);
            var written = Text(carried.With(new Dictionary<Piece, string> { [piece] = "it is [gone]" }).Value.Write());
            Assert.Contains("it is [gone]", written, StringComparison.Ordinal);
            Assert.DoesNotContain("4f", written, StringComparison.Ordinal);
            Assert.DoesNotContain("b1", written, StringComparison.Ordinal);
            Assert.Contains(JsonElement.Parse(StreamTexts.Of(carried).Json.Span).GetProperty("texts").EnumerateArray(), t => t.GetProperty("text").GetString() == "it is " + Secret);
        }
    }

    [Fact]
    public void A_stream_is_written_event_by_event_and_nothing_else_of_it_goes_on()
    {
        var carried = Stream(("message_start", """{"type":"message_start"}"""), ("", "{\n\"a\":1}"), ("", "[DONE]"));
        Assert.Equal("event: message_start\ndata: {\"type\":\"message_start\"}\n\ndata: { \"a\":1}\n\ndata: [DONE]\n\n", Text(carried.Write()));
    }

    [Fact]
    public void Long_numbers_are_judged_too() => Assert.EndsWith("\"numbers\":[\"4111111111111111\"]}", Text(StreamTexts.Of(Stream(("", """{"card":4111111111111111,"n":12}"""))).Json), StringComparison.Ordinal);

    [Theory]
    [InlineData("\\\\u0067lpat", "\\u0067lpat"), InlineData("\\u0067lpat\\/x\\n", "glpat/x\n"), InlineData("C:\\dir", null), InlineData("\\u00g7 \\", null), InlineData("none", null)]
    public void Escapes_are_read_as_whoever_reads_json_would(string text, string? meant) => Assert.Equal(meant, Escapes.Decode(text));

    [Fact]
    public void What_is_cut_out_of_a_stream_is_a_text_and_nothing_else()
    {
        var stream = Stream(("", """{"a":"é \"one\"","n":123456789012}"""));
        var texts = StreamTexts.Of(stream);
        Assert.Equal([new TextEdit(3, 3, "two")], texts.Edits([Cut(texts, "one", "two")]).Value[stream.Pieces[0]]);
        Assert.NotNull(texts.Edits([Cut(texts, "/a", "/b")]).Problem);
        Assert.NotNull(texts.Edits([Cut(texts, "123456789012", "1")]).Problem);
        Assert.Equal("/a", texts.PlaceOf("/texts/1/text"));
    }

    private static (int, int, byte[]) Cut(StreamTexts texts, string from, string to) => (texts.Json.Span.IndexOf(Encoding.UTF8.GetBytes(from)), from.Length, Encoding.UTF8.GetBytes(to));

    // Of "abcdefgh" in events of two: what is cut goes out of the events where it stands, and what stands in its place comes where it began.
    [Theory]
    [InlineData(3, 2, "ab cX f gh"), InlineData(0, 8, "X   "), InlineData(2, 2, "ab X ef gh"), InlineData(1, 4, "aX  f gh"), InlineData(7, 1, "ab cd ef gX")]
    public void A_text_is_cut_in_the_events_where_it_stands(int start, int length, string expected)
    {
        var stream = Stream([.. "ab cd ef gh".Split(' ').Select(p => ("", $$"""{"a":"{{p}}"}"""))]);
        var cut = stream.With(new Dictionary<Piece, List<TextEdit>> { [stream.Pieces[0]] = [new(start, length, "X")] }).Value;
        Assert.Equal(expected.Split(' '), cut.Documents.Select(d => JsonElement.Parse(d.Json.Span).GetProperty("a").GetString()));
        Assert.Equal(Text(cut.Write()), Text(cut.Write(0, 1)) + Text(cut.Write(1, 4)));
    }

    [Theory]
    [InlineData("{\"a\":1,\"a\":2}"), InlineData("{"), InlineData("\"\\ud800\""), InlineData("")]
    public void What_two_readers_could_read_differently_is_not_carried(string json) => Assert.NotNull(Carried.Of(Encoding.UTF8.GetBytes(json), Most).Problem);

    [Fact]
    public void A_message_beyond_its_bound_is_not_carried()
    {
        Assert.NotNull(Carried.Of(Encoding.UTF8.GetBytes($"\"{new string('a', 200)}\""), 100).Problem);
        var stream = Carried.Stream();
        Assert.Null(stream.Add("", "{\"a\":\"0123456789\"}"u8.ToArray(), 40).Problem);
        Assert.NotNull(stream.Add("", "{\"a\":\"0123456789012345\"}"u8.ToArray(), 40).Problem);
    }
}
