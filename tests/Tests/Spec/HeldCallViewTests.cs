// What a person sees of a call that a gateway holds: everything that the answer is for, and nothing that could move the terminal.
using System.Text.Json;
using CabinCrew.Cli;
using CabinCrew.Cli.Rendering;
using CabinCrew.Cli.Views;
using CabinCrew.Governance.Approvals;
using CabinCrew.Governance.Approvals.Calls;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Tests.Spec;

[Clause("APR-07")]
public sealed class HeldCallViewTests
{
    private static readonly Digest Binding = Digest.Of("binding"u8);

    private static PendingCall Call()
    {
        var at = new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);
        var message = new HeldMessage("mcp", "files", "tools/call", "write_file", "request", "agent", "session-1", "{\"path\":\"a\u001b[2Jb\"}", false, 120, Digest.Of("frame"u8), Digest.Of("pin"u8), Digest.Of("policy"u8));
        var request = new ApprovalRequest
        {
            ApprovalId = "apr-1", WorkflowId = "call-1", StepId = "call", Reason = "writes need a look", RequiredRole = "maintainer", PlanTokenHash = Binding,
            Extensions = new([new("maintainer", 1)], "agent", at, at.AddMinutes(10), "a call", ["rules/write"]),
        };
        return new(new(WorkflowId.Parse("call-1"), message, request, [], null, null) { Holder = "here" }, new(ApprovalState.Open, [new("maintainer", 1)], null));
    }

    private static string Printed(bool json, Action<Screen> print)
    {
        using var text = new StringWriter();
        print(new Screen(json, new Terminal(Color: false, Live: false, Interactive: false, Width: 100), text, text, () => TextReader.Null));
        return text.ToString();
    }

    [Fact]
    public void Shown_whole_it_has_server_tool_arguments_reason_and_binding()
    {
        var shown = Printed(json: false, s => HeldCallView.Show(s, Call().Call));
        foreach (var part in (string[])["files", "write_file", "agent", "writes need a look", "rules/write", "\"path\":\"a", Binding.ToString(), "apr-1"]) Assert.Contains(part, shown);
        Assert.DoesNotContain("\u001b", shown);
    }

    [Fact]
    public void In_the_list_it_stands_with_the_command_that_answers_it()
    {
        var listed = Printed(json: false, s => ApprovalView.List(s, [], [Call()]));
        Assert.Contains($"cabincrew approve apr-1 --token {Binding.Hex[..16]}", listed);
        Assert.Contains("cabincrew show call-1", listed);
        Assert.DoesNotContain("Nothing waits", listed);
        var orphan = Call() with { Call = Call().Call with { Holder = null } };
        Assert.Contains("nobody any more", Printed(json: false, s => ApprovalView.List(s, [], [orphan])));
    }

    [Fact]
    public void For_machines_it_is_one_document_beside_the_flights()
    {
        var document = JsonElement.Parse(Printed(json: true, s => ApprovalView.List(s, [], [Call()])));
        var one = document.GetProperty("approvals")[0];
        Assert.Equal("apr-1", one.GetProperty("request").GetProperty("approval_id").GetString());
        Assert.Equal("call-1", one.GetProperty("call").GetProperty("call_id").GetString());
        Assert.Equal(1, one.GetProperty("outstanding")[0].GetProperty("count").GetInt32());
    }
}
