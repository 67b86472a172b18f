// A call that people must say yes to waits for them, goes on once, and only as it was asked (APR-03, APR-04, APR-05, APR-07).
using CabinCrew.Gateways.Firewall.Holds;
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Gateways.Tests.Gate;
using CabinCrew.Governance.Access;
using CabinCrew.Governance.Approvals;
using CabinCrew.Governance.Approvals.Calls;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Schemas;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests;

namespace CabinCrew.Gateways.Tests.Approvals;

[Clause("APR-03"), Clause("APR-04"), Clause("APR-05"), Clause("APR-07"), Clause("MCP-03")]
public sealed class HeldCallTests
{
    private static async Task<GateHouse> HouseAsync(HouseSettings? settings = null)
    {
        var house = await GateHouse.OpenAsync(settings);
        house.Judge.Judges = s => SetJudge.Say(s.Kind == MessageKind.Request ? Decision.RequireApproval : Decision.Allow, "writes need a look");
        return house;
    }

    private static Task<Outcome<ApprovalResponse>> AnswerAsync(GateHouse house, PendingCall held, bool yes, Caller? by = null, Digest? shown = null) =>
        house.Calls.AnswerAsync(new(held.Call.Request.ApprovalId, yes, shown ?? held.Call.Request.PlanTokenHash, null), by ?? GateHouse.Kim, HeldCalls.CommandLine, default);

    [Fact]
    public async Task An_approved_call_goes_on_once_and_the_log_tells_all_of_it()
    {
        await using var house = await HouseAsync();
        var line = new SilentLine();
        var passing = house.ToServerAsync(Frames.Call("write_file", """{"path":"a"}"""), line);
        var held = await house.WaitForHeldAsync();
        Assert.Equal(("files", "write_file", "agent"), (held.Call.Message.Server, held.Call.Message.Name, held.Call.Message.Caller));
        Assert.Contains("\"path\":\"a\"", held.Call.Message.Arguments);
        Assert.Null(SchemaCatalog.Validate("approval-request", System.Text.Json.JsonSerializer.SerializeToElement(held.Call.Request, ProtocolJson.Default.ApprovalRequest)).Problem);
        Assert.False(passing.IsCompleted);
        Assert.True((await AnswerAsync(house, held, yes: true)).Ok);
        var passage = await passing;
        Assert.Null(passage.Refused);
        Assert.Equal(Decision.RequireApproval, passage.Decision);
        Assert.True(line.Progressed >= 1);
        var read = (await house.Calls.ReadAsync(held.Call.Id, default)).Value;
        Assert.Equal(CallOutcome.Released, read.Outcome);
        Assert.Equal(HeldCalls.CommandLine, Assert.Single(read.Answers).Channel);
        var events = await house.EventsAsync();
        Assert.Equal(["approval_requested", "approval_received", "call_released", "message_judged"], events.Select(e => e.Type()));
        Assert.Equal(held.Call.Request.ApprovalId, events[3].Data().GetProperty("approval_id").GetString());
        foreach (var told in events) Assert.Null(SchemaCatalog.Validate("audit-event", told).Problem);
        await house.VerifyLogAsync();
    }

    [Fact]
    public async Task The_entries_of_a_held_call_are_valid_by_their_schema()
    {
        await using var house = await HouseAsync();
        var passing = house.ToServerAsync(Frames.Call("write_file"));
        var held = await house.WaitForHeldAsync();
        await AnswerAsync(house, held, yes: true);
        await passing;
        var entries = (await house.Ledger.Store.ReadAsync(TenantId.Local, held.Call.Id, default)).Value.Entries;
        Assert.Equal(["approval_requested", "approval_received", "call_ended"], entries.Select(e => e.EntryType));
        foreach (var entry in entries) Assert.Null(SchemaCatalog.Validate("wal-entry", System.Text.Json.JsonSerializer.SerializeToElement(entry, ProtocolJson.Default.WalEntry)).Problem);
    }

