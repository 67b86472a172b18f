// Two people at once, and a clock that strikes meanwhile (APR-03, APR-04): whatever order the world takes, there is one outcome, everybody who was
// told "yes" was counted, and everybody else was told "no". Each race is run over and over, through doors of their own onto one store.
using CabinCrew.Governance.Approvals;
using CabinCrew.Ledger.Streams;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Hangar;

namespace CabinCrew.Tests.Races;

public sealed class ApprovalRaceTests
{
    private const string Before = "a.txt: one\\n\ndir/b.txt: two\\n";
    private const string After = "a.txt: one\\n\ndir/b.txt: two\\n\none.txt: new\\n";
    private const int Short = 12, Long = 400;

    private static async Task<(FlightHouse House, WorkflowId Id, ApprovalRequest Request)> WaitingAsync(string more = "")
    {
        var house = await FlightHouse.OpenAsync(FlightHouse.Ask, new StagedRunner());
        house.Script("e", "");
        var report = await house.FlyAsync(house.Workflow("  - { id: one, engine: ./engines/e }", more));
        Assert.Equal(ProblemCode.ApprovalRequired, report.Problem?.Code);
        return (house, report.State.Id, report.State.Steps.Values.Single().Request!);
    }

    private static Answer Say(ApprovalRequest request, bool yes) => new(request.ApprovalId, yes, request.PlanTokenHash, null);

