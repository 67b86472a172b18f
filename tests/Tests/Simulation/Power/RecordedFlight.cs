// A flight of two steps on a recorded disk, from the first byte of its store to its landing; and what has to hold of every image that a power cut leaves of it.
// b makes a file, an executable in a new directory, and deletes one; c makes a file. Both are approved. A signed head is shown at every engine run.
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Contracts;
using CabinCrew.Tests.Hangar;
using CabinCrew.Tests.Spec;

namespace CabinCrew.Tests.Simulation.Power;

internal sealed class RecordedFlight(TempTree tree, bool outside) : IDisposable
{
    private const string Before = "a.txt: one\\n\ndir/b.txt: two\\n";
    public const string After = "a.txt: one\\n\nb.txt: new\\n\nbin/tool: #!/bin/sh\\n\nc.txt: new\\n";
    private const string PlanB = """
        diff --git a/b.txt b/b.txt
        new file mode 100644
        --- /dev/null
        +++ b/b.txt
        @@ -0,0 +1 @@
        +new
        diff --git a/bin/tool b/bin/tool
        new file mode 100755
        --- /dev/null
        +++ b/bin/tool
        @@ -0,0 +1 @@
        +#!/bin/sh
        diff --git a/dir/b.txt b/dir/b.txt
        deleted file mode 100644
        --- a/dir/b.txt
        +++ /dev/null
        @@ -1 +0,0 @@
        -two

        """;

    private static readonly string[] Versions = ["a.txt: one\\n", "dir/b.txt: two\\n", "b.txt: new\\n", "bin/tool: #!/bin/sh\\n", "c.txt: new\\n"];

    private readonly SetClock clock = new();
    private int effects;

    public string Root => tree.Root;

    public string Store => tree["store"];

    /// <summary>The flight that waits.</summary>
    public WorkflowId Id { get; private set; }

    /// <summary>Everything that stands before the store does.</summary>
    public static RecordedFlight Build(bool outside)
    {
        var tree = new TempTree();
        tree.File("workspace/a.txt", "one\n").File("workspace/dir/b.txt", "two\n").File("outside/there", "").File("identities.yaml", FlightHouse.Crew)
            .File("home/rules.yaml", $"version: 1\n{FlightHouse.Ask}\nrules:\n  - {{ id: none, when: {{ paths: [no/such/path] }}, decision: allow, reason: never }}\n")
            .File("home/engines/e", "#!/bin/sh\n# never run: staged\n", executable: true)
            .File("home/cabincrew.yaml", $"version: 1\nname: flight\nworkspace: ../workspace\npolicies: [{{ rules: rules.yaml }}]\nsteps:\n  - {{ id: b, engine: ./engines/e{(outside ? $", outside: [{tree["outside"]}]" : "")} }}\n  - {{ id: c, engine: ./engines/e, needs: [b] }}\n");
        return new(tree, outside);
    }

    /// <summary>Flies to the end, or until it goes no further. What is said then begins with the problem's code.</summary>
    public async Task<(FlightHouse? House, WorkflowId? Id, string Said)> FlyAsync(Disk disk)
    {
        FlightHouse? house = null;
        WorkflowId? id = null;
        try
        {
            house = await FlightHouse.AtAsync(Root, clock, runner: Runner(() => Promises.Effect(disk)));
            var runner = house.Runner!;
            var (plan, takeOff) = (runner.Plan, runner.TakeOff);
            runner.Plan = async run => { await ShowHeadAsync(disk, house); await plan(run); };
            runner.TakeOff = async run => { await ShowHeadAsync(disk, house); await takeOff(run); };
            Listen();
            id = (await house.Flights.StartAsync(WorkflowFile.Load(tree["home/cabincrew.yaml"]).Value, house.Who("agent"), false, default)).Value;
            while (true)
            {
                var report = (await house.TryAdvanceAsync(id.Value)).Value;
                if (report.Problem?.Code != ProblemCode.ApprovalRequired) return (house, id, report.Problem?.ToString() ?? "");
                // Another command: the store is closed, and its log brought into the database.
                await house.ReopenAsync();
                clock.Advance(TimeSpan.FromSeconds(16));
                Listen();
                _ = (await house.AnswerAsync(id.Value, "ann")).Value;
            }
        }
        catch (InvalidOperationException e) when (e.Message.StartsWith(NoValue, StringComparison.Ordinal))
        {
            return (house, id, e.Message[NoValue.Length..]);
        }

        void Listen() => house.Store.OnAcknowledged = what => Promises.Acknowledge(disk, what);
    }

    // What an outcome says that has none.
    private const string NoValue = "no value: ";

    private static async Task ShowHeadAsync(Disk disk, FlightHouse house)
    {
        try
        {
            await Promises.ShowHeadAsync(disk, house.Ledger.Store);
        }
        catch (InvalidOperationException)
        {
            // The disk did not confirm it: then it is not shown.
        }
    }