    [Fact]
    public async Task A_rejected_call_does_not_go_on()
    {
        await using var house = await HouseAsync();
        var passing = house.ToServerAsync(Frames.Call("write_file"));
        Assert.True((await AnswerAsync(house, await house.WaitForHeldAsync(), yes: false)).Ok);
        Assert.Equal(ProblemCode.ApprovalRejected, (await passing).Refused!.Code);
    }

    [Fact]
    public async Task An_approval_is_used_up_and_the_same_call_needs_another()
    {
        await using var house = await HouseAsync();
        var first = house.ToServerAsync(Frames.Call("write_file", id: "1"));
        var held = await house.WaitForHeldAsync();
        await AnswerAsync(house, held, yes: true);
        Assert.Null((await first).Refused);
        await house.ToCallerAsync(Frames.Result("{}"), Frames.Call("write_file", id: "1"));
        var second = house.ToServerAsync(Frames.Call("write_file", id: "1"));
        var again = await house.WaitForHeldAsync();
        Assert.NotEqual(held.Call.Request.ApprovalId, again.Call.Request.ApprovalId);
        Assert.Equal(ProblemCode.ApprovalNotFound, (await AnswerAsync(house, held, yes: true)).Problem!.Code);
        await Task.Delay(100);
        Assert.False(second.IsCompleted);
        await AnswerAsync(house, again, yes: false);
        await second;
    }

    [Fact]
    public async Task Nobody_answers_who_may_not_and_each_attempt_is_on_record()
    {
        await using var house = await HouseAsync();
        var passing = house.ToServerAsync(Frames.Call("write_file"));
        var held = await house.WaitForHeldAsync();
        Assert.Equal(ProblemCode.ApprovalRoleMissing, (await AnswerAsync(house, held, true, new("ana", ["agents"], true, "os_user"))).Problem!.Code);
        Assert.Equal(ProblemCode.ApprovalRoleMissing, (await AnswerAsync(house, held, true, new("agent", ["maintainer"], false, "token"))).Problem!.Code);
        Assert.Equal(ProblemCode.ApprovalNotAuthenticated, (await AnswerAsync(house, held, true, new("nobody", ["maintainer"], true, "os_user"))).Problem!.Code);
        Assert.Equal(ProblemCode.ApprovalTokenMismatch, (await AnswerAsync(house, held, true, shown: Digest.Of("another"u8))).Problem!.Code);
        Assert.Equal(4, (await house.EventsAsync()).Count(e => e.Type() == "approval_refused"));
        Assert.False(passing.IsCompleted);
        await AnswerAsync(house, held, yes: false);
        await passing;
    }

    [Fact]
    public async Task It_expires_and_hears_no()
    {
        await using var house = await HouseAsync(new() { Hold = new() { Expiry = TimeSpan.FromSeconds(3) } });
        var passing = house.ToServerAsync(Frames.Call("write_file"));
        var held = await house.WaitForHeldAsync();
        house.Clock.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(ProblemCode.ApprovalExpired, (await passing).Refused!.Code);
        Assert.Equal(CallOutcome.Expired, (await house.Calls.ReadAsync(held.Call.Id, default)).Value.Outcome);
        Assert.Contains(await house.EventsAsync(), e => e.Type() == "approval_expired");
    }

    [Theory]
    [InlineData("policy")]
    [InlineData("pin")]
    public async Task What_changed_while_it_waited_makes_the_approval_worth_nothing(string what)
    {
        await using var house = await HouseAsync();
        await house.Pins.ObserveAsync("files", Pins.Lists.Of("""{"tools":[{"name":"write_file","description":"writes"}]}"""), default);
        var passing = house.ToServerAsync(Frames.Call("write_file"));
        var held = await house.WaitForHeldAsync();
        Assert.NotNull(held.Call.Message.Pin);
        if (what == "policy") house.Judge.PolicyDigest = Digest.Of("policy 2"u8);
        else await house.Pins.ObserveAsync("files", Pins.Lists.Of("""{"tools":[{"name":"write_file","description":"writes elsewhere"}]}"""), default);
        await AnswerAsync(house, held, yes: true);
        Assert.Equal(ProblemCode.ApprovalTokenMismatch, (await passing).Refused!.Code);
        Assert.Equal(CallOutcome.Refused, (await house.Calls.ReadAsync(held.Call.Id, default)).Value.Outcome);
    }

