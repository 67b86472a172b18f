// Cancellation, held requests, and the deaths of each of the three parties at any moment: nothing is left hanging, nothing is sent twice (MCP-03, MCP-07).
using System.Text.Json;
using CabinCrew.Gateways.Firewall;
using CabinCrew.Gateways.Mcp.Sessions;
using static CabinCrew.Gateways.Tests.Sessions.Bench;

namespace CabinCrew.Gateways.Tests.Sessions;

public sealed class LifeTests
{
    private static string Problem(string line) => JsonElement.Parse(line).GetProperty("error").GetProperty("data").GetProperty("problem").GetString()!;

    private static string Cancel(string id) => $$$"""{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":{{{id}}},"reason":"changed my mind"}}""";

    [Fact]
    public async Task A_held_request_that_is_cancelled_is_never_forwarded()
    {
        await using var bench = await new Bench().Start().OpenAsync();
        var release = bench.Gate.Hold(m => m.Frame.Name == "held");
        await bench.Client.SendAsync(Call("1", "held"));
        await bench.Client.SendAsync(Cancel("1"));
        await bench.Client.SendAsync(Call("2"));
        await bench.Server.ExpectAsync(Call("2"));
        release.SetResult(Passage.Unchanged);
        await bench.Client.SendAsync(Call("3"));
        await bench.Server.ExpectAsync(Call("3"));
    }

    [Fact]
    public async Task A_request_under_way_is_cancelled_at_the_server_and_its_late_answer_dropped()
    {
        await using var bench = await new Bench().Start().OpenAsync();
        await bench.Client.SendAsync(Call("1"));
        await bench.Server.ReceiveAsync();
        await bench.Client.SendAsync(Cancel("1"));
        await bench.Server.ExpectAsync(Cancel("1"));
        await bench.Client.SendAsync(Call("2"));
        await bench.Server.ReceiveAsync();
        await bench.Server.SendAsync(Result("1"));
        await bench.Server.SendAsync(Result("2"));
        await bench.Client.ExpectAsync(Result("2"));
        Assert.Empty(bench.Records.All);
        // Cancelling what is over is no fault of anybody's.
        await bench.Client.SendAsync(Cancel("1"));
        await bench.Client.SendAsync(Cancel("2"));
        await bench.Client.SendAsync(Call("3"));
        await bench.Server.ExpectAsync(Call("3"));
    }

