// A gateway that dies at any point of a held call's way, the write lost or kept: afterwards nothing was let through twice or by the restart, and the request is closed (APR-04, MCP-07).
using CabinCrew.Gateways.Tests.Gate;
using CabinCrew.Governance.Approvals.Calls;
using CabinCrew.Protocol;
using CabinCrew.Tests;
using CabinCrew.Tests.Hangar;

namespace CabinCrew.Gateways.Tests.Approvals;

[Clause("APR-04"), Clause("MCP-07")]
public sealed class HeldCallCrashTests
{
    public static TheoryData<string, bool> Points
    {
        get
        {
            var points = new TheoryData<string, bool>();
            foreach (var point in (string[])["start", "waiting", "signal", "release"])
            {
                points.Add(point, true);
                points.Add(point, false);
            }
            return points;
        }
    }

    [Theory]
    [MemberData(nameof(Points))]
    public async Task After_a_crash_the_call_is_never_let_through_and_its_request_is_closed(string point, bool isKept)
    {
        await using var house = await GateHouse.OpenAsync();
        house.Judge.Judges = _ => SetJudge.Say(Decision.RequireApproval);
        var cut = isKept ? Cut.Kept : Cut.Lost;
        house.Store.OnWrite = write => write == point ? cut : Cut.No;
        house.Store.OnCommit = commit => point == "release" && commit.Header is { Finished: true } ? cut : Cut.No;
        var passing = house.ToServerAsync(Frames.Call("write_file"));
        if (point != "start")
        {
            var held = await house.WaitForHeldAsync();
            if (point == "waiting") house.Store.Kill();
            else await house.Calls.AnswerAsync(new(held.Call.Request.ApprovalId, true, held.Call.Request.PlanTokenHash, null), GateHouse.Kim, HeldCalls.CommandLine, default);
        }
        // Whoever died lets nothing through, whatever was written.
        Assert.NotNull((await passing).Refused);

        await using var next = await house.ReopenAsync();
        var left = (await next.Calls.ListAsync(default)).Value;
        var isOpen = (point, isKept) is not (("start", false) or ("release", true));
        // An answer that was kept may have been counted, and written as used up, before the gateway died: nothing was let through by it either.
        if ((point, isKept) is ("signal", true) && left.Count == 0) isOpen = false;
        Assert.Equal(isOpen ? 1 : 0, left.Count);
        // An approval that comes now is too late already, though the request still stands open.
        if (isOpen && point is "waiting" or "start" && isOpen)
            await next.Calls.AnswerAsync(new(left[0].Call.Request.ApprovalId, true, left[0].Call.Request.PlanTokenHash, null), GateHouse.Kim, HeldCalls.CommandLine, default);
        Assert.Equal(isOpen ? 1 : 0, (await next.Hold.AbandonLeftAsync(default)).Value);
        Assert.Empty((await next.Calls.ListAsync(default)).Value);
        Assert.Equal(0, (await next.Hold.AbandonLeftAsync(default)).Value);
        if (isOpen)
        {
            Assert.Equal(CallOutcome.Abandoned, (await next.Calls.ReadAsync(left[0].Call.Id, default)).Value.Outcome);
            Assert.Contains(await next.EventsAsync(), e => e.Type() == "call_closed");
            Assert.DoesNotContain(await next.EventsAsync(), e => e.Type() == "call_released");
        }
        if ((point, isKept) is not ("start", false)) await next.VerifyLogAsync();
    }

    [Fact]
    public async Task What_another_gateway_holds_is_left_to_it()
    {
        await using var house = await GateHouse.OpenAsync();
        house.Judge.Judges = _ => SetJudge.Say(Decision.RequireApproval);
        var passing = house.ToServerAsync(Frames.Call("write_file"));
        var held = await house.WaitForHeldAsync();
        // Between being written down and being claimed it is nobody's: whoever comes up just then closes it, and it is refused.
        for (var i = 0; i < 1000 && held.Call.Holder is null; i++)
        {
            await Task.Delay(10);
            held = (await house.Calls.FindAsync(held.Call.Id.ToString(), default)).Value;
        }
        // Another gateway on the same store comes up.
        await using var node = new Ledger.Streams.Node(house.Ledger.Store, house.Clock);
        var other = new Gateways.Firewall.Holds.MessageHold(house.Ledger, TenantId.Local, house.Book, new(), node);
        Assert.Equal(0, (await other.AbandonLeftAsync(default)).Value);
        await house.Calls.AnswerAsync(new(held.Call.Request.ApprovalId, true, held.Call.Request.PlanTokenHash, null), GateHouse.Kim, HeldCalls.CommandLine, default);
        Assert.Null((await passing).Refused);
    }
}
