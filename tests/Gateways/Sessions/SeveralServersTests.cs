// Several servers behind one endpoint: names, lists, cursors, ids and introductions are the gateway's; everything else is as its author wrote it (MCP-01).
using System.Text.Json;
using CabinCrew.Gateways.Mcp.Sessions.Several;
using CabinCrew.Governance.Policies.Messages;
using static CabinCrew.Gateways.Tests.Sessions.Bench;

namespace CabinCrew.Gateways.Tests.Sessions;

public sealed class SeveralServersTests
{
    private static JsonElement Json(string line) => JsonElement.Parse(line);

    private static string Hello(string id = "\"hello\"") => $$$$"""{"jsonrpc":"2.0","id":{{{{id}}}},"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"tester","version":"1"}}}""";

    private static string Welcoming(string version, string capabilities, string more = "") =>
        $$$$"""{"jsonrpc":"2.0","id":"hello","result":{"protocolVersion":"{{{{version}}}}","capabilities":{{{{capabilities}}}},"serverInfo":{"name":"x","version":"1"}{{{{more}}}}}}""";

    private static async Task<(Bench Bench, JsonElement Welcome)> OpenAsync(string first = """{"tools":{},"resources":{"subscribe":true}}""", string second = """{"tools":{"listChanged":true},"prompts":{},"logging":{}}""", string secondVersion = "2025-11-25")
    {
        var bench = new Bench(["files", "web"]).Start();
        await bench.Client.SendAsync(Hello());
        await bench.Servers[0].ExpectAsync(Hello());
        await bench.Servers[1].ExpectAsync(Hello());
        await bench.Servers[1].SendAsync(Welcoming(secondVersion, second, ",\"instructions\":\"Browse.\""));
        await bench.Servers[0].SendAsync(Welcoming("2025-11-25", first, ",\"instructions\":\"Read.\""));
        return (bench, Json(await bench.Client.ReceiveAsync()));
    }

    [Fact]
    public async Task The_introductions_become_one()
    {
        var (bench, welcome) = await OpenAsync(secondVersion: "2025-06-18");
        await using var _ = bench;
        var result = welcome.GetProperty("result");
        Assert.Equal("2025-06-18", result.GetProperty("protocolVersion").GetString());
        Assert.Equal("""{"tools":{"listChanged":true},"resources":{"subscribe":true},"prompts":{},"logging":{}}""", result.GetProperty("capabilities").GetRawText());
        Assert.Equal("cabincrew", result.GetProperty("serverInfo").GetProperty("name").GetString());
        Assert.Equal("files:\nRead.\n\nweb:\nBrowse.", result.GetProperty("instructions").GetString());
        await bench.Client.SendAsync(Initialized);
        await bench.Servers[0].ExpectAsync(Initialized);
        await bench.Servers[1].ExpectAsync(Initialized);
    }

    [Fact]
    public async Task A_call_reaches_the_server_that_its_name_begins_with_and_the_gate_sees_the_servers_own_name()
    {
        var (bench, _) = await OpenAsync();
        await using var _1 = bench;
        const string call = """{ "jsonrpc":"2.0","id":3,"x":12345678901234567890,"method":"tools/call","params":{"arguments":{"name":"web__fetch"}, "name":"web__fetch"} }""";
        await bench.Client.SendAsync(call);
        await bench.Servers[1].ExpectAsync(call.Replace(", \"name\":\"web__fetch\"", ", \"name\":\"fetch\"", StringComparison.Ordinal));
        var judged = bench.Gate.Seen.Last();
        Assert.Equal(("web", "fetch", "3"), (judged.Server, judged.Frame.Name, System.Text.Encoding.UTF8.GetString(judged.Frame.Id.Span)));
        // Only the server that was asked can answer.
        await bench.Servers[0].SendAsync(Result("3", "spoofed"));
        await bench.Servers[0].SendAsync("""{"jsonrpc":"2.0","method":"notifications/message","params":{}}""");
        await bench.Client.ReceiveAsync();
        await bench.Servers[1].SendAsync(Result("3"));
        await bench.Client.ExpectAsync(Result("3"));
        Assert.Equal("files", bench.Records.All.Single().Server);
    }

