// Undo: what a take-off changed is put back by a flight like any other, never over later work (ENG-09, ORC-01).
using System.Text;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Hangar;

namespace CabinCrew.Tests.Spec;

public sealed class UndoTests
{
    private static WorkflowDefinition Steps(FlightHouse house, string more = "") => house.Workflow($"  - {{ id: one, engine: ./engines/e{more} }}");

    /// <summary>Lands a flight whose engine turns the workspace's copy into something else and proposes the difference.</summary>
    private static async Task<WorkflowId> LandAsync(FlightHouse house, string effect, string step = "")
    {
        house.Script("e", $$"""
            git() { command git -C "$T/w" -c user.name=x -c user.email=x@example.org "$@"; }
            cp -a "$W/." "$T/w"; rm -rf "$T/w/.cabincrew"; { git init -q; git add -A -f; git commit -qm x; (cd "$T/w"; {{effect}}); git add -A -f; } >&2
            git diff --cached --binary --full-index --no-renames HEAD | emit change evidence file_patch
            """);
        var report = await house.FlyAsync(Steps(house, step));
        Assert.Null(report.Problem);
        return report.State.Id;
    }

    private static async Task<(FlightReport Report, UndoStarted Started)> UndoAsync(FlightHouse house, WorkflowId id, string? step = null)
    {
        var started = await house.Flights.UndoAsync(id, step is null ? null : StepId.Parse(step), house.Who("agent"), false, default);
        Assert.Null(started.Problem);
        var report = await house.AdvanceAsync(started.Value.Workflow);
        return (report, started.Value);
    }

