// A session of one server carries everything as it came, unless the gate says otherwise (MCP-01, MCP-03).
using System.Text.Json;
using CabinCrew.Gateways.Firewall;
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;
using static CabinCrew.Gateways.Tests.Sessions.Bench;

namespace CabinCrew.Gateways.Tests.Sessions;

public sealed class CarryingTests
{
    private static JsonElement Json(string line) => JsonElement.Parse(line);

    [Fact]
    public async Task Both_directions_carry_the_bytes_that_came()
    {
        await using var bench = await new Bench().Start().OpenAsync();
        const string call = """ { "id" : "\u0061" ,"jsonrpc":"2.0", "x-unknown":[1.0,1E5], "method":"tools\/call","params":{"arguments":{"n":12345678901234567890,"é":"\ud83d\ude00"},"name":"read"}}  """;
        await bench.Client.SendAsync(call);
        await bench.Server.ExpectAsync(call);
        const string result = """{"result":{"content":[],"big":12345678901234567890.00,"esc":"\u001b[1m\u0000"},"id":"a","jsonrpc":"2.0"}""";
        await bench.Server.SendAsync(result);
        await bench.Client.ExpectAsync(result);
        const string error = """{"jsonrpc":"2.0","id":2,"error":{"code":-32602,"message":"no","data":[{}]}}""";
        await bench.Client.SendAsync("""{"jsonrpc":"2.0","id":2,"method":"vendor/special","params":{"a":[]}}""");
        await bench.Server.ReceiveAsync();
        await bench.Server.SendAsync(error);
        await bench.Client.ExpectAsync(error);
        const string log = """{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":{"a":1}}}""";
        await bench.Server.SendAsync(log);
        await bench.Client.ExpectAsync(log);
        Assert.Empty(bench.Records.All);
    }

    [Fact]
    public async Task The_gate_sees_every_message_with_its_direction_and_what_it_answers()
    {
        await using var bench = await new Bench().Start().OpenAsync();
        await bench.Client.SendAsync(Call("1"));
        await bench.Server.ReceiveAsync();
        await bench.Server.SendAsync(Result("1"));
        await bench.Client.ReceiveAsync();

        var seen = bench.Gate.Seen.ToArray();
        Assert.Equal(["initialize", "→initialize", "notifications/initialized", "tools/call", "→tools/call"], seen.Select(s => s.Frame.Method ?? "→" + s.Answers!.Method));
        Assert.All(seen, s => Assert.Equal(s.Answers is null ? MessageDirection.ToServer : MessageDirection.ToCaller, s.Direction));
        Assert.All(seen, s => Assert.Equal("one", s.Server));
        Assert.Equal(("tester", "2025-11-25", "ann"), (seen[3].Session.Client, seen[3].Session.ProtocolVersion, seen[3].Session.Caller.Name));
        Assert.Equal("", seen[0].Session.ProtocolVersion);
    }

    [Fact]
    public async Task The_stateless_era_needs_no_handshake_and_each_request_says_who_it_is()
    {
        await using var bench = new Bench().Start();
        await bench.Client.SendAsync(Modern("1"));
        await bench.Server.ExpectAsync(Modern("1"));
        await bench.Server.SendAsync(Result("1"));
        await bench.Client.ExpectAsync(Result("1"));
        Assert.All(bench.Gate.Seen, s => Assert.Equal(("modern", "2026-07-28"), (s.Session.Client, s.Session.ProtocolVersion)));
    }

    [Fact]
    public async Task A_stream_of_notifications_is_carried_until_it_is_cancelled()
    {
        await using var bench = new Bench().Start();
        const string listen = """{"jsonrpc":"2.0","id":9,"method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}""";
        await bench.Client.SendAsync(listen);
        await bench.Server.ExpectAsync(listen);
        const string acknowledged = """{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":9},"notifications":{"toolsListChanged":true}}}""";
        await bench.Server.SendAsync(acknowledged);
        await bench.Client.ExpectAsync(acknowledged);
        const string teardown = """{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":9}}""";
        await bench.Server.SendAsync(teardown);
        await bench.Client.ExpectAsync(teardown);
        // The id is free again, and a second cancellation refers to nothing.
        await bench.Server.SendAsync(teardown);
        await bench.Client.SendAsync(listen);
        await bench.Server.ExpectAsync(listen);
    }

    [Fact]
    public async Task A_refused_request_is_answered_with_the_policy_and_the_reason_and_never_forwarded()
    {
        await using var bench = await new Bench().Start().OpenAsync();
        bench.Gate.Refuse(m => m.Frame.Name == "write");
        await bench.Client.SendAsync(Call("1", "write"));
        var error = Json(await bench.Client.ReceiveAsync());
        Assert.Equal(1, error.GetProperty("id").GetInt32());
        Assert.Equal(403, error.GetProperty("error").GetProperty("code").GetInt32());
        var data = error.GetProperty("error").GetProperty("data");
        Assert.Equal("caller_not_allowed|policy-7|deny|not today|come back tomorrow", string.Join('|', data.EnumerateObject().Select(p => p.Value.GetString())));
        Assert.Equal("problem|policy_id|decision|reason|remedy", string.Join('|', data.EnumerateObject().Select(p => p.Name)));
        await bench.Client.SendAsync(Call("1"));
        await bench.Server.ExpectAsync(Call("1"));
    }