    // Starts all at one moment, each a little later than the others, now this one and now that.
    private static async Task<T[]> AtOnceAsync<T>(Random random, params Func<Task<T>>[] acts)
    {
        using var gate = new Barrier(acts.Length);
        var delays = acts.Select(_ => random.Next(3) == 0 ? random.Next(4000) : 0).ToArray();
        return await Task.WhenAll(acts.Select((act, i) => Task.Factory.StartNew(() =>
        {
            gate.SignalAndWait();
            Thread.SpinWait(delays[i]);
            return act();
        }, default, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap()));
    }

    [Theory, Clause("APR-03"), Clause("APR-04")]
    [InlineData(1, Short)]
    public Task An_approval_and_a_rejection_at_once_have_one_outcome_and_both_are_on_record(int seed, int times) => ApproveAndRejectAsync(seed, times);

    [Theory(Explicit = true)]
    [InlineData(2, Long)]
    public Task An_approval_and_a_rejection_at_once_over_and_over(int seed, int times) => ApproveAndRejectAsync(seed, times);

    private static async Task ApproveAndRejectAsync(int seed, int times)
    {
        var random = new Random(seed);
        for (var i = 0; i < times; i++)
        {
            var (house, id, request) = await WaitingAsync();
            await using (house)
            {
                var other = await house.DoorAsync();
                await using var _ = other.Ledger;
                var answers = await AtOnceAsync(random,
                    () => house.Flights.AnswerAsync(Say(request, true), house.Who("ann"), default),
                    () => other.Flights.AnswerAsync(Say(request, false), house.Who("ben"), default),
                    async () => i % 2 == 0 ? (await house.TryAdvanceAsync(id)).Map(_ => (ApprovalResponse)null!) : new Problem(ProblemCode.Cancelled, "not this time"));
                var report = await house.TryAdvanceAsync(id);
                var state = await house.StateAsync(id);
                var (yes, no) = (answers[0], answers[1]);
                var told = $"seed {seed}, round {i}: approval {yes.Problem?.ToString() ?? "taken"}, rejection {no.Problem?.ToString() ?? "taken"}, {report}";
                // Whose rejection was taken is heard; and who was told that it came too late sees the approval's outcome.
                Assert.True(no.Ok ? state.Ended == LifecycleState.Failed && house.Tree() == Before : yes.Ok && state.Ended == LifecycleState.Completed && house.Tree() == After, told);
                Assert.True(no.Ok || no.Problem.Code is ProblemCode.ApprovalClosed or ProblemCode.ApprovalNotFound or ProblemCode.WorkflowFinished, told);
                Assert.True(yes.Ok || yes.Problem.Code is ProblemCode.ApprovalClosed or ProblemCode.ApprovalNotFound or ProblemCode.WorkflowFinished, told);
                var events = (await house.AuditAsync()).Where(e => e.EventType is AuditEventTypes.ApprovalReceived or AuditEventTypes.ApprovalRefused or AuditEventTypes.ProblemReported).ToList();
                Assert.Equal(new[] { yes, no }.Count(a => a.Ok), events.Count(e => e.EventType == AuditEventTypes.ApprovalReceived));
                Assert.Equal(new[] { yes, no }.Count(a => !a.Ok), events.Count(e => e.EventType == AuditEventTypes.ApprovalRefused));
                await house.ProveAsync(id);
            }
        }
    }

    [Theory, Clause("APR-03"), Clause("APR-05")]
    [InlineData(3, Short)]
    public Task One_person_in_two_places_counts_once(int seed, int times) => TwiceAsync(seed, times);

    [Theory(Explicit = true)]
    [InlineData(4, Long)]
    public Task One_person_in_two_places_counts_once_over_and_over(int seed, int times) => TwiceAsync(seed, times);

    private static async Task TwiceAsync(int seed, int times)
    {
        var random = new Random(seed);
        for (var i = 0; i < times; i++)
        {
            var house = await FlightHouse.OpenAsync(FlightHouse.Ask, new StagedRunner());
            await using (house)
            {
                house.Script("e", "");
                var report = await house.FlyAsync(house.Workflow("  - { id: one, engine: ./engines/e, approvals: [{ role: maintainer, count: 2 }] }"));
                var request = report.State.Steps.Values.Single().Request!;
                var other = await house.DoorAsync();
                await using var _ = other.Ledger;
                var answers = await AtOnceAsync(random,
                    () => house.Flights.AnswerAsync(Say(request, true), house.Who("ann"), default),
                    () => other.Flights.AnswerAsync(Say(request, true), house.Who("ann"), default));
                Assert.Single(answers, a => a.Ok);
                Assert.Equal(ProblemCode.ApprovalAlreadyAnswered, answers.Single(a => !a.Ok).Problem!.Code);
                Assert.Equal(ProblemCode.ApprovalRequired, (await house.AdvanceAsync(report.State.Id)).Problem?.Code);
                Assert.Equal(Before, house.Tree());
            }
        }
    }

    [Theory, Clause("APR-04")]
    [InlineData(-1, true)]
    [InlineData(0, false)]
    [InlineData(1, false)]
    public async Task At_the_stroke_of_the_clock_an_approval_is_in_time_or_it_is_not(int ticks, bool inTime)
    {
        var (house, id, request) = await WaitingAsync("approvals: { expires: 1h }");
        await using (house)
        {
            house.Clock.Advance(request.Extensions.ExpiresAt!.Value - house.Clock.GetUtcNow() + TimeSpan.FromTicks(ticks));
            var answer = await house.Flights.AnswerAsync(Say(request, true), house.Who("ann"), default);
            Assert.Equal(inTime ? null : ProblemCode.ApprovalExpired, answer.Problem?.Code);
            // What was given in time is good although it is taken up later.
            house.Clock.Advance(TimeSpan.FromMinutes(1));
            var report = await house.AdvanceAsync(id);
            Assert.Equal(inTime ? null : ProblemCode.ApprovalExpired, report.Problem?.Code);
            Assert.Equal(inTime ? After : Before, house.Tree());
        }
    }

    [Theory, Clause("APR-04")]
    [InlineData(5, Short)]
    public Task An_approval_while_the_time_runs_out_is_given_or_not_and_never_half(int seed, int times) => ExpiringAsync(seed, times);

    [Theory(Explicit = true)]
    [InlineData(6, Long)]
    public Task An_approval_while_the_time_runs_out_over_and_over(int seed, int times) => ExpiringAsync(seed, times);

    private static async Task ExpiringAsync(int seed, int times)
    {
        var random = new Random(seed);
        for (var i = 0; i < times; i++)
        {
            var (house, id, request) = await WaitingAsync("approvals: { expires: 1h }");
            await using (house)
            {
                var other = await house.DoorAsync();
                await using var _ = other.Ledger;
                house.Clock.Advance(request.Extensions.ExpiresAt!.Value - house.Clock.GetUtcNow() - TimeSpan.FromTicks(1));
                var answers = await AtOnceAsync(random,
                    () => other.Flights.AnswerAsync(Say(request, true), house.Who("ann"), default),
                    () =>
                    {
                        house.Clock.Advance(TimeSpan.FromTicks(1));
                        return Task.FromResult<Outcome<ApprovalResponse>>(new Problem(ProblemCode.Cancelled, "the clock"));
                    },
                    async () => i % 2 == 0 ? (await house.TryAdvanceAsync(id)).Map(_ => (ApprovalResponse)null!) : new Problem(ProblemCode.Cancelled, "not this time"));
                await house.TryAdvanceAsync(id);
                var state = await house.StateAsync(id);
                var told = $"seed {seed}, round {i}: {answers[0].Problem?.ToString() ?? "approved"}, {state.Overall.Word()}";
                Assert.True(state.Ended is LifecycleState.Completed or LifecycleState.Failed, told);
                Assert.Equal(state.Ended == LifecycleState.Completed ? After : Before, house.Tree());
                // A yes that came too late was never told to be one.
                Assert.True(answers[0].Ok || state.Ended == LifecycleState.Failed, told);
                if (answers[0].Ok) Assert.True(answers[0].Value.Timestamp < request.Extensions.ExpiresAt, told);
                await house.ProveAsync(id);
            }
        }
    }
}
