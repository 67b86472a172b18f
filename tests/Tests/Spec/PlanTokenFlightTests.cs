// TOK at the level of a flight: made once by the orchestrator, verified at every gate and after a restart, expires, and is bound to a workspace.
using CabinCrew.Ledger;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Orchestrator.Workflows.Stages;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Hangar;

namespace CabinCrew.Tests.Spec;

public sealed class PlanTokenFlightTests
{
    private const string Before = "a.txt: one\\n\ndir/b.txt: two\\n";

    [Fact, Clause("TOK-01")]
    public async Task The_token_is_made_once_before_the_judgement_and_stays_through_approval_restart_and_take_off()
    {
        await using var house = await FlightHouse.OpenAsync(FlightHouse.Ask);
        var report = await house.FlyScriptAsync("propose a.txt new; receipt success '\"plan_token\":\"sha256:0000000000000000000000000000000000000000000000000000000000000000\"'; exit 0");
        var id = report.State.Id;
        var token = report.State.Steps.Values.Single().Token!.Token;
        Assert.NotEqual(new string('0', 64), token.Hex);
        await house.DieAsync();
        Assert.Null((await house.AnswerAsync(id, "ann")).Problem);
        var landed = await house.AdvanceAsync(id);
        Assert.Null(landed.Problem);
        Assert.Equal(token, landed.State.Steps.Values.Single().Token!.Token);
        var types = (await house.EntriesAsync(id)).Select(e => e.EntryType).ToList();
        Assert.Single(types, WalEntryTypes.TokenCreated);
        Assert.True(types.IndexOf(WalEntryTypes.PlanFrozen) < types.IndexOf(WalEntryTypes.TokenCreated));
        Assert.True(types.IndexOf(WalEntryTypes.TokenCreated) < types.IndexOf(WalEntryTypes.PolicyEvaluated));
    }

    [Fact, Clause("TOK-03")]
    public async Task A_token_whose_document_was_altered_or_signed_by_another_is_refused()
    {
        await using var house = await FlightHouse.OpenAsync(FlightHouse.Ask);
        var state = (await house.FlyScriptAsync("propose a.txt new")).State;
        var step = state.Steps.Values.Single();
        Assert.Null((await StaleAsync(house.Ledger, step)));
        var token = step.Token!;
        foreach (var altered in (PlanToken[])
            [
                token with { CreatedAt = token.CreatedAt.AddSeconds(1) },
                token with { Extensions = token.Extensions! with { ExpiresAt = house.Clock.GetUtcNow().AddDays(1) } },
                token with { Extensions = token.Extensions! with { Signature = null } },
                token with { Artifacts = [] },
            ])
            Assert.Equal(ProblemCode.TokenMismatch, (await StaleAsync(house.Ledger, step with { Token = altered }))?.Code);
        await using var other = await FlightHouse.OpenAsync();
        Assert.Equal(ProblemCode.TokenMismatch, (await StaleAsync(house.Ledger with { Signer = other.Ledger.Signer }, step))?.Code);

        async Task<Problem?> StaleAsync(LedgerRoom ledger, StepFlight with) =>
            (await FrozenPlans.LoadAsync(ledger, TenantId.Local, state with { Steps = state.Steps.SetItem(step.Id, with) }, step.Id, default)).Value.Stale(house.Clock.GetUtcNow());
    }

    [Fact, Clause("TOK-02"), Clause("TOK-04")]
    public async Task Whatever_the_token_binds_and_is_altered_in_the_stored_plan_is_found()
    {
        await using var house = await FlightHouse.OpenAsync(FlightHouse.Ask);
        var state = (await house.FlyScriptAsync("propose a.txt new")).State;
        var step = state.Steps.Values.Single();
        var plan = step.Plan!;
        var other = Digest.Of("other"u8);
        foreach (var altered in (FrozenPlan[])
            [
                plan with { WorkspaceHash = other }, plan with { EngineId = "other" }, plan with { EngineDigest = other }, plan with { ConfigHash = other }, plan with { DefinitionHash = other },
                plan with { PolicyDigest = other }, plan with { GovernanceHash = other }, plan with { Artifacts = [] },
                plan with { Context = System.Text.Json.JsonElement.Parse("""{"added":1}""") },
            ])
        {
            var loaded = await FrozenPlans.LoadAsync(house.Ledger, TenantId.Local, state with { Steps = state.Steps.SetItem(step.Id, step with { Plan = altered }) }, step.Id, default);
            Assert.Equal(ProblemCode.TokenMismatch, loaded.Value.Stale(house.Clock.GetUtcNow())?.Code);
        }
    }