    [Fact]
    public async Task A_refused_answer_becomes_an_error_for_its_request()
    {
        await using var bench = await new Bench().Start().OpenAsync();
        bench.Gate.Refuse(m => m.Answers is not null);
        await bench.Client.SendAsync(Call("\"x\""));
        await bench.Server.ReceiveAsync();
        await bench.Server.SendAsync(Result("\"x\"", "secret"));
        var line = await bench.Client.ReceiveAsync();
        Assert.Equal("x", Json(line).GetProperty("id").GetString());
        Assert.Equal("policy-7", Json(line).GetProperty("error").GetProperty("data").GetProperty("policy_id").GetString());
        Assert.DoesNotContain("secret", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_notification_is_dropped_in_either_direction()
    {
        await using var bench = await new Bench().Start().OpenAsync();
        bench.Gate.Refuse(m => m.Frame.Kind is FrameKind.Notification);
        await bench.Client.SendAsync("""{"jsonrpc":"2.0","method":"notifications/roots/list_changed"}""");
        await bench.Client.SendAsync(Call("1"));
        await bench.Server.ExpectAsync(Call("1"));
        await bench.Server.SendAsync("""{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}""");
        await bench.Server.SendAsync(Result("1"));
        await bench.Client.ExpectAsync(Result("1"));
    }

    [Fact]
    public async Task What_stands_in_for_a_message_goes_on_in_its_place()
    {
        await using var bench = await new Bench().Start().OpenAsync();
        bench.Gate.Judge = (m, _, _) => new(new Passage { Decision = Decision.Warn, Instead = System.Text.Encoding.UTF8.GetBytes(m.Answers is null ? Call("1", "other") : Result("1", "[redacted]")) });
        await bench.Client.SendAsync(Call("1"));
        await bench.Server.ExpectAsync(Call("1", "other"));
        await bench.Server.SendAsync(Result("1", "secret"));
        await bench.Client.ExpectAsync(Result("1", "[redacted]"));
    }

    [Fact]
    public async Task A_server_asks_the_client_and_is_judged_both_ways()
    {
        await using var bench = await new Bench().Start().OpenAsync();
        const string sample = """{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{"messages":[],"maxTokens":1}}""";
        // The same id as a request of the client: the two directions have nothing to do with one another.
        await bench.Client.SendAsync(Call("1"));
        await bench.Server.ReceiveAsync();
        await bench.Server.SendAsync(sample);
        await bench.Client.ExpectAsync(sample);
        await bench.Client.SendAsync(Result("1", "sampled"));
        await bench.Server.ExpectAsync(Result("1", "sampled"));

        bench.Gate.Refuse(m => m is { Direction: MessageDirection.ToCaller, Frame.Method: "sampling/createMessage" });
        await bench.Server.SendAsync(sample);
        Assert.Equal("policy-7", Json(await bench.Server.ReceiveAsync()).GetProperty("error").GetProperty("data").GetProperty("policy_id").GetString());
        bench.Gate.Refuse(m => m is { Direction: MessageDirection.ToServer, Answers: not null });
        await bench.Server.SendAsync(sample);
        await bench.Client.ExpectAsync(sample);
        await bench.Client.SendAsync(Result("1", "secret"));
        Assert.Equal(403, Json(await bench.Server.ReceiveAsync()).GetProperty("error").GetProperty("code").GetInt32());
    }

    [Fact]
    public async Task Messages_leave_in_the_order_in_which_they_came_however_long_each_is_judged()
    {
        await using var bench = await new Bench(limits: new() { OrderPatience = TimeSpan.FromSeconds(30) }).Start().OpenAsync();
        var random = new Random(7);
        bench.Gate.Judge = async (m, _, ct) =>
        {
            int wait;
            lock (random) wait = random.Next(20);
            if (wait > 10) await Task.Delay(wait, ct);
            return Passage.Unchanged;
        };
        for (var i = 0; i < 200; i++) await bench.Client.SendAsync(Call($"{i}"));
        for (var i = 0; i < 200; i++) await bench.Server.ExpectAsync(Call($"{i}"));
    }

    [Fact]
    public async Task Nothing_waits_long_behind_a_slow_judgement()
    {
        await using var bench = await new Bench(limits: new() { OrderPatience = TimeSpan.FromMilliseconds(20) }).Start().OpenAsync();
        var slow = new TaskCompletionSource<Passage>();
        bench.Gate.Judge = (m, _, _) => m.Frame.Name == "slow" ? new(slow.Task) : new(Passage.Unchanged);
        await bench.Client.SendAsync(Call("1", "slow"));
        await bench.Client.SendAsync(Call("2"));
        await bench.Server.ExpectAsync(Call("2"));
        slow.SetResult(Passage.Unchanged);
        await bench.Server.ExpectAsync(Call("1", "slow"));
    }

    [Fact]
    public async Task A_thousand_calls_at_once_each_get_their_own_answer()
    {
        await using var bench = await new Bench().Start().OpenAsync();
        bench.Gate.Judge = async (_, _, _) =>
        {
            await Task.Yield();
            return Passage.Unchanged;
        };
        var server = Task.Run(async () =>
        {
            var ids = new List<string>();
            for (var i = 0; i < 1000; i++) ids.Add(Json(await bench.Server.ReceiveAsync()).GetProperty("id").GetRawText());
            foreach (var id in Enumerable.Reverse(ids)) await bench.Server.SendAsync(Result(id, "for " + id));
        });
        for (var i = 0; i < 1000; i++) await bench.Client.SendAsync(Call($"{i}"));
        var got = new HashSet<string>();
        for (var i = 0; i < 1000; i++)
        {
            var answer = Json(await bench.Client.ReceiveAsync());
            var id = answer.GetProperty("id").GetRawText();
            Assert.Equal("for " + id, answer.GetProperty("result").GetProperty("content")[0].GetProperty("text").GetString());
            Assert.True(got.Add(id));
        }
        await server;
    }
}
