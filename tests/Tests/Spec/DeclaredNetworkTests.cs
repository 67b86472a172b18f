// What a run may ask of the network, seen from the engine's side of the proxy (ENG-06, ENG-07), and what goes on record of it.
using System.Net;
using CabinCrew.Orchestrator.Engines.Network;
using CabinCrew.Protocol;
using CabinCrew.Tests.Hangar;

namespace CabinCrew.Tests.Spec;

public sealed class DeclaredNetworkTests : IDisposable
{
    private readonly ProxyLab lab = new();

    public void Dispose() => lab.Dispose();

    private static string Get(string url, string host, string more = "") => $"GET {url} HTTP/1.1\r\nHost: {host}\r\n{more}\r\n";

    [Fact, Clause("ENG-06")]
    public async Task A_flight_plan_reads_from_a_declared_host()
    {
        var far = lab.Serve(_ => FarServer.Text("hello"));
        lab.Start();
        var answer = await lab.SendAsync(Get($"http://files.test:{far.Port}/a/../b?x=%2e", $"files.test:{far.Port}", "X-Mine: 1\r\nProxy-Connection: keep-alive\r\nConnection: keep-alive, x-hop\r\nX-Hop: 1\r\n"));
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", answer);
        Assert.EndsWith("\r\n\r\nhello", answer);
        var request = Assert.Single(far.Requests);
        // The very path that was judged, the engine's headers, and nothing that is between two machines only.
        Assert.Equal("/a/../b?x=%2e", request.Target);
        Assert.Contains("X-Mine: 1\r\n", request.Head);
        Assert.DoesNotContain("X-Hop", request.Head);
        Assert.DoesNotContain("Proxy-", request.Head);
        Assert.DoesNotContain("traceparent", request.Head);
    }

    [Fact, Clause("ENG-06")]
    public async Task Behind_tls_the_path_is_seen_all_the_same()
    {
        var far = lab.Serve(_ => FarServer.Text("secret page"), tls: true);
        lab.Start();
        Assert.EndsWith("secret page", await lab.SendSecureAsync($"files.test:{far.Port}", "files.test", Get("/deep/path?q=1", $"files.test:{far.Port}")));
        var refused = await lab.SendSecureAsync($"files.test:{far.Port}", "files.test", $"DELETE /deep HTTP/1.1\r\nHost: files.test:{far.Port}\r\n\r\n");
        Assert.Contains("network_method_refused", refused);
        Assert.Single(far.Requests);
        var log = lab.Stop();
        Assert.Equal([$"GET https://files.test:{far.Port}/deep/path?q=1 200", $"DELETE https://files.test:{far.Port}/deep 403"], log.Exchanges.Select(e => $"{e.Method} {e.Url} {e.Status}"));
    }

    [Theory, Clause("ENG-06")]
    [InlineData("POST", "", EngineMode.FlightPlan, "network_method_refused")]
    [InlineData("PUT", "", EngineMode.FlightPlan, "network_method_refused")]
    [InlineData("DELETE", "", EngineMode.FlightPlan, "network_method_refused")]
    [InlineData("PROPFIND", "", EngineMode.FlightPlan, "network_method_refused")]
    [InlineData("GET", "Content-Length: 3\r\n", EngineMode.FlightPlan, "network_method_refused")]
    [InlineData("GET", "Transfer-Encoding: chunked\r\n", EngineMode.FlightPlan, "network_method_refused")]
    [InlineData("GET", "X-HTTP-Method-Override: DELETE\r\n", EngineMode.FlightPlan, "network_method_refused")]
    [InlineData("TRACE", "", EngineMode.TakeOff, "network_method_refused")]
    [InlineData("GET", "Upgrade: websocket\r\nConnection: Upgrade\r\n", EngineMode.TakeOff, "network_upgrade_refused")]
    [InlineData("GET", "Content-Length: 0\r\n", EngineMode.FlightPlan, null)]
    [InlineData("HEAD", "", EngineMode.FlightPlan, null)]
    [InlineData("OPTIONS", "", EngineMode.FlightPlan, null)]
    [InlineData("DELETE", "", EngineMode.TakeOff, null)]
    [InlineData("POST", "Content-Length: 3\r\n", EngineMode.TakeOff, null)]
    [InlineData("PROPFIND", "", EngineMode.TakeOff, null)]
    public async Task A_flight_plan_only_reads_and_a_take_off_may_write(string method, string headers, EngineMode mode, string? refusal)
    {
        var far = lab.Serve(_ => FarServer.Text(""));
        lab.Start(mode);
        var answer = await lab.SendAsync($"{method} http://files.test:{far.Port}/x HTTP/1.1\r\nHost: files.test:{far.Port}\r\n{headers}\r\nabc");
        if (refusal is null) Assert.StartsWith("HTTP/1.1 200", answer);
        else Assert.Contains($"cabincrew: {refusal}: ", answer);
        Assert.Equal(refusal is null ? 1 : 0, far.Requests.Count);
    }