    [Fact]
    public async Task A_person_who_lost_the_role_meanwhile_has_approved_nothing()
    {
        await using var house = await HouseAsync();
        var forgetful = new MessageHold(house.Ledger, TenantId.Local, new([new("kim", true, ["other"], "kim", null, null)], [], false, "maintainer"), new() { Expiry = TimeSpan.FromSeconds(3) }, house.Node);
        var message = new HeldMessage("mcp", "files", "tools/call", "x", "request", "agent", "s", "", false, 1, Digest.Of("f"u8), null, Digest.Of("p"u8));
        var waiting = forgetful.WaitAsync(new(message, _ => new(Digest.Of("b"u8)), [new("maintainer", 1, ["r"])], []), GateHouse.Agent, new SilentLine(), default);
        await AnswerAsync(house, await house.WaitForHeldAsync(), yes: true);
        await Task.Delay(200);
        Assert.False(waiting.IsCompleted);
        house.Clock.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(ProblemCode.ApprovalExpired, (await waiting).Problem!.Code);
    }

    [Fact]
    public async Task Two_people_where_two_are_needed()
    {
        await using var house = await HouseAsync();
        house.Judge.Judges = _ => SetJudge.Say(Decision.RequireApproval) with { Needs = [new("maintainer", 2, ["two"])] };
        var passing = house.ToServerAsync(Frames.Call("write_file"));
        var held = await house.WaitForHeldAsync();
        Assert.True((await AnswerAsync(house, held, true)).Ok);
        Assert.Equal(ProblemCode.ApprovalAlreadyAnswered, (await AnswerAsync(house, held, true)).Problem!.Code);
        await Task.Delay(150);
        Assert.False(passing.IsCompleted);
        Assert.True((await AnswerAsync(house, held, true, new("lee", ["maintainer"], true, "os_user"))).Ok);
        Assert.Null((await passing).Refused);
    }

    [Fact]
    public async Task A_caller_who_takes_it_back_or_whose_session_ends_leaves_nothing_that_could_be_let_through()
    {
        await using var house = await HouseAsync();
        using var stop = new CancellationTokenSource();
        var cancelled = house.ToServerAsync(Frames.Call("write_file"), ct: stop.Token);
        var held = await house.WaitForHeldAsync();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        Assert.Equal(CallOutcome.Cancelled, (await house.Calls.ReadAsync(held.Call.Id, default)).Value.Outcome);
        Assert.Equal(ProblemCode.ApprovalNotFound, (await AnswerAsync(house, held, true)).Problem!.Code);

        var ended = house.ToServerAsync(Frames.Call("write_file"));
        await house.WaitForHeldAsync();
        await house.Gate.EndAsync(house.Session());
        Assert.NotNull((await ended).Refused);
        Assert.Empty((await house.Calls.ListAsync(default)).Value);
    }

    [Fact]
    public async Task No_more_bytes_wait_than_may()
    {
        await using var house = await HouseAsync(new() { Hold = new() { BytesMax = 3000, Expiry = TimeSpan.FromSeconds(8) } });
        var large = $$"""{"text":"{{new string('x', 2000)}}"}""";
        var waiting = house.ToServerAsync(Frames.Call("write_file", large, "1"));
        var held = await house.WaitForHeldAsync();
        Assert.Equal(ProblemCode.CallerConcurrencyExceeded, (await house.ToServerAsync(Frames.Call("write_file", large, "2"))).Refused!.Code);
        await AnswerAsync(house, held, yes: false);
        Assert.Equal(ProblemCode.ApprovalRejected, (await waiting).Refused!.Code);
        var again = house.ToServerAsync(Frames.Call("write_file", large, "3"));
        await AnswerAsync(house, await house.WaitForHeldAsync(), yes: true);
        Assert.Null((await again).Refused);
    }

