// A take-off's sandbox is set up while the plan is frozen and judged. It is flown, or it goes without having run anything; and it never shows what is no longer so.
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Hangar;

namespace CabinCrew.Tests.Spec;

[Clause("ENG-08"), Clause("ORC-08"), Clause("ENG-10")]
public sealed class StandbyTests
{
    private const string Landed = "a.txt: new\\n\ndir/b.txt: two\\n";

    private readonly WatchedRunner runner = new();

    [Fact]
    public async Task It_stands_before_the_plan_is_judged_and_is_the_one_that_takes_off()
    {
        await using var house = await OpenAsync();
        house.WhenFrozen = async () =>
        {
            await runner.StandsAsync();
            Assert.Equal(0, runner.Times("take-off cleared"));
        };
        var flown = await house.FlyScriptAsync("propose a.txt new", "ls $A >&2; touch $A/change/more 2>/dev/null && echo writable >&2; apply");
        Assert.Null(flown.Problem);
        Assert.Equal(Landed, house.Tree());
        // The frozen artifacts came in after it stood, and it could not write there all the same.
        Assert.Equal("change\n", await house.TakeOffLogAsync(flown.State, "one"));
        Assert.Equal(["take-off begun", "take-off cleared", "take-off ended"], runner.Told.Where(t => t.StartsWith("take-off", StringComparison.Ordinal)));
        runner.IsNothingLeft();
        await house.ProveAsync(flown.State.Id, flown.State);
    }

    [Fact]
    public async Task A_plan_that_is_denied_never_ran_it()
    {
        await using var house = await OpenAsync(FlightHouse.Deny);
        house.WhenFrozen = runner.StandsAsync;
        var denied = await house.FlyScriptAsync("propose a.txt new");
        Assert.Equal(ProblemCode.PolicyDenied, denied.Problem?.Code);
        Assert.Equal(["take-off begun", "take-off refused", "take-off ended"], runner.Told.Where(t => t.StartsWith("take-off", StringComparison.Ordinal)));
        Assert.Equal(0, denied.State.Steps.Values.Single().TakeOffRuns);
        runner.IsNothingLeft();
        await house.ProveAsync(denied.State.Id, denied.State);
    }

    [Fact]
    public async Task None_is_set_up_for_a_plan_that_fails()
    {
        await using var house = await OpenAsync();
        var failed = await house.FlyScriptAsync("receipt failure; exit 1");
        Assert.Equal(LifecycleState.Failed, failed.State.Overall);
        Assert.Equal(["flight-plan begun", "flight-plan cleared", "flight-plan ended"], runner.Told);
    }

    [Fact]
    public async Task While_a_person_is_asked_nothing_stands_and_what_takes_off_then_is_set_up_anew()
    {
        await using var house = await OpenAsync(FlightHouse.Ask);
        house.WhenFrozen = runner.StandsAsync;
        var asked = await house.FlyScriptAsync("propose a.txt new");
        Assert.Equal(ProblemCode.ApprovalRequired, asked.Problem?.Code);
        Assert.Equal(0, runner.Times("take-off cleared"));
        runner.IsNothingLeft();

        Assert.Null((await house.AnswerAsync(asked.State.Id, "ann")).Problem);
        Assert.Null((await house.AdvanceAsync(asked.State.Id)).Problem);
        Assert.Equal((2, 1), (runner.Times("take-off begun"), runner.Times("take-off cleared")));
        Assert.Equal(Landed, house.Tree());
        runner.IsNothingLeft();
    }

    [Theory]
    [InlineData("approvals: [{ role: maintainer }]", FlightGoal.Land)]
    [InlineData("", FlightGoal.Plan)]
    public async Task None_is_set_up_for_what_will_not_take_off_now(string step, FlightGoal goal)
    {
        await using var house = await OpenAsync();
        await house.FlyScriptAsync("propose a.txt new", step: step, goal: goal);
        Assert.Equal(0, runner.Times("take-off begun"));
    }

    [Fact]
    public async Task None_is_set_up_ahead_for_what_reaches_outside()
    {
        // Of a plan that is denied, only what was set up ahead was ever begun.
        await using var house = await OpenAsync(FlightHouse.Deny);
        Directory.CreateDirectory(house["shared"]);
        var denied = await house.FlyScriptAsync("propose a.txt new", step: $"outside: [{house["shared"]}]");
        Assert.Equal(ProblemCode.PolicyDenied, denied.Problem?.Code);
        Assert.Equal(0, runner.Times("take-off begun"));
    }

