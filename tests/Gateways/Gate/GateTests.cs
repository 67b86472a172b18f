// Each decision does what it says and no more (MCP-02, MCP-03, MCP-06, MCP-07), and the record tells what happened (AUD-01).
using System.Text;
using CabinCrew.Gateways.Firewall;
using CabinCrew.Gateways.Mcp.Calls;
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Schemas;
using CabinCrew.Tests;

namespace CabinCrew.Gateways.Tests.Gate;

[Clause("MCP-03"), Clause("MCP-07"), Clause("AUD-01")]
public sealed class GateTests
{
    [Fact]
    public async Task What_is_allowed_goes_on_as_it_came_and_is_on_record()
    {
        await using var house = await GateHouse.OpenAsync();
        var call = Frames.Call("read_file", """{"path":"a.txt"}""");
        var passage = await house.ToServerAsync(call);
        Assert.Null(passage.Refused);
        Assert.Null(passage.Instead);
        var told = Assert.Single(await house.EventsAsync());
        Assert.Equal("message_judged", told.Type());
        Assert.Equal(Digest.Of(call.Bytes.Span).ToString(), told.Data().GetProperty("frame").GetString());
        Assert.Equal("read_file", told.GetProperty("gateway").GetProperty("tool").GetString());
        Assert.DoesNotContain("a.txt", told.GetRawText());
        Assert.Equal(1, (await house.VerifyLogAsync()).Events);
    }

    [Fact]
    public async Task Every_event_is_valid_by_its_schema()
    {
        await using var house = await GateHouse.OpenAsync(new() { Gate = new() { ExcerptCharsMax = 100 } });
        house.Scan = (_, _) => new(new ScanReport([new("injection", "ignore-previous", "/arguments", Decision.Warn, "says to ignore \ud800 what \u0007 was said")], [], ["injection", "secrets"]));
        await house.ToServerAsync(Frames.Call("bad\u0001name\u2028"));
        house.Judge.Judges = _ => SetJudge.Say(Decision.Deny);
        await house.ToServerAsync(Frames.Call("x", id: "\"two\""));
        await house.ToCallerAsync(Frames.Result("{}", "9"), null);
        await house.ToCallerAsync(Frames.Of("""{"jsonrpc":"2.0","method":"notifications/message","params":{}}"""), null);
        var events = await house.EventsAsync();
        Assert.Equal(4, events.Count);
        foreach (var told in events) Assert.Equal("", Invalid(told));
    }

    [Fact]
    public async Task What_is_denied_does_not_go_on_and_says_by_which_policy()
    {
        await using var house = await GateHouse.OpenAsync();
        house.Judge.Judges = _ => SetJudge.Say(Decision.Deny, "not that file");
        var passage = await house.ToServerAsync(Frames.Call("write_file"));
        Assert.Equal(ProblemCode.PolicyDenied, passage.Refused!.Code);
        Assert.Equal("test/rule", passage.PolicyId);
        Assert.Contains("not that file", passage.Refused.Message);
        var told = Assert.Single(await house.EventsAsync());
        Assert.Equal("deny", told.GetProperty("gateway").GetProperty("policy_decision").GetString());
        Assert.Equal("policy_denied", told.GetProperty("extensions").GetProperty("problem").GetString());
    }

    [Fact]
    public async Task A_warned_call_goes_on_and_its_answer_says_so_where_configured()
    {
        await using var house = await GateHouse.OpenAsync(new() { Gate = new() { WarningsInMeta = true } });
        house.Judge.Judges = s => SetJudge.Say(s.Kind == MessageKind.Request ? Decision.Warn : Decision.Allow, "large write");
        var call = Frames.Call("write_file");
        var passage = await house.ToServerAsync(call);
        Assert.Equal(["large write"], passage.Warnings);
        Assert.Null(passage.Instead);
        var answer = await house.ToCallerAsync(Frames.Result("""{ "content":[], "_meta" : {"server/x":1.0} }"""), call);
        Assert.Equal("""{"jsonrpc":"2.0","id":1,"result":{ "content":[], "_meta" : {"dev.cabincrew/warnings":["large write"],"server/x":1.0} }}""", answer.Text());
    }

