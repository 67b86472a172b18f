// The wall clock is set, a day forward or a day back: leases do not care, because they count by clocks that nobody can set; plan-tokens and approvals expire by it,
// as people mean them to (ORC-05, ORC-06, TOK-05, APR-04).
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Tests.Hangar;

namespace CabinCrew.Tests.Simulation;

public sealed class ClockJumpTests
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    [Fact, Clause("ORC-06")]
    public async Task A_clock_that_is_set_takes_no_flight_from_its_living_owner()
    {
        using var plain = new CrashScene(CrashKind.Patch);
        using var outside = new CrashScene(CrashKind.Outside);
        using var owner = CrashRun.Begin([new(plain.Root, "workspace rename"), new(outside.Root, "engine release lost", 2)], CrashHost.Hold);
        await owner.HeldAsync();
        foreach (var scene in new[] { plain, outside })
            foreach (var wrong in new[] { Day, -Day })
            {
                await using var other = await FlightHouse.AtAsync(scene.Root, new HostClock(wrong));
                var id = Assert.Single((await other.Ledger.Store.ListAsync(TenantId.Local, new(), default)).Value).Workflow;
                Assert.Equal(ProblemCode.WorkflowBusy, (await other.TryAdvanceAsync(id)).Problem?.Code);
            }
        await owner.GoOnAsync();
        foreach (var scene in new[] { plain, outside }) await CrashVerdict.AfterEndAsync(scene, CrashVerdict.AfterDeath(scene));
        Assert.Single(outside.Effects);
    }

    [Theory, Clause("ORC-05")]
    [InlineData(1), InlineData(-1)]
    public async Task Whatever_the_clock_says_what_was_killed_is_resumed_at_once(int days)
    {
        (CrashKind Kind, string Cut)[] deaths =
        [
            (CrashKind.Patch, "store planning kept"), (CrashKind.Patch, "store asked kept"), (CrashKind.Patch, "store lock kept"), (CrashKind.Patch, "workspace rename"),
            (CrashKind.Outside, "store intent kept"), (CrashKind.Outside, "store marker kept"),
        ];
        var scenes = deaths.Select(d => new CrashScene(d.Kind)).ToList();
        try
        {
            Assert.True(await CrashRun.DieAsync([.. scenes.Zip(deaths, (s, d) => new CrashOrder(s.Root, d.Cut))]));
            var remains = scenes.ConvertAll(CrashVerdict.AfterDeath);
            Assert.False(await CrashRun.FlyAsync(scenes, days * Day));
            foreach (var (scene, dead) in scenes.Zip(remains)) await CrashVerdict.AfterEndAsync(scene, dead);
        }
        finally
        {
            foreach (var scene in scenes) scene.Dispose();
        }
    }

    [Theory, Clause("ORC-06")]
    [InlineData(1), InlineData(-1)]
    public async Task A_clock_that_is_set_in_the_middle_of_a_take_off_does_not_disturb_it(int days)
    {
        var runner = new StagedRunner();
        await using var house = await FlightHouse.OpenAsync(FlightHouse.Allow, runner);
        var takeOff = runner.TakeOff;
        runner.TakeOff = run =>
        {
            house.Clock.Set(days * Day);
            return takeOff(run);
        };
        var landed = await house.FlyAsync(house.Script("e", "").Workflow("  - { id: b, engine: ./engines/e }"));
        Assert.Null(landed.Problem);
        Assert.Equal("new\n", house.Read("workspace/b.txt"));
        await house.ProveAsync(landed.State.Id, landed.State);
    }

    [Theory, Clause("TOK-05"), Clause("APR-04")]
    [InlineData("plan: { expires: 1h }", ProblemCode.TokenExpired)]
    [InlineData("approvals: { expires: 1h }", ProblemCode.ApprovalExpired)]
    public async Task What_people_let_expire_expires_by_the_wall_clock_and_never_sooner(string limit, ProblemCode code)
    {
        foreach (var (wrong, expected) in new[] { (-Day, (ProblemCode?)null), (Day, code) })
        {
            var runner = new StagedRunner();
            await using var house = await FlightHouse.OpenAsync(FlightHouse.Ask, runner);
            var waiting = await house.FlyAsync(house.Script("e", "").Workflow("  - { id: b, engine: ./engines/e }", limit));
            house.Clock.Set(wrong);
            Assert.Equal(expected, (await house.AnswerAsync(waiting.State.Id, "ann")).Problem?.Code);
            var end = await house.AdvanceAsync(waiting.State.Id);
            Assert.Equal(expected, end.Problem?.Code);
            Assert.Equal(expected is null, File.Exists(house["workspace/b.txt"]));
            await house.ProveAsync(waiting.State.Id, end.State);
        }
    }
}
