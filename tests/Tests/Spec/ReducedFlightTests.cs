// Whole flights in the reduced isolation: allowed in so many words, seen by policies, on record, on a copied view; and what no isolation by mounts prevents is found (ENG-06, PRE-05, AUD-01).
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Orchestrator.Engines.Reduced;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Hangar;
using Xunit;

namespace CabinCrew.Tests.Spec;

public sealed class ReducedFlightTests
{
    private static ReducedRunner Reduced => new() { Because = new(ProblemCode.SandboxUnavailable, "no namespaces here") };

    private static async Task<FlightHouse> HouseAsync(string rules = FlightHouse.Allow) => await FlightHouse.OpenAsync(rules, real: Reduced);

    [Fact, Clause("ENG-06"), Clause("ENG-09"), Clause("AUD-01")]
    public async Task a_flight_lands_on_a_copied_view_and_the_record_says_how()
    {
        await using var house = await HouseAsync();
        var report = await house.FlyScriptAsync("propose a.txt ONE");
        Assert.True(report.State.Ended == LifecycleState.Completed, $"{report.Problem}");
        Assert.Equal("a.txt: ONE\\n\ndir/b.txt: two\\n", house.Tree());
        Assert.Equal("reduced", report.State.Steps[StepId.Parse("one")].Plan!.Tier);
        var told = await house.AuditAsync();
        var reduced = Assert.Single(told, e => e.EventType == AuditEventTypes.SandboxReduced);
        Assert.Equal((Severity.Warning, "no namespaces here"), (reduced.Severity, reduced.Extensions!.Data!.Value.GetProperty("because").GetString()));
        Assert.All(told.Where(e => e.EventType == AuditEventTypes.EngineStarted), e => Assert.Equal("reduced", e.Extensions!.Data!.Value.GetProperty("isolation").GetString()));
        Assert.Contains(told, e => e.EventType == AuditEventTypes.EnvironmentPrepared && e.Extensions!.Data!.Value.TryGetProperty("view", out var view) && view.GetString() == "copy");
        await house.ProveAsync(report.State.Id, report.State);
    }

    [Fact, Clause("PRE-05")]
    public async Task policies_see_the_isolation()
    {
        await using var house = await HouseAsync("default: allow\nrules:\n  - { id: weak, when: { isolation: reduced }, decision: deny, reason: too weak }");
        var report = await house.FlyScriptAsync("propose a.txt ONE");
        Assert.Equal(ProblemCode.PolicyDenied, report.Problem?.Code);
        await using var full = await FlightHouse.OpenAsync("default: allow\nrules:\n  - { id: weak, when: { isolation: reduced }, decision: deny, reason: too weak }");
        Assert.Equal(LifecycleState.Completed, (await full.FlyScriptAsync("propose a.txt ONE")).State.Ended);
    }

    [Fact, Clause("ORC-08")]
    public async Task a_plan_that_was_judged_in_the_full_isolation_does_not_take_off_in_a_weaker_one()
    {
        await using var house = await FlightHouse.OpenAsync();
        var resting = await house.FlyScriptAsync("propose a.txt ONE", goal: FlightGoal.Plan);
        var weaker = new Flights(house.Ledger, house.Identities, _ => Outcome.Of<IEngineRunner>(Reduced));
        var report = (await weaker.AdvanceAsync(resting.State.Id, new(FlightGoal.Land, TimeSpan.Zero), new Progress<FlightNews>(), default)).Value;
        Assert.Equal(ProblemCode.TakeOffForbidden, report.Problem?.Code);
        Assert.Contains("'reduced'", report.Problem!.Message, StringComparison.Ordinal);
        Assert.Equal("a.txt: one\\n\ndir/b.txt: two\\n", house.Tree());
    }

    [Theory, Clause("ENG-06")]
    [InlineData("echo changed > \"$CABINCREW_WORKSPACE/a.txt\"")]
    [InlineData("echo new > \"$CABINCREW_WORKSPACE/new.txt\"; exit 1")]
    public async Task a_plan_that_changed_its_workspace_without_isolation_is_refused(string attack)
    {
        await using var house = await FlightHouse.OpenAsync();
        var id = await house.StartAsync(house.Script("e", attack).Workflow("  - { id: one, engine: ./engines/e }"), unsandboxed: true);
        var report = await house.AdvanceAsync(id);
        Assert.True(report.Problem?.Code == ProblemCode.PlanChangedWorkspace, $"{report.Problem}");
        Assert.Equal(LifecycleState.Failed, report.State.Ended);
    }

    [Fact, Clause("ENG-06")]
    public async Task the_same_attack_changes_nothing_in_the_reduced_isolation()
    {
        await using var house = await HouseAsync();
        var report = await house.FlyScriptAsync("echo changed 2>/dev/null > \"$CABINCREW_WORKSPACE/a.txt\"; exit 1");
        Assert.Equal(ProblemCode.EngineFailed, report.Problem?.Code);
        Assert.Equal("a.txt: one\\n\ndir/b.txt: two\\n", house.Tree());
    }

    [Fact, Clause("ORC-05")]
    public async Task the_allowance_stands_in_the_file_and_is_stored_with_the_flight()
    {
        await using var house = await FlightHouse.OpenAsync();
        house.Script("e", "true");
        Assert.False(house.Workflow("  - { id: one, engine: ./engines/e }").ReducedIsolation);
        Assert.False(house.Workflow("  - { id: one, engine: ./engines/e }", "isolation: full").ReducedIsolation);
        var allowed = house.Workflow("  - { id: one, engine: ./engines/e }", "isolation: reduced");
        Assert.True(allowed.ReducedIsolation);
        Assert.True((await house.StateAsync(await house.StartAsync(allowed))).Definition.ReducedIsolation);
    }

    [Fact, Clause("ENG-06")]
    public async Task where_the_full_isolation_works_the_allowance_changes_nothing()
    {
        var runner = (await EngineRunners.CreateAsync(unsandboxed: false, default, reduced: true)).Value;
        Assert.Equal(("bubblewrap", true), (runner.Tier, runner.Because is null));
    }

    [Theory]
    [InlineData(0, "needs Landlock: the kernel")]
    [InlineData(3, "TCP connections; control calls on devices; signals")]
    [InlineData(5, "this kernel has 5, which does not prevent signals to your other processes, and their abstract sockets.")]
    public void what_an_older_kernel_lacks_is_said(int abi, string says) =>
        Assert.Contains(says, ReducedProbe.Refused(abi, "the kernel was built without Landlock").Message, StringComparison.Ordinal);
}
