// Requests and answers within other messages (2026-07-28, multi round-trip requests): judged as if each had come by itself (MCP-02).
using System.Text;
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Gateways.Tests.Gate;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Tests.Mediation;

[Clause("MCP-02")]
public sealed class InputsTests
{
    private const string Sampling = """{"ask":{"method":"sampling/createMessage","params":{"messages":[],"maxTokens":1}}}""";
    private static readonly Frame Call = Frames.Call("t");

    private static async Task<GateHouse> HouseAsync(Func<MessageSubject, Decision> judge)
    {
        var house = await GateHouse.OpenAsync();
        house.Judge.Judges = s => SetJudge.Say(judge(s));
        return house;
    }

    [Theory]
    [InlineData("tools/call", """{"name":"t"}""")]
    [InlineData("prompts/get", """{"name":"p"}""")]
    [InlineData("resources/read", """{"uri":"x://a"}""")]
    [InlineData("tasks/get", """{"taskId":"1"}""")]
    public async Task What_a_server_may_not_ask_it_may_not_ask_in_an_answer_either(string method, string parameters)
    {
        await using var house = await HouseAsync(s => s is { Method: "sampling/createMessage", Kind: MessageKind.Request, Direction: MessageDirection.ToCaller } && s.Content.Length > 0 ? Decision.Deny : Decision.Allow);
        var request = Frames.Of($$"""{"jsonrpc":"2.0","id":1,"method":"{{method}}","params":{{parameters}}}""");
        await house.ToServerAsync(request);
        var passage = await house.ToCallerAsync(Frames.Result($$"""{"resultType":"input_required","inputRequests":{{Sampling}},"requestState":"s"}"""), request);
        Assert.Equal(ProblemCode.ResponseWithheld, passage.Refused!.Code);
        Assert.Null((await AskedAsync(house, """{"ask":{"method":"elicitation/create","params":{"message":"m"}}}""")).Refused);
    }

    [Fact]
    public async Task What_needs_a_yes_by_itself_holds_the_answer_that_carries_it()
    {
        await using var house = await HouseAsync(s => s.Method == "sampling/createMessage" ? Decision.RequireApproval : Decision.Allow);
        await house.ToServerAsync(Call);
        var passing = house.ToCallerAsync(Frames.Result($$"""{"inputRequests":{{Sampling}}}"""), Call);
        var held = await house.WaitForHeldAsync();
        Assert.Equal("t", held.Call.Message.Name);
        await house.Calls.AnswerAsync(new(held.Call.Request.ApprovalId, true, held.Call.Request.PlanTokenHash, null), GateHouse.Kim, Governance.Approvals.Calls.HeldCalls.CommandLine, default);
        Assert.Null((await passing).Refused);
    }

    [Fact]
    public async Task News_of_a_task_is_no_way_around_it()
    {
        await using var house = await HouseAsync(s => s.Method == "sampling/createMessage" ? Decision.RequireApproval : Decision.Allow);
        var news = Frames.Of($$$"""{"jsonrpc":"2.0","method":"notifications/tasks","params":{"taskId":"1","status":"input_required","inputRequests":{{{Sampling}}}}}""");
        Assert.Equal(ProblemCode.PolicyDenied, (await house.ToCallerAsync(news, null)).Refused!.Code);
    }

    [Theory]
    [InlineData("elicitation/create")]
    [InlineData("sampling/createMessage")]
    [InlineData("roots/list")]
    public async Task A_clients_answer_is_judged_as_each_of_those_that_it_could_be(string method)
    {
        await using var house = await HouseAsync(s => s.Kind == MessageKind.Response && s.Method == method && Encoding.UTF8.GetString(s.Content.Span).Contains("no", StringComparison.Ordinal) ? Decision.Deny : Decision.Allow);
        Assert.Equal(ProblemCode.PolicyDenied, (await house.ToServerAsync(Again("""{"a":{"action":"accept","content":{"x":"no"}}}"""))).Refused!.Code);
        Assert.Null((await house.ToServerAsync(Again("""{"a":{"action":"accept","content":{"x":"yes"}}}"""))).Refused);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("""{"a":1}""")]
    [InlineData("""{"a":{}}""")]
    [InlineData("""{"a":{"method":1}}""")]
    [InlineData("""{"a":{"method":"roots/list","params":[]}}""")]
    [InlineData("""{"a":{"method":"roots/list","Method":"sampling/createMessage"}}""")]
    [InlineData("""{"a":{"method":"roots/list","param\u017F":{}}}""")]
    [InlineData("""{"a":{"method":"tools/call","params":{"name":"t"}}}""")]
    public async Task What_cannot_be_told_is_refused(string inputs)
    {
        await using var house = await HouseAsync(_ => Decision.Allow);
        Assert.Equal(ProblemCode.UpstreamInvalid, (await AskedAsync(house, inputs)).Refused!.Code);
    }