    [Theory]
    [InlineData("read")]
    [InlineData("nobody__read")]
    [InlineData("__read")]
    [InlineData("Web__fetch")]
    public async Task A_name_of_no_server_is_refused(string name)
    {
        var (bench, _) = await OpenAsync();
        await using var _1 = bench;
        await bench.Client.SendAsync(Call("1", name));
        Assert.Equal(-32602, Json(await bench.Client.ReceiveAsync()).GetProperty("error").GetProperty("code").GetInt32());
    }

    [Fact]
    public async Task Lists_become_one_with_a_cursor_for_whoever_has_more()
    {
        var (bench, _) = await OpenAsync();
        await using var _1 = bench;
        const string list = """{"jsonrpc":"2.0","id":1,"method":"tools/list"}""";
        await bench.Client.SendAsync(list);
        await bench.Servers[0].ExpectAsync(list);
        await bench.Servers[1].ExpectAsync(list);
        await bench.Servers[0].SendAsync("""{"jsonrpc":"2.0","id":1,"result":{"tools":[ {"description":"d","name":"r\u0065ad","n":1.50} ],"nextCursor":"p\"2"}}""");
        await bench.Servers[1].SendAsync("""{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"fetch"},{"noname":1}]}}""");
        var result = Json(await bench.Client.ReceiveAsync()).GetProperty("result");
        Assert.Equal("""[{"description":"d","name":"files__read","n":1.50},{"name":"web__fetch"}]""", result.GetProperty("tools").GetRawText());
        var cursor = result.GetProperty("nextCursor").GetString()!;

        await bench.Client.SendAsync($$$"""{"jsonrpc":"2.0","id":2,"method":"tools/list","params":{"cursor":"{{{cursor}}}"}}""");
        await bench.Servers[0].ExpectAsync("""{"jsonrpc":"2.0","id":2,"method":"tools/list","params":{"cursor":"p\"2"}}""");
        await bench.Servers[0].SendAsync("""{"jsonrpc":"2.0","id":2,"result":{"tools":[{"name":"write"}]}}""");
        Assert.Equal("""{"tools":[{"name":"files__write"}]}""", Json(await bench.Client.ReceiveAsync()).GetProperty("result").GetRawText());

        await bench.Client.SendAsync("""{"jsonrpc":"2.0","id":3,"method":"tools/list","params":{"cursor":"made up"}}""");
        Assert.Equal(-32602, Json(await bench.Client.ReceiveAsync()).GetProperty("error").GetProperty("code").GetInt32());
    }

    [Fact]
    public async Task A_server_whose_list_is_refused_or_fails_is_left_out()
    {
        var (bench, _) = await OpenAsync();
        await using var _1 = bench;
        bench.Gate.Refuse(m => m.Server == "files" && m.Answers is not null);
        await bench.Client.SendAsync("""{"jsonrpc":"2.0","id":1,"method":"tools/list"}""");
        foreach (var server in bench.Servers) await server.ReceiveAsync();
        await bench.Servers[0].SendAsync("""{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"read"}]}}""");
        await bench.Servers[1].SendAsync("""{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"fetch"}]}}""");
        Assert.Equal("""{"tools":[{"name":"web__fetch"}]}""", Json(await bench.Client.ReceiveAsync()).GetProperty("result").GetRawText());

        bench.Gate.Refuse(m => m.Frame.Method == "tools/list");
        await bench.Client.SendAsync("""{"jsonrpc":"2.0","id":2,"method":"tools/list"}""");
        Assert.Equal("policy-7", Json(await bench.Client.ReceiveAsync()).GetProperty("error").GetProperty("data").GetProperty("policy_id").GetString());
    }

