// What a flight gives an engine and takes from it: fresh directories, mapped values and secrets, declared changes, proven determinism.
using System.Text;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Hangar;

namespace CabinCrew.Tests.Spec;

public sealed class EngineFlightTests
{
    private const string Before = "a.txt: one\\n\ndir/b.txt: two\\n";

    [Fact, Clause("ORC-02"), Clause("ENG-10")]
    public async Task A_step_finds_fresh_directories_and_only_what_is_mapped_from_an_earlier_one()
    {
        await using var house = await FlightHouse.OpenAsync();
        house.Script("first", """
            bare facts evidence report '"metadata":{"summary":{"files":2},"hidden":"not mapped"}'
            propose a.txt new
            echo left > "$T/left"; echo left > /dev/shm/left
            """, "apply; echo left > $T/left-in-takeoff");
        house.Script("second", """
            echo "context: $(grep -o '"context":{[^}]*}*' <<< "$input")" >&2
            ls -A "$A" "$T" /dev/shm /workspace >&2
            grep -q 'not mapped' <<< "$input" && exit 1
            propose c.txt from-second
            """);
        var landed = await house.FlyAsync(house.Workflow("""
              - { id: one, engine: ./engines/first }
              - id: two
                engine: ./engines/second
                needs: [one]
                context: { known: { step: one, artifact: facts, field: metadata.summary } }
            """));
        Assert.Null(landed.Problem);
        var log = await house.LogAsync(landed.State, "two");
        Assert.Contains("context: \"context\":{\"known\":{\"files\":2}}", log, StringComparison.Ordinal);
        Assert.DoesNotContain("left", log, StringComparison.Ordinal);
        Assert.DoesNotContain("facts\n", log, StringComparison.Ordinal);
        Assert.Equal("a.txt: new\\n\nc.txt: from-second\\n\ndir/b.txt: two\\n", house.Tree());
    }

    [Fact, Clause("ORC-02")]
    public async Task What_is_mapped_and_not_there_fails_the_step_by_name()
    {
        await using var house = await FlightHouse.OpenAsync();
        house.Script("e", "propose a.txt new");
        var report = await house.FlyAsync(house.Workflow("  - { id: one, engine: ./engines/e }\n  - { id: two, engine: ./engines/e, needs: [one], context: { k: { step: one, artifact: nothing, field: body } } }"));
        Assert.Equal(ProblemCode.NotFound, report.Problem?.Code);
        Assert.Contains("context k", report.Problem!.Where, StringComparison.Ordinal);
        Assert.Equal(LifecycleState.Failed, report.State.Overall);
    }

    [Fact, Clause("ORC-02")]
    public async Task A_body_that_is_too_large_for_an_input_is_not_mapped_into_one()
    {
        await using var house = await FlightHouse.OpenAsync();
        house.Script("e", "head -c 1100000 /dev/zero | tr '\\0' x | emit big evidence text", ":");
        var report = await house.FlyAsync(house.Workflow("  - { id: one, engine: ./engines/e }\n  - { id: two, engine: ./engines/e, needs: [one], context: { k: { step: one, artifact: big, field: body } } }"));
        Assert.Equal(ProblemCode.ArtifactTooLarge, report.Problem?.Code);
    }

