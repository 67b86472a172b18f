// What does not belong where a session stands is refused on the right side, on record, and the session goes on (MCP-07).
using System.Text.Json;
using CabinCrew.Gateways.Mcp.Sessions;
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;
using static CabinCrew.Gateways.Tests.Sessions.Bench;

namespace CabinCrew.Gateways.Tests.Sessions;

public sealed class OutOfPlaceTests
{
    private static JsonElement Json(string line) => JsonElement.Parse(line);

    /// <summary>The code and problem of an error with this id.</summary>
    private static void Refused(string line, string? id, int code, string problem)
    {
        var error = Json(line);
        Assert.Equal(id, error.TryGetProperty("id", out var given) ? given.GetRawText() : null);
        Assert.Equal(code, error.GetProperty("error").GetProperty("code").GetInt32());
        Assert.Equal(problem, error.GetProperty("error").GetProperty("data").GetProperty("problem").GetString());
    }

    private static async Task StillWorksAsync(Bench bench)
    {
        await bench.Client.SendAsync(Modern("\"still\""));
        await bench.Server.ExpectAsync(Modern("\"still\""));
        await bench.Server.SendAsync(Result("\"still\""));
        await bench.Client.ExpectAsync(Result("\"still\""));
    }

    public static TheoryData<string, string?, int, string> FromTheClient => new()
    {
        // before any handshake
        { Call("1"), "1", -32602, "message_unexpected" },
        { """{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage"}""", "1", -32600, "message_unexpected" },
        { """{"jsonrpc":"2.0","id":1,"method":"notifications/initialized"}""", "1", -32600, "message_unexpected" },
        { """{"jsonrpc":"2.0","id":1,"method":"notifications/anything"}""", "1", -32600, "message_unexpected" },
        { """{"jsonrpc":"2.0","id":1,"method":"server/discover"}""", "1", -32602, "message_unexpected" },
        { """{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"notifications":{}}}""", "1", -32602, "message_unexpected" },
        // no frames
        { "{", null, -32700, "message_invalid" },
        { """{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"a","name":"b"}}""", "3", -32600, "message_invalid" },
        { """{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"a","arguments":{"x":"\ud800"}}}""", "3", -32700, "message_invalid" },
        { """[{"jsonrpc":"2.0","id":1,"method":"ping"}]""", null, -32600, "message_batch" },
        { """{"jsonrpc":"2.0","id":null,"method":"ping"}""", null, -32600, "message_invalid" },
        { "\uFEFF{}", null, -32700, "message_invalid" },
    };