    [Fact]
    public void A_key_that_is_nearly_the_protocols_is_refused_by_the_reader()
    {
        foreach (var frame in (string[])["""{"jsonrpc":"2.0","id":1,"result":{"InputRequests":{}}}""", """{"jsonrpc":"2.0","method":"notifications/tasks","params":{"inputrequests":{}}}"""])
            Assert.Equal("near_name", FrameReader.Read(Encoding.UTF8.GetBytes(frame), FrameLimits.Default).Problem!.Evidence[FrameReader.ReasonKey]);
        var read = FrameReader.Read("""{"jsonrpc":"2.0","id":1,"result":{"\u0069nputRequests":{"a":{}},"x":{"inputRequests":1}}}"""u8.ToArray(), FrameLimits.Default).Value;
        Assert.Equal("""{"a":{}}""", Encoding.UTF8.GetString(read.Inputs.Span));
    }

    [Theory]
    [InlineData("""{"task":{"taskId":"t1","status":"working"}}""", "tasks/result", """{"content":[{"type":"text","text":"SECRET PLAN"}]}""")]
    [InlineData("""{"resultType":"task","taskId":"t1","status":"working"}""", "tasks/get", """{"taskId":"t1","status":"completed","result":{"content":[{"type":"text","text":"SECRET PLAN"}]}}""")]
    public async Task What_a_tool_may_not_answer_it_may_not_answer_by_way_of_a_task(string begun, string method, string fetched)
    {
        await using var house = await HouseAsync(s => s is { Kind: MessageKind.Response, Method: "tools/call", Name: "plans" } && Encoding.UTF8.GetString(s.Content.Span).Contains("SECRET", StringComparison.Ordinal) ? Decision.Deny : Decision.Allow);
        var call = Frames.Call("plans", id: "1");
        await house.ToServerAsync(call);
        Assert.Null((await house.ToCallerAsync(Frames.Result(begun), call)).Refused);
        Assert.Equal(ProblemCode.ResponseWithheld, (await FetchAsync("t1", "2")).Refused!.Code);
        // Another's task is another's.
        Assert.Null((await FetchAsync("t2", "3")).Refused);
        var news = Frames.Of("""{"jsonrpc":"2.0","method":"notifications/tasks","params":{"taskId":"t1","status":"completed","result":{"text":"SECRET"}}}""");
        Assert.Equal(ProblemCode.PolicyDenied, (await house.ToCallerAsync(news, null)).Refused!.Code);

        async Task<Firewall.Passage> FetchAsync(string task, string id)
        {
            var fetch = Frames.Of($$$"""{"jsonrpc":"2.0","id":{{{id}}},"method":"{{{method}}}","params":{"taskId":"{{{task}}}"}}""");
            await house.ToServerAsync(fetch);
            return await house.ToCallerAsync(Frames.Result(fetched, id), fetch);
        }
    }

    private static Frame Again(string responses) => Frames.Of($$$"""{"jsonrpc":"2.0","id":"{{{Guid.NewGuid()}}}","method":"tools/call","params":{"name":"t","inputResponses":{{{responses}}}}}""");

    private static async Task<Firewall.Passage> AskedAsync(GateHouse house, string inputs)
    {
        var call = Frames.Call("t", id: $"\"{Guid.NewGuid()}\"");
        await house.ToServerAsync(call);
        return await house.ToCallerAsync(Frames.Of($$$"""{"jsonrpc":"2.0","id":{{{Encoding.UTF8.GetString(call.Id.Span)}}},"result":{"inputRequests":{{{inputs}}}}}"""), call);
    }
}
