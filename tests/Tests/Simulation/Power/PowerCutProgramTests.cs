// The real program on a recorded disk: two flights and an export of the audit log, and a power cut at any moment of it. What it had printed is true
// afterwards: a flight that it named is there, one that it said had landed has landed, and the signed head that it wrote out is never contradicted.
using System.Diagnostics;
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;
using CabinCrew.Tests.Hangar;
using CabinCrew.Tests.Spec;

namespace CabinCrew.Tests.Simulation.Power;

[Clause("ORC-05")]
public sealed class PowerCutProgramTests
{
    private static readonly string[] Versions = ["a.txt: one\\n", "a.txt: new\\n", "c.txt: new\\n", "dir/b.txt: two\\n"];

    [Fact, Clause("AUD-03"), Clause("ORC-04")]
    public Task What_the_program_printed_is_true_after_a_power_cut() => Disk.InsideAsync(this, () => CutAsync(images: 45, seed: 3));

    [Fact(Explicit = true)]
    public Task What_the_program_printed_is_true_after_a_thousand_power_cuts() => Disk.InsideAsync(this, () => CutAsync(images: 1_000, seed: Environment.TickCount));

    private static async Task CutAsync(int images, int seed)
    {
        using var tree = new TempTree();
        using var scratch = new TempTree();
        tree.File("workspace/a.txt", "one\n").File("workspace/dir/b.txt", "two\n").File("identities.yaml", FlightHouse.Crew)
            .File("home/rules.yaml", $"version: 1\n{FlightHouse.Allow}\nrules:\n  - {{ id: none, when: {{ paths: [no/such/path] }}, decision: allow, reason: never }}\n");
        foreach (var step in (string[])["a", "c"])
            tree.File($"home/engines/{step}", $"{EngineScript.Prelude}\nif [ \"$CABINCREW_MODE\" = flight-plan ]; then propose {step}.txt new; else apply; fi\nreceipt\n", executable: true)
                .File($"home/{step}.yaml", $"version: 1\nname: flight-{step}\nworkspace: ../workspace\npolicies: [{{ rules: rules.yaml }}]\nsteps:\n  - {{ id: {step}, engine: ./engines/{step} }}\n");
        var model = new DiskModel(tree.Root);
        var landed = new Dictionary<int, WorkflowId>();
        await RunAsync(tree, scratch, "run", "-f", tree["home/c.yaml"]);
        landed[DiskJournal.Read(scratch["journal"]).Count] = default;
        await RunAsync(tree, scratch, "audit", "export");
        await RunAsync(tree, scratch, "run", "-f", tree["home/a.yaml"]);
        var records = DiskJournal.Read(scratch["journal"]);
        landed[records.Count] = default;

        using var lazy = Disk.Attach(tree.Root, null);
        WholeStore whole;
        await using (var house = await FlightHouse.AtAsync(tree.Root, TimeProvider.System, runner: new StagedRunner()))
        {
            whole = await WholeStore.OfAsync(house.Ledger);
            var flights = (await house.Ledger.Store.ListAsync(TenantId.Local, new(), default)).Value.Reverse().Select(h => h.Workflow).ToList();
            foreach (var (moment, flight) in landed.Keys.Order().Zip(flights)) landed[moment] = flight;
        }
        var promises = new Promises();
        var (done, resumed) = (0, 0);
        foreach (var cut in PowerCut.Spread(records, images, seed))
        {
            for (; done < cut.At; done++)
            {
                if (records[done].Kind is not (DiskKind.Mark or DiskKind.Printed)) model.Apply(records[done]);
                promises.Read(records[done]);
                // The program has ended with 0.
                if (landed.TryGetValue(done + 1, out var flight)) promises.Entries[flight] = whole.Entries[flight].Count;
            }
            try
            {
                model.Restore(cut.Fate, new Random(cut.Seed));
                resumed += await GoOnAsync(tree, promises, whole);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"operation {cut.At} of {records.Count} ({records[cut.At - 1].Kind} {records[cut.At - 1].First}), {cut.Fate}, seed {cut.Seed}: {e.Message}", e);
            }
        }
        Assert.True(resumed > images / 2, $"only {resumed} flights were gone on with in {images} images");
        Assert.Equal(1, promises.Heads);
        Assert.Equal(2, promises.Entries.Count);
    }

    private static async Task<int> GoOnAsync(TempTree tree, Promises promises, WholeStore whole)
    {
        await using var house = await FlightHouse.AtAsync(tree.Root, TimeProvider.System, runner: new StagedRunner());
        await promises.KeptByAsync(house.Ledger, whole);
        foreach (var file in house.Tree().Split('\n', StringSplitOptions.RemoveEmptyEntries)) Assert.Contains(file, Versions);
        var flights = (await house.Ledger.Store.ListAsync(TenantId.Local, new(), default)).Value.Select(h => (h.Workflow, h.State.Name)).Reverse().ToList();
        foreach (var (id, name) in flights)
        {
            var end = await TwoStepFlight.ToTheEndAsync(house, id);
            Assert.True(end.Problem is null, $"{name}: {end.Problem}");
            Assert.Equal("new\n", house.Read($"workspace/{name[^1]}.txt"));
            await house.ProveAsync(id);
        }
        return flights.Count;
    }

    private static async Task RunAsync(TempTree tree, TempTree scratch, params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "cabincrew"), [.. arguments, "--store", tree["store"]])
            { WorkingDirectory = tree["home"], RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Remove("CABINCREW_IDENTITY_TOKEN");
        start.Environment["LD_PRELOAD"] = Disk.Loaded;
        (start.Environment["DISK_ROOT"], start.Environment["DISK_JOURNAL"], start.Environment["DISK_PROGRAM"]) = (tree.Root, scratch["journal"], "cabincrew");
        using var program = Process.Start(start)!;
        var errors = program.StandardError.ReadToEndAsync();
        var output = await program.StandardOutput.ReadToEndAsync();
        await program.WaitForExitAsync();
        Assert.True(program.ExitCode == 0, $"{string.Join(' ', arguments)} ended with {program.ExitCode}: {output}{await errors}");
    }
}