    [Fact]
    public async Task No_more_wait_than_may_for_one_caller_and_in_all()
    {
        await using var house = await HouseAsync(new() { Hold = new() { PerCallerMax = 2, TotalMax = 3, Expiry = TimeSpan.FromSeconds(8) } });
        using var stop = new CancellationTokenSource();
        var other = house.Session(new("other", false, [], "api_key"), "session-2");
        List<Task<Passage2>> waiting = [Ask("1", house.Session()), Ask("2", house.Session()), Ask("3", other)];
        while ((await house.Calls.ListAsync(default)).Value.Count < 3) await Task.Delay(10);
        Assert.Equal(ProblemCode.CallerConcurrencyExceeded, (await Ask("4", house.Session())).Code);
        Assert.Equal(ProblemCode.CallerConcurrencyExceeded, (await Ask("5", other)).Code);
        await stop.CancelAsync();
        await Task.WhenAll(waiting);
        // Places are given back.
        var again = house.ToServerAsync(Frames.Call("write_file", id: "6"));
        await AnswerAsync(house, await house.WaitForHeldAsync(), yes: true);
        Assert.Null((await again).Refused);

        async Task<Passage2> Ask(string id, Gateways.Mcp.SessionFacts session)
        {
            try
            {
                return new((await house.ToServerAsync(Frames.Call("write_file", id: id), session: session, ct: stop.Token)).Refused?.Code);
            }
            catch (OperationCanceledException)
            {
                return new(null);
            }
        }
    }

    private sealed record Passage2(ProblemCode? Code);

    [Fact]
    public async Task A_notification_cannot_wait_and_is_refused()
    {
        await using var house = await HouseAsync();
        house.Judge.Judges = _ => SetJudge.Say(Decision.RequireApproval);
        Assert.Equal(ProblemCode.PolicyDenied, (await house.ToServerAsync(Frames.Of("""{"jsonrpc":"2.0","method":"notifications/x"}"""))).Refused!.Code);
    }

    [Fact]
    public async Task The_person_at_the_client_may_answer_where_that_is_configured_and_the_rules_are_the_same()
    {
        var settings = new HouseSettings { SelfApproval = true, Hold = new() { AskPerson = true, Expiry = TimeSpan.FromSeconds(8) } };
        await using var house = await HouseAsync(settings);
        var kim = house.Session(new("kim", true, ["maintainer"], "os_user"));
        string? question = null;
        var line = new SilentLine
        {
            Person = words =>
            {
                question = words;
                return Task.FromResult<bool?>(true);
            },
        };
        Assert.Null((await house.ToServerAsync(Frames.Call("write_file"), line, kim)).Refused);
        Assert.Contains("write_file", question);
        Assert.Equal("elicitation", (await house.EventsAsync()).Single(e => e.Type() == "approval_received").Data().GetProperty("channel").GetString());
    }

    [Theory]
    [InlineData("not a person")]
    [InlineData("not known to be one")]
    [InlineData("asked for it")]
    [InlineData("not configured")]
    [InlineData("named so by somebody else's token")]
    public async Task No_answer_of_the_client_counts_where_nobody_who_may_stands_behind_it(string why)
    {
        await using var house = await HouseAsync(new() { SelfApproval = why != "asked for it", Hold = new() { AskPerson = why != "not configured", Expiry = TimeSpan.FromSeconds(3) } });
        bool? human = why switch { "not a person" => false, "not known to be one" => null, _ => true };
        var passing = house.ToServerAsync(Frames.Call("write_file"), new SilentLine { Person = _ => Task.FromResult<bool?>(true) }, house.Session(new("kim", human, ["maintainer"], why.StartsWith("named", StringComparison.Ordinal) ? "jwt" : "os_user")));
        await house.WaitForHeldAsync();
        await Task.Delay(200);
        Assert.False(passing.IsCompleted);
        house.Clock.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(ProblemCode.ApprovalExpired, (await passing).Refused!.Code);
    }
}