    /// <summary>Everything there is: kinds, bytes, whether executable.</summary>
    private static string Tree(FlightHouse house) => string.Join('\n', Directory.EnumerateFileSystemEntries(house.Workspace, "*", SearchOption.AllDirectories)
        .Where(p => !p.Contains("/.cabincrew", StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(p => new FileInfo(p) is { LinkTarget: { } target }
            ? $"{p} -> {target}"
            : Directory.Exists(p) ? $"{p}/" : $"{p} {(File.GetUnixFileMode(p) & UnixFileMode.UserExecute) != 0} {Convert.ToHexString(File.ReadAllBytes(p))}"));

    private const string Everything = """
        printf 'edited\n' > a.txt; rm dir/b.txt; rmdir dir 2>/dev/null; printf 'new\n' > new.txt; mkdir -p deep/er; printf x > deep/er/x; printf '\000\001\377' > bin; rm gone.bin
        chmod +x plain; chmod -x tool; rm empty; : > fresh-empty; rm link; ln -s a.txt link2; rm kind; ln -s a.txt kind; printf 'caf\351\n' > latin
        """;

    private static FlightHouse Furnish(FlightHouse house)
    {
        house.File("workspace/plain", "p\n").File("workspace/tool", "#!/bin/sh\n").File("workspace/empty", "").File("workspace/kind", "a file\n");
        File.WriteAllBytes(house["workspace/gone.bin"], [0, 1, 2, 255, 0]);
        File.WriteAllBytes(house["workspace/bin"], [7, 0, 7]);
        File.WriteAllBytes(house["workspace/latin"], Encoding.Latin1.GetBytes("\u00e4\u00f6\n"));
        File.SetUnixFileMode(house["workspace/tool"], (UnixFileMode)0b111_101_101);
        File.CreateSymbolicLink(house["workspace/link"], "a.txt");
        return house;
    }

    [Fact, Clause("ENG-09"), Clause("ORC-01"), Clause("TOK-02"), Clause("AUD-01")]
    public async Task Everything_that_a_take_off_changed_is_put_back_and_the_undo_of_the_undo_brings_it_again()
    {
        await using var house = Furnish(await FlightHouse.OpenAsync());
        var before = Tree(house);
        var id = await LandAsync(house, Everything);
        var after = Tree(house);
        Assert.NotEqual(before, after);

        var (undone, started) = await UndoAsync(house, id);
        Assert.Equal((null, LifecycleState.Completed), (undone.Problem, undone.State.Ended));
        Assert.Equal(before, Tree(house));
        Assert.Empty(started.Notes);
        Assert.Equal((id.ToString(), "one"), (undone.State.Undoes!.Workflow, Assert.Single(undone.State.Undoes.Steps)));
        await house.ProveAsync(undone.State.Id, undone.State);
        Assert.Contains(AuditEventTypes.WorkflowUndone, await house.EventsAsync(id));
        Assert.Equal([undone.State.Id], (await house.Flights.UndoneByAsync(id, default)).Value.Select(f => f.Id));
        Assert.Empty((await house.Flights.UndoneByAsync(undone.State.Id, default)).Value);
        // The bytes are artifacts, and so bound by the token.
        var plan = undone.State.Steps.Values.Single().Plan!;
        Assert.Equal((ArtifactRole.Evidence, "file_patch"), (Assert.Single(plan.Artifacts).Role, plan.Artifacts[0].Type));
        Assert.Contains("-edited\n+one\n", await house.TextAsync(plan.Artifacts[0].Body!.Value), StringComparison.Ordinal);

        var (again, _) = await UndoAsync(house, undone.State.Id);
        Assert.Null(again.Problem);
        Assert.Equal(after, Tree(house));
        Assert.Equal(ProblemCode.UndoImpossible, (await house.Flights.UndoAsync(undone.State.Id, null, house.Who("agent"), false, default)).Problem?.Code);
    }

    [Fact, Clause("PRE-01"), Clause("APR-03")]
    public async Task An_undo_is_judged_and_approved_like_any_other_flight()
    {
        await using var house = await FlightHouse.OpenAsync();
        var id = await LandAsync(house, "printf 'edited\\n' > a.txt", ", approvals: []");
        house.Rules(FlightHouse.Ask);
        var (waits, started) = await UndoAsync(house, id);
        Assert.Equal(ProblemCode.ApprovalRequired, waits.Problem?.Code);
        Assert.Equal("edited\n", house.Read("workspace/a.txt"));
        Assert.Null((await house.AnswerAsync(started.Workflow, "ann")).Problem);
        Assert.Null((await house.AdvanceAsync(started.Workflow)).Problem);
        Assert.Equal("one\n", house.Read("workspace/a.txt"));

        house.Rules(FlightHouse.Deny);
        var denied = (await house.Flights.UndoAsync(started.Workflow, null, house.Who("agent"), false, default)).Value;
        Assert.Equal(ProblemCode.PolicyDenied, (await house.AdvanceAsync(denied.Workflow)).Problem?.Code);
        Assert.Equal("one\n", house.Read("workspace/a.txt"));
    }

    [Fact, Clause("ENG-09")]
    public async Task Later_work_is_never_overwritten_and_every_path_that_moved_on_is_named()
    {
        await using var house = Furnish(await FlightHouse.OpenAsync());
        var id = await LandAsync(house, Everything);
        house.File("workspace/a.txt", "later work\n").File("workspace/gone.bin", "somebody's own\n");
        File.Delete(house["workspace/new.txt"]); // as it was before: nothing to do, and no work to lose
        var now = Tree(house);
        var problem = (await house.Flights.UndoAsync(id, null, house.Who("agent"), false, default)).Problem!;
        Assert.Equal(ProblemCode.UndoMovedOn, problem.Code);
        Assert.Equal("a.txt\ngone.bin", problem.Evidence["paths"]);
        Assert.Equal(now, Tree(house));
        Assert.Equal((ProblemCode.UndoMovedOn.Id(), "agent"), (await house.AuditAsync())[^1] is var last ? (last.Extensions!.Problem, last.Extensions.Actor) : default);

        house.File("workspace/a.txt", "edited\n");
        File.Delete(house["workspace/gone.bin"]);
        var (undone, started) = await UndoAsync(house, id);
        Assert.Null(undone.Problem);
        Assert.Equal("new.txt stands as it was before already", Assert.Single(started.Notes));
        Assert.Equal("one\n", house.Read("workspace/a.txt"));
    }

    [Fact, Clause("TOK-06")]
    public async Task Work_that_is_done_between_plan_and_take_off_is_not_overwritten_either()
    {
        await using var house = await FlightHouse.OpenAsync();
        var id = await LandAsync(house, "printf 'edited\\n' > a.txt");
        var started = (await house.Flights.UndoAsync(id, null, house.Who("agent"), false, default)).Value;
        Assert.Null((await house.AdvanceAsync(started.Workflow, FlightGoal.Plan)).Problem);
        house.File("workspace/a.txt", "later work\n");
        Assert.Equal(ProblemCode.WorkspaceDrift, (await house.AdvanceAsync(started.Workflow)).Problem?.Code);
        Assert.Equal("later work\n", house.Read("workspace/a.txt"));
    }

    [Fact]
    public async Task Several_steps_are_undone_together_or_one_by_one_the_last_one_first()
    {
        await using var house = await FlightHouse.OpenAsync(runner: null);
        house.Script("e1", "propose a.txt first").Script("e2", "propose a.txt second; propose c.txt new other");
        var steps = "  - { id: one, engine: ./engines/e1 }\n  - { id: two, engine: ./engines/e2, needs: [one] }";
        var before = Tree(house);
        var id = (await house.FlyAsync(house.Workflow(steps))).State.Id;
        var after = Tree(house);
        Assert.Equal(ProblemCode.UndoMovedOn, (await house.Flights.UndoAsync(id, StepId.Parse("one"), house.Who("agent"), false, default)).Problem?.Code);
        Assert.Null((await UndoAsync(house, id, "two")).Report.Problem);
        Assert.Equal(("first\n", false), (house.Read("workspace/a.txt"), File.Exists(house["workspace/c.txt"])));
        Assert.Null((await UndoAsync(house, id, "one")).Report.Problem);
        Assert.Equal(before, Tree(house));

        var again = (await house.FlyAsync(house.Workflow(steps))).State.Id;
        Assert.Equal(after, Tree(house));
        var (both, _) = await UndoAsync(house, again);
        Assert.Equal(["one", "two"], both.State.Undoes!.Steps);
        Assert.Equal(before, Tree(house));
    }

    [Fact, Clause("ORC-05")]
    public async Task What_happened_outside_is_said_to_stay_and_a_step_that_did_only_that_is_refused()
    {
        await using var house = await FlightHouse.OpenAsync();
        Directory.CreateDirectory(house["outside"]);
        house.Script("out", "bare note evidence note", $"echo sent > '{house["outside"]}/sent'").Script("both", "propose a.txt new", $"apply; echo sent > '{house["outside"]}/sent'");
        var only = await house.FlyAsync(house.Workflow($"  - {{ id: one, engine: ./engines/out, outside: [{house["outside"]}] }}"));
        Assert.Null(only.Problem);
        var problem = (await house.Flights.UndoAsync(only.State.Id, null, house.Who("agent"), false, default)).Problem!;
        Assert.Equal(ProblemCode.UndoImpossible, problem.Code);
        Assert.Contains($"what it did outside ({house["outside"]}) cannot be undone here", problem.Message, StringComparison.Ordinal);

        var both = await house.FlyAsync(house.Workflow($"  - {{ id: one, engine: ./engines/both, outside: [{house["outside"]}] }}"));
        Assert.Null(both.Problem);
        var (undone, started) = await UndoAsync(house, both.State.Id);
        Assert.Null(undone.Problem);
        Assert.Equal("one\n", house.Read("workspace/a.txt"));
        Assert.Contains("is NOT undone", Assert.Single(started.Notes), StringComparison.Ordinal);
        Assert.Contains(started.Notes[0], undone.State.Steps.Values.Single().Plan!.Warnings);
        Assert.False(undone.State.DefinitionOf(StepId.Parse("undo")).HasOutsideEffects);
    }

    [Fact]
    public async Task There_must_be_something_to_undo()
    {
        await using var house = await FlightHouse.OpenAsync();
        var planned = (await house.FlyScriptAsync("propose a.txt new", goal: FlightGoal.Plan)).State.Id;
        Assert.Equal(ProblemCode.UndoImpossible, (await house.Flights.UndoAsync(planned, null, house.Who("agent"), false, default)).Problem?.Code);
        var nothing = (await house.FlyScriptAsync("bare note evidence note")).State.Id;
        Assert.Equal(ProblemCode.UndoImpossible, (await house.Flights.UndoAsync(nothing, null, house.Who("agent"), false, default)).Problem?.Code);
        Assert.Equal(ProblemCode.NotFound, (await house.Flights.UndoAsync(nothing, StepId.Parse("two"), house.Who("agent"), false, default)).Problem?.Code);
        var id = await LandAsync(house, "printf 'edited\\n' > a.txt");
        house.File("workspace/a.txt", "one\n");
        Assert.Contains("as it was before already", (await house.Flights.UndoAsync(id, null, house.Who("agent"), false, default)).Problem?.Message, StringComparison.Ordinal);
    }

    [Theory, Clause("ART-05"), Clause("ENG-09")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Kept_bytes_that_are_gone_or_altered_are_never_put_back(bool altered)
    {
        await using var house = await FlightHouse.OpenAsync();
        var id = await LandAsync(house, "printf 'edited\\n' > a.txt");
        var blob = Digest.Of("one\n"u8);
        if (altered) house.TamperBlob(blob, "evil\n");
        else house.LoseBlob(blob);
        Assert.Equal(altered ? ProblemCode.BlobCorrupt : ProblemCode.UndoImpossible, (await house.Flights.UndoAsync(id, null, house.Who("agent"), false, default)).Problem?.Code);
        Assert.Equal("edited\n", house.Read("workspace/a.txt"));
    }

    [Fact, Clause("ORC-05")]
    public async Task The_bytes_before_are_durable_before_the_commit_marker_and_an_undo_survives_a_death()
    {
        await using var house = await FlightHouse.OpenAsync();
        house.Store.OnCommit = c => c.Entries.Any(e => e.EntryType == WalEntryTypes.TakeOffCommit) ? Cut.Kept : Cut.No;
        house.Script("e", "propose a.txt new");
        var id = await house.StartAsync(Steps(house));
        await house.TryAdvanceAsync(id);
        await house.DieAsync();
        Assert.Equal("one\n", await house.TextAsync(Digest.Of("one\n"u8)));
        Assert.Null((await house.AdvanceAsync(id)).Problem);

        var started = (await house.Flights.UndoAsync(id, null, house.Who("agent"), false, default)).Value;
        house.Store.OnCommit = c => c.Entries.Any(e => e.EntryType == WalEntryTypes.TakeOffCommit) ? Cut.Kept : Cut.No;
        await house.TryAdvanceAsync(started.Workflow);
        await house.DieAsync();
        Assert.Null((await house.AdvanceAsync(started.Workflow)).Problem);
        Assert.Equal("one\n", house.Read("workspace/a.txt"));
        await house.ProveAsync(started.Workflow);
    }

    [Fact, Clause("ENG-09")]
    public async Task References_of_git_go_back_and_come_again()
    {
        await using var house = await FlightHouse.OpenAsync();
        await GitAsync(house, "init -q -b main; git add -A; git commit -qm first");
        var first = await GitAsync(house, "rev-parse HEAD");
        var definition = house.Workflow("""
              - id: one
                engine: git
                config: { actions: [ { action: commit, message: second, all: true, author: { name: A, email: a@example.org } }, { action: tag, name: v1 } ] }
            """);
        house.File("workspace/a.txt", "two\n");
        var landed = await house.FlyAsync(definition);
        Assert.Null(landed.Problem);
        var second = await GitAsync(house, "rev-parse HEAD");
        Assert.NotEqual(first, second);

        var (undone, _) = await UndoAsync(house, landed.State.Id);
        Assert.Null(undone.Problem);
        Assert.Equal((first, "v1 is gone", " M a.txt"), (await GitAsync(house, "rev-parse HEAD"), await GitAsync(house, "rev-parse -q --verify v1 || echo v1 is gone"), await GitAsync(house, "--no-optional-locks status --porcelain")));
        var plan = undone.State.Steps.Values.Single().Plan!;
        Assert.Contains("-two\n+one\n", await house.TextAsync(plan.Artifacts.Single(a => a.Name == "references").Body!.Value), StringComparison.Ordinal);
        Assert.Contains("\"forced\":true", (await house.TextAsync(plan.Artifacts.Single(a => a.Name == "references").Document)).Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);

        var (again, _) = await UndoAsync(house, undone.State.Id);
        Assert.Null(again.Problem);
        Assert.Equal((second, second, ""), (await GitAsync(house, "rev-parse HEAD"), await GitAsync(house, "rev-parse v1"), await GitAsync(house, "--no-optional-locks status --porcelain")));
        Assert.Equal("", await GitAsync(house, "fsck --strict 2>&1"));
    }

    [Fact, Clause("ENG-09")]
    public async Task A_branch_that_moved_on_or_whose_old_commit_is_gone_is_left_alone()
    {
        await using var house = await FlightHouse.OpenAsync();
        await GitAsync(house, "init -q -b main; git add -A; git commit -qm first");
        var definition = house.Workflow("  - { id: one, engine: git, config: { action: commit, message: second, all: true, author: { name: A, email: a@example.org } } }");
        house.File("workspace/a.txt", "two\n");
        var id = (await house.FlyAsync(definition)).State.Id;
        var second = await GitAsync(house, "rev-parse HEAD");
        await GitAsync(house, "commit -q --allow-empty -m third");
        var problem = (await house.Flights.UndoAsync(id, null, house.Who("agent"), false, default)).Problem!;
        Assert.Equal((ProblemCode.UndoMovedOn, "refs/heads/main"), (problem.Code, problem.Evidence["paths"]));

        // The history was cut off: what the branch stood at is no longer there.
        await GitAsync(house, $"reset -q --soft {second}; git checkout -q --orphan x; git commit -qm x; git update-ref refs/heads/main {second}; git symbolic-ref HEAD refs/heads/main; git replace --graft {second}; true");
        var parent = await GitAsync(house, $"--no-replace-objects rev-parse {second}^");
        foreach (var file in Directory.EnumerateFiles(house[$"workspace/.git/objects/{parent[..2]}"], parent[2..])) File.Delete(file);
        problem = (await house.Flights.UndoAsync(id, null, house.Who("agent"), false, default)).Problem!;
        Assert.Equal(ProblemCode.UndoImpossible, problem.Code);
        Assert.Contains("is no longer in the repository", problem.Message, StringComparison.Ordinal);
    }

    [Theory, Clause("ENG-09")]
    [InlineData("sha1", 2)]
    [InlineData("sha1", 3)]
    [InlineData("sha1", 4)]
    [InlineData("sha256", 2)]
    [InlineData("sha256", 4)]
    public void An_index_that_is_put_back_makes_git_look_at_every_file_anew(string format, int version)
    {
        using var lab = new TempTree();
        lab.Bash($"git init -q -b main --object-format={format} w; cd w; for i in 1 12 123 1234 12345 123456 1234567 12345678; do mkdir -p d/$i; echo one > d/$i/f$i; done; git update-index --index-version {version}; git add -A; {(version == 3 ? "touch later; git add -N later;" : "")} git commit -qm x; git update-index --index-version {version}");
        var index = Orchestrator.Workspaces.GitIndexTimes.Without(File.ReadAllBytes(lab["w/.git/index"]))!;
        File.WriteAllBytes(lab["w/.git/index"], index);
        Assert.Equal(version, index[7]);
        Assert.DoesNotContain(lab.Bash("git -C w ls-files --debug").Split('\n'), l => l.Contains("time: ", StringComparison.Ordinal) && !l.EndsWith("time: 0:0", StringComparison.Ordinal));
        lab.Bash("echo two > w/d/123/f123; git -C w fsck --strict");
        Assert.Equal(version == 3 ? " M d/123/f123\n A later" : " M d/123/f123", lab.Bash("git -C w status --porcelain").TrimEnd('\n'));
        foreach (var bad in (byte[][])[[], [.. "DIRC"u8], index[..^1], [.. index[..40], .. index[60..]]]) Assert.Null(Orchestrator.Workspaces.GitIndexTimes.Without(bad));
    }

    private static Task<string> GitAsync(FlightHouse house, string command) => Task.FromResult(TempTree.Run(house.Workspace, "/bin/sh", "-c",
        $"export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=T GIT_AUTHOR_EMAIL=t@example.org GIT_COMMITTER_NAME=T GIT_COMMITTER_EMAIL=t@example.org; git {command}").TrimEnd('\n'));
}