    [Fact]
    public async Task A_server_cancels_what_it_has_asked_held_or_not()
    {
        await using var bench = await new Bench().Start().OpenAsync();
        const string ask = """{"jsonrpc":"2.0","id":1,"method":"roots/list"}""";
        await bench.Server.SendAsync(ask);
        await bench.Client.ExpectAsync(ask);
        await bench.Server.SendAsync(Cancel("1"));
        await bench.Client.ExpectAsync(Cancel("1"));
        await bench.Client.SendAsync("""{"jsonrpc":"2.0","id":1,"result":{"roots":[]}}""");

        // Another id: the client's late answer to the first may still be on its way.
        bench.Gate.Hold(m => m.Frame.Method == "roots/list");
        await bench.Server.SendAsync(ask.Replace("\"id\":1", "\"id\":2", StringComparison.Ordinal));
        await bench.Server.SendAsync(Cancel("2"));
        await bench.Client.SendAsync(Call("1"));
        await bench.Server.ExpectAsync(Call("1"));
        await bench.Server.SendAsync(Result("1"));
        await bench.Client.ExpectAsync(Result("1"));
        Assert.Empty(bench.Records.All);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task When_the_server_dies_what_is_open_is_answered_and_nothing_is_repeated(bool held)
    {
        await using var bench = await new Bench().Start().OpenAsync();
        var release = bench.Gate.Hold(m => m.Frame.Name == "held");
        await bench.Client.SendAsync(Call("1", held ? "held" : "read"));
        if (!held) await bench.Server.ReceiveAsync();
        else while (bench.Gate.Seen.Count < 4) await Task.Delay(1);
        bench.Server.Die();
        Assert.Equal("upstream_failed", Problem(await bench.Client.ReceiveAsync()));

        // While it is away, requests fail at once.
        await bench.Client.SendAsync(Call("2"));
        Assert.Equal("upstream_failed", Problem(await bench.Client.ReceiveAsync()));
        release.TrySetResult(Passage.Unchanged);

        // Its successor is given the handshake, under an id of the gateway's, and nothing else.
        var successor = bench.Sources[0].Add();
        var hello = JsonElement.Parse(await successor.ReceiveAsync());
        Assert.Equal("initialize", hello.GetProperty("method").GetString());
        Assert.StartsWith("cabincrew-", hello.GetProperty("id").GetString());
        Assert.Equal("tester", hello.GetProperty("params").GetProperty("clientInfo").GetProperty("name").GetString());
        await successor.SendAsync(Welcome.Replace("\"hello\"", hello.GetProperty("id").GetRawText(), StringComparison.Ordinal));
        await successor.ExpectAsync(Initialized);
        var working = Task.Run(async () =>
        {
            // Until the link is up again, requests are refused; then one gets through.
            for (var i = 10; ; i++)
            {
                await bench.Client.SendAsync(Call($"{i}"));
                var answer = await bench.Client.ReceiveAsync();
                if (answer.Contains("\"result\"", StringComparison.Ordinal)) return;
                await Task.Delay(5);
            }
        });
        var request = await successor.ReceiveAsync();
        await successor.SendAsync(Result(JsonElement.Parse(request).GetProperty("id").GetRawText()));
        await working.WaitAsync(Peer.Patience);
    }

    [Fact]
    public async Task A_restarted_server_is_subscribed_to_anew_and_the_client_hears_what_may_have_changed()
    {
        await using var bench = await new Bench().Start().OpenAsync();
        foreach (var (id, method, uri) in ((string, string, string)[])[("1", "subscribe", "x://a"), ("2", "subscribe", "x://b"), ("3", "unsubscribe", "x://a")])
        {
            await bench.Client.SendAsync($$$"""{"jsonrpc":"2.0","id":{{{id}}},"method":"resources/{{{method}}}","params":{"uri":"{{{uri}}}"}}""");
            await bench.Server.ReceiveAsync();
            await bench.Server.SendAsync($$$"""{"jsonrpc":"2.0","id":{{{id}}},"result":{}}""");
            await bench.Client.ReceiveAsync();
        }
        bench.Server.Die();
        var successor = bench.Sources[0].Add();
        var hello = JsonElement.Parse(await successor.ReceiveAsync()).GetProperty("id").GetRawText();
        await successor.SendAsync(Welcome.Replace("\"hello\"", hello, StringComparison.Ordinal).Replace("\"tools\":{}", "\"tools\":{\"listChanged\":true},\"prompts\":{}", StringComparison.Ordinal));
        await successor.ExpectAsync(Initialized);
        await bench.Client.ExpectAsync("""{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}""");
        var again = JsonElement.Parse(await successor.ReceiveAsync());
        Assert.Equal("resources/subscribe x://b", $"{again.GetProperty("method").GetString()} {again.GetProperty("params").GetProperty("uri").GetString()}");
        Assert.Equal("resources/subscribe", bench.Gate.Seen.Last().Frame.Method);
        await successor.SendAsync($$$"""{"jsonrpc":"2.0","id":{{{again.GetProperty("id").GetRawText()}}},"result":{}}""");
        await bench.Client.ExpectAsync("""{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"x://b"}}""");
        // What the gate keeps for a handshake that nobody is told the answer of is given back.
        Assert.Equal("initialize", Assert.Single(bench.Gate.Unanswered).Method);
    }

    [Fact]
    public async Task A_restarted_server_of_another_version_is_not_connected()
    {
        await using var bench = await new Bench().Start().OpenAsync();
        bench.Server.Die();
        var successor = bench.Sources[0].Add();
        var id = JsonElement.Parse(await successor.ReceiveAsync()).GetProperty("id").GetRawText();
        await successor.SendAsync(Welcome.Replace("\"hello\"", id, StringComparison.Ordinal).Replace("2025-11-25", "2024-11-05", StringComparison.Ordinal));
        Assert.Null(await successor.TryReceiveAsync());
        await bench.Client.SendAsync(Call("2"));
        Assert.Equal("upstream_failed", Problem(await bench.Client.ReceiveAsync()).Replace("upstream_invalid", "upstream_failed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_a_dead_server_had_asked_is_cancelled_at_the_client()
    {
        await using var bench = await new Bench().Start().OpenAsync();
        await bench.Server.SendAsync("""{"jsonrpc":"2.0","id":"r","method":"roots/list"}""");
        await bench.Client.ReceiveAsync();
        bench.Server.Die();
        var cancelled = JsonElement.Parse(await bench.Client.ReceiveAsync());
        Assert.Equal("notifications/cancelled r", $"{cancelled.GetProperty("method").GetString()} {cancelled.GetProperty("params").GetProperty("requestId").GetString()}");
        await bench.Client.SendAsync("""{"jsonrpc":"2.0","id":"r","result":{"roots":[]}}""");
        await bench.Client.SendAsync(Call("1"));
        await bench.Client.ReceiveAsync();
        Assert.Empty(bench.Records.All);
    }

    [Fact]
    public async Task Without_a_server_to_be_had_the_session_ends_and_the_client_sees_it()
    {
        await using var bench = await new Bench().Start().OpenAsync();
        await bench.Client.SendAsync(Call("1"));
        await bench.Server.ReceiveAsync();
        bench.Sources[0].NoMore();
        bench.Server.Die();
        Assert.Equal("upstream_failed", Problem(await bench.Client.ReceiveAsync()));
        Assert.Equal(SessionEnd.ServersEnded, await bench.EndedAsync());
        Assert.Null(await bench.Client.TryReceiveAsync());
    }

    [Fact]
    public async Task A_client_that_has_said_all_still_gets_its_answers()
    {
        await using var bench = await new Bench(limits: SessionLimits.Default with { Parting = TimeSpan.FromSeconds(10) }).Start().OpenAsync();
        await bench.Client.SendAsync(Call("1"));
        await bench.Server.ReceiveAsync();
        bench.Client.Hush();
        await Task.Delay(50);
        await bench.Server.SendAsync(Result("1"));
        await bench.Client.ExpectAsync(Result("1"));
        Assert.Equal(SessionEnd.ClientLeft, await bench.EndedAsync());
        Assert.Null(await bench.Server.TryReceiveAsync());
    }

    [Fact]
    public async Task A_client_that_has_said_all_at_once_is_judged_and_answered_to_the_end()
    {
        await using var bench = await new Bench(limits: SessionLimits.Default with { Parting = TimeSpan.FromSeconds(10) }).Start().OpenAsync();
        bench.Gate.Judge = async (_, _, ct) =>
        {
            await Task.Delay(20, ct);
            return Passage.Unchanged;
        };
        await bench.Client.SendAsync(Call("1"));
        bench.Client.Hush();
        await bench.Server.ExpectAsync(Call("1"));
        await bench.Server.SendAsync(Result("1"));
        await bench.Client.ExpectAsync(Result("1"));
        Assert.Equal(SessionEnd.ClientLeft, await bench.EndedAsync());
    }

    [Fact]
    public async Task Who_has_said_all_is_waited_for_as_long_as_is_set_and_not_when_the_gateway_stops()
    {
        await using (var brief = await new Bench(limits: SessionLimits.Default with { Parting = TimeSpan.FromMilliseconds(50) }).Start().OpenAsync())
        {
            await brief.Client.SendAsync(Call("1"));
            await brief.Server.ReceiveAsync();
            brief.Client.Hush();
            Assert.Equal("cancelled", Problem(await brief.Client.ReceiveAsync()));
        }
        await using var patient = await new Bench(limits: SessionLimits.Default with { Parting = TimeSpan.FromHours(1) }).Start().OpenAsync();
        await patient.Client.SendAsync(Call("1"));
        // A stream that has no end is not waited for.
        await patient.Client.SendAsync("""{"jsonrpc":"2.0","id":2,"method":"subscriptions/listen","params":{"notifications":{},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}""");
        await patient.Server.ReceiveAsync();
        await patient.Server.ReceiveAsync();
        patient.Client.Hush();
        Assert.Equal("2", JsonElement.Parse(await patient.Client.ReceiveAsync()).GetProperty("id").GetRawText());
        patient.Stop();
        Assert.Equal("cancelled", Problem(await patient.Client.ReceiveAsync()));
        await patient.EndedAsync();
    }

    [Theory]
    [InlineData("client")]
    [InlineData("gateway")]
    public async Task However_it_ends_what_is_held_is_let_go_of_unforwarded(string who)
    {
        await using var bench = await new Bench().Start().OpenAsync();
        var withdrawn = new TaskCompletionSource();
        bench.Gate.Judge = async (m, line, ct) =>
        {
            if (m.Frame.Name != "held") return Passage.Unchanged;
            await line.ProgressAsync("waiting", ct);
            ct.Register(withdrawn.SetResult);
            await Task.Delay(Timeout.Infinite, ct);
            return Passage.Unchanged;
        };
        await bench.Client.SendAsync(Call("1", "held"));
        await bench.Client.SendAsync(Call("2"));
        await bench.Server.ExpectAsync(Call("2"));
        if (who is "client") bench.Client.Die();
        else bench.Stop();
        Assert.Equal(who is "client" ? SessionEnd.ClientLeft : SessionEnd.Stopped, await bench.EndedAsync());
        await withdrawn.Task.WaitAsync(Peer.Patience);
        Assert.Null(await bench.Server.TryReceiveAsync());
        if (who is "gateway")
        {
            Assert.Equal("cancelled", Problem(await bench.Client.ReceiveAsync()));
            Assert.Equal("cancelled", Problem(await bench.Client.ReceiveAsync()));
            Assert.Null(await bench.Client.TryReceiveAsync());
        }
    }

    [Fact]
    public async Task Any_of_the_three_may_die_at_any_moment()
    {
        var random = new Random(20261130);
        for (var round = 0; round < 60; round++)
        {
            await using var bench = await new Bench(limits: SessionLimits.Default with { Drain = TimeSpan.FromMilliseconds(100), Parting = TimeSpan.FromMilliseconds(100) }).Start().OpenAsync();
            bench.Gate.Judge = async (m, line, ct) =>
            {
                int pick;
                lock (random) pick = random.Next(4);
                if (pick == 0) await Task.Delay(2, ct);
                if (pick == 1 && m.Answers is null) await line.ProgressAsync("x", ct);
                return Passage.Unchanged;
            };
            var server = Task.Run(async () =>
            {
                while (await bench.Server.TryReceiveAsync() is { } line)
                    if (JsonElement.Parse(line).TryGetProperty("id", out var id)) await bench.Server.SendAsync(Result(id.GetRawText()));
            });
            var client = Task.Run(async () =>
            {
                for (var i = 0; i < 50; i++) await bench.Client.SendAsync(Call($"{i}"));
            });
            await Task.Delay(random.Next(6));
            switch (round % 3)
            {
                case 0:
                    bench.Sources[0].NoMore();
                    bench.Server.Die();
                    break;
                case 1:
                    bench.Client.Die();
                    break;
                default:
                    bench.Stop();
                    break;
            }
            await bench.EndedAsync();
            foreach (var task in (Task[])[server, client])
                try { await task.WaitAsync(Peer.Patience); }
                catch (Exception e) when (e is InvalidOperationException or IOException) { }
        }
    }
}
