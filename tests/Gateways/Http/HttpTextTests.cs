// What the gateways read from and write into HTTP: events of a stream, encoded header values, parameters that are repeated in headers.
using System.Text;
using CabinCrew.Gateways.Http;
using CabinCrew.Gateways.Mcp.Servers.Remote;

namespace CabinCrew.Gateways.Tests.Http;

public sealed class HttpTextTests
{
    private static async Task<List<ServerSentEvent>> ReadAsync(string text, int pieces, int bytesMax = 1 << 16)
    {
        var reader = new EventStreamReader(new Pieces(Encoding.UTF8.GetBytes(text), pieces), bytesMax);
        List<ServerSentEvent> events = [];
        while (await reader.ReadAsync(default) is { } next) events.Add(next);
        return events;
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(1000)]
    public async Task Events_are_read_however_they_arrive(int pieces)
    {
        var events = await ReadAsync("\uFEFF: hello\n\ndata: a\ndata:b\nid: 7\n\nevent: endpoint\r\ndata: /x\r\n\r\nretry: 1500\r\rdata: cut off", pieces);
        Assert.Equal(["a\nb", "/x", ""], events.Select(e => Encoding.UTF8.GetString(e.Data.Span)));
        Assert.Equal(("7", "endpoint", TimeSpan.FromMilliseconds(1500)), (events[0].Id, events[1].Type, events[2].Retry));
    }

    [Fact]
    public async Task An_event_without_end_is_refused_within_bounds() =>
        await Assert.ThrowsAsync<InvalidDataException>(() => ReadAsync("data: " + new string('x', 5000), 100, bytesMax: 1000));

    [Fact]
    public async Task Many_lines_of_one_event_count_together() =>
        await Assert.ThrowsAsync<InvalidDataException>(() => ReadAsync(string.Concat(Enumerable.Repeat("data: 0123456789\n", 200)), 100, bytesMax: 1000));

    [Theory]
    [InlineData("us-west1", "us-west1")]
    [InlineData("Hello, 世界", "=?base64?SGVsbG8sIOS4lueVjA==?=")]
    [InlineData(" padded ", "=?base64?IHBhZGRlZCA=?=")]
    [InlineData("line1\nline2", "=?base64?bGluZTEKbGluZTI=?=")]
    [InlineData("=?base64?literal?=", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?=")]
    public void Header_values_are_encoded_as_the_specification_shows(string value, string header)
    {
        Assert.Equal(header, HeaderText.Encode(value));
        Assert.Equal(value, HeaderText.Decode(header));
    }

    [Theory]
    [InlineData("=?base64?!?=")]
    [InlineData("=?base64?/w==?=")]
    [InlineData("a\u0007b")]
    public void What_is_not_well_encoded_says_nothing(string header) => Assert.Null(HeaderText.Decode(header));

    private static ParameterHeaders Learnt(string schema)
    {
        var headers = new ParameterHeaders();
        headers.Learn(Encoding.UTF8.GetBytes($$"""{"tools":[{"name":"sql","inputSchema":{{schema}}}]}"""));
        return headers;
    }

    [Fact]
    public void Annotated_parameters_are_repeated_in_headers_and_others_are_not()
    {
        var headers = Learnt("""{"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"},"at":{"properties":{"n":{"type":"integer","x-mcp-header":"N"}}},"q":{"type":"string"}}}""");
        Assert.Equal([("Mcp-Param-Region", "us-west1"), ("Mcp-Param-N", "42")], headers.Of("sql", """{"region":"us-west1","at":{"n":42},"q":"x"}"""u8.ToArray()));
        Assert.Empty(headers.Of("sql", """{"region":null,"q":"x"}"""u8.ToArray()));
        Assert.Empty(headers.Of("other", """{"region":"x"}"""u8.ToArray()));
    }

    [Theory]
    [InlineData("""{"properties":{"a":{"type":"string","x-mcp-header":""}}}""")]
    [InlineData("""{"properties":{"a":{"type":"string","x-mcp-header":"a b"}}}""")]
    [InlineData("""{"properties":{"a":{"type":"number","x-mcp-header":"A"}}}""")]
    [InlineData("""{"properties":{"a":{"items":{"type":"string","x-mcp-header":"A"}}}}""")]
    [InlineData("""{"oneOf":[{"properties":{"a":{"type":"string","x-mcp-header":"A"}}}]}""")]
    [InlineData("""{"properties":{"a":{"type":"string","x-mcp-header":"A"},"b":{"type":"string","x-mcp-header":"a"}}}""")]
    public void A_tool_whose_annotations_break_the_rules_cannot_be_called(string schema) => Assert.NotNull(Learnt(schema).Fault("sql"));

    private sealed class Pieces(byte[] bytes, int size) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken ct = default) => base.ReadAsync(buffer[..Math.Min(size, buffer.Length)], ct);
    }
}