    [Fact, Clause("ENG-06")]
    public async Task Each_mode_has_its_own_hosts()
    {
        var far = lab.Serve(_ => FarServer.Text("ok"), name: "later.test");
        lab.Names["later.test"] = ["127.0.0.1"];
        lab.Hosts[0] = lab.Hosts[0] with { Modes = [EngineMode.TakeOff] };
        lab.Start();
        Assert.Contains("network_host_undeclared", await lab.SendAsync(Get($"http://later.test:{far.Port}/", $"later.test:{far.Port}")));
        lab.Stop();
        lab.Start(EngineMode.TakeOff);
        Assert.EndsWith("ok", await lab.SendAsync(Get($"http://later.test:{far.Port}/", $"later.test:{far.Port}")));
    }

    [Fact, Clause("ENG-06")]
    public async Task Nothing_that_is_not_declared_is_even_looked_up()
    {
        lab.Hosts.Add(new("*.files.test", [443, 80], ProxyLab.Both));
        lab.Start();
        foreach (var host in (string[])["files.test", "evilfiles.test", "files.test.evil.test", "x.files.test:8080", "files.test:80", "127.1", "0x7f.1", "2130706433", "[::1]", "localhost"])
            Assert.Matches("network_host_undeclared|network_request_malformed", await lab.SendAsync(Get($"http://{host}/", host)));
        Assert.Contains("network_host_undeclared", await lab.SendAsync("CONNECT evil.test:443 HTTP/1.1\r\nHost: evil.test:443\r\n\r\n"));
        Assert.Empty(lab.Resolved);
        Assert.Contains("network_upstream_failed", await lab.SendAsync(Get("http://a.files.test/", "a.files.test")));
        Assert.Equal(["a.files.test"], lab.Resolved);
    }

    [Fact, Clause("ENG-06")]
    public async Task A_redirect_is_only_an_answer()
    {
        var far = lab.Serve(_ => FarServer.Text("", "Location: http://169.254.169.254/latest/\r\nAlt-Svc: h3=\":443\"\r\n", "302 Found"));
        lab.Start();
        var answer = await lab.SendAsync(Get($"http://files.test:{far.Port}/", $"files.test:{far.Port}"));
        Assert.StartsWith("HTTP/1.1 302 Found", answer);
        Assert.DoesNotContain("Alt-Svc", answer);
        Assert.Contains("network_host_undeclared", await lab.SendAsync(Get("http://169.254.169.254/latest/", "169.254.169.254")));
    }

    [Fact]
    public async Task Answers_of_every_shape_come_through_whole()
    {
        var big = new string('x', 300_000);
        var far = lab.Serve(r => r.Target switch
        {
            "/chunked" => System.Text.Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;a=b\r\n world\r\n0\r\n\r\n"),
            "/close" => System.Text.Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\n\r\nuntil the end"),
            "/none" => System.Text.Encoding.ASCII.GetBytes("HTTP/1.1 204 No Content\r\n\r\n"),
            "/short" => System.Text.Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"),
            _ => FarServer.Text(big),
        });
        lab.Start();
        Task<string> Ask(string path, string method = "GET", string version = "1.1") => lab.SendAsync($"{method} http://files.test:{far.Port}{path} HTTP/{version}\r\nHost: files.test:{far.Port}\r\n\r\n");
        Assert.Matches("Transfer-Encoding: chunked\r\n\r\n(.*\r\n)+0\r\n\r\n$", await Ask("/chunked"));
        Assert.EndsWith("\r\n\r\nhello world", await Ask("/chunked", version: "1.0"));
        Assert.Contains("until the end", await Ask("/close"));
        Assert.EndsWith("\r\n\r\n", await Ask("/none"));
        Assert.EndsWith(big, await Ask("/big"));
        Assert.Contains("Content-Length: 300000\r\n", await Ask("/big", "HEAD"));
        // Half an answer must not look like a whole one.
        Assert.DoesNotContain("0\r\n\r\n", (await Ask("/short"))[^7..]);
        var log = lab.Stop();
        Assert.Equal("network_upstream_failed", log.Exchanges[^1].Problem);
        Assert.Equal(Digest.Of("hello world"u8), log.Exchanges[0].ResponseBody);
        Assert.Equal((300_000, 0), (log.Exchanges[4].ResponseBytes, log.Exchanges[5].ResponseBytes));
    }

    [Fact]
    public async Task One_connection_carries_many_requests_and_100_continue_is_answered()
    {
        var far = lab.Serve(r => FarServer.Text(r.Target + System.Text.Encoding.ASCII.GetString(r.Body)));
        lab.Start(EngineMode.TakeOff);
        var (url, host) = ($"http://files.test:{far.Port}", $"files.test:{far.Port}");
        var answer = await lab.SendAsync(Get(url + "/1", host) + $"POST {url}/2 HTTP/1.1\r\nHost: {host}\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" + Get(url + "/3", host));
        Assert.Matches("(?s)/1HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 .*/2abcHTTP/1.1 200 .*/3$", answer);
    }

