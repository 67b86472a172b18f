// Take-off while somebody works in the same directory (TOK-06, ENG-09): whatever moved since the plan's hash stays as it is, and nothing is applied by half.
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Hangar;

namespace CabinCrew.Tests.Races;

public sealed class EditedWorkspaceTests
{
    private const string Edit = "somebody's own work\n";

    private static async Task<(FlightHouse House, WorkflowDefinition Definition)> HouseAsync(StagedRunner runner, string more = "")
    {
        var house = await FlightHouse.OpenAsync(FlightHouse.Allow, runner);
        house.Script("e", "").File("workspace/one.txt", "old\n");
        return (house, house.Workflow("  - { id: one, engine: ./engines/e, config: { text: new } }", more));
    }

    // Between the last look of the take-off and its first step lies the commit that decides it: an edit can fall there.
    [Theory, Clause("TOK-06"), Clause("ENG-09")]
    [InlineData("edited")]
    [InlineData("deleted")]
    [InlineData("a link")]
    [InlineData("a directory")]
    public async Task An_edit_between_the_check_and_the_change_is_never_overwritten(string edit)
    {
        var (house, definition) = await HouseAsync(new StagedRunner());
        await using (house)
        {
            var path = Path.Combine(house.Workspace, "one.txt");
            house.Store.OnCommit = commit =>
            {
                if (commit.Entries.Any(e => e.EntryType == WalEntryTypes.TakeOffCommit)) Make(edit, path);
                return Cut.No;
            };
            var report = await house.FlyAsync(definition);
            Assert.Equal(ProblemCode.WorkspaceDrift, report.Problem?.Code);
            Assert.True(Is(edit, path), $"{edit}: it was overwritten");
            // The decision stands and waits: nobody else takes off, until the file is as it was and the flight goes on.
            Assert.Equal(LifecycleState.TakeoffRunning, report.State.Overall);
            house.Store.OnCommit = static _ => Cut.No;
            Assert.Equal(ProblemCode.WorkspaceDrift, (await house.AdvanceAsync(report.State.Id)).Problem?.Code);
            Assert.True(Is(edit, path));
            Make("as it was", path);
            Assert.Null((await house.AdvanceAsync(report.State.Id)).Problem);
            Assert.Equal("new\n", File.ReadAllText(path));
            await house.ProveAsync(report.State.Id);
        }
    }

    [Theory, Clause("TOK-06")]
    [InlineData(WalEntryTypes.PlanFrozen)]
    [InlineData(WalEntryTypes.TokenCreated)]
    [InlineData(WalEntryTypes.Judged)]
    [InlineData("lock")]
    [InlineData("engine")]
    public async Task An_edit_at_any_moment_before_is_drift(string moment)
    {
        var runner = new StagedRunner();
        var (house, definition) = await HouseAsync(runner);
        await using (house)
        {
            var path = Path.Combine(house.Workspace, "one.txt");
            house.Store.OnCommit = commit =>
            {
                if (moment == "lock" ? commit.Lock == Ledger.Streams.LockMove.Acquire : commit.Entries.Any(e => e.EntryType == moment)) File.WriteAllText(path, Edit);
                return Cut.No;
            };
            if (moment == "engine")
                runner.TakeOff = run =>
                {
                    File.WriteAllText(path, Edit);
                    run.InView("printf 'new\\n' > one.txt");
                    return Task.CompletedTask;
                };
            var report = await house.FlyAsync(definition);
            Assert.NotNull(report.Problem);
            Assert.Equal(LifecycleState.Failed, report.State.Ended);
            Assert.Equal(Edit, File.ReadAllText(path));
            await house.ProveAsync(report.State.Id, report.State);
        }
    }

    [Theory, Clause("TOK-06"), Clause("ENG-09")]
    [InlineData(1, 25)]
    public Task An_editor_that_never_stops_loses_nothing(int seed, int flights) => EditorAsync(seed, flights);

