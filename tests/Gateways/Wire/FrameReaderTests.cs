// What the frame reader takes and what it refuses (MCP-02, MCP-07): each hostile message has a defined refusal, each part is a slice of the bytes that came.
using System.Text;
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Tests.Wire;

public sealed class FrameReaderTests
{
    private static Outcome<Frame> Read(string json, FrameLimits? limits = null) => FrameReader.Read(Encoding.UTF8.GetBytes(json), limits ?? FrameLimits.Default);

    private static string Text(ReadOnlyMemory<byte> part) => Encoding.UTF8.GetString(part.Span);

    [Fact]
    public void A_call_is_cut_into_the_parts_that_are_judged()
    {
        const string json = """ {"params":{"arguments":{"n":12345678901234567890,"deep":{"name":"no","uri":"no"}},"_meta":{"progressToken":"t","io.modelcontextprotocol/protocolVersion":"2026-07-28"},"name":"re\u0061d"},"id":7,"jsonrpc":"2.0","method":"tools\/call"}""";
        var bytes = Encoding.UTF8.GetBytes(json);
        var frame = FrameReader.Read(bytes, FrameLimits.Default).Value;

        Assert.Equal(FrameKind.Request, frame.Kind);
        Assert.Equal("tools/call", frame.Method);
        Assert.Equal("7", Text(frame.Id));
        Assert.Equal("read", frame.Name);
        Assert.Equal("\"re\\u0061d\"", Text(frame.NameText));
        Assert.Equal("""{"n":12345678901234567890,"deep":{"name":"no","uri":"no"}}""", Text(frame.Arguments));
        Assert.Equal("\"t\"", Text(frame.ProgressToken));
        Assert.Equal("2026-07-28", frame.Version);
        Assert.StartsWith("""{"progressToken""", Text(frame.Meta));
        Assert.Equal(json[(json.IndexOf("\"params\":", StringComparison.Ordinal) + 9)..json.IndexOf(",\"id\"", StringComparison.Ordinal)], Text(frame.Params));
        foreach (var part in (ReadOnlyMemory<byte>[])[frame.Id, frame.Params, frame.NameText, frame.Arguments, frame.ProgressToken, frame.Meta])
            Assert.True(bytes.AsSpan().Overlaps(part.Span));
    }

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","method":"notifications/x"}""", FrameKind.Notification)]
    [InlineData("""{"jsonrpc":"2.0","id":"a","method":"ping"}""", FrameKind.Request)]
    [InlineData("""{"jsonrpc":"2.0","id":-3,"result":{}}""", FrameKind.Result)]
    [InlineData("""{"jsonrpc":"2.0","id":0,"error":{"code":1,"message":"m"}}""", FrameKind.Error)]
    [InlineData("""{"jsonrpc":"2.0","error":{"code":-32700,"message":"no id could be read"}}""", FrameKind.Error)]
    [InlineData("{\"jsonrpc\":\"2.0\",\r\n\t\"id\" : 9007199254740991 , \"method\":\"a\"} ", FrameKind.Request)]
    [InlineData("""{"\u006asonrpc":"2\u002e0","id":1,"method":"ping"}""", FrameKind.Request)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"result":{"big":1e400,"z":[[],{}],"ctl":"\u0000\u001b","Result":1,"result":2}}""", FrameKind.Result)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"x/y","params":{"name":5},"extra":[null]}""", FrameKind.Request)]
    public void Every_kind_of_message_is_known(string json, FrameKind kind) => Assert.Equal(kind, Read(json).Value.Kind);

    [Theory]
    [InlineData("resources/read", """{"name":"n","uri":"u"}""", "u")]
    [InlineData("tools/call", """{"uri":"u","name":"n"}""", "n")]
    [InlineData("x/unknown", """{"uri":"u","name":"n"}""", "n")]
    [InlineData("x/unknown", """{"uri":"u"}""", "u")]
    [InlineData("x/unknown", """{"name":{"a":1}}""", null)]
    public void The_name_is_the_one_that_the_method_addresses(string method, string parameters, string? name) =>
        Assert.Equal(name, Read($$"""{"jsonrpc":"2.0","id":1,"method":"{{method}}","params":{{parameters}}}""").Value.Name);

    public static TheoryData<string, string, string> Hostile => new()
    {
        { "duplicate key", """{"jsonrpc":"2.0","id":1,"method":"a","method":"b"}""", "duplicate_key" },
        { "duplicate key, one escaped", """{"jsonrpc":"2.0","id":1,"method":"a","me\u0074hod":"b"}""", "duplicate_key" },
        { "duplicate key in params", """{"jsonrpc":"2.0","id":1,"method":"a","params":{"x":1,"x":2}}""", "duplicate_key" },
        { "duplicate key deep in an array", """{"jsonrpc":"2.0","id":1,"method":"a","params":{"x":[[{"y":{"k":1,"\u006b":2}}]]}}""", "duplicate_key" },
        { "duplicate key in a result", """{"jsonrpc":"2.0","id":1,"result":{"a":{"b":1,"b":1}}}""", "duplicate_key" },
        { "duplicate empty key", """{"jsonrpc":"2.0","id":1,"method":"a","params":{"":1,"":2}}""", "duplicate_key" },
        { "duplicate id", """{"jsonrpc":"2.0","id":1,"id":2,"method":"a"}""", "duplicate_key" },
        { "batch", """[{"jsonrpc":"2.0","id":1,"method":"a"}]""", "batch" },
        { "empty batch", " []", "batch" },
        { "no object", "\"hello\"", "not_an_object" },
        { "a number", "17", "not_an_object" },
        { "nothing", "  ", "empty" },
        { "BOM", "\uFEFF{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\"}", "byte_order_mark" },
        { "NUL between tokens", "{\"jsonrpc\":\"2.0\",\0\"id\":1,\"method\":\"a\"}", "malformed" },
        { "NUL in a string", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\0\"}", "malformed" },
        { "NUL after the message", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\"}\0", "malformed" },
        { "escaped NUL in a key", """{"jsonrpc":"2.0","id":1,"method":"a","params":{"n\u0000":1}}""", "control_character" },
        { "escaped NUL in a method", """{"jsonrpc":"2.0","id":1,"method":"tools/call\u0000"}""", "method" },
        { "escaped NUL in a name", """{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read\u0000x"}}""", "control_character" },
        { "escaped NUL in an id", """{"jsonrpc":"2.0","id":"a\u0000","method":"a"}""", "id" },
        { "C1 control in a name", """{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read\u0085"}}""", "control_character" },
        { "lone surrogate in a value", """{"jsonrpc":"2.0","id":1,"method":"a","params":{"x":"\ud800"}}""", "lone_surrogate" },
        { "lone surrogate in a key", """{"jsonrpc":"2.0","id":1,"method":"a","params":{"\udc00":1}}""", "lone_surrogate" },
        { "surrogates in the wrong order", """{"jsonrpc":"2.0","id":1,"method":"a","params":{"x":"\udc00\ud800"}}""", "lone_surrogate" },
        { "trailing data", """{"jsonrpc":"2.0","id":1,"method":"a"}{"jsonrpc":"2.0","id":2,"method":"b"}""", "malformed" },
        { "trailing comma", """{"jsonrpc":"2.0","id":1,"method":"a",}""", "malformed" },
        { "comment", """{"jsonrpc":"2.0",/**/"id":1,"method":"a"}""", "malformed" },
        { "single quotes", "{'jsonrpc':'2.0','id':1,'method':'a'}", "malformed" },
        { "cut off", """{"jsonrpc":"2.0","id":1,"method":"a","params":{""", "malformed" },
        { "bad escape", """{"jsonrpc":"2.0","id":1,"method":"a","params":{"x":"\x41"}}""", "malformed" },
        { "NaN", """{"jsonrpc":"2.0","id":1,"method":"a","params":{"x":NaN}}""", "malformed" },
        { "leading zero", """{"jsonrpc":"2.0","id":01,"method":"a"}""", "malformed" },
        { "id null", """{"jsonrpc":"2.0","id":null,"method":"a"}""", "id" },
        { "id null in an error", """{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":""}}""", "id" },
        { "id float", """{"jsonrpc":"2.0","id":1.0,"method":"a"}""", "id" },
        { "id exponent", """{"jsonrpc":"2.0","id":1e2,"method":"a"}""", "id" },
        { "id minus zero", """{"jsonrpc":"2.0","id":-0,"method":"a"}""", "id" },
        { "id beyond 2^53-1", """{"jsonrpc":"2.0","id":9007199254740992,"method":"a"}""", "id" },
        { "id beyond 64 bits", """{"jsonrpc":"2.0","id":123456789012345678901,"method":"a"}""", "id" },
        { "id object", """{"jsonrpc":"2.0","id":{},"method":"a"}""", "id" },
        { "id array", """{"jsonrpc":"2.0","id":[1],"method":"a"}""", "id" },
        { "id boolean", """{"jsonrpc":"2.0","id":true,"method":"a"}""", "id" },
        { "result without id", """{"jsonrpc":"2.0","result":{}}""", "id" },
        { "no jsonrpc", """{"id":1,"method":"a"}""", "jsonrpc" },
        { "jsonrpc 1.0", """{"jsonrpc":"1.0","id":1,"method":"a"}""", "jsonrpc" },
        { "jsonrpc number", """{"jsonrpc":2.0,"id":1,"method":"a"}""", "jsonrpc" },
        { "method and result", """{"jsonrpc":"2.0","id":1,"method":"a","result":{}}""", "mixed" },
        { "method and error", """{"jsonrpc":"2.0","id":1,"error":{},"method":"a"}""", "mixed" },
        { "result and error", """{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":""}}""", "mixed" },
        { "error and result", """{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":""},"result":{}}""", "mixed" },
        { "result and params", """{"jsonrpc":"2.0","id":1,"result":{},"params":{}}""", "mixed" },
        { "nothing said", """{"jsonrpc":"2.0","id":1}""", "no_kind" },
        { "result null", """{"jsonrpc":"2.0","id":1,"result":null}""", "answer" },
        { "error string", """{"jsonrpc":"2.0","id":1,"error":"no"}""", "answer" },
        { "method number", """{"jsonrpc":"2.0","id":1,"method":5}""", "method" },
        { "method object", """{"jsonrpc":"2.0","id":1,"method":{}}""", "method" },
        { "method empty", """{"jsonrpc":"2.0","id":1,"method":""}""", "method" },
        { "method with space", """{"jsonrpc":"2.0","id":1,"method":"tools/call "}""", "method" },
        { "method beyond ASCII", """{"jsonrpc":"2.0","id":1,"method":"tools/c\u00e4ll"}""", "method" },
        { "params array", """{"jsonrpc":"2.0","id":1,"method":"a","params":[1]}""", "params" },
        { "params null", """{"jsonrpc":"2.0","id":1,"method":"a","params":null}""", "params" },
        { "meta string", """{"jsonrpc":"2.0","id":1,"method":"a","params":{"_meta":"x"}}""", "meta" },
        { "token float", """{"jsonrpc":"2.0","id":1,"method":"a","params":{"_meta":{"progressToken":1.5}}}""", "progress_token" },
        { "version number", """{"jsonrpc":"2.0","id":1,"method":"a","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":20260728}}}""", "protocol_version" },
        { "call of no name", """{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"arguments":{}}}""", "name" },
        { "call of an array of names", """{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":["read","write"]}}""", "name" },
        { "read of no uri", """{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"name":"x"}}""", "name" },
        { "Method for readers that ignore case", """{"jsonrpc":"2.0","id":1,"method":"tools/list","Method":"tools/call"}""", "near_name" },
        { "ID alone", """{"jsonrpc":"2.0","ID":1,"method":"a"}""", "near_name" },
        { "Name in params", """{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read","NAME":"write"}}""", "near_name" },
        { "long s in params", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\",\"param\u017f\":{}}", "near_name" },
        { "Kelvin in a token", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\",\"params\":{\"_meta\":{\"progressTo\u212Aen\":1}}}", "near_name" },
        { "escaped near name", """{"jsonrpc":"2.0","id":1,"method":"a","params":{"\u0041rguments":{}}}""", "near_name" },
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public void What_two_readers_could_read_differently_is_refused(string what, string json, string reason)
    {
        var refused = Read(json).Problem;
        Assert.True(refused is not null, what);
        Assert.Equal(reason, refused.Evidence[FrameReader.ReasonKey]);
        Assert.Equal(reason is "batch" ? ProblemCode.MessageBatch : ProblemCode.MessageInvalid, refused.Code);
    }

    [Theory]
    [InlineData(new byte[] { 0xC3, 0x28 })]
    [InlineData(new byte[] { 0xED, 0xA0, 0x80 })]
    [InlineData(new byte[] { 0xC0, 0x80 })]
    [InlineData(new byte[] { 0xF5, 0x80, 0x80, 0x80 })]
    public void Invalid_UTF_8_is_refused(byte[] bad)
    {
        byte[] json = [.. """{"jsonrpc":"2.0","id":1,"method":"a","params":{"x":" """u8, .. bad, .. "\"}}"u8];
        Assert.Equal("not_utf8", FrameReader.Read(json, FrameLimits.Default).Problem!.Evidence[FrameReader.ReasonKey]);
    }

    [Fact]
    public void Limits_hold_exactly()
    {
        static string Nested(int depth) => $$$"""{"jsonrpc":"2.0","id":1,"method":"a","params":{"x":{{{new string('[', depth)}}}{{{new string(']', depth)}}}}}""";
        Assert.True(Read(Nested(62)).Ok);
        Assert.Equal("too_deep", Read(Nested(63)).Problem!.Evidence[FrameReader.ReasonKey]);
        Assert.Equal("too_deep", Read(Nested(100_000)).Problem!.Evidence[FrameReader.ReasonKey]);

        const string small = """{"jsonrpc":"2.0","id":1,"method":"a"}""";
        Assert.True(Read(small, new FrameLimits(BytesMax: small.Length)).Ok);
        Assert.Equal(ProblemCode.MessageTooLarge, Read(small, new FrameLimits(BytesMax: small.Length - 1)).Problem!.Code);
        Assert.True(Read(small, new FrameLimits(ValuesMax: 4)).Ok);
        Assert.Equal(ProblemCode.MessageTooLarge, Read(small, new FrameLimits(ValuesMax: 3)).Problem!.Code);

        static string WithId(int length) => $$"""{"jsonrpc":"2.0","id":"{{new string('i', length - 2)}}","method":"a"}""";
        Assert.True(Read(WithId(256)).Ok);
        Assert.Equal("id", Read(WithId(257)).Problem!.Evidence[FrameReader.ReasonKey]);
    }

    [Fact]
    public void Many_keys_cost_little_and_a_double_among_them_is_found()
    {
        var keys = string.Join(",", Enumerable.Range(0, 100_000).Select(i => $"\"k{i:x8}\":0"));
        Assert.True(Read($$$"""{"jsonrpc":"2.0","id":1,"result":{{{{keys}}}}}""").Ok);
        Assert.Equal("duplicate_key", Read($$$"""{"jsonrpc":"2.0","id":1,"result":{{{{keys}}},"\u006b00000007":1}}""").Problem!.Evidence[FrameReader.ReasonKey]);
    }

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","id":5,"method":"a","params":{"x":1,"x":1}}""", "5", "Request")]
    [InlineData("""{"jsonrpc":"2.0","id":"q","result":{"x":1,"x":1}}""", "\"q\"", "Result")]
    [InlineData("""{"jsonrpc":"2.0","id":"q","error":[]}""", "\"q\"", "Error")]
    [InlineData("""{"jsonrpc":"2.0","id":5,"method":"a","params":{"cut":""", "5", "Request")]
    [InlineData("""{"jsonrpc":"2.0","method":"a","params":[]}""", null, "Notification")]
    [InlineData("""{"jsonrpc":"2.0","id":5,"id":6,"method":"a"}""", null, "Request")]
    [InlineData("""{"jsonrpc":"2.0","id":5,"ID":6,"method":"a"}""", null, "Request")]
    [InlineData("""{"jsonrpc":"2.0","id":5,"\u0069d":6,"method":"a"}""", null, "Request")]
    [InlineData("""{"jsonrpc":"2.0","id":{"id":5},"method":"a"}""", null, "Request")]
    [InlineData("""{"jsonrpc":"2.0","id":5,"method":"a","result":{}}""", "5", null)]
    [InlineData("""[{"jsonrpc":"2.0","id":5,"method":"a"}]""", null, null)]
    public void A_refusal_says_whose_message_it_was_where_that_is_beyond_doubt(string json, string? id, string? kind)
    {
        var refused = Read(json).Problem!;
        Assert.Equal(id, refused.Evidence.GetValueOrDefault(FrameReader.IdKey));
        Assert.Equal(kind, refused.Evidence.GetValueOrDefault(FrameReader.KindKey));
    }

    [Fact]
    public void A_refusal_quotes_nothing_of_the_message()
    {
        foreach (var row in Hostile)
        {
            var (_, json, _) = row.Data;
            var hidden = json.Replace("\"a\"", "\"sk-secret-value\"", StringComparison.Ordinal);
            if (Read(hidden).Problem is { } refused) Assert.DoesNotContain("sk-secret", $"{refused} {string.Join(' ', refused.Evidence.Values)}", StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_common_message_costs_the_frame_and_its_name()
    {
        var bytes = Encoding.UTF8.GetBytes("""{"jsonrpc":"2.0","id":12,"method":"tools/call","params":{"name":"read_file","arguments":{"path":"/a/b/c.txt","head":10},"_meta":{"progressToken":12}}}""");
        for (var i = 0; i < 200; i++) FrameReader.Read(bytes, FrameLimits.Default);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++) FrameReader.Read(bytes, FrameLimits.Default);
        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / 100, 1, 400);
    }
}