    [Fact, Clause("ENG-03")]
    public async Task Secrets_reach_the_steps_that_they_are_mapped_to_and_no_other()
    {
        await using var house = await FlightHouse.OpenAsync();
        house.File("home/secret", "open-sesame-4711\n");
        house.Script("e", """
            echo "allowed: $(grep -o '"allowed_secrets":[^]]*]' <<< "$input")" >&2
            echo "knows: $(grep -c open-sesame-4711 <<< "$input")" >&2
            env | grep -q sesame && exit 1
            propose "$(grep -o '"step_id":"[a-z]*"' <<< "$input" | cut -d'"' -f4).txt" x
            """, "echo \"knows: $(grep -c open-sesame-4711 <<< \"$input\")\" >&2; apply");
        var landed = await house.FlyAsync(house.Workflow("  - { id: with, engine: ./engines/e, secrets: { TOKEN: { file: secret } } }\n  - { id: without, engine: ./engines/e, needs: [with] }"));
        Assert.Null(landed.Problem);
        Assert.Equal("allowed: \"allowed_secrets\":[\"TOKEN\"]\nknows: 1\n", await house.LogAsync(landed.State, "with"));
        Assert.Equal("allowed: \"allowed_secrets\":[]\nknows: 0\n", await house.LogAsync(landed.State, "without"));
        Assert.StartsWith("knows: 1\n", await house.TakeOffLogAsync(landed.State, "with"), StringComparison.Ordinal);
    }

    [Fact, Clause("ENG-07")]
    public async Task Two_plans_that_differ_are_found_and_fail()
    {
        await using var house = await FlightHouse.OpenAsync();
        var report = await house.FlyScriptAsync("propose a.txt $RANDOM$RANDOM$RANDOM", step: "determinism: verify");
        Assert.Equal(ProblemCode.PlanNotDeterministic, report.Problem?.Code);
        Assert.Contains("artifact change has another body", report.Problem!.Message, StringComparison.Ordinal);
        Assert.Equal(LifecycleState.Failed, report.State.Overall);
        Assert.Equal(Before, house.Tree());
        await house.ProveAsync(report.State.Id, report.State);
    }

    [Fact, Clause("ENG-07"), Clause("AUD-01")]
    public async Task A_deterministic_plan_is_run_twice_with_the_same_input_and_lands()
    {
        await using var house = await FlightHouse.OpenAsync();
        var report = await house.FlyScriptAsync("propose a.txt \"$(sha256sum <<< \"$input\" | cut -c1-8)\"", step: "determinism: verify");
        Assert.Null(report.Problem);
        var events = await house.EventsAsync(report.State.Id);
        Assert.Equal(3, events.Count(e => e == AuditEventTypes.EngineStarted));
        Assert.Equal(3, events.Count(e => e == AuditEventTypes.EngineCompleted));
        await house.ProveAsync(report.State.Id, report.State);
    }

    [Theory, Clause("ENG-09"), Clause("ORC-03")]
    [InlineData("apply; echo x > $W/extra.txt", ProblemCode.TakeOffUndeclaredChange, "undeclared", "extra.txt (create)")]
    [InlineData("apply; rm $W/dir/b.txt", ProblemCode.TakeOffUndeclaredChange, "undeclared", "dir/b.txt (delete)")]
    [InlineData("apply; chmod +x $W/dir/b.txt", ProblemCode.TakeOffUndeclaredChange, "undeclared", "dir/b.txt (update)")]
    [InlineData("echo other > $W/a.txt", ProblemCode.TakeOffUndeclaredChange, "different", "a.txt (update): the content is another")]
    [InlineData("ln -sf /etc/passwd $W/a.txt", ProblemCode.TakeOffUndeclaredChange, "different", "a.txt (update): declared as a regular file, but it is a link")]
    [InlineData("rm $W/a.txt", ProblemCode.TakeOffUndeclaredChange, "different", "a.txt (update): it was deleted")]
    [InlineData(":", ProblemCode.TakeOffMissingChange, "missing", "a.txt (update)")]
    public async Task A_take_off_that_does_another_thing_than_declared_changes_nothing_and_shows_the_difference(string takeOff, ProblemCode code, string kind, string difference)
    {
        await using var house = await FlightHouse.OpenAsync();
        var report = await house.FlyScriptAsync("propose a.txt new", takeOff);
        Assert.Equal(code, report.Problem?.Code);
        Assert.StartsWith(difference, report.Problem!.Evidence[kind], StringComparison.Ordinal);
        Assert.Equal(Before, house.Tree());
        Assert.Equal(LifecycleState.Failed, report.State.Ended);
        var events = await house.EventsAsync(report.State.Id);
        Assert.Contains(AuditEventTypes.TakeOffRefused, events);
        Assert.DoesNotContain(AuditEventTypes.TakeOffCommitted, events);
        await house.ProveAsync(report.State.Id, report.State);
        // The lock is free again.
        Assert.Null((await house.FlyScriptAsync("propose a.txt new")).Problem);
    }