    [Theory(Explicit = true)]
    [InlineData(2, 1500)]
    public Task An_editor_that_never_stops_loses_nothing_for_long(int seed, int flights) => EditorAsync(seed, flights);

    private static async Task EditorAsync(int seed, int flights)
    {
        var random = new Random(seed);
        var (house, _) = await HouseAsync(new StagedRunner());
        await using (house)
        {
            var landed = 0;
            for (var i = 0; i < flights; i++)
            {
                var path = Path.Combine(house.Workspace, "one.txt");
                var definition = house.Workflow($"  - {{ id: one, engine: ./engines/e, config: {{ text: plan-{i} }} }}");
                using var stop = new CancellationTokenSource();
                var last = File.ReadAllText(path);
                var pause = random.Next(1, 60);
                // Writes beside and renames over, as editors do; remembers what it wrote last.
                var editor = new Thread(() =>
                {
                    for (var n = 0; !stop.IsCancellationRequested; n++)
                    {
                        Thread.Sleep(pause);
                        if (n % 3 == 0)
                        {
                            File.WriteAllText(Path.Combine(house.Workspace, "other.txt"), $"{i} {n}");
                            continue;
                        }
                        var text = $"edit {i} {n}\n";
                        File.WriteAllText(path + "~", text);
                        File.Move(path + "~", path, overwrite: true);
                        last = text;
                    }
                });
                if (random.Next(3) > 0) editor.Start();
                var report = await house.FlyAsync(definition);
                await stop.CancelAsync();
                if (editor.IsAlive) editor.Join();
                var now = File.ReadAllText(path);
                var told = $"seed {seed}, flight {i}, a pause of {pause} ms: {report.Problem?.ToString() ?? "landed"}, last edit {last.Trim()}, now {now.Trim()}";
                if (report.State.Ended is null)
                {
                    // Decided, and then somebody's edit came first: it waits. The person gives way here, and it goes on.
                    Assert.True(now == last, told);
                    var before = report.State.Steps.Values.Single().TakeOff!.Changes.Single().Before!;
                    var texts = Enumerable.Range(0, 400).Select(n => $"edit {i} {n}\n").Append(last).Concat(Enumerable.Range(0, i + 1).Select(n => $"plan-{n}\n")).Append("old\n").Concat(Enumerable.Range(0, i).SelectMany(f => Enumerable.Range(0, 400).Select(n => $"edit {f} {n}\n")));
                    File.WriteAllText(path, texts.First(t => Digest.Of(System.Text.Encoding.UTF8.GetBytes(t)) == before.Content));
                    Assert.Null((await house.AdvanceAsync(report.State.Id)).Problem);
                    continue;
                }
                if (report.Problem is null) landed++;
                // Ours may stand only where the last edit is the very one that the plan was made on.
                var change = report.State.Steps.Values.Single().TakeOff?.Changes.SingleOrDefault();
                var ours = report.Problem is null && now == $"plan-{i}\n";
                Assert.True(now == last || ours && (change is null || change.Before!.Content == Digest.Of(System.Text.Encoding.UTF8.GetBytes(last))), told);
            }
            Assert.True(landed > flights / 10, $"only {landed} of {flights} landed");
        }
    }

