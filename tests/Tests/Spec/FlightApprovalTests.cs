// Approvals in a flight: who may answer, what an answer is bound to, what survives, what ends the flight, and that every refusal is on record.
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Hangar;

namespace CabinCrew.Tests.Spec;

public sealed class FlightApprovalTests
{
    private const string Before = "a.txt: one\\n\ndir/b.txt: two\\n";
    private const string After = "a.txt: new\\n\ndir/b.txt: two\\n";

    private static async Task<(FlightHouse House, WorkflowId Id)> WaitingAsync(string requester = "agent", string step = "", string more = "", string? identities = null)
    {
        var house = await FlightHouse.OpenAsync(FlightHouse.Ask, identities: identities);
        house.Script("e", "propose a.txt new");
        var report = await house.FlyAsync(house.Workflow($"  - {{ id: one, engine: ./engines/e{step} }}", more), requester: requester);
        Assert.Equal(ProblemCode.ApprovalRequired, report.Problem?.Code);
        return (house, report.State.Id);
    }

    [Theory, Clause("APR-03"), Clause("AUD-01")]
    [InlineData("agent", "agent", ProblemCode.ApprovalRoleMissing)]
    [InlineData("ann", "ann", ProblemCode.ApprovalBySelf)]
    [InlineData("agent", "guest", ProblemCode.ApprovalRoleMissing)]
    [InlineData("agent", "sue", ProblemCode.ApprovalRoleMissing)]
    public async Task Who_may_not_answer_is_refused_on_record_and_nothing_changes(string requester, string who, ProblemCode code)
    {
        var (house, id) = await WaitingAsync(requester);
        await using (house)
        {
            var entries = (await house.EntriesAsync(id)).Count;
            Assert.Equal(code, (await house.AnswerAsync(id, who)).Problem?.Code);
            var refusal = Assert.Single(await house.AuditAsync(), e => e.EventType == AuditEventTypes.ApprovalRefused);
            Assert.Equal((who, code.Id(), id.ToString()), (refusal.Extensions!.Actor, refusal.Extensions.Problem, refusal.Workflow!.WorkflowId));
            Assert.Equal(ProblemCode.ApprovalRequired, (await house.AdvanceAsync(id)).Problem?.Code);
            Assert.Equal(entries, (await house.EntriesAsync(id)).Count);
            Assert.Equal(Before, house.Tree());
            // Somebody else still can.
            Assert.Null((await house.AnswerAsync(id, "ben")).Problem);
            Assert.Null((await house.AdvanceAsync(id)).Problem);
        }
    }

    [Fact, Clause("APR-03"), Clause("TOK-04")]
    public async Task An_answer_for_another_token_is_a_critical_event_and_counts_for_nothing()
    {
        var (house, id) = await WaitingAsync();
        await using (house)
        {
            Assert.Equal(ProblemCode.ApprovalTokenMismatch, (await house.AnswerAsync(id, "ann", shown: Digest.Of("another plan"u8))).Problem?.Code);
            Assert.Equal(ProblemCode.ApprovalTokenMismatch, (await house.AnswerAsync(id, "ann", shown: default(Digest))).Problem?.Code);
            Assert.All((await house.AuditAsync()).Where(e => e.EventType == AuditEventTypes.ApprovalRefused), e => Assert.Equal(Severity.Critical, e.Severity));
            Assert.Equal(ProblemCode.ApprovalRequired, (await house.AdvanceAsync(id)).Problem?.Code);
            Assert.Empty((await house.StateAsync(id)).Steps.Values.Single().Responses);
        }
    }

    [Fact, Clause("APR-03")]
    public async Task An_answer_to_a_request_that_does_not_exist_is_on_record()
    {
        await using var house = await FlightHouse.OpenAsync();
        Assert.Equal(ProblemCode.ApprovalNotFound, (await house.Flights.AnswerAsync(new("apr-none", true, Digest.Of("x"u8), null), house.Who("ann"), default)).Problem?.Code);
        var refusal = Assert.Single(await house.AuditAsync());
        Assert.Equal((AuditEventTypes.ApprovalRefused, "ann"), (refusal.EventType, refusal.Extensions!.Actor));
    }

    [Fact, Clause("APR-04")]
    public async Task A_request_survives_restarts_and_so_does_the_answer()
    {
        var (house, id) = await WaitingAsync();
        await using (house)
        {
            var asked = (await house.StateAsync(id)).Steps.Values.Single().Request!.ApprovalId;
            await house.DieAsync();
            Assert.Equal(ProblemCode.ApprovalRequired, (await house.AdvanceAsync(id)).Problem?.Code);
            Assert.Equal(asked, Assert.Single((await house.Flights.ApprovalsAsync(default)).Value).Request.ApprovalId);
            Assert.Null((await house.AnswerAsync(id, "ann")).Problem);
            await house.DieAsync();
            var landed = await house.AdvanceAsync(id);
            Assert.Null(landed.Problem);
            Assert.Equal(After, house.Tree());
            Assert.Single(await house.EventsAsync(id), AuditEventTypes.ApprovalRequested);
            await house.ProveAsync(id, landed.State);
        }
    }