    [Theory]
    [MemberData(nameof(FromTheClient))]
    public async Task The_client_hears_why_its_request_went_no_further(string line, string? id, int code, string problem)
    {
        await using var bench = new Bench().Start();
        await bench.Client.SendAsync(line);
        Refused(await bench.Client.ReceiveAsync(), id, code, problem);
        Assert.Equal(problem, bench.Records.All.Single().Why.Code.Id());
        await StillWorksAsync(bench);
    }

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","method":"tools/call","params":{"name":"write"}}""")]
    [InlineData("""{"jsonrpc":"2.0","method":"vendor/call"}""")]
    [InlineData("""{"jsonrpc":"2.0","method":"notifications/message","params":{}}""")]
    [InlineData("""{"jsonrpc":"2.0","method":"notifications/initialized","params":[]}""")]
    [InlineData("""{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}""")]
    [InlineData("""{"jsonrpc":"2.0","id":99,"result":{}}""")]
    [InlineData("""{"jsonrpc":"2.0","id":99,"error":{"code":1,"message":""}}""")]
    [InlineData("""{"jsonrpc":"2.0","id":99,"result":{"a":1,"a":2}}""")]
    public async Task What_asks_for_no_answer_is_dropped_and_put_on_record(string line)
    {
        await using var bench = new Bench().Start();
        await bench.Client.SendAsync(line);
        await StillWorksAsync(bench);
        Assert.Equal(MessageDirection.ToServer, bench.Records.All.Single().Direction);
        Assert.DoesNotContain(bench.Gate.Seen, s => s.Frame.Kind is FrameKind.Notification);
    }

    [Theory]
    [InlineData("1", "1")]
    [InlineData("1", "\"1\"")]
    [InlineData("\"a\"", "\"\\u0061\"")]
    public async Task Of_two_open_requests_with_ids_alike_the_second_is_refused(string first, string second)
    {
        await using var bench = await new Bench().Start().OpenAsync();
        await bench.Client.SendAsync(Call(first));
        await bench.Server.ExpectAsync(Call(first));
        await bench.Client.SendAsync(Call(second, "write"));
        Refused(await bench.Client.ReceiveAsync(), Json(second).ValueKind is JsonValueKind.String ? second.Replace("\\u0061", "a", StringComparison.Ordinal) is "\"a\"" ? "\"\\u0061\"" : second : second, -32600, "message_id_taken");
        await bench.Server.SendAsync(Result(first));
        await bench.Client.ExpectAsync(Result(first));
        // Answered, it is free again.
        await bench.Client.SendAsync(Call(second));
        await bench.Server.ExpectAsync(Call(second));
    }

    [Fact]
    public async Task A_progress_token_in_use_is_refused_to_another_request()
    {
        await using var bench = await new Bench().Start().OpenAsync();
        const string token = ""","_meta":{"progressToken":"t"}""";
        await bench.Client.SendAsync(Call("1", more: token));
        await bench.Client.SendAsync(Call("2", more: token));
        Refused(await bench.Client.ReceiveAsync(), "2", -32600, "message_id_taken");
    }

    [Fact]
    public async Task More_open_requests_than_the_limit_are_refused()
    {
        await using var bench = await new Bench(limits: SessionLimits.Default with { ClientRequestsMax = 3, Drain = TimeSpan.FromMilliseconds(200) }).Start().OpenAsync();
        for (var i = 0; i < 4; i++) await bench.Client.SendAsync(Call($"{i}"));
        Refused(await bench.Client.ReceiveAsync(), "3", 429, "caller_concurrency_exceeded");
    }

    [Fact]
    public async Task A_second_handshake_is_refused()
    {
        await using var bench = await new Bench().Start().OpenAsync();
        await bench.Client.SendAsync("""{"jsonrpc":"2.0","id":5,"method":"initialize","params":{"protocolVersion":"2024-11-05","capabilities":{"elicitation":{}},"clientInfo":{"name":"other","version":"1"}}}""");
        Refused(await bench.Client.ReceiveAsync(), "5", -32600, "message_unexpected");
    }

    [Fact]
    public async Task A_failed_handshake_may_be_tried_again()
    {
        await using var bench = new Bench().Start();
        const string hello = """{"jsonrpc":"2.0","id":"x","method":"initialize","params":{"protocolVersion":"1999-01-01","capabilities":{}}}""";
        await bench.Client.SendAsync(hello);
        await bench.Server.ExpectAsync(hello);
        const string no = """{"jsonrpc":"2.0","id":"x","error":{"code":-32602,"message":"unsupported"}}""";
        await bench.Server.SendAsync(no);
        await bench.Client.ExpectAsync(no);
        await bench.Client.SendAsync(Call("1"));
        Refused(await bench.Client.ReceiveAsync(), "1", -32602, "message_unexpected");
        await bench.OpenAsync();
    }

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{}}""", "1", -32600, "message_unexpected")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"write"}}""", "1", -32600, "message_unexpected")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"vendor/ask"}""", "1", -32600, "message_unexpected")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"roots/list","params":[]}""", "1", -32600, "message_invalid")]
    public async Task A_server_that_asks_before_its_time_hears_why(string line, string id, int code, string problem)
    {
        await using var bench = new Bench().Start();
        await bench.Server.SendAsync(line);
        Refused(await bench.Server.ReceiveAsync(), id, code, problem);
        Assert.Equal(("one", MessageDirection.ToCaller), (bench.Records.All.Single().Server, bench.Records.All.Single().Direction));
        await StillWorksAsync(bench);
    }

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","id":1,"result":{}}""")]
    [InlineData("""{"jsonrpc":"2.0","error":{"code":-32700,"message":"what?"}}""")]
    [InlineData("""{"jsonrpc":"2.0","method":"tools/call","params":{"name":"x"}}""")]
    [InlineData("""{"jsonrpc":"2.0","method":"notifications/initialized"}""")]
    [InlineData("no JSON")]
    public async Task What_a_server_says_out_of_place_never_reaches_the_client(string line)
    {
        await using var bench = new Bench().Start();
        await bench.Server.SendAsync(line);
        await StillWorksAsync(bench);
        Assert.Equal(MessageDirection.ToCaller, bench.Records.All.Single().Direction);
    }

    [Theory]
    [InlineData("1", "\"1\"")]
    [InlineData("\"1\"", "1")]
    public async Task An_answer_under_an_id_that_is_only_alike_is_none(string asked, string answered)
    {
        await using var bench = await new Bench().Start().OpenAsync();
        await bench.Client.SendAsync(Call(asked));
        await bench.Server.ReceiveAsync();
        await bench.Server.SendAsync(Result(answered, "wrong"));
        await bench.Server.SendAsync(Result(asked));
        await bench.Client.ExpectAsync(Result(asked));
        Assert.Equal(ProblemCode.MessageUnexpected, bench.Records.All.Single().Why.Code);
    }

    [Fact]
    public async Task A_second_answer_is_dropped()
    {
        await using var bench = await new Bench().Start().OpenAsync();
        await bench.Client.SendAsync(Call("1"));
        await bench.Server.ReceiveAsync();
        await bench.Server.SendAsync(Result("1", "first"));
        await bench.Server.SendAsync(Result("1", "second"));
        await bench.Client.ExpectAsync(Result("1", "first"));
        await StillWorksAsync(bench);
        Assert.Equal(ProblemCode.MessageUnexpected, bench.Records.All.Single().Why.Code);
    }

    [Fact]
    public async Task An_answer_to_what_is_still_held_is_none()
    {
        await using var bench = await new Bench().Start().OpenAsync();
        var release = bench.Gate.Hold(m => m.Frame.Name == "held");
        await bench.Client.SendAsync(Call("1", "held"));
        await bench.Server.SendAsync(Result("1", "too early"));
        await StillWorksAsync(bench);
        release.SetResult(Firewall.Passage.Unchanged);
        await bench.Server.ExpectAsync(Call("1", "held"));
        await bench.Server.SendAsync(Result("1"));
        await bench.Client.ExpectAsync(Result("1"));
        Assert.Equal(ProblemCode.MessageUnexpected, bench.Records.All.Single().Why.Code);
    }

    [Fact]
    public async Task An_answer_that_no_two_readers_read_alike_becomes_an_error_for_its_request()
    {
        await using var bench = await new Bench().Start().OpenAsync();
        await bench.Client.SendAsync(Call("1"));
        await bench.Server.ReceiveAsync();
        await bench.Server.SendAsync("""{"jsonrpc":"2.0","id":1,"result":{"content":[],"content":["secret"]}}""");
        Refused(await bench.Client.ReceiveAsync(), "1", 502, "upstream_invalid");
        await StillWorksAsync(bench);
    }

    [Fact]
    public async Task An_answer_of_the_client_that_cannot_be_read_becomes_an_error_for_the_server()
    {
        await using var bench = await new Bench().Start().OpenAsync();
        await bench.Server.SendAsync("""{"jsonrpc":"2.0","id":"s","method":"roots/list"}""");
        await bench.Client.ReceiveAsync();
        await bench.Client.SendAsync("""{"jsonrpc":"2.0","id":"s","result":[]}""");
        Refused(await bench.Server.ReceiveAsync(), "\"s\"", -32600, "message_invalid");
        await StillWorksAsync(bench);
    }

    [Fact]
    public async Task A_line_beyond_the_limit_is_told_to_the_client_and_ends_a_server()
    {
        var small = new FrameLimits(BytesMax: 2000);
        await using var bench = new Bench(limits: SessionLimits.Default with { Frames = small }).Start();
        await bench.Client.SendAsync($$$$"""{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"x","arguments":{"x":"{{{{new string('x', 5000)}}}}"}}}""");
        Refused(await bench.Client.ReceiveAsync(), "4", -32600, "message_too_large");
        await StillWorksAsync(bench);

        bench.Sources[0].Add(StreamRules(small));
        await bench.Client.SendAsync(Modern("5"));
        await bench.Server.ReceiveAsync();
        await bench.Server.SendAsync($$$"""{"jsonrpc":"2.0","id":5,"result":{"x":"{{{new string('x', 20_000_000)}}}"}}""");
        Refused(await bench.Client.ReceiveAsync(), "5", 502, "upstream_invalid");
    }

    private static Gateways.Mcp.Servers.StreamRules StreamRules(FrameLimits limits) => Gateways.Mcp.Servers.StreamRules.Server with { Frames = limits };
}
