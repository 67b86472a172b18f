// A server of the transport of 2024-11-05 behind the gateway, over real connections (MCP-01): its stream names where to post, answers come back on it, and whatever breaks is an answer for whoever waits.
using System.Text;
using System.Text.Json;

namespace CabinCrew.Server.Tests;

[Clause("MCP-01")]
public sealed class EventServerTests
{
    private const string Hello = """{"jsonrpc":"2.0","id":"hello","method":"initialize","params":{"protocolVersion":"2024-11-05","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}""";
    private const string Welcome = """{"protocolVersion":"2024-11-05","capabilities":{"tools":{}},"serverInfo":{"name":"old","version":"1"}}""";

    private static Task<StandingGateway> OpenAsync(EventServer server)
    {
        Environment.SetEnvironmentVariable("CABINCREW_TEST_CREDENTIAL", "only-the-gateway-has-it");
        return StandingGateway.OpenAsync($$"""
            servers: { old: { url: "{{server.Address}}", transport: sse, private: true, headers: { X-Credential: { env: CABINCREW_TEST_CREDENTIAL } } } }
            callers: { {{StandingGateway.KeyCaller}} }
            listen: { address: "127.0.0.1:PORT" }
            """);
    }

    private static string? Standard(JsonElement request) => request.GetProperty("method").GetString() switch
    {
        "initialize" => Welcome,
        "tools/list" => """{"tools":[{"name":"look","description":"Looks","inputSchema":{"type":"object"},"annotations":{"readOnlyHint":true}}]}""",
        "tools/call" => """{"content":[{"type":"text","text":"seen ✓"}]}""",
        _ => null,
    };

    [Fact]
    public async Task A_whole_conversation_goes_through()
    {
        await using var server = await EventServer.StartAsync();
        server.Answer = Standard;
        await using var gateway = await OpenAsync(server);
        using var caller = new Caller(gateway.Address);
        var hello = await caller.AskAsync(Hello);
        Assert.Equal("old", hello.GetProperty("result").GetProperty("serverInfo").GetProperty("name").GetString());
        await caller.TellAsync("""{"jsonrpc":"2.0","method":"notifications/initialized"}""");
        Assert.Equal("look", (await caller.AskAsync("""{"jsonrpc":"2.0","id":2,"method":"tools/list"}""")).GetProperty("result").GetProperty("tools")[0].GetProperty("name").GetString());
        var call = """{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"look","arguments":{"n":12345678901234567890}}}""";
        Assert.Equal("seen ✓", (await caller.AskAsync(call)).GetProperty("result").GetProperty("content")[0].GetProperty("text").GetString());
        Assert.Equal(call, server.Posted.Last().GetRawText());
        Assert.Equal("GET /sse only-the-gateway-has-it", server.Seen.First());
        Assert.All(server.Seen.Skip(1), s => Assert.Equal("POST /messages?session=1 only-the-gateway-has-it", s));
    }

    [Theory]
    [InlineData("http://127.0.0.2:PORT/messages")]
    [InlineData("https://127.0.0.1:PORT/messages")]
    [InlineData("//evil.example/messages")]
    [InlineData("http://user@127.0.0.1:PORT/messages")]
    public async Task An_address_of_another_origin_is_never_posted_to(string endpoint)
    {
        await using var server = await EventServer.StartAsync();
        server.Endpoint = endpoint.Replace("PORT", $"{server.Address.Port}", StringComparison.Ordinal);
        await using var gateway = await OpenAsync(server);
        using var caller = new Caller(gateway.Address);
        Assert.Contains("another origin", (await caller.AskAsync(Hello)).GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Empty(server.Posted);
    }

    [Fact]
    public async Task A_call_whose_stream_ends_is_answered_by_an_error_and_never_sent_again()
    {
        await using var server = await EventServer.StartAsync();
        server.Answer = r => r.GetProperty("method").GetString() == "tools/call" ? null : Standard(r);
        await using var gateway = await OpenAsync(server);
        using var caller = new Caller(gateway.Address);
        await caller.AskAsync(Hello);
        await caller.AskAsync("""{"jsonrpc":"2.0","id":2,"method":"tools/list"}""");
        var calling = caller.AskAsync("""{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"look"}}""");
        while (!server.Posted.Any(p => p.GetProperty("method").GetString() == "tools/call")) await Task.Delay(20);
        server.Leave();
        Assert.Equal("upstream_failed", (await calling).GetProperty("error").GetProperty("data").GetProperty("problem").GetString());
        Assert.Single(server.Posted, p => p.GetProperty("method").GetString() == "tools/call");
    }

    [Fact]
    public async Task What_the_server_does_not_take_is_answered_by_an_error()
    {
        await using var server = await EventServer.StartAsync();
        server.Status = 500;
        await using var gateway = await OpenAsync(server);
        using var caller = new Caller(gateway.Address);
        Assert.Equal("upstream_failed", (await caller.AskAsync(Hello)).GetProperty("error").GetProperty("data").GetProperty("problem").GetString());
    }

    [Fact]
    public async Task A_server_that_answers_for_another_is_not_heard()
    {
        await using var server = await EventServer.StartAsync();
        server.Answer = Standard;
        await using var gateway = await OpenAsync(server);
        using var caller = new Caller(gateway.Address);
        await caller.AskAsync(Hello);
        server.Say("event: message\ndata: {\"jsonrpc\":\"2.0\",\"id\":77,\"result\":{}}\n\n");
        server.Say("event: odd\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{\"level\":\"info\",\"data\":\"unseen\"}}\n\n");
        Assert.True((await caller.AskAsync("""{"jsonrpc":"2.0","id":2,"method":"tools/list"}""")).TryGetProperty("result", out _));
        Assert.Contains(await gateway.EventsAsync(), e => e.GetRawText().Contains("message_unexpected", StringComparison.Ordinal));
    }

    /// <summary>A caller of the era of sessions, by hand.</summary>
    private sealed class Caller(Uri address) : IDisposable
    {
        private readonly HttpClient http = new();
        private string? session;

        public async Task<JsonElement> AskAsync(string message)
        {
            using var response = await SendAsync(message);
            if (response.Headers.TryGetValues("Mcp-Session-Id", out var ids)) session = ids.Single();
            var text = await response.Content.ReadAsStringAsync().WaitAsync(TimeSpan.FromSeconds(30));
            // A stream, where the answer took its time: the last event has it.
            return JsonElement.Parse(text.StartsWith('{') ? text : text.Split('\n').Last(l => l.StartsWith("data: {", StringComparison.Ordinal))["data: ".Length..]);
        }

        public async Task TellAsync(string message)
        {
            using var response = await SendAsync(message);
            Assert.Equal(202, (int)response.StatusCode);
        }

        public void Dispose() => http.Dispose();

        private async Task<HttpResponseMessage> SendAsync(string message)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new StringContent(message, Encoding.UTF8, "application/json") };
            request.Headers.TryAddWithoutValidation("Accept", "application/json, text/event-stream");
            request.Headers.TryAddWithoutValidation("X-API-Key", StandingGateway.Key);
            if (session is not null) request.Headers.TryAddWithoutValidation("Mcp-Session-Id", session);
            return await http.SendAsync(request).WaitAsync(TimeSpan.FromSeconds(30));
        }
    }
}