    [Theory, Clause("TOK-04"), Clause("ART-05"), Clause("ORC-03"), Clause("ORC-08")]
    [InlineData("preflight")]
    [InlineData("approval")]
    [InlineData("restart")]
    [InlineData("take-off")]
    public async Task Stored_bytes_that_changed_are_found_at_every_gate_as_a_critical_event_and_fail_the_flight(string gate)
    {
        await using var house = await FlightHouse.OpenAsync(gate == "take-off" ? FlightHouse.Allow : FlightHouse.Ask);
        if (gate == "preflight") house.Store.OnCommit = c => c.Entries.Any(e => e.EntryType == WalEntryTypes.TokenCreated) ? Cut.Kept : Cut.No;
        var report = await house.FlyScriptAsync("propose a.txt new", goal: FlightGoal.Plan);
        var id = report.State.Id;
        if (gate == "preflight") await house.DieAsync();
        var plan = (await house.StateAsync(id)).Steps.Values.Single().Plan!;
        house.TamperBlob(plan.Artifacts.Single().Body!.Value, "something else\n");
        if (gate == "restart") await house.DieAsync();
        if (gate == "approval")
        {
            Assert.Equal(ProblemCode.BlobCorrupt, (await house.AnswerAsync(id, "ann")).Problem?.Code);
            Assert.Contains(await house.AuditAsync(), e => e is { EventType: AuditEventTypes.ApprovalRefused, Severity: Severity.Critical });
            Assert.DoesNotContain(AuditEventTypes.ApprovalReceived, await house.EventsAsync(id));
        }
        var failed = await house.AdvanceAsync(id);
        Assert.Equal(ProblemCode.BlobCorrupt, failed.Problem?.Code);
        Assert.Equal(LifecycleState.Failed, failed.State.Ended);
        Assert.Contains(await house.AuditAsync(), e => e is { EventType: AuditEventTypes.TokenMismatch, Severity: Severity.Critical });
        Assert.Equal(Before, house.Tree());
        await house.ProveAsync(id, failed.State);
    }

    [Theory, Clause("TOK-05"), Clause("ORC-08")]
    [InlineData(FlightHouse.Allow, false)]
    [InlineData(FlightHouse.Ask, false)]
    [InlineData(FlightHouse.Ask, true)]
    public async Task An_expired_token_fails_the_flight_and_says_so(string rules, bool approved)
    {
        await using var house = await FlightHouse.OpenAsync(rules);
        var planned = await house.FlyScriptAsync("propose a.txt new", more: "plan: { expires: 1h }", goal: FlightGoal.Plan);
        var id = planned.State.Id;
        if (approved) Assert.Null((await house.AnswerAsync(id, "ann")).Problem);
        house.Clock.Advance(TimeSpan.FromMinutes(61));
        if (rules == FlightHouse.Ask && !approved) Assert.Equal(ProblemCode.TokenExpired, (await house.AnswerAsync(id, "ann")).Problem?.Code);
        var failed = await house.AdvanceAsync(id);
        Assert.Equal(ProblemCode.TokenExpired, failed.Problem?.Code);
        Assert.Equal(LifecycleState.Failed, failed.State.Ended);
        Assert.Equal(Before, house.Tree());
        Assert.Contains(await house.AuditAsync(), e => e.Extensions?.Problem == "token_expired" && e.Workflow?.StepId == "one");
    }

    [Fact, Clause("TOK-05"), Clause("TOK-04")]
    public async Task A_token_that_expired_before_the_judgement_is_not_even_judged()
    {
        await using var house = await FlightHouse.OpenAsync();
        house.Store.OnCommit = c => c.Entries.Any(e => e.EntryType == WalEntryTypes.TokenCreated) ? Cut.Kept : Cut.No;
        var id = (await house.FlyScriptAsync("propose a.txt new", more: "plan: { expires: 1h }")).State.Id;
        await house.DieAsync();
        house.Clock.Advance(TimeSpan.FromHours(1));
        var failed = await house.AdvanceAsync(id);
        Assert.Equal(ProblemCode.TokenExpired, failed.Problem?.Code);
        Assert.Null(failed.State.Steps.Values.Single().Judgement);
    }

    [Fact, Clause("TOK-05")]
    public async Task A_token_within_its_time_takes_off()
    {
        await using var house = await FlightHouse.OpenAsync();
        var planned = await house.FlyScriptAsync("propose a.txt new", more: "plan: { expires: 1h }", goal: FlightGoal.Plan);
        house.Clock.Advance(TimeSpan.FromMinutes(59));
        Assert.Null((await house.AdvanceAsync(planned.State.Id)).Problem);
    }