    [Theory, Clause("TOK-06"), Clause("ENG-09")]
    [InlineData("a link to another")]
    [InlineData("another directory")]
    [InlineData("gone")]
    public async Task A_workspace_that_is_put_elsewhere_during_a_flight_gets_nothing_and_neither_does_what_stands_in_its_place(string becomes)
    {
        foreach (var moment in (string[])[WalEntryTypes.TokenCreated, "lock", WalEntryTypes.TakeOffCommit])
        {
            var (house, definition) = await HouseAsync(new StagedRunner());
            await using (house)
            {
                var moved = house["moved"];
                house.File("other/one.txt", Edit);
                house.Store.OnCommit = commit =>
                {
                    if ((moment == "lock" ? commit.Lock != Ledger.Streams.LockMove.Acquire : commit.Entries.All(e => e.EntryType != moment)) || Directory.Exists(moved)) return Cut.No;
                    Directory.Move(house.Workspace, moved);
                    if (becomes == "a link to another") Directory.CreateSymbolicLink(house.Workspace, house["other"]);
                    if (becomes == "another directory") Directory.Move(house["other"], house.Workspace);
                    return Cut.No;
                };
                var report = await house.FlyAsync(definition);
                Assert.NotNull(report.Problem);
                Assert.NotEqual(LifecycleState.Completed, report.State.Overall);
                Assert.Equal("old\n", File.ReadAllText(Path.Combine(moved, "one.txt")));
                var inPlace = becomes == "another directory" ? Path.Combine(house.Workspace, "one.txt") : house["other/one.txt"];
                Assert.Equal(Edit, File.ReadAllText(inPlace));
                // Back in its place the flight can end: what was decided is done, and what was not is over.
                if (report.State.Ended is null)
                {
                    if (becomes == "another directory") Directory.Move(house.Workspace, house["other"]);
                    if (becomes == "a link to another") File.Delete(house.Workspace);
                    Directory.Move(moved, house.Workspace);
                    Assert.Null((await house.AdvanceAsync(report.State.Id)).Problem);
                    Assert.Equal("new\n", File.ReadAllText(Path.Combine(house.Workspace, "one.txt")));
                }
            }
        }
    }

    [Theory, Clause("ENG-09")]
    [InlineData("a link")]
    [InlineData("a file")]
    [InlineData("full of traps")]
    public async Task A_store_directory_that_is_swapped_in_the_workspace_leads_nowhere(string becomes)
    {
        var (house, definition) = await HouseAsync(new StagedRunner());
        await using (house)
        {
            var own = Path.Combine(house.Workspace, ".cabincrew");
            house.File("elsewhere/commit/0", "trap");
            house.Store.OnCommit = commit =>
            {
                if (commit.Entries.All(e => e.EntryType != WalEntryTypes.TakeOffCommit)) return Cut.No;
                if (becomes == "a link") Directory.CreateSymbolicLink(own, house["elsewhere"]);
                if (becomes == "a file") File.WriteAllText(own, "x");
                if (becomes == "full of traps")
                {
                    Directory.CreateDirectory(own);
                    Directory.CreateSymbolicLink(Path.Combine(own, "commit"), house["elsewhere"]);
                }
                return Cut.No;
            };
            var report = await house.FlyAsync(definition);
            Assert.Equal("trap", house.Read("elsewhere/commit/0"));
            Assert.Equal(["commit"], Directory.EnumerateFileSystemEntries(house["elsewhere"]).Select(p => Path.GetFileName(p)!));
            Assert.Contains(File.ReadAllText(Path.Combine(house.Workspace, "one.txt")), (string[])["old\n", "new\n"]);
            Assert.Equal(report.Problem is null ? "new\n" : "old\n", File.ReadAllText(Path.Combine(house.Workspace, "one.txt")));
        }
    }

    private static void Make(string what, string path)
    {
        if (Directory.Exists(path) && new FileInfo(path).LinkTarget is null) Directory.Delete(path, true);
        File.Delete(path);
        switch (what)
        {
            case "edited": File.WriteAllText(path, Edit); break;
            case "a link": File.CreateSymbolicLink(path, "a.txt"); break;
            case "a directory": Directory.CreateDirectory(path); File.WriteAllText(Path.Combine(path, "x"), Edit); break;
            case "as it was": File.WriteAllText(path, "old\n"); break;
        }
    }

    private static bool Is(string what, string path) => what switch
    {
        "edited" => File.ReadAllText(path) == Edit,
        "a link" => new FileInfo(path).LinkTarget == "a.txt",
        "a directory" => File.ReadAllText(Path.Combine(path, "x")) == Edit,
        _ => !File.Exists(path),
    };
}