    [Fact, Clause("APR-04"), Clause("ORC-03")]
    public async Task A_rejection_fails_the_flight_with_its_reason()
    {
        var (house, id) = await WaitingAsync();
        await using (house)
        {
            Assert.Null((await house.AnswerAsync(id, "ann", approved: false, reason: "touches the payment code")).Problem);
            Assert.Equal(ProblemCode.ApprovalClosed, (await house.AnswerAsync(id, "ben")).Problem?.Code);
            var failed = await house.AdvanceAsync(id);
            Assert.Equal(ProblemCode.ApprovalRejected, failed.Problem?.Code);
            Assert.Contains("touches the payment code", failed.Problem!.Message, StringComparison.Ordinal);
            Assert.Equal(LifecycleState.Failed, failed.State.Ended);
            Assert.Equal(Before, house.Tree());
            Assert.Contains(await house.AuditAsync(), e => e.Extensions?.Problem == "approval_rejected");
            await house.ProveAsync(id, failed.State);
        }
    }

    [Fact, Clause("APR-04")]
    public async Task A_request_that_nobody_answers_expires_and_fails_the_flight()
    {
        var (house, id) = await WaitingAsync(more: "approvals: { expires: 2h }");
        await using (house)
        {
            house.Clock.Advance(TimeSpan.FromHours(2));
            Assert.Equal(ProblemCode.ApprovalExpired, (await house.AnswerAsync(id, "ann")).Problem?.Code);
            var failed = await house.AdvanceAsync(id);
            Assert.Equal(ProblemCode.ApprovalExpired, failed.Problem?.Code);
            Assert.Equal(LifecycleState.Failed, failed.State.Ended);
            Assert.Contains(AuditEventTypes.ApprovalExpired, await house.EventsAsync(id));
            Assert.Equal(Before, house.Tree());
        }
    }

    [Theory, Clause("APR-04"), Clause("TOK-04")]
    [InlineData(true), InlineData(false)]
    public async Task Who_waits_for_a_person_is_woken_by_the_answer_or_the_end_of_the_time_and_lets_the_plan_be_meanwhile(bool answered)
    {
        await using var house = await FlightHouse.OpenAsync(FlightHouse.Ask, new StagedRunner());
        var id = await house.StartAsync(house.Script("e", "").Workflow("  - { id: a, engine: ./engines/e }", answered ? "" : "approvals: { expires: 2s }"));
        var other = await house.DoorAsync();
        await using var room = other.Ledger;
        var reads = 0;
        house.Store.OnRead = _ => Task.FromResult(Interlocked.Increment(ref reads));
        var flight = house.Flights.AdvanceAsync(id, new(FlightGoal.Land, TimeSpan.FromHours(1)), new Progress<FlightNews>(), default);
        while ((await other.Flights.ReadAsync(id, default)).Value.Steps.Values.Single().Request is null) await Task.Delay(20);
        await Task.Delay(500);
        if (answered)
        {
            var (before, watch) = (reads, System.Diagnostics.Stopwatch.StartNew());
            await Task.Delay(4000);
            Assert.InRange(reads - before, 0, 1 + watch.Elapsed / Waiting.Look);
            var pending = (await other.Flights.FindApprovalAsync(id.ToString(), default)).Value;
            Assert.Null((await other.Flights.AnswerAsync(new(pending.Request.ApprovalId, true, pending.Step.Token!.Token, null), house.Who("ann"), default)).Problem);
        }
        else house.Clock.Advance(TimeSpan.FromSeconds(3));
        // Far less than it would take to look again of itself.
        var report = (await flight.WaitAsync(Waiting.Look * 0.8)).Value;
        Assert.Equal(answered ? null : ProblemCode.ApprovalExpired, report.Problem?.Code);
        await house.ProveAsync(id, report.State);
    }

    [Fact, Clause("APR-05")]
    public async Task Several_roles_and_several_people_each_counted_once()
    {
        var (house, id) = await WaitingAsync(step: ", approvals: [{ role: maintainer, count: 2 }, { role: security }]");
        await using (house)
        {
            Assert.Null((await house.AnswerAsync(id, "ann")).Problem);
            Assert.Equal(ProblemCode.ApprovalAlreadyAnswered, (await house.AnswerAsync(id, "ann")).Problem?.Code);
            var still = await house.AdvanceAsync(id);
            Assert.Equal(ProblemCode.ApprovalRequired, still.Problem?.Code);
            Assert.Contains("1 x maintainer", still.Problem!.Message, StringComparison.Ordinal);
            Assert.Contains("1 x security", still.Problem.Message, StringComparison.Ordinal);
            Assert.Null((await house.AnswerAsync(id, "sue")).Problem);
            Assert.Equal(ProblemCode.ApprovalRequired, (await house.AdvanceAsync(id)).Problem?.Code);
            Assert.Equal(Before, house.Tree());
            Assert.Null((await house.AnswerAsync(id, "ben")).Problem);
            Assert.Null((await house.AdvanceAsync(id)).Problem);
            Assert.Equal(After, house.Tree());
        }
    }

    [Fact, Clause("APR-03")]
    public async Task Who_works_alone_may_approve_when_the_identities_say_so()
    {
        var (house, id) = await WaitingAsync("ann", identities: FlightHouse.Crew.Replace("version: 1", "version: 1\nself_approval: true", StringComparison.Ordinal));
        await using (house)
        {
            Assert.Null((await house.AnswerAsync(id, "ann")).Problem);
            var landed = await house.AdvanceAsync(id);
            Assert.Null(landed.Problem);
            Assert.Equal("ann", landed.State.Steps.Values.Single().Responses.Single().Approver);
            Assert.Equal(After, house.Tree());
        }
    }
}