    [Fact, Clause("ENG-06")]
    public async Task A_flight_plan_changes_nothing_and_does_not_see_the_store()
    {
        await using var house = await FlightHouse.OpenAsync();
        house.File("workspace/.cabincrew/keys", "private");
        var report = await house.FlyScriptAsync("""
            { echo x > $W/a.txt; rm -f $W/a.txt; mkdir $W/new; touch /var/tmp/mark /etc/mark; } 2>/dev/null && exit 1
            ls -A $W/.cabincrew >&2; bare note evidence report
            """, goal: FlightGoal.Plan);
        Assert.Null(report.Problem);
        Assert.Equal("", await house.LogAsync(report.State, "one"));
        Assert.Equal(Before, house.Tree());
    }

    [Fact, Clause("ART-06")]
    public async Task A_log_is_kept_but_neither_judged_nor_shown_to_take_off()
    {
        await using var house = await FlightHouse.OpenAsync("""
            default: allow
            rules:
              - { id: words, when: { artifact_text: 'forbidden words' }, decision: deny, reason: forbidden words }
            """);
        const string rest = "echo restored | emit data state opaque; propose a.txt new";
        var landed = await house.FlyScriptAsync("echo 'forbidden words' | emit chatter log text; " + rest, "ls \"$A\" >&2; git -C $W apply $A/change/body.data");
        Assert.Null(landed.Problem);
        Assert.Equal("change\ndata\n", await house.TakeOffLogAsync(landed.State, "one"));
        var kept = landed.State.Steps.Values.Single().Plan!.Artifacts.Single(a => a.Name == "chatter");
        Assert.Equal("forbidden words\n", Encoding.UTF8.GetString((await house.Ledger.Blobs.GetAsync(TenantId.Local, kept.Body!.Value, default)).Value.Span));
        // The same words in what is judged are denied, whether evidence or state.
        foreach (var role in (string[])["evidence", "state"])
            Assert.Equal(ProblemCode.PolicyDenied, (await house.FlyScriptAsync($"echo 'forbidden words' | emit chatter {role} text; " + rest)).Problem?.Code);
    }

    [Theory, Clause("ART-09")]
    [InlineData("file_patch", true)]
    [InlineData("code_diff", true)]
    [InlineData("git_diff", true)]
    [InlineData("config_change", true)]
    [InlineData("infra_plan", false)]
    [InlineData("script", false)]
    [InlineData("structured_plan", false)]
    [InlineData("of_my_own", false)]
    public async Task Types_that_declare_file_changes_declare_them_and_all_others_are_judged_as_data(string type, bool declares)
    {
        await using var house = await FlightHouse.OpenAsync("""
            default: allow
            rules:
              - { id: files, when: { paths: ['x.txt'] }, decision: deny, reason: the file }
              - { id: text, when: { artifact_text: 'of-the-text' }, decision: deny, reason: the text }
            """);
        var report = await house.FlyScriptAsync($"printf -- '--- /dev/null\\n+++ b/x.txt\\n@@ -0,0 +1 @@\\n+of-the-text\\n' | emit it evidence {type}");
        Assert.Equal(ProblemCode.PolicyDenied, report.Problem?.Code);
        var flight = report.State.Steps.Values.Single();
        Assert.Equal(declares ? ["x.txt"] : [], flight.Plan!.Changes.Select(c => c.Path));
        Assert.Equal(declares ? ["files: the file: x.txt", "text: the text"] : ["text: the text"],
            flight.Judgement!.Violations.Select(v => v[(v.LastIndexOf('/') + 1)..]).Order());
    }
}