    [Fact]
    public async Task Resources_belong_to_the_server_that_showed_them_first()
    {
        var both = """{"resources":{},"tools":{}}""";
        var (bench, _) = await OpenAsync(both, both);
        await using var _1 = bench;
        await bench.Client.SendAsync("""{"jsonrpc":"2.0","id":1,"method":"resources/list"}""");
        foreach (var server in bench.Servers) await server.ReceiveAsync();
        await bench.Servers[1].SendAsync("""{"jsonrpc":"2.0","id":1,"result":{"resources":[{"uri":"x://b","name":"b"},{"uri":"x://a","name":"taken"}]}}""");
        await bench.Servers[0].SendAsync("""{"jsonrpc":"2.0","id":1,"result":{"resources":[{"uri":"x://a","name":"a"}]}}""");
        Assert.Equal("""[{"uri":"x://a","name":"a"},{"uri":"x://b","name":"b"}]""", Json(await bench.Client.ReceiveAsync()).GetProperty("result").GetProperty("resources").GetRawText());
        await bench.Client.SendAsync("""{"jsonrpc":"2.0","id":2,"method":"resources/templates/list"}""");
        foreach (var server in bench.Servers) await server.ReceiveAsync();
        await bench.Servers[0].SendAsync("""{"jsonrpc":"2.0","id":2,"result":{"resourceTemplates":[]}}""");
        await bench.Servers[1].SendAsync("""{"jsonrpc":"2.0","id":2,"result":{"resourceTemplates":[{"uriTemplate":"w://{page}","name":"pages"}]}}""");
        await bench.Client.ReceiveAsync();

        foreach (var (uri, server) in ((string, int)[])[("x://a", 0), ("x://b", 1), ("w://main", 1)]) await ReadAsync(bench, uri, server);
        // A link in a tool's result is its server's too.
        await bench.Client.SendAsync(Call("7", "files__read"));
        await bench.Servers[0].ReceiveAsync();
        await bench.Servers[0].SendAsync("""{"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"resource_link","uri":"y://linked","name":"l"}]}}""");
        await bench.Client.ReceiveAsync();
        await ReadAsync(bench, "y://linked", 0);

        await bench.Client.SendAsync("""{"jsonrpc":"2.0","id":9,"method":"resources/read","params":{"uri":"z://unknown"}}""");
        Assert.Equal(-32602, Json(await bench.Client.ReceiveAsync()).GetProperty("error").GetProperty("code").GetInt32());
    }

    private static async Task ReadAsync(Bench bench, string uri, int server)
    {
        var read = $$$"""{"jsonrpc":"2.0","id":"read","method":"resources/read","params":{"uri":"{{{uri}}}"}}""";
        await bench.Client.SendAsync(read);
        await bench.Servers[server].ExpectAsync(read);
        await bench.Servers[server].SendAsync(Result("\"read\""));
        await bench.Client.ExpectAsync(Result("\"read\""));
    }

    [Fact]
    public async Task Ids_and_tokens_of_servers_that_ask_are_kept_apart()
    {
        var (bench, _) = await OpenAsync();
        await using var _1 = bench;
        const string ask = """{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{"messages":[],"_meta":{"progressToken":5}}}""";
        await bench.Servers[0].SendAsync(ask);
        var first = Json(await bench.Client.ReceiveAsync());
        await bench.Servers[1].SendAsync(ask);
        var second = Json(await bench.Client.ReceiveAsync());
        var (firstId, secondId) = (first.GetProperty("id").GetRawText(), second.GetProperty("id").GetRawText());
        Assert.NotEqual(firstId, secondId);
        var token = second.GetProperty("params").GetProperty("_meta").GetProperty("progressToken").GetRawText();
        // Of one server, an id that is still open is taken.
        await bench.Servers[0].SendAsync(ask);
        Assert.Equal("message_id_taken", Json(await bench.Servers[0].ReceiveAsync()).GetProperty("error").GetProperty("data").GetProperty("problem").GetString());
        await bench.Client.SendAsync($$$"""{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":{{{token}}},"progress":1}}""");
        await bench.Servers[1].ExpectAsync("""{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":5,"progress":1}}""");
        await bench.Client.SendAsync(Result(secondId, "two"));
        await bench.Client.SendAsync(Result(firstId, "one"));
        await bench.Servers[1].ExpectAsync(Result("1", "two"));
        await bench.Servers[0].ExpectAsync(Result("1", "one"));
        // What the gate judged has the servers' own ids.
        Assert.All(bench.Gate.Seen.Where(s => s.Frame.Method == "sampling/createMessage"), s => Assert.Equal("1", System.Text.Encoding.UTF8.GetString(s.Frame.Id.Span)));
        await bench.Servers[0].SendAsync(ask);
        var third = Json(await bench.Client.ReceiveAsync()).GetProperty("id").GetRawText();
        await bench.Servers[0].SendAsync("""{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}""");
        Assert.Equal(third, Json(await bench.Client.ReceiveAsync()).GetProperty("params").GetProperty("requestId").GetRawText());
    }