    [Fact]
    public async Task None_is_set_up_ahead_where_the_plans_engine_is_not_isolated_from_it()
    {
        var loose = new WatchedRunner(unsandboxed: true);
        await using var house = await FlightHouse.OpenAsync(FlightHouse.Deny, real: loose);
        var denied = await house.FlyScriptAsync("propose a.txt new");
        Assert.Equal(ProblemCode.PolicyDenied, denied.Problem?.Code);
        Assert.Equal(0, loose.Times("take-off begun"));
    }

    [Fact]
    public async Task None_is_set_up_ahead_where_steps_stand_side_by_side()
    {
        await using var house = await OpenAsync(FlightHouse.Deny);
        house.Script("e", "propose a.txt new").Script("f", "propose dir/b.txt new");
        var denied = await house.FlyAsync(house.Workflow("  - { id: one, engine: ./engines/e }\n  - { id: two, engine: ./engines/f }"));
        Assert.Equal(ProblemCode.PolicyDenied, denied.Problem?.Code);
        Assert.Equal((2, 0), (runner.Times("flight-plan ended"), runner.Times("take-off begun")));
    }

    [Fact]
    public async Task A_step_that_comes_after_another_has_its_own_when_its_turn_comes()
    {
        await using var house = await OpenAsync();
        house.WhenFrozen = runner.StandsAsync;
        house.Script("e", "propose a.txt new").Script("f", "propose dir/b.txt new");
        var flown = await house.FlyAsync(house.Workflow("  - { id: one, engine: ./engines/e }\n  - { id: two, engine: ./engines/f, needs: [one] }"));
        Assert.Null(flown.Problem);
        Assert.Equal((2, 2), (runner.Times("take-off begun"), runner.Times("take-off cleared")));
        Assert.Equal("a.txt: new\\n\ndir/b.txt: new\\n", house.Tree());
        runner.IsNothingLeft();
    }

    [Fact]
    public async Task A_store_that_came_into_the_workspace_since_is_hidden_all_the_same()
    {
        await using var house = await OpenAsync();
        house.WhenFrozen = async () =>
        {
            await runner.StandsAsync();
            house.File("workspace/.cabincrew/key", "secret\n");
        };
        var flown = await house.FlyScriptAsync("propose a.txt new", "cat .cabincrew/key >&2; ls -A .cabincrew >&2; apply");
        Assert.Null(flown.Problem);
        Assert.DoesNotContain("secret", await house.TakeOffLogAsync(flown.State, "one"), StringComparison.Ordinal);
        Assert.Equal((2, 1), (runner.Times("take-off begun"), runner.Times("take-off cleared")));
        runner.IsNothingLeft();
    }

    [Theory]
    [InlineData("mv workspace was && cp -a was workspace")]
    [InlineData("mv workspace was && mkdir workspace && rmdir workspace && mv was workspace")]
    [InlineData("mv home/engines/e was && cp -a was home/engines/e")]
    [InlineData("mv home/engines/e was && echo other > home/engines/e && mv was home/engines/e")]
    public async Task Where_another_workspace_or_engine_stood_in_its_place_it_is_set_up_anew(string swap)
    {
        await using var house = await OpenAsync();
        house.WhenFrozen = async () =>
        {
            await runner.StandsAsync();
            house.Bash(swap);
        };
        var flown = await house.FlyScriptAsync("propose a.txt new");
        Assert.Null(flown.Problem);
        Assert.Equal(Landed, house.Tree());
        Assert.Equal(["take-off begun", "take-off begun"], runner.Told.Where(t => t == "take-off begun"));
        Assert.Equal(1, runner.Times("take-off cleared"));
        runner.IsNothingLeft();
    }

    [Fact]
    public async Task A_file_that_changed_since_is_drift_and_the_engine_never_saw_it()
    {
        await using var house = await OpenAsync();
        house.WhenFrozen = async () =>
        {
            await runner.StandsAsync();
            house.File("workspace/dir/b.txt", "moved\n");
        };
        var moved = await house.FlyScriptAsync("propose a.txt new");
        Assert.Equal(ProblemCode.WorkspaceDrift, moved.Problem?.Code);
        Assert.Equal(0, runner.Times("take-off cleared"));
        Assert.Equal("a.txt: one\\n\ndir/b.txt: moved\\n", house.Tree());
        runner.IsNothingLeft();
    }

    private Task<FlightHouse> OpenAsync(string rules = FlightHouse.Allow) => FlightHouse.OpenAsync(rules, real: runner);
}
