// Two who act at once on one held call: exactly one outcome, and it is the one that was promised to whoever heard yes.
using CabinCrew.Gateways.Firewall;
using CabinCrew.Gateways.Tests.Gate;
using CabinCrew.Governance.Access;
using CabinCrew.Governance.Approvals.Calls;
using CabinCrew.Protocol;
using CabinCrew.Tests;

namespace CabinCrew.Gateways.Tests.Approvals;

[Clause("APR-03"), Clause("APR-07")]
public sealed class HeldCallRaceTests
{
    private static readonly Caller Lee = new("lee", ["maintainer"], true, "os_user");

    [Theory]
    [InlineData("approve while rejecting")]
    [InlineData("approve while expiring")]
    [InlineData("approve while cancelling")]
    public async Task One_of_two_wins_and_both_hear_the_truth(string race)
    {
        await using var house = await GateHouse.OpenAsync(new() { Hold = new() { Expiry = TimeSpan.FromSeconds(1) } });
        house.Judge.Judges = _ => SetJudge.Say(Decision.RequireApproval);
        for (var round = 0; round < 8; round++)
        {
            using var stop = new CancellationTokenSource();
            var passing = house.ToServerAsync(Frames.Call("write_file", id: $"{round}"), ct: stop.Token);
            var held = await house.WaitForHeldAsync();
            var approving = Task.Run(() => AnswerAsync(house, held, true, GateHouse.Kim));
            var rejecting = Task.Run(async () =>
            {
                switch (race)
                {
                    case "approve while rejecting": return (await AnswerAsync(house, held, false, Lee)).Ok;
                    case "approve while expiring": house.Clock.Advance(TimeSpan.FromSeconds(1.2)); return true;
                    default: await stop.CancelAsync(); return true;
                }
            });
            var passed = await PassedAsync(passing);
            var (approved, other) = ((await approving).Ok, await rejecting);
            var outcome = (await house.Calls.ReadAsync(held.Call.Id, default)).Value.Outcome;
            Assert.NotNull(outcome);
            if (passed) Assert.True(approved && outcome == CallOutcome.Released, $"{race}, round {round}: passed, {approved}, {outcome}");
            // A rejection that was taken is heard.
            if (race == "approve while rejecting" && other) Assert.Equal(CallOutcome.Rejected, outcome);
        }
        await house.VerifyLogAsync();
    }

    private static Task<Outcome<Protocol.Wire.ApprovalResponse>> AnswerAsync(GateHouse house, PendingCall held, bool yes, Caller by) =>
        house.Calls.AnswerAsync(new(held.Call.Request.ApprovalId, yes, held.Call.Request.PlanTokenHash, null), by, HeldCalls.CommandLine, default);

    private static async Task<bool> PassedAsync(Task<Passage> passing)
    {
        try
        {
            return (await passing).Refused is null;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