    [Theory]
    [InlineData("{}", """{"_meta":{"dev.cabincrew/warnings":["w"]}}""")]
    [InlineData("""{"_meta":{}}""", """{"_meta":{"dev.cabincrew/warnings":["w"]}}""")]
    [InlineData("""{"a":12345678901234567890}""", """{"_meta":{"dev.cabincrew/warnings":["w"]},"a":12345678901234567890}""")]
    [InlineData("""{"_meta":{"x":1,"dev.cabincrew/warnings":["all is well"]}}""", """{"_meta":{"x":1,"dev.cabincrew/warnings":["w"]}}""")]
    public void Warnings_are_put_into_a_result_and_nothing_else_changes(string before, string after)
    {
        var bytes = Encoding.UTF8.GetBytes(before);
        var edits = new MessageEdits(bytes);
        Assert.Null(MetaWarnings.Add(edits, 0, bytes, ["w"]));
        Assert.Equal(after, Encoding.UTF8.GetString(edits.Apply().Value.Span));
    }

    [Fact]
    public async Task A_marked_secret_is_replaced_and_every_other_byte_stays()
    {
        await using var house = await GateHouse.OpenAsync(new() { Gate = new() { ExcerptCharsMax = 200 } });
        const string text = """{ "content" : [{"type":"text","text":"key=SECRETSECRET; \u00e9 12345678901234567890"}],"n":1.50 }""";
        house.Scan = (s, _) => new(new ScanReport([new("secrets", "token", "/content/0/text", Decision.Warn, "a token")], [new(Encoding.UTF8.GetString(s.Frame.Span).IndexOf("SECRETSECRET", StringComparison.Ordinal), 12, "[redacted:token]"u8.ToArray())], ["secrets"]));
        var call = Frames.Call("read_file");
        await house.ToServerAsync(Frames.Of("""{"jsonrpc":"2.0","id":5,"method":"ping","params":{"pad":"SECRETSECRET"}}"""));
        var passage = await house.ToCallerAsync(Frames.Result(text), call);
        Assert.Equal($$"""{"jsonrpc":"2.0","id":1,"result":{{text.Replace("SECRETSECRET", "[redacted:token]", StringComparison.Ordinal)}}}""", passage.Text());
        Assert.DoesNotContain("SECRETSECRET", string.Concat((await house.EventsAsync()).Select(e => e.GetRawText())));
    }

    [Theory]
    [InlineData(-1, 5)]
    [InlineData(0, 0)]
    [InlineData(1_000, 5)]
    [InlineData(2, int.MaxValue)]
    public async Task A_detector_that_marks_what_is_not_there_keeps_the_message_back(int offset, int length)
    {
        await using var house = await GateHouse.OpenAsync();
        house.Scan = (_, _) => new(new ScanReport([], [new(offset, length, "x"u8.ToArray())], ["secrets"]));
        Assert.NotNull((await house.ToServerAsync(Frames.Call("read_file"))).Refused);
    }

    [Fact]
    public async Task A_replacement_that_would_break_the_message_keeps_it_back()
    {
        await using var house = await GateHouse.OpenAsync();
        house.Scan = (_, _) => new(new ScanReport([], [new(0, 5, "x"u8.ToArray())], ["secrets"]));
        Assert.NotNull((await house.ToServerAsync(Frames.Call("read_file"))).Refused);
    }

    [Fact]
    public async Task A_finding_decides_though_policies_say_nothing()
    {
        await using var house = await GateHouse.OpenAsync();
        house.Scan = (s, _) => new(new ScanReport(s.Kind == MessageKind.Response ? [new("injection", "r1", "/content/0", Decision.Deny, "says to run a command")] : [], [], ["injection"]));
        var call = Frames.Call("fetch");
        Assert.Null((await house.ToServerAsync(call)).Refused);
        var passage = await house.ToCallerAsync(Frames.Result("{}"), call);
        Assert.Equal(ProblemCode.ResponseWithheld, passage.Refused!.Code);
        Assert.Equal("injection/r1", passage.PolicyId);
    }