    [Fact, Clause("TOK-06"), Clause("ORC-08")]
    public async Task A_workspace_that_moved_fails_the_flight_as_stale()
    {
        await using var house = await FlightHouse.OpenAsync();
        var planned = await house.FlyScriptAsync("propose a.txt new", goal: FlightGoal.Plan);
        house.File("workspace/dir/b.txt", "moved\n");
        var failed = await house.AdvanceAsync(planned.State.Id);
        Assert.Equal(ProblemCode.WorkspaceDrift, failed.Problem?.Code);
        Assert.Equal(LifecycleState.Failed, failed.State.Ended);
        Assert.Equal("a.txt: one\\n\ndir/b.txt: moved\\n", house.Tree());
        Assert.Contains(AuditEventTypes.WorkspaceDrift, await house.EventsAsync(planned.State.Id));
        await house.ProveAsync(planned.State.Id, failed.State);
    }

    [Fact, Clause("TOK-06")]
    public async Task What_moved_is_named_by_the_times_that_the_kernel_keeps()
    {
        await using var house = await FlightHouse.OpenAsync();
        house.File("workspace/gone/c.txt", "x").File("workspace/gone/d.txt", "x").File("workspace/own.git/e.txt", "x");
        const string commit = "git -C workspace -c user.name=a -c user.email=a@b commit --allow-empty -qm x";
        house.Bash($"git init -qb main workspace; {commit}");
        house.Clock.Set(DateTimeOffset.UtcNow - house.Clock.GetUtcNow());
        var planned = await house.FlyScriptAsync("propose a.txt new", goal: FlightGoal.Plan);
        house.File("workspace/dir/b.txt", "moved\n").File("workspace/own.git/e.txt", "y").File("workspace/n0.txt", "").File("workspace/n1.txt", "").File("workspace/.cabincrew/x", "");
        File.Delete(house["workspace/gone/c.txt"]);
        house.Bash(commit);
        var failed = await house.AdvanceAsync(planned.State.Id);
        Assert.Equal("the workspace moved since the plan was made; newer than the plan: .git/refs/heads/main, dir/b.txt, gone/, n0.txt, n1.txt and 1 more", failed.Problem?.Message);
    }

    [Fact, Clause("TOK-06"), Clause("APR-03"), Clause("TOK-01")]
    public async Task With_on_drift_replan_there_is_a_new_token_and_the_old_approval_is_worth_nothing()
    {
        await using var house = await FlightHouse.OpenAsync(FlightHouse.Ask);
        var first = await house.FlyScriptAsync("propose a.txt \"$(cat $W/dir/b.txt)-new\"", more: "on_drift: replan");
        var id = first.State.Id;
        var old = first.State.Steps.Values.Single();
        Assert.Null((await house.AnswerAsync(id, "ann")).Problem);
        house.File("workspace/dir/b.txt", "moved\n");

        var second = await house.AdvanceAsync(id);
        Assert.Equal(ProblemCode.ApprovalRequired, second.Problem?.Code);
        var step = second.State.Steps.Values.Single();
        Assert.NotEqual(old.Token!.Token, step.Token!.Token);
        Assert.NotEqual(old.Request!.ApprovalId, step.Request!.ApprovalId);
        Assert.Empty(step.Responses);
        Assert.Equal("a.txt: one\\n\ndir/b.txt: moved\\n", house.Tree());

        // Neither the old request nor the old token is good for anything now.
        Assert.Equal(ProblemCode.ApprovalNotFound, (await house.Flights.AnswerAsync(new(old.Request.ApprovalId, true, old.Token.Token, null), house.Who("ben"), default)).Problem?.Code);
        Assert.Equal(ProblemCode.ApprovalTokenMismatch, (await house.AnswerAsync(id, "ben", shown: old.Token.Token)).Problem?.Code);
        Assert.Equal(2, (await house.AuditAsync()).Count(e => e.EventType == AuditEventTypes.ApprovalRefused));
        Assert.Equal(ProblemCode.ApprovalRequired, (await house.AdvanceAsync(id)).Problem?.Code);

        Assert.Null((await house.AnswerAsync(id, "ann")).Problem);
        var landed = await house.AdvanceAsync(id);
        Assert.Null(landed.Problem);
        Assert.Equal("a.txt: moved-new\\n\ndir/b.txt: moved\\n", house.Tree());
        await house.ProveAsync(id, landed.State);
    }

    [Fact, Clause("TOK-06")]
    public async Task A_workspace_that_never_rests_is_not_planned_on_for_ever()
    {
        var runner = new StagedRunner();
        await using var house = await FlightHouse.OpenAsync(runner: runner);
        house.Script("e", "");
        runner.Plan = run =>
        {
            run.Propose("a.txt", "new");
            house.File("workspace/dir/b.txt", $"{runner.Runs.Count}\n");
            return Task.CompletedTask;
        };
        var report = await house.FlyAsync(house.Workflow("  - { id: a, engine: ./engines/e }", "on_drift: replan"));
        Assert.Equal(ProblemCode.WorkspaceDrift, report.Problem?.Code);
        Assert.Contains("does not come to rest", report.Problem!.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("a take-off", runner.Runs);
        Assert.InRange(runner.Runs.Count, 10, 30);
    }
}
