// The line to the caller of a held request: progress where it was asked for, questions to the client's person in both eras (MCP-03).
using System.Text.Json;
using CabinCrew.Gateways.Firewall;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;
using static CabinCrew.Gateways.Tests.Sessions.Bench;

namespace CabinCrew.Gateways.Tests.Sessions;

public sealed class PersonTests
{
    private const string Elicits = """{"elicitation":{}}""";

    private static JsonElement Json(string line) => JsonElement.Parse(line);

    /// <summary>Asks for each request; only a yes lets it pass.</summary>
    private static void AskAlways(Bench bench) => bench.Gate.Judge = async (m, line, ct) =>
    {
        if (m.Answers is not null || m.Frame.Method != "tools/call") return Passage.Unchanged;
        if (!line.CanAskPerson) return Passage.Refuse(new Problem(ProblemCode.CallerNotAllowed, "nobody can be asked"), null);
        return await line.AskPersonAsync("May it?", ct) is true ? Passage.Unchanged : Passage.Refuse(new Problem(ProblemCode.CallerNotAllowed, "no yes"), null);
    };

    [Fact]
    public async Task Progress_is_told_where_the_request_asked_for_it_and_rises_below_the_servers_own()
    {
        await using var bench = await new Bench().Start().OpenAsync();
        var release = new TaskCompletionSource<Passage>();
        bench.Gate.Judge = async (m, line, ct) =>
        {
            if (m.Frame.Method != "tools/call") return Passage.Unchanged;
            await line.ProgressAsync("first", ct);
            await line.ProgressAsync("second", ct);
            return m.Frame.ProgressToken.IsEmpty ? await release.Task : Passage.Unchanged;
        };
        await bench.Client.SendAsync(Call("1"));
        await bench.Client.SendAsync(Call("2", more: ""","_meta":{"progressToken":"t"}"""));
        await bench.Client.ExpectAsync("""{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":0.000001,"message":"first"}}""");
        await bench.Client.ExpectAsync("""{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":0.000002,"message":"second"}}""");
        await bench.Server.ReceiveAsync();
        const string own = """{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":1,"total":2}}""";
        await bench.Server.SendAsync(own);
        await bench.Client.ExpectAsync(own);
        release.SetResult(Passage.Unchanged);
    }

