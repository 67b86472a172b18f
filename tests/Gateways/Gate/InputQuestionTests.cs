// What a server asks of the caller within an answer (stateless era) is judged as what it asks beside it (era of sessions): the same policies, no way around them (MCP-02, MCP-03).
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Governance.Approvals.Calls;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;
using CabinCrew.Tests;

namespace CabinCrew.Gateways.Tests.Gate;

[Clause("MCP-02"), Clause("MCP-03")]
public sealed class InputQuestionTests
{
    private const string Sampling = """{"method":"sampling/createMessage","params":{"maxTokens":5,"messages":[]}}""", Form = """{"method":"elicitation/create","params":{"message":"your name?"}}""";

    private static async Task<(GateHouse House, Frame Call)> AskedAsync(Decision sampling)
    {
        var house = await GateHouse.OpenAsync();
        house.Judge.Judges = s => SetJudge.Say(s is { Method: "sampling/createMessage", Kind: MessageKind.Request, Direction: MessageDirection.ToCaller } ? sampling : Decision.Allow, "words for the model");
        var call = Frames.Call("summarise");
        Assert.Null((await house.ToServerAsync(call)).Refused);
        return (house, call);
    }

    public static TheoryData<string> Asking =>
    [
        $$$"""{"resultType":"input_required","inputRequests":{"a":{{{Sampling}}}}}""",
        $$$"""{"resultType":"input_required","inputRequests":{"n":{{{Form}}},"a":{{{Sampling}}}},"requestState":"s"}""",
        $$$"""{"resultType":"complete","content":[],"inputRequests":{"a":{{{Sampling}}}}}""",
        $$$"""{"resultType":"input_required","input\u0052equests":{"a":{{{Sampling}}}}}""",
        """{"inputRequests":{"a":{"meth\u006fd":"sampling\/createMessage","params":{}}}}""",
    ];

    [Theory, MemberData(nameof(Asking))]
    public async Task A_question_that_is_denied_keeps_its_answer_back(string result)
    {
        var (house, call) = await AskedAsync(Decision.Deny);
        await using var _ = house;
        var passage = await house.ToCallerAsync(Frames.Result(result), call);
        Assert.Equal(ProblemCode.ResponseWithheld, passage.Refused?.Code);
        Assert.Contains("words for the model", passage.Refused!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_question_that_is_allowed_goes_on_byte_for_byte()
    {
        var (house, call) = await AskedAsync(Decision.Allow);
        await using var _ = house;
        var passage = await house.ToCallerAsync(Frames.Result($$$"""{"inputRequests":{"a":{{{Sampling}}},"n":{{{Form}}}}}"""), call);
        Assert.Null(passage.Refused);
        Assert.Null(passage.Instead);
        var questions = house.Judge.Seen.Where(s => s.Direction == MessageDirection.ToCaller && s.Kind == MessageKind.Request).ToList();
        Assert.Equal(["sampling/createMessage", "elicitation/create"], questions.Select(q => q.Method));
        Assert.Equal("""{"message":"your name?"}""", System.Text.Encoding.UTF8.GetString(questions[1].Content.Span));
    }

    [Fact]
    public async Task A_question_that_needs_a_person_is_held_until_there_is_an_answer()
    {
        var (house, call) = await AskedAsync(Decision.RequireApproval);
        await using var _ = house;
        var passing = house.ToCallerAsync(Frames.Result($$$"""{"inputRequests":{"a":{{{Sampling}}}}}"""), call);
        var held = await house.WaitForHeldAsync();
        Assert.False(passing.IsCompleted);
        Assert.Contains("words for the model", held.Call.Request.Reason, StringComparison.Ordinal);
        Assert.True((await house.Calls.AnswerAsync(new(held.Call.Request.ApprovalId, true, held.Call.Request.PlanTokenHash, null), GateHouse.Kim, HeldCalls.CommandLine, default)).Ok);
        Assert.Null((await passing).Refused);
    }

    [Fact]
    public async Task A_question_in_a_notification_cannot_wait()
    {
        var (house, _) = await AskedAsync(Decision.RequireApproval);
        await using var __ = house;
        var told = Frames.Of($$$$"""{"jsonrpc":"2.0","method":"notifications/tasks","params":{"taskId":"t","inputRequests":{"a":{{{{Sampling}}}}}}}""");
        Assert.Equal(ProblemCode.PolicyDenied, (await house.ToCallerAsync(told, null)).Refused?.Code);
    }

    [Theory]
    [InlineData("""{"inputRequests":[]}""")]
    [InlineData("""{"inputRequests":{"a":{}}}""")]
    [InlineData("""{"inputRequests":{"a":"sampling/createMessage"}}""")]
    [InlineData("""{"inputRequests":{"a":{"method":7}}}""")]
    public async Task What_cannot_be_judged_does_not_go_on(string result)
    {
        var (house, call) = await AskedAsync(Decision.Allow);
        await using var _ = house;
        Assert.Equal(ProblemCode.UpstreamInvalid, (await house.ToCallerAsync(Frames.Result(result), call)).Refused?.Code);
    }
}
