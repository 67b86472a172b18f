// Streamable HTTP, both eras, both ends (MCP-01, MCP-08): who may call, what the head must say, where answers go, and how a stream is taken up again.
using System.Net;
using System.Text;
using CabinCrew.Gateways.Tests.Sessions;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Tests.Endpoint;

public sealed class EndpointTests
{
    private const string Hello = """{"jsonrpc":"2.0","id":"hello","method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}""";

    private static async Task<Mcp.Servers.Remote.HttpConnection> OpenAsync(EndpointBench bench, Peer server)
    {
        var client = bench.Connect();
        await EndpointBench.SendAsync(client, Hello);
        await server.ExpectAsync(Hello);
        await server.SendAsync(Bench.Welcome);
        Assert.Equal(Bench.Welcome, await EndpointBench.ReceiveAsync(client));
        await EndpointBench.SendAsync(client, Bench.Initialized);
        await server.ExpectAsync(Bench.Initialized);
        return client;
    }

    [Fact, Clause("MCP-01")]
    public async Task A_session_of_the_first_era_carries_the_bytes_as_they_are()
    {
        await using var bench = new EndpointBench();
        var server = bench.Source.Add();
        await using var client = await OpenAsync(bench, server);
        await EndpointBench.SendAsync(client, Bench.Call("7"));
        await server.ExpectAsync(Bench.Call("7"));
        await server.SendAsync(Bench.Result("7"));
        Assert.Equal(Bench.Result("7"), await EndpointBench.ReceiveAsync(client));
        Assert.Contains("POST   True", bench.Handler.Seen);
    }

    [Fact, Clause("MCP-01")]
    public async Task What_a_server_says_meanwhile_comes_on_the_stream_of_the_request_it_is_about()
    {
        await using var bench = new EndpointBench();
        var server = bench.Source.Add();
        await using var client = await OpenAsync(bench, server);
        var call = Bench.Call("7", more: ""","_meta":{"progressToken":"p"}""");
        var progress = """{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"p","progress":1}}""";
        await EndpointBench.SendAsync(client, call);
        await server.ExpectAsync(call);
        await server.SendAsync(progress);
        await server.SendAsync(Bench.Result("7"));
        Assert.Equal(progress, await EndpointBench.ReceiveAsync(client));
        Assert.Equal(Bench.Result("7"), await EndpointBench.ReceiveAsync(client));
    }

    [Fact]
    public async Task Nothing_is_lost_of_a_stream_that_ended_before_anybody_read_it()
    {
        var settings = new Mcp.Endpoint.EndpointSettings { Hosts = [] };
        var stream = new Mcp.Endpoint.ReplyStream("r1", settings);
        stream.Put("{\"a\":1}"u8.ToArray(), final: false);
        stream.Put("{\"b\":2}"u8.ToArray(), final: true);
        var exchange = new MemoryExchange(new HttpRequestMessage(HttpMethod.Post, EndpointBench.Url), [], default);
        await Mcp.Endpoint.EventStreams.WriteAsync(exchange, stream, 0, resumable: false, settings, default);
        exchange.End();
        var text = await (await exchange.Begun).Content.ReadAsStringAsync();
        Assert.Contains("{\"a\":1}", text, StringComparison.Ordinal);
        Assert.Contains("{\"b\":2}", text, StringComparison.Ordinal);
    }

    [Fact, Clause("MCP-01")]
    public async Task What_a_server_says_unasked_comes_on_the_standing_stream()
    {
        await using var bench = new EndpointBench();
        var server = bench.Source.Add();
        await using var client = await OpenAsync(bench, server);
        var changed = """{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}""";
        await server.SendAsync(changed);
        Assert.Equal(changed, await EndpointBench.ReceiveAsync(client));
    }

    [Fact, Clause("MCP-01")]
    public async Task Requests_of_the_stateless_era_keep_their_ids_also_when_two_clients_count_alike()
    {
        await using var bench = new EndpointBench();
        var server = bench.Source.Add();
        await using var first = bench.Connect();
        await using var second = bench.Connect();
        await EndpointBench.SendAsync(first, Bench.Modern("1", "a"));
        var toA = await server.ReceiveAsync();
        await EndpointBench.SendAsync(second, Bench.Modern("1", "b"));
        var toB = await server.ReceiveAsync();
        static string Id(string frame) => System.Text.Json.JsonDocument.Parse(frame).RootElement.GetProperty("id").GetRawText();
        Assert.NotEqual(Id(toA), Id(toB));
        Assert.Equal(Bench.Modern(Id(toA), "a"), toA);
        await server.SendAsync(Bench.Result(Id(toB), "for b"));
        await server.SendAsync(Bench.Result(Id(toA), "for a"));
        Assert.Equal(Bench.Result("1", "for a"), await EndpointBench.ReceiveAsync(first));
        Assert.Equal(Bench.Result("1", "for b"), await EndpointBench.ReceiveAsync(second));
        Assert.Contains("POST tools/call a False", bench.Handler.Seen);
    }