    public static TheoryData<string> Failures => ["scan refuses", "scan throws", "scan throws later", "scan hangs", "judge throws", "files throw", "store"];

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task Whatever_fails_is_a_deny(string what)
    {
        await using var house = await GateHouse.OpenAsync(new() { Gate = new() { JudgementTimeMax = TimeSpan.FromMilliseconds(300) } });
        switch (what)
        {
            case "scan refuses": house.Scan = (_, _) => new(new Problem(ProblemCode.PolicyFailed, "too deep")); break;
            case "scan throws": house.Scan = (_, _) => throw new InvalidOperationException("broken"); break;
            case "scan throws later":
                house.Scan = async (_, _) =>
                {
                    await Task.Yield();
                    throw new InvalidOperationException("broken");
                };
                break;
            case "scan hangs":
                house.Scan = async (_, ct) =>
                {
                    await Task.Delay(TimeSpan.FromMinutes(5), CancellationToken.None);
                    return new ScanReport([], [], []);
                };
                break;
            case "judge throws": house.Judge.Judges = _ => throw new InvalidOperationException("broken"); break;
            case "files throw": house.Files = _ => throw new InvalidOperationException("broken"); break;
            case "store": house.Store.Kill(); break;
        }
        var passage = await house.ToServerAsync(Frames.Call("read_file"));
        Assert.NotNull(passage.Refused);
        Assert.Equal(Decision.Deny, passage.Decision);
        if (what == "store") return;
        var told = Assert.Single(await house.EventsAsync());
        // It says that it was scanned only if it was.
        Assert.Equal(what == "judge throws", told.Data().TryGetProperty("scanned", out _));
    }

    [Fact]
    public async Task After_a_record_that_could_not_be_written_nothing_passes_any_more()
    {
        await using var house = await GateHouse.OpenAsync();
        Assert.Null((await house.ToServerAsync(Frames.Call("a", id: "1"))).Refused);
        await house.Audit.FlushAsync();
        house.Store.OnWrite = _ => CabinCrew.Tests.Hangar.Cut.Refused;
        await house.ToServerAsync(Frames.Call("a", id: "2"));
        await house.Audit.FlushAsync();
        house.Store.OnWrite = _ => CabinCrew.Tests.Hangar.Cut.No;
        Assert.Equal(ProblemCode.AuditUnwritable, (await house.ToServerAsync(Frames.Call("a", id: "3"))).Refused!.Code);
    }

    [Fact]
    public async Task With_strict_records_a_message_goes_on_only_when_its_event_is_durable()
    {
        await using var house = await GateHouse.OpenAsync(new() { Audit = new() { Strict = true } });
        house.Store.OnWrite = _ => CabinCrew.Tests.Hangar.Cut.Refused;
        Assert.Equal(ProblemCode.AuditUnwritable, (await house.ToServerAsync(Frames.Call("a"))).Refused!.Code);
    }

    [Fact]
    public async Task An_answer_to_nothing_that_was_asked_does_not_pass()
    {
        await using var house = await GateHouse.OpenAsync();
        Assert.Equal(ProblemCode.MessageUnexpected, (await house.ToCallerAsync(Frames.Result("{}"), null)).Refused!.Code);
    }

    [Fact]
    public async Task What_is_too_large_does_not_pass_either_way()
    {
        await using var house = await GateHouse.OpenAsync(new() { Gate = new() { RequestBytesMax = 200, ResponseBytesMax = 300 } });
        var call = Frames.Call("a");
        Assert.Equal(ProblemCode.MessageTooLarge, (await house.ToServerAsync(Frames.Call("a", $"\"{new string('x', 200)}\"", "2"))).Refused!.Code);
        Assert.Null((await house.ToServerAsync(call)).Refused);
        Assert.Equal(ProblemCode.ResponseWithheld, (await house.ToCallerAsync(Frames.Result($"\"{new string('x', 300)}\""), call)).Refused!.Code);
    }

    [Fact]
    public async Task An_id_that_is_open_is_not_used_twice_and_is_free_after_its_answer()
    {
        await using var house = await GateHouse.OpenAsync();
        var call = Frames.Call("a");
        Assert.Null((await house.ToServerAsync(call)).Refused);
        Assert.Equal(ProblemCode.MessageIdTaken, (await house.ToServerAsync(Frames.Call("a"))).Refused!.Code);
        // The second one did not take the first one's place away.
        Assert.Equal(ProblemCode.MessageIdTaken, (await house.ToServerAsync(Frames.Call("a"))).Refused!.Code);
        Assert.Null((await house.ToCallerAsync(Frames.Result("{}"), call)).Refused);
        Assert.Null((await house.ToServerAsync(Frames.Call("a"))).Refused);
    }

    private static string Invalid(System.Text.Json.JsonElement told) => SchemaCatalog.Validate("audit-event", told).Problem?.ToString() ?? "";
}