    /// <summary>Flies up to the first question to a person.</summary>
    public async Task<FlightHouse> WaitingAsync(Disk? disk)
    {
        var house = await FlightHouse.AtAsync(Root, clock, runner: Runner(() => { if (disk is not null) Promises.Effect(disk); }));
        if (disk is not null) house.Store.OnAcknowledged = what => Promises.Acknowledge(disk, what);
        Id = (await house.Flights.StartAsync(WorkflowFile.Load(tree["home/cabincrew.yaml"]).Value, house.Who("agent"), false, default)).Value;
        Assert.Equal(ProblemCode.ApprovalRequired, (await house.AdvanceAsync(Id)).Problem?.Code);
        return house;
    }

    /// <summary>Every file of store and workspace with its content, but for SQLite's shared memory.</summary>
    public string Fingerprint() => string.Join('\n', Directory.EnumerateFiles(Root, "*", SearchOption.AllDirectories).Where(f => !f.EndsWith("-shm", StringComparison.Ordinal))
        .Order(StringComparer.Ordinal).Select(f => $"{f} {Digest.Of(File.ReadAllBytes(f))}"));

    /// <summary>The machine has come up again on what stands there: nothing promised is missing, and the flight is brought to its end as if nothing had been.</summary>
    /// <param name="disk">Hears what is promised from here on.</param>
    public async Task<bool> GoOnAsync(Promises promises, WholeStore? whole, Disk? disk = null)
    {
        effects = promises.Effects;
        var later = new SetClock();
        later.Advance(TimeSpan.FromHours(1));
        await using var house = await FlightHouse.AtAsync(Root, later, runner: Runner(() =>
        {
            effects++;
            if (disk is not null) Promises.Effect(disk);
        }));
        if (disk is not null) house.Store.OnAcknowledged = what => Promises.Acknowledge(disk, what);
        await promises.KeptByAsync(house.Ledger, whole);
        foreach (var file in house.Tree().Split('\n', StringSplitOptions.RemoveEmptyEntries)) Assert.Contains(file, Versions);
        if ((await house.Ledger.Store.ListAsync(TenantId.Local, new(), default)).Value is not [{ Workflow: var id }])
        {
            Assert.Equal(Before, house.Tree());
            Assert.Equal(0, effects);
            return false;
        }
        var entries = await house.EntriesAsync(id);
        var inDoubt = entries.Any(e => e.EntryType == WalEntryTypes.TakeOffIntent) && entries.All(e => e.EntryType != WalEntryTypes.TakeOffCommit);
        if (entries.All(e => e.EntryType != WalEntryTypes.TakeOffCommit)) Assert.Equal(Before, house.Tree());
        var landed = await TwoStepFlight.ToTheEndAsync(house, id);
        Assert.True(landed.Problem?.Code == (inDoubt ? ProblemCode.TakeOffOutcomeUnknown : null), $"{landed.Problem}");
        if (outside) Assert.True(effects <= 1 && (inDoubt || effects == 1), $"the effect happened {effects} times");
        Assert.Equal(inDoubt ? Before : After, house.Tree());
        if (!inDoubt) Assert.Equal(((UnixFileMode)0b111_101_101, (UnixFileMode)0b110_100_100), (File.GetUnixFileMode(tree["workspace/bin/tool"]), File.GetUnixFileMode(tree["workspace/b.txt"])));
        await house.ProveAsync(id, landed.State);
        return true;
    }

    /// <summary>For a while a file has another content; afterwards store and workspace are as they were.</summary>
    public async Task WithAsync(string file, byte[] content, Func<Task> body)
    {
        using var saved = new TempTree();
        TempTree.Run("/", "cp", "-a", Root, saved["all"]);
        try
        {
            await File.WriteAllBytesAsync(file, content);
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            await body();
        }
        finally
        {
            DiskModel.Empty(Root);
            TempTree.Run("/", "cp", "-a", saved["all/."], Root);
        }
    }

    public StagedRunner FreshRunner() => Runner(() => effects++);

    public void Dispose() => tree.Dispose();

    private static StagedRunner Runner(Action effect)
    {
        // Too large for the database: so there is a blob of either kind.
        var runner = new StagedRunner { Log = Enumerable.Repeat((byte)'.', 20_000).ToArray() };
        var (plan, takeOff) = (runner.Plan, runner.TakeOff);
        runner.Plan = run =>
        {
            if (run.Step != "b") return plan(run);
            run.Emit("change", "evidence", "git_diff", PlanB);
            return Task.CompletedTask;
        };
        runner.TakeOff = run =>
        {
            if (run.Step != "b") return takeOff(run);
            effect();
            run.InView("umask 022 && echo new > b.txt && mkdir bin && echo '#!/bin/sh' > bin/tool && chmod 755 bin/tool && rm dir/b.txt && rmdir dir");
            return Task.CompletedTask;
        };
        return runner;
    }
}