    [Fact, Clause("MCP-01")]
    public async Task Closing_the_stream_cancels_a_request_of_the_stateless_era()
    {
        await using var bench = new EndpointBench();
        var server = bench.Source.Add();
        await using (var client = bench.Connect())
        {
            await EndpointBench.SendAsync(client, Bench.Modern("1"));
            await server.ReceiveAsync();
        }
        Assert.Contains("notifications/cancelled", await server.ReceiveAsync(), StringComparison.Ordinal);
    }

    [Theory, Clause("MCP-08")]
    [InlineData("Authorization", null, 401)]
    [InlineData("Authorization", "Bearer of-nobody-that-is-known", 401)]
    [InlineData("Host", "evil.example", 403)]
    [InlineData("Origin", "https://evil.example", 403)]
    [InlineData("Accept", "application/json", 406)]
    public async Task Who_does_not_belong_here_is_refused_before_anything_is_read(string header, string? value, int status)
    {
        await using var bench = new EndpointBench();
        bench.Source.Add();
        Assert.Equal(status, (int)(await bench.AskAsync(Hello, null, (header, value))).StatusCode);
        Assert.Empty(bench.Gate.Seen);
    }

    [Fact, Clause("MCP-01")]
    public async Task What_a_client_accepts_may_be_said_in_several_lines()
    {
        await using var bench = new EndpointBench();
        var server = bench.Source.Add();
        var opening = bench.AskAsync(Hello, null, ("Accept", "application/json"), ("Accept", "text/event-stream"));
        await server.ExpectAsync(Hello);
        await server.SendAsync(Bench.Welcome);
        Assert.Equal(HttpStatusCode.OK, (await opening).StatusCode);
    }

    [Theory, Clause("MCP-07")]
    [InlineData("MCP-Protocol-Version", "2025-11-25")]
    [InlineData("MCP-Protocol-Version", null)]
    [InlineData("Mcp-Method", "tools/list")]
    [InlineData("Mcp-Method", null)]
    [InlineData("Mcp-Name", "write")]
    [InlineData("Mcp-Name", null)]
    [InlineData("Mcp-Name", "=?base64?!?=")]
    public async Task A_head_that_contradicts_the_body_is_refused(string header, string? value)
    {
        await using var bench = new EndpointBench();
        bench.Source.Add();
        (string, string?)[] right = [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "tools/call"), ("Mcp-Name", "read")];
        var answer = await bench.AskAsync(Bench.Modern("1"), null, [.. right.Where(r => r.Item1 != header), (header, value)]);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("-32020", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(bench.Gate.Seen);
        Assert.Equal(ProblemCode.MessageHeaderMismatch, Assert.Single(bench.Records.All).Why.Code);
    }