    [Fact]
    public async Task Tasks_are_seen_by_the_two_parties_to_them_only()
    {
        var (bench, _) = await OpenAsync();
        await using var _1 = bench;
        await bench.Client.SendAsync(Call("1", "web__fetch", ""","task":{}"""));
        await bench.Servers[1].ReceiveAsync();
        await bench.Servers[1].SendAsync("""{"jsonrpc":"2.0","id":1,"result":{"task":{"taskId":"T1","status":"working"}}}""");
        await bench.Client.ReceiveAsync();
        const string get = """{"jsonrpc":"2.0","id":2,"method":"tasks/get","params":{"taskId":"T1"}}""";
        await bench.Client.SendAsync(get);
        await bench.Servers[1].ExpectAsync(get);
        await bench.Client.SendAsync(get.Replace("T1", "T2", StringComparison.Ordinal).Replace("\"id\":2", "\"id\":3", StringComparison.Ordinal));
        Assert.Equal(-32602, Json(await bench.Client.ReceiveAsync()).GetProperty("error").GetProperty("code").GetInt32());
        foreach (var spy in (string[])["""{"jsonrpc":"2.0","id":1,"method":"tasks/list"}""", """{"jsonrpc":"2.0","id":2,"method":"tasks/get","params":{"taskId":"of-another"}}"""])
        {
            await bench.Servers[0].SendAsync(spy);
            Assert.Equal(-32602, Json(await bench.Servers[0].ReceiveAsync()).GetProperty("error").GetProperty("code").GetInt32());
        }
    }

    [Fact]
    public async Task Cancelling_a_request_to_all_reaches_all()
    {
        var (bench, _) = await OpenAsync();
        await using var _1 = bench;
        await bench.Client.SendAsync("""{"jsonrpc":"2.0","id":1,"method":"tools/list"}""");
        foreach (var server in bench.Servers) await server.ReceiveAsync();
        await bench.Servers[0].SendAsync("""{"jsonrpc":"2.0","id":1,"result":{"tools":[]}}""");
        await Task.Delay(20);
        const string cancel = """{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}""";
        await bench.Client.SendAsync(cancel);
        await bench.Servers[1].ExpectAsync(cancel);
        await bench.Client.SendAsync("""{"jsonrpc":"2.0","id":2,"method":"ping"}""");
        await bench.Client.ExpectAsync("""{"jsonrpc":"2.0","id":2,"result":{}}""");
    }

    [Fact]
    public async Task A_server_that_dies_is_left_out_and_the_others_go_on()
    {
        var (bench, _) = await OpenAsync();
        await using var _1 = bench;
        await bench.Client.SendAsync("""{"jsonrpc":"2.0","id":1,"method":"tools/list"}""");
        foreach (var server in bench.Servers) await server.ReceiveAsync();
        await bench.Servers[1].SendAsync("""{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"fetch"}]}}""");
        bench.Sources[0].NoMore();
        bench.Servers[0].Die();
        Assert.Equal("""{"tools":[{"name":"web__fetch"}]}""", Json(await bench.Client.ReceiveAsync()).GetProperty("result").GetRawText());
        await bench.Client.SendAsync(Call("2", "files__read"));
        Assert.Equal(502, Json(await bench.Client.ReceiveAsync()).GetProperty("error").GetProperty("code").GetInt32());
        await bench.Client.SendAsync(Call("3", "web__fetch"));
        await bench.Servers[1].ExpectAsync(Call("3", "fetch"));
    }