    [Theory]
    [InlineData("""{"action":"accept","content":{"approve":true}}""", true)]
    [InlineData("""{"action":"accept","content":{"approve":false}}""", false)]
    [InlineData("""{"action":"accept","content":{"approve":"true"}}""", false)]
    [InlineData("""{"action":"accept"}""", false)]
    [InlineData("""{"action":"decline","content":{"approve":true}}""", false)]
    [InlineData("""{"action":"cancel"}""", false)]
    public async Task A_person_answers_by_elicitation(string answer, bool yes)
    {
        await using var bench = await new Bench().Start().OpenAsync(Elicits);
        AskAlways(bench);
        await bench.Client.SendAsync(Call("1"));
        var question = Json(await bench.Client.ReceiveAsync());
        Assert.Equal("elicitation/create", question.GetProperty("method").GetString());
        Assert.Equal("May it?", question.GetProperty("params").GetProperty("message").GetString());
        // The person's answer goes to nobody else, and a server cannot give it.
        var id = question.GetProperty("id").GetRawText();
        await bench.Server.SendAsync($$$$"""{"jsonrpc":"2.0","id":{{{{id}}}},"result":{"action":"accept","content":{"approve":true}}}""");
        await bench.Server.SendAsync($$$"""{"jsonrpc":"2.0","id":{{{id}}},"method":"elicitation/create","params":{}}""");
        Assert.Equal("message_id_taken", Json(await bench.Server.ReceiveAsync()).GetProperty("error").GetProperty("data").GetProperty("problem").GetString());
        await bench.Client.SendAsync($$"""{"jsonrpc":"2.0","id":{{id}},"result":{{answer}}}""");
        if (yes) await bench.Server.ExpectAsync(Call("1"));
        else Assert.Equal(403, Json(await bench.Client.ReceiveAsync()).GetProperty("error").GetProperty("code").GetInt32());
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"elicitation":{"url":{}}}""")]
    [InlineData("""{"elicitation":true}""")]
    public async Task Without_a_form_to_show_nobody_is_asked(string capabilities)
    {
        await using var bench = await new Bench().Start().OpenAsync(capabilities);
        AskAlways(bench);
        await bench.Client.SendAsync(Call("1"));
        Assert.Contains("nobody can be asked", await bench.Client.ReceiveAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_question_that_is_no_longer_open_is_withdrawn()
    {
        await using var bench = await new Bench().Start().OpenAsync(Elicits);
        bench.Gate.Judge = async (m, line, ct) =>
        {
            if (m.Frame.Method != "tools/call") return Passage.Unchanged;
            using var soon = new CancellationTokenSource(20);
            try { await line.AskPersonAsync("May it?", soon.Token); }
            catch (OperationCanceledException) { }
            return Passage.Refuse(new Problem(ProblemCode.CallerNotAllowed, "too late"), null);
        };
        await bench.Client.SendAsync(Call("1"));
        var id = Json(await bench.Client.ReceiveAsync()).GetProperty("id").GetRawText();
        Assert.Equal(id, Json(await bench.Client.ReceiveAsync()).GetProperty("params").GetProperty("requestId").GetRawText());
        Assert.Contains("too late", await bench.Client.ReceiveAsync(), StringComparison.Ordinal);
        await bench.Client.SendAsync($$$$"""{"jsonrpc":"2.0","id":{{{{id}}}},"result":{"action":"accept","content":{"approve":true}}}""");
        await bench.Client.SendAsync(Call("2", "other"));
        await bench.Client.ReceiveAsync();
        Assert.Empty(bench.Records.All);
    }

    private static string Again(string id, string state, string answer, string tool = "read") =>
        Modern(id, tool, Elicits, $$""","requestState":"{{state}}","inputResponses":{"cabincrew_approval":{{answer}}}""");

    private const string Yes = """{"action":"accept","content":{"approve":true}}""";

    private static async Task<(Bench Bench, string State)> AskedByResultAsync()
    {
        var bench = new Bench().Start();
        AskAlways(bench);
        await bench.Client.SendAsync(Modern("1", capabilities: Elicits));
        var result = Json(await bench.Client.ReceiveAsync());
        Assert.Equal(1, result.GetProperty("id").GetInt32());
        Assert.Equal("input_required", result.GetProperty("result").GetProperty("resultType").GetString());
        Assert.Equal("elicitation/create", result.GetProperty("result").GetProperty("inputRequests").GetProperty("cabincrew_approval").GetProperty("method").GetString());
        return (bench, result.GetProperty("result").GetProperty("requestState").GetString()!);
    }

    [Fact]
    public async Task In_the_stateless_era_the_result_asks_and_the_request_that_was_held_goes_on()
    {
        var (bench, state) = await AskedByResultAsync();
        await using var _ = bench;
        await bench.Client.SendAsync(Again("2", state, Yes));
        // What was judged, under the id that the client waits with; nothing of the second request.
        await bench.Server.ExpectAsync(Modern("2", capabilities: Elicits));
        await bench.Server.SendAsync(Result("2"));
        await bench.Client.ExpectAsync(Result("2"));
        Assert.Single(bench.Gate.Seen, s => s.Answers is null);
    }

    [Fact]
    public async Task An_answer_counts_once_and_only_for_the_request_that_is_held()
    {
        var (bench, state) = await AskedByResultAsync();
        await using var _ = bench;
        await bench.Client.SendAsync(Again("2", state, Yes, "write"));
        Assert.Contains("not the request that is held", await bench.Client.ReceiveAsync(), StringComparison.Ordinal);
        await bench.Client.SendAsync(Again("2", state, Yes));
        await bench.Server.ReceiveAsync();
        await bench.Client.SendAsync(Again("3", state, Yes));
        Assert.Contains("nothing is held", await bench.Client.ReceiveAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_no_refuses_the_request_under_its_new_id()
    {
        var (bench, state) = await AskedByResultAsync();
        await using var _ = bench;
        await bench.Client.SendAsync(Again("2", state, """{"action":"decline"}"""));
        var error = Json(await bench.Client.ReceiveAsync());
        Assert.Equal("2 403", $"{error.GetProperty("id").GetInt32()} {error.GetProperty("error").GetProperty("code").GetInt32()}");
    }

    [Fact]
    public async Task A_state_that_the_gateway_did_not_give_is_the_servers()
    {
        var (bench, _) = await AskedByResultAsync();
        await using var _1 = bench;
        bench.Gate.Judge = (_, _, _) => new(Passage.Unchanged);
        await bench.Client.SendAsync(Again("2", "of-the-server", Yes));
        await bench.Server.ExpectAsync(Again("2", "of-the-server", Yes));
    }

    [Fact]
    public async Task What_was_approved_elsewhere_waits_for_the_client_to_ask_again()
    {
        await using var bench = new Bench().Start();
        var elsewhere = new CancellationTokenSource();
        bench.Gate.Judge = async (m, line, ct) =>
        {
            if (m.Answers is not null) return Passage.Unchanged;
            try { await line.AskPersonAsync("May it?", elsewhere.Token); }
            catch (OperationCanceledException) { }
            return Passage.Unchanged;
        };
        await bench.Client.SendAsync(Modern("1", capabilities: Elicits));
        var state = Json(await bench.Client.ReceiveAsync()).GetProperty("result").GetProperty("requestState").GetString()!;
        await elsewhere.CancelAsync();
        await bench.Client.SendAsync(Again("2", state, """{"action":"cancel"}"""));
        await bench.Server.ExpectAsync(Modern("2", capabilities: Elicits));
        Assert.Equal(MessageDirection.ToServer, bench.Gate.Seen.Single().Direction);
    }
}