    [Theory]
    [InlineData("not json", 400)]
    [InlineData("""[{"jsonrpc":"2.0","id":1,"method":"ping"}]""", 400)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}""", 400)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/list"}""", 400)]
    public async Task What_is_no_message_or_out_of_place_is_refused_and_on_record(string body, int status)
    {
        await using var bench = new EndpointBench();
        bench.Source.Add();
        Assert.Equal(status, (int)(await bench.AskAsync(body)).StatusCode);
        Assert.Single(bench.Records.All);
    }

    [Fact]
    public async Task Two_clients_of_one_caller_that_count_alike_each_hear_of_their_own_progress()
    {
        await using var bench = new EndpointBench();
        var server = bench.Source.Add();
        Mcp.Servers.Remote.HttpConnection[] clients = [bench.Connect(), bench.Connect()];
        var call = Bench.Modern("1", more: ",\"x\":1").Replace("\"_meta\":{", "\"_meta\":{\"progressToken\":\"p\",", StringComparison.Ordinal);
        var tokens = new List<string>();
        foreach (var client in clients)
        {
            await EndpointBench.SendAsync(client, call);
            tokens.Add(System.Text.Json.JsonElement.Parse(await server.ReceiveAsync()).GetProperty("params").GetProperty("_meta").GetProperty("progressToken").GetRawText());
        }
        Assert.NotEqual(tokens[0], tokens[1]);
        foreach (var (client, token) in clients.Zip(tokens).Reverse())
        {
            await server.SendAsync($$$"""{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":{{{token}}},"progress":1}}""");
            Assert.Equal("""{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"p","progress":1}}""", await EndpointBench.ReceiveAsync(client));
            await server.SendAsync(Bench.Result(token));
            Assert.Equal(Bench.Result("1"), await EndpointBench.ReceiveAsync(client));
        }
        foreach (var client in clients) await client.DisposeAsync();
    }

    [Fact]
    public async Task The_head_of_a_request_about_a_task_names_the_task()
    {
        await using var bench = new EndpointBench();
        var server = bench.Source.Add();
        await using var client = bench.Connect();
        const string get = """{"jsonrpc":"2.0","id":1,"method":"tasks/get","params":{"taskId":"t1","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}""";
        await EndpointBench.SendAsync(client, get);
        Assert.Contains("tasks/get", await server.ReceiveAsync(), StringComparison.Ordinal);
        Assert.Contains("POST tasks/get t1 False", bench.Handler.Seen);
        var other = await bench.AskAsync(get, null, ("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "tasks/get"), ("Mcp-Name", "t2"));
        Assert.Equal(HttpStatusCode.BadRequest, other.StatusCode);
    }

    [Fact, Clause("MCP-08")]
    public async Task A_session_is_its_own_callers_only()
    {
        await using var bench = new EndpointBench();
        var server = bench.Source.Add();
        var opening = bench.AskAsync(Hello);
        await server.ExpectAsync(Hello);
        await server.SendAsync(Bench.Welcome);
        var id = Assert.Single((await opening).Headers.GetValues("Mcp-Session-Id"));
        Assert.Equal(HttpStatusCode.NotFound, (await bench.AskAsync(Bench.Call("1"), null, ("Mcp-Session-Id", id), ("Authorization", $"Bearer {EndpointBench.Other}"))).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await bench.AskAsync(null, HttpMethod.Delete, ("Mcp-Session-Id", id), ("Authorization", $"Bearer {EndpointBench.Other}"))).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await bench.AskAsync(null, HttpMethod.Delete, ("Mcp-Session-Id", id))).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await bench.AskAsync(Bench.Call("1"), null, ("Mcp-Session-Id", id))).StatusCode);
    }

    [Fact, Clause("MCP-03")]
    public async Task A_refusal_of_the_gate_comes_as_an_error_of_the_protocol()
    {
        await using var bench = new EndpointBench();
        var server = bench.Source.Add();
        await using var client = await OpenAsync(bench, server);
        bench.Gate.Refuse(m => m.Frame.Method == "tools/call");
        await EndpointBench.SendAsync(client, Bench.Call("7"));
        var answer = await EndpointBench.ReceiveAsync(client);
        Assert.Contains("\"policy_id\":\"policy-7\"", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_that_broke_off_is_taken_up_after_the_last_event_that_arrived()
    {
        await using var bench = new EndpointBench();
        var server = bench.Source.Add();
        var opening = bench.AskAsync(Hello);
        await server.ExpectAsync(Hello);
        await server.SendAsync(Bench.Welcome);
        var id = Assert.Single((await opening).Headers.GetValues("Mcp-Session-Id"));
        await bench.AskAsync(Bench.Initialized, null, ("Mcp-Session-Id", id));
        await server.ExpectAsync(Bench.Initialized);
        var calling = await bench.AskAsync(Bench.Call("7"), null, ("Mcp-Session-Id", id));
        await server.ExpectAsync(Bench.Call("7"));
        var events = new Gateways.Http.EventStreamReader(await calling.Content.ReadAsStreamAsync(), 1 << 20);
        var first = (await events.ReadAsync(default).AsTask().WaitAsync(Peer.Patience))!;
        Assert.True(first.Data.IsEmpty);
        Assert.NotNull(first.Retry);
        calling.Dispose();
        await server.SendAsync(Bench.Result("7"));
        var again = await bench.AskAsync(null, HttpMethod.Get, ("Mcp-Session-Id", id), ("Last-Event-ID", first.Id));
        var rest = new Gateways.Http.EventStreamReader(await again.Content.ReadAsStreamAsync(), 1 << 20);
        while ((await rest.ReadAsync(default).AsTask().WaitAsync(Peer.Patience))! is var next)
        {
            if (next.Data.IsEmpty) continue;
            Assert.Equal(Bench.Result("7"), Encoding.UTF8.GetString(next.Data.Span));
            break;
        }
    }
}