    private const string Meta = "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"}";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_stateless_era_is_offered_where_every_server_speaks_it(bool all)
    {
        await using var bench = new Bench(["files", "web"]).Start();
        await bench.Client.SendAsync($$$$"""{"jsonrpc":"2.0","id":1,"method":"server/discover","params":{{{{{Meta}}}}}}""");
        foreach (var server in bench.Servers) await server.ReceiveAsync();
        await bench.Servers[0].SendAsync("""{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","supportedVersions":["2026-07-28","2025-11-25"],"capabilities":{"tools":{}},"ttlMs":5,"cacheScope":"public"}}""");
        await bench.Servers[1].SendAsync(all
            ? """{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"prompts":{}},"ttlMs":3,"cacheScope":"private"}}"""
            : """{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"what?"}}""");
        var answer = Json(await bench.Client.ReceiveAsync());
        if (!all)
        {
            Assert.Equal(-32601, answer.GetProperty("error").GetProperty("code").GetInt32());
            Assert.Contains("web", answer.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
            return;
        }
        var result = answer.GetProperty("result");
        Assert.Equal("""["2026-07-28"]|{"tools":{},"prompts":{}}|3|private|complete""",
            $"{result.GetProperty("supportedVersions").GetRawText()}|{result.GetProperty("capabilities").GetRawText()}|{result.GetProperty("ttlMs")}|{result.GetProperty("cacheScope")}|{result.GetProperty("resultType")}");
    }

    private static string Acknowledging(string notifications) =>
        """{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":2},"notifications":""" + notifications + "}}";

    [Fact]
    public async Task A_server_that_refuses_to_be_listened_to_does_not_keep_the_others_acknowledgement()
    {
        await using var bench = new Bench(["files", "web"]).Start();
        await bench.Client.SendAsync($$$"""{"jsonrpc":"2.0","id":2,"method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true},{{{Meta}}}}}""");
        foreach (var server in bench.Servers) await server.ReceiveAsync();
        await bench.Servers[1].SendAsync(Acknowledging("""{"toolsListChanged":true}"""));
        await bench.Servers[0].SendAsync("""{"jsonrpc":"2.0","id":2,"error":{"code":-32601,"message":"no"}}""");
        Assert.Equal("""{"toolsListChanged":true}""", Json(await bench.Client.ReceiveAsync()).GetProperty("params").GetProperty("notifications").GetRawText());
    }

    [Fact]
    public async Task A_listener_tells_each_server_of_its_own_resources_only()
    {
        await using var bench = new Bench(["files", "web"]).Start();
        await bench.Client.SendAsync($$$$"""{"jsonrpc":"2.0","id":1,"method":"resources/list","params":{{{{{Meta}}}}}}""");
        foreach (var server in bench.Servers) await server.ReceiveAsync();
        await bench.Servers[0].SendAsync("""{"jsonrpc":"2.0","id":1,"result":{"resources":[{"uri":"x://a"}]}}""");
        await bench.Servers[1].SendAsync("""{"jsonrpc":"2.0","id":1,"result":{"resources":[{"uri":"x://b"}]}}""");
        await bench.Client.ReceiveAsync();
        await bench.Client.SendAsync($$$"""{"jsonrpc":"2.0","id":2,"method":"subscriptions/listen","params":{"notifications":{"resourceSubscriptions":["x://a","x://b","x://c"]},{{{Meta}}}}}""");
        Assert.Equal("""["x://a"]""", Json(await bench.Servers[0].ReceiveAsync()).GetProperty("params").GetProperty("notifications").GetProperty("resourceSubscriptions").GetRawText());
        Assert.Equal("""["x://b"]""", Json(await bench.Servers[1].ReceiveAsync()).GetProperty("params").GetProperty("notifications").GetProperty("resourceSubscriptions").GetRawText());
        const string updated = """{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"x://b","_meta":{"io.modelcontextprotocol/subscriptionId":2}}}""";
        // Each acknowledges its own part; the client hears it once, and before anything else of the stream.
        await bench.Servers[1].SendAsync(Acknowledging("""{"toolsListChanged":false,"resourceSubscriptions":["x://b"]}"""));
        await bench.Servers[1].SendAsync(updated);
        await bench.Servers[0].SendAsync(Acknowledging("""{"toolsListChanged":true,"resourceSubscriptions":["x://a"]}"""));
        var acknowledged = Json(await bench.Client.ReceiveAsync());
        Assert.Equal("notifications/subscriptions/acknowledged 2", $"{acknowledged.GetProperty("method").GetString()} {acknowledged.GetProperty("params").GetProperty("_meta").GetProperty("io.modelcontextprotocol/subscriptionId")}");
        // Whose part comes first is as it happens.
        var parts = acknowledged.GetProperty("params").GetProperty("notifications");
        Assert.True(parts.GetProperty("toolsListChanged").GetBoolean());
        Assert.Equal(["x://a", "x://b"], parts.GetProperty("resourceSubscriptions").EnumerateArray().Select(r => r.GetString()).Order(StringComparer.Ordinal));
        await bench.Client.ExpectAsync(updated);
        Assert.Equal(MessageDirection.ToCaller, bench.Gate.Seen.Last().Direction);
        // One server ends its stream, in either way; the other's goes on until it ends too.
        await bench.Servers[0].SendAsync("""{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2}}""");
        await bench.Servers[1].SendAsync(updated);
        await bench.Client.ExpectAsync(updated);
        await bench.Servers[1].SendAsync("""{"jsonrpc":"2.0","id":2,"result":{"resultType":"complete","_meta":{"io.modelcontextprotocol/subscriptionId":2}}}""");
        await bench.Client.ExpectAsync("""{"jsonrpc":"2.0","id":2,"result":{"resultType":"complete","_meta":{"io.modelcontextprotocol/subscriptionId":2}}}""");
    }

    [Theory]
    [InlineData("web", "fetch", "web__fetch")]
    [InlineData("a-b_c", "_x__y", "a-b_c___x__y")]
    public void Names_are_joined_and_parted_again(string server, string own, string shared) => Assert.Equal(shared, ServerNames.Shared(server, own));

    [Fact]
    public async Task A_name_too_long_for_clients_is_shortened_and_found_again()
    {
        var long1 = new string('t', 70) + "1";
        var long2 = new string('t', 70) + "2";
        var (bench, _) = await OpenAsync();
        await using var _1 = bench;
        await bench.Client.SendAsync("""{"jsonrpc":"2.0","id":1,"method":"tools/list"}""");
        foreach (var server in bench.Servers) await server.ReceiveAsync();
        await bench.Servers[0].SendAsync($$$"""{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"{{{long1}}}"},{"name":"{{{long2}}}"}]}}""");
        await bench.Servers[1].SendAsync("""{"jsonrpc":"2.0","id":1,"result":{"tools":[]}}""");
        var names = Json(await bench.Client.ReceiveAsync()).GetProperty("result").GetProperty("tools").EnumerateArray().Select(t => t.GetProperty("name").GetString()!).ToArray();
        Assert.All(names, n => Assert.Equal(64, n.Length));
        Assert.Equal(2, names.Distinct().Count());
        await bench.Client.SendAsync(Call("2", names[1]));
        await bench.Servers[0].ExpectAsync(Call("2", long2));
    }

    [Theory]
    [InlineData("web", true)]
    [InlineData("a_b-C9", true)]
    [InlineData("", false)]
    [InlineData("a__b", false)]
    [InlineData("a_", false)]
    [InlineData("_a", false)]
    [InlineData("a.b", false)]
    [InlineData("é", false)]
    [InlineData("abcdefghijklmnopqrstuvwxyz1234567", false)]
    public void A_servers_name_leaves_no_doubt_where_it_ends(string name, bool valid) => Assert.Equal(valid, ServerNames.IsValid(name));
}