    [Fact, Clause("AUD-04")]
    public async Task The_record_tells_all_but_secrets()
    {
        lab.Redactor.Learn("TOKEN", "hunter2hunter2");
        var far = lab.Serve(r => FarServer.Text(r.Target.Contains("echo") ? "it is hunter2hunter2" : "page", "Set-Cookie: sid=abc\r\nX-Echo: hunter2hunter2\r\n"));
        lab.Start();
        var host = $"files.test:{far.Port}";
        await lab.SendAsync(Get($"http://{host}/page?access_token=abc&n=1&u=hunter2hunter2", host, "Authorization: Bearer hunter2hunter2\r\n"));
        await lab.SendAsync(Get($"http://{host}/echo", host));
        Assert.Contains("Authorization: Bearer hunter2hunter2\r\n", far.Requests.First().Head);
        var log = lab.Stop();
        Assert.Equal($"http://{host}/page?access_token=[redacted]&n=1&u=[redacted:TOKEN]", log.Exchanges[0].Url);
        Assert.Equal((4, Digest.Of("page"u8), true), (log.Exchanges[0].ResponseBytes, log.Exchanges[0].ResponseBody!.Value, log.Exchanges[0].Kept));
        Assert.False(log.Exchanges[1].Kept);
        var document = System.Text.Encoding.UTF8.GetString(log.ToJson());
        foreach (var secret in (string[])["hunter2", "sid=", "Bearer"]) Assert.DoesNotContain(secret, document);
        Assert.All(log.Bodies.Values, b => Assert.Null(lab.Redactor.FindIn(b.Span)));
        Assert.Equal(document, System.Text.Encoding.UTF8.GetString(NetworkLog.Read(log.ToJson()).Value.ToJson()));
    }

    [Fact, Clause("ENG-07")]
    public async Task A_replay_answers_from_the_record_and_from_nothing_else()
    {
        var asked = 0;
        var far = lab.Serve(r => FarServer.Text($"{r.Target} {++asked}"));
        var host = $"files.test:{far.Port}";
        Task<string> Ask(string path, string more = "") => lab.SendAsync(Get($"http://{host}{path}", host, more));
        lab.Start();
        var live = (await Ask("/a"), await Ask("/a"), await Ask("/b"), await lab.SendAsync(Get("http://gone.test/", "gone.test")));
        lab.Replay = lab.Stop();
        lab.Start();
        Assert.Equal(live, (await Ask("/a"), await Ask("/a"), await Ask("/b"), await lab.SendAsync(Get("http://gone.test/", "gone.test"))));
        Assert.Equal(live.Item2, await Ask("/a"));
        Assert.Contains("network_not_recorded", await Ask("/c"));
        Assert.Contains("network_not_recorded", await Ask("/b", "Range: bytes=0-1\r\n"));
        Assert.Equal(3, far.Requests.Count);
        // What was replayed is the same record, and can be replayed in its turn.
        var again = lab.Stop();
        Assert.Equal(lab.Replay.Exchanges.Select(e => (e.Url, e.Status, e.ResponseBody)), again.Exchanges.Take(4).Select(e => (e.Url, e.Status, e.ResponseBody)));
        Assert.Equal(lab.Replay.Bodies.Keys.Order(), again.Bodies.Keys.Order());
    }

    [Theory]
    [InlineData("Example.COM", 443, "example.com:443")]
    [InlineData("example.com:8443", 443, "example.com:8443")]
    [InlineData("[2001:DB8::1]:80", 443, "[2001:db8::1]:80")]
    [InlineData("10.0.0.1", 80, "10.0.0.1:80")]
    [InlineData("example.com.", 443, null)]
    [InlineData("example..com", 443, null)]
    [InlineData("-example.com", 443, null)]
    [InlineData("exam ple.com", 443, null)]
    [InlineData("user@example.com", 443, null)]
    [InlineData("example.com:0", 443, null)]
    [InlineData("example.com:99999", 443, null)]
    [InlineData("example.com:", 443, null)]
    [InlineData("example.com:+80", 443, null)]
    [InlineData("example.com", 0, null)]
    [InlineData("010.0.0.1", 80, null)]
    [InlineData("10.1", 80, null)]
    [InlineData("x.0x7f", 80, null)]
    [InlineData("[::1%lo]:80", 80, null)]
    [InlineData("[::1", 80, null)]
    [InlineData("bücher.example", 80, null)]
    [InlineData("", 80, null)]
    public void A_destination_has_one_spelling(string text, int port, string? expected) => Assert.Equal(expected, Authority.Parse(text, port)?.ToString());
}
