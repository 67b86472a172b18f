// The stateless era over HTTP as its specification words it (2026-07-28, Streamable HTTP): which status an error has, what a request must say of itself, and headers that repeat parameters. Found by the official conformance suite.
using System.Net;
using CabinCrew.Gateways.Tests.Sessions;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Tests.Endpoint;

[Clause("MCP-01")]
public sealed class StatelessEraTests
{
    private const string Meta = """{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}""";

    private static string Ask(string method, string more = "", string meta = Meta) => $$$"""{"jsonrpc":"2.0","id":5,"method":"{{{method}}}","params":{{{{more}}}"_meta":{{{meta}}}}}""";

    private static Task<HttpResponseMessage> PostAsync(EndpointBench bench, string body, string method, params (string, string?)[] more) =>
        bench.AskAsync(body, null, [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", method), .. more]);

    /// <summary>Asks, and has the server answer with <paramref name="answer"/> for the id that it was asked under.</summary>
    private static async Task<HttpResponseMessage> AnsweredAsync(EndpointBench bench, Peer server, string body, string method, string answer, params (string, string?)[] more)
    {
        var asking = PostAsync(bench, body, method, more);
        var id = System.Text.Json.JsonDocument.Parse(await server.ReceiveAsync()).RootElement.GetProperty("id").GetRawText();
        await server.SendAsync($$"""{"jsonrpc":"2.0","id":{{id}},{{answer}}}""");
        return await asking;
    }

    [Theory]
    [InlineData(-32601, 404)]
    [InlineData(-32020, 400)]
    [InlineData(-32021, 400)]
    [InlineData(-32022, 400)]
    [InlineData(-32602, 200)]
    [InlineData(-32603, 200)]
    [InlineData(7, 200)]
    public async Task An_error_of_the_server_has_the_status_that_is_its_own(int code, int status)
    {
        await using var bench = new EndpointBench();
        var answer = await AnsweredAsync(bench, bench.Source.Add(), Ask("some/method"), "some/method", $"\"error\":{{\"code\":{code},\"message\":\"no\"}}");
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Contains($"\"code\":{code}", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"io.modelcontextprotocol/clientCapabilities":{}}""")]
    [InlineData("""{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}""")]
    [InlineData("""{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":[]}""")]
    public async Task A_request_that_does_not_say_what_each_request_must_say_is_malformed(string meta)
    {
        await using var bench = new EndpointBench();
        bench.Source.Add();
        var answer = await PostAsync(bench, Ask("server/discover", meta: meta), "server/discover");
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.Contains("-32602", text, StringComparison.Ordinal);
        Assert.Contains("\"id\":5", text, StringComparison.Ordinal);
        Assert.Empty(bench.Gate.Seen);
        Assert.Single(bench.Records.All);
    }

    [Fact]
    public async Task A_version_that_nobody_here_could_judge_is_refused_with_those_that_are_spoken()
    {
        await using var bench = new EndpointBench();
        bench.Source.Add();
        var answer = await bench.AskAsync(Ask("server/discover", meta: Meta.Replace("2026-07-28", "v999.0.0", StringComparison.Ordinal)), null, ("MCP-Protocol-Version", "v999.0.0"), ("Mcp-Method", "server/discover"));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var error = System.Text.Json.JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("error");
        Assert.Equal(-32022, error.GetProperty("code").GetInt32());
        Assert.Equal("v999.0.0", error.GetProperty("data").GetProperty("requested").GetString());
        Assert.Equal("2026-07-28", Assert.Single(error.GetProperty("data").GetProperty("supported").EnumerateArray()).GetString());
        Assert.Empty(bench.Gate.Seen);
    }

    [Theory]
    [InlineData("initialize")]
    [InlineData("ping")]
    [InlineData("logging/setLevel")]
    [InlineData("resources/subscribe")]
    [InlineData("resources/unsubscribe")]
    public async Task What_this_era_has_no_more_is_for_the_server_to_refuse(string method)
    {
        await using var bench = new EndpointBench();
        var answer = await AnsweredAsync(bench, bench.Source.Add(), Ask(method), method, "\"error\":{\"code\":-32601,\"message\":\"Method not found\"}");
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    private const string Tools = """
        "result":{"tools":[{"name":"query","inputSchema":{"type":"object","properties":{
            "region":{"type":"string","x-mcp-header":"Region"},
            "at":{"type":"object","properties":{"shard":{"type":"integer","x-mcp-header":"Shard"}}},
            "text":{"type":"string"}}}}]}
        """;

    private static async Task<Peer> ListedAsync(EndpointBench bench)
    {
        var server = bench.Source.Add();
        Assert.Equal(HttpStatusCode.OK, (await AnsweredAsync(bench, server, Ask("tools/list"), "tools/list", Tools.ReplaceLineEndings(" "))).StatusCode);
        return server;
    }

    private static string Query(string arguments) => Ask("tools/call", $"\"name\":\"query\",\"arguments\":{arguments},");

    [Theory]
    [InlineData("""{"region":"us-west1"}""", "us-west1", null)]
    [InlineData("""{"region":"us-west1"}""", "=?base64?dXMtd2VzdDE=?=", null)]
    [InlineData("""{"region":"é","at":{"shard":7}}""", "=?base64?w6k=?=", "7")]
    [InlineData("""{"at":{"shard":42.0}}""", null, "42")]
    [InlineData("""{"at":{"shard":42}}""", null, "42.0")]
    [InlineData("""{"region":null}""", null, null)]
    [InlineData("""{"region":"=?base64?dXMtd2VzdDE"}""", "=?base64?dXMtd2VzdDE", null)]
    [InlineData("""{"text":"x"}""", null, null)]
    public async Task Headers_that_say_what_the_arguments_say_pass(string arguments, string? region, string? shard)
    {
        await using var bench = new EndpointBench();
        var server = await ListedAsync(bench);
        var answer = await AnsweredAsync(bench, server, Query(arguments), "tools/call", "\"result\":{}", ("Mcp-Name", "query"), ("Mcp-Param-Region", region), ("mcp-param-shard", shard));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Theory]
    [InlineData("""{"region":"us-west1"}""", null, null)]
    [InlineData("""{"region":"us-west1"}""", "us-west2", null)]
    [InlineData("""{"region":"us-west1"}""", "=?base64?dXMtd2VzdDE?=", null)]
    [InlineData("""{"region":"us-west1"}""", "=?base64?dXMtd2VzdD!=?=", null)]
    [InlineData("""{}""", "us-west1", null)]
    [InlineData("""{"region":null}""", "null", null)]
    [InlineData("""{"at":{"shard":42}}""", null, "43")]
    [InlineData("""{"region":"42"}""", "42.0", null)]
    public async Task A_header_that_says_something_else_than_the_arguments_is_refused(string arguments, string? region, string? shard)
    {
        await using var bench = new EndpointBench();
        await ListedAsync(bench);
        var judged = bench.Gate.Seen.Count;
        var answer = await PostAsync(bench, Query(arguments), "tools/call", ("Mcp-Name", "query"), ("Mcp-Param-Region", region), ("Mcp-Param-Shard", shard));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("-32020", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(judged, bench.Gate.Seen.Count);
        Assert.Equal(ProblemCode.MessageHeaderMismatch, Assert.Single(bench.Records.All).Why.Code);
    }
}
