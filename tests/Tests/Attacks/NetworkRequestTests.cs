// Requests that mean one thing to the proxy and another to the server behind it, or that mean to stay for ever.
using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using CabinCrew.Orchestrator.Engines.Network;
using CabinCrew.Protocol;
using CabinCrew.Tests.Hangar;

namespace CabinCrew.Tests.Attacks;

public sealed class NetworkRequestTests : IDisposable
{
    private readonly ProxyLab lab = new();
    private readonly FarServer far;

    public NetworkRequestTests() => far = lab.Serve(_ => FarServer.Text("ok"));

    public void Dispose() => lab.Dispose();

    public static TheoryData<string, string> Malformed => new()
    {
        { "both lengths", "POST http://H/ HTTP/1.1\r\nHost: H\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /evil HTTP/1.1\r\nHost: H\r\n\r\n" },
        { "two lengths", "POST http://H/ HTTP/1.1\r\nHost: H\r\nContent-Length: 0\r\nContent-Length: 44\r\n\r\nGET http://H/evil HTTP/1.1\r\nHost: H\r\n\r\n" },
        { "a list of lengths", "POST http://H/ HTTP/1.1\r\nHost: H\r\nContent-Length: 0, 0\r\n\r\n" },
        { "a signed length", "POST http://H/ HTTP/1.1\r\nHost: H\r\nContent-Length: +3\r\n\r\nabc" },
        { "a coding that is not chunked", "POST http://H/ HTTP/1.1\r\nHost: H\r\nTransfer-Encoding: xchunked\r\n\r\n" },
        { "chunked twice", "POST http://H/ HTTP/1.1\r\nHost: H\r\nTransfer-Encoding: chunked, chunked\r\n\r\n" },
        { "two codings", "POST http://H/ HTTP/1.1\r\nHost: H\r\nTransfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n" },
        { "chunked in the old protocol", "POST http://H/ HTTP/1.0\r\nHost: H\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" },
        { "a space before the colon", "POST http://H/ HTTP/1.1\r\nHost: H\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n" },
        { "a folded header", "GET http://H/ HTTP/1.1\r\nHost: H\r\nX-A: 1\r\n Transfer-Encoding: chunked\r\n\r\n" },
        { "a bare line feed", "GET http://H/ HTTP/1.1\r\nHost: H\nX-A: 1\r\n\r\n" },
        { "a bare carriage return", "GET http://H/ HTTP/1.1\r\nHost: H\r\nX-A: 1\rX-B: 2\r\n\r\n" },
        { "a zero byte", "GET http://H/ HTTP/1.1\r\nHost: H\r\nX-A: 1\02\r\n\r\n" },
        { "a byte beyond ASCII", "GET http://H/ HTTP/1.1\r\nHost: H\r\nX-A: \u00e9\r\n\r\n" },
        { "a chunk that is longer than it says", "POST http://H/ HTTP/1.1\r\nHost: H\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n" },
        { "a chunk's extension", "POST http://H/ HTTP/1.1\r\nHost: H\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nab\r\n0\r\n\r\n" },
        { "a chunk size with a prefix", "POST http://H/ HTTP/1.1\r\nHost: H\r\nTransfer-Encoding: chunked\r\n\r\n0x2\r\nab\r\n0\r\n\r\n" },
        { "a chunk size that overflows", "POST http://H/ HTTP/1.1\r\nHost: H\r\nTransfer-Encoding: chunked\r\n\r\n100000000\r\nab\r\n0\r\n\r\n" },
        { "a chunk line that ends in a line feed", "POST http://H/ HTTP/1.1\r\nHost: H\r\nTransfer-Encoding: chunked\r\n\r\n2\nab\r\n0\r\n\r\n" },
        { "a trailer", "POST http://H/ HTTP/1.1\r\nHost: H\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Evil: 1\r\n\r\n" },
        { "a body that ends early", "POST http://H/ HTTP/1.1\r\nHost: H\r\nContent-Length: 10\r\n\r\nabc" },
        { "no host", "GET http://H/ HTTP/1.1\r\n\r\n" },
        { "two hosts", "GET http://H/ HTTP/1.1\r\nHost: H\r\nHost: H\r\n\r\n" },
        { "a user in the target", "GET http://u:p@H/ HTTP/1.1\r\nHost: H\r\n\r\n" },
        { "a fragment in the target", "GET http://H/#x HTTP/1.1\r\nHost: H\r\n\r\n" },
        { "a space in the target", "GET http://H/ x HTTP/1.1\r\nHost: H\r\n\r\n" },
        { "origin form", "GET / HTTP/1.1\r\nHost: H\r\n\r\n" },
        { "https without a tunnel", "GET https://H/ HTTP/1.1\r\nHost: H\r\n\r\n" },
        { "another scheme", "GET file:///etc/passwd HTTP/1.1\r\nHost: H\r\n\r\n" },
        { "another version", "GET http://H/ HTTP/2.0\r\nHost: H\r\n\r\n" },
        { "HTTP/2 itself", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" },
        { "something else altogether", "\x16\x03\x01\x02\x00\x01\x00\r\n\r\n" },
        { "bytes after CONNECT", "CONNECT H HTTP/1.1\r\nHost: H\r\n\r\nGET / HTTP/1.1\r\n\r\n" },
        { "a body of CONNECT", "CONNECT H HTTP/1.1\r\nHost: H\r\nContent-Length: 3\r\n\r\n" },
    };

    [Theory, Clause("ENG-06"), MemberData(nameof(Malformed))]
    public async Task Two_readers_two_meanings(string what, string request)
    {
        lab.Start(EngineMode.TakeOff);
        var answer = await lab.SendAsync(request.Replace("H/", $"files.test:{far.Port}/").Replace("http://H", $"http://files.test:{far.Port}").Replace("Host: H", $"Host: files.test:{far.Port}").Replace("CONNECT H", $"CONNECT files.test:{far.Port}"));
        Assert.True(answer.Contains("cabincrew: network_request_malformed: ") && answer.StartsWith("HTTP/1.1 400", StringComparison.Ordinal), $"{what}: {answer}");
        Assert.Single(answer.Split("HTTP/1.1 4"), part => part.Length == 0);
        Assert.Empty(far.Requests);
        Assert.Equal("network_request_malformed", Assert.Single(lab.Stop().Exchanges).Problem);
    }

    [Fact, Clause("ENG-06")]
    public async Task A_host_header_that_names_another()
    {
        lab.Hosts.Add(new("other.test", [443, 80], ProxyLab.Both));
        lab.Start();
        Assert.Contains("network_host_mismatch", await lab.SendAsync($"GET http://files.test:{far.Port}/ HTTP/1.1\r\nHost: other.test\r\n\r\n"));
        Assert.Contains("network_host_mismatch", await lab.SendAsync($"CONNECT files.test:{far.Port} HTTP/1.1\r\nHost: other.test\r\n\r\n"));
        Assert.Contains("network_host_mismatch", await lab.SendSecureAsync($"files.test:{far.Port}", "files.test", "GET / HTTP/1.1\r\nHost: other.test\r\n\r\n"));
        await Assert.ThrowsAnyAsync<Exception>(() => lab.SendSecureAsync($"files.test:{far.Port}", "other.test", "GET / HTTP/1.1\r\nHost: other.test\r\n\r\n"));
        Assert.Empty(far.Requests);
        Assert.All(lab.Stop().Exchanges, e => Assert.Equal("network_host_mismatch", e.Problem));
    }

    [Fact, Clause("ENG-06")]
    public async Task Anything_but_tls_in_a_tunnel()
    {
        lab.Start(EngineMode.TakeOff);
        using var socket = await lab.ConnectAsync();
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"CONNECT files.test:{far.Port} HTTP/1.1\r\nHost: files.test:{far.Port}\r\n\r\n"));
        await stream.ReadExactlyAsync(new byte[39]);
        await stream.WriteAsync("GET / HTTP/1.1\r\nHost: files.test\r\n\r\n"u8.ToArray());
        var answer = new MemoryStream();
        await stream.CopyToAsync(answer);
        Assert.DoesNotContain("HTTP", Encoding.Latin1.GetString(answer.ToArray()));
        Assert.Empty(far.Requests);
        Assert.Equal("network_tls_failed", Assert.Single(lab.Stop().Exchanges).Problem);
    }

    [Fact, Clause("ENG-06")]
    public async Task A_server_whose_certificate_nobody_signed()
    {
        using var stranger = new RunAuthority(TimeProvider.System.GetUtcNow());
        using var server = new FarServer(_ => FarServer.Text("trust me"), stranger);
        using var misnamed = new FarServer(_ => FarServer.Text("trust me"), lab.Trust, "other.test");
        foreach (var impostor in (FarServer[])[server, misnamed])
        {
            lab.Hosts.Add(new("files.test", [impostor.Port], ProxyLab.Both));
            lab.Private.Add(new(new(System.Net.IPAddress.Loopback, 32), impostor.Port));
        }
        lab.Start();
        foreach (var impostor in (FarServer[])[server, misnamed])
            Assert.Contains("network_upstream_failed", await lab.SendSecureAsync($"files.test:{impostor.Port}", "files.test", $"GET / HTTP/1.1\r\nHost: files.test:{impostor.Port}\r\n\r\n"));
        Assert.Empty(server.Requests);
    }

    [Theory, Clause("ENG-12")]
    [InlineData("GET http://H/ HTTP/1.1\r\nHost: ")]
    [InlineData("POST http://H/ HTTP/1.1\r\nHost: H\r\nContent-Length: 10\r\n\r\nabc")]
    public async Task A_client_that_never_comes_to_the_end(string begin)
    {
        lab.Limits = NetworkLimits.Default with { Head = TimeSpan.FromMilliseconds(300), Stall = TimeSpan.FromMilliseconds(300) };
        lab.Start(EngineMode.TakeOff);
        using var socket = await lab.ConnectAsync();
        await using var stream = new NetworkStream(socket);
        var clock = Stopwatch.StartNew();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(begin.Replace("H/", $"files.test:{far.Port}/").Replace(": H", $": files.test:{far.Port}")));
        var answer = new MemoryStream();
        await stream.CopyToAsync(answer);
        Assert.Contains("limit_network", Encoding.UTF8.GetString(answer.ToArray()));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"{clock.Elapsed}");
    }

    [Theory, Clause("ENG-12")]
    [InlineData("a head without end", 70_000, "network_request_malformed")]
    [InlineData("too many headers", 200, "network_request_malformed")]
    [InlineData("a body beyond its limit", 2000, "limit_network")]
    public async Task Too_much_of_anything(string what, int size, string code)
    {
        lab.Limits = NetworkLimits.Default with { RequestBytes = 1000 };
        lab.Start(EngineMode.TakeOff);
        var (url, host) = ($"http://files.test:{far.Port}/", $"files.test:{far.Port}");
        var answer = await lab.SendAsync(what switch
        {
            "a head without end" => $"GET {url} HTTP/1.1\r\nHost: {host}\r\nX: {new string('x', size)}\r\n\r\n",
            "too many headers" => $"GET {url} HTTP/1.1\r\nHost: {host}\r\n{string.Concat(Enumerable.Repeat("X: 1\r\n", size))}\r\n",
            _ => $"POST {url} HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n{new string('x', size)}\r\n0\r\n\r\n",
        });
        Assert.Contains(code, answer);
        Assert.Empty(far.Requests);
    }

    [Fact, Clause("ENG-12")]
    public async Task Too_many_requests_and_too_many_bytes()
    {
        lab.Limits = NetworkLimits.Default with { Exchanges = 2, TotalBytes = 5 };
        lab.Start();
        Task<string> Ask() => lab.SendAsync($"GET http://files.test:{far.Port}/ HTTP/1.1\r\nHost: files.test:{far.Port}\r\n\r\n");
        Assert.EndsWith("ok", await Ask());
        Assert.EndsWith("ok", await Ask());
        Assert.Contains("limit_network", await Ask());
        Assert.Equal((2, 2L), (lab.Stop() is var log ? log.Exchanges.Length : 0, log.Unrecorded));
        lab.Limits = lab.Limits with { TotalBytes = 3 };
        lab.Start();
        await Ask();
        await Ask();
        Assert.Equal("limit_network", lab.Stop().Exchanges[1].Problem);
    }
}
