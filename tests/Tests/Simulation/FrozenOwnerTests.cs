// An owner that was stopped (SIGSTOP, a suspended machine) for longer than its lease: another process reaps it and goes on. When it is continued its flight is gone:
// it starts no engine, writes nothing to the log, and changes nothing in a workspace that others work on by then (ORC-05, ORC-06).
using CabinCrew.Ledger.Streams.Sqlite;
using CabinCrew.Tests.Hangar;

namespace CabinCrew.Tests.Simulation;

public sealed class FrozenOwnerTests
{
    /// <summary>Where the owner stands when it is stopped, and what another process makes of the flight meanwhile.</summary>
    private static readonly (CrashKind Kind, string Cut, int Occurrence, string Becomes, int Effects)[] Stops =
    [
        (CrashKind.Patch, "store claim kept", 1, "landed", 0),
        (CrashKind.Patch, "store lock kept", 1, "landed", 0),
        (CrashKind.Patch, "store marker kept", 1, "landed", 0),
        (CrashKind.Patch, "redo apply", 1, "landed", 0),
        (CrashKind.Patch, "workspace done", 1, "locked", 0),
        (CrashKind.Outside, "engine spawn", 2, "landed", 1),
        (CrashKind.Outside, "store intent kept", 1, "doubt", 0),
        (CrashKind.Outside, "engine release lost", 2, "doubt", 0),
        (CrashKind.Outside, "engine release kept", 2, "doubt", 1),
        (CrashKind.Outside, "engine ended", 2, "doubt", 1),
        (CrashKind.Outside, "store marker kept", 1, "landed", 1),
        (CrashKind.Patch, "workspace delete", 1, "locked", 0),
        (CrashKind.Patch, "workspace rename", 2, "locked", 0),
    ];

    [Fact, Clause("ORC-05"), Clause("ORC-06")]
    public async Task An_owner_that_was_stopped_too_long_finds_its_flight_gone_and_does_nothing()
    {
        var houses = Stops.Select(s => (Stop: s, Scene: new CrashScene(s.Kind))).ToList();
        try
        {
            // One of them is on its way to a redo when it is stopped: so it has died over its change before.
            var redone = houses.Single(h => h.Stop.Cut == "redo apply").Scene;
            Assert.True(await CrashRun.DieAsync([new(redone.Root, "store marker kept")]));
            using var owner = CrashRun.Begin(houses.Select(h => new CrashOrder(h.Scene.Root, h.Stop.Cut, h.Stop.Occurrence)), CrashHost.Hold);
            await owner.HeldAsync();
            owner.Suspend();
            var found = houses.ConvertAll(h => CrashVerdict.Read(h.Scene));
            await Task.Delay(SqliteStore.Lease + TimeSpan.FromSeconds(1));

            await CrashRun.FlyAsync(houses.Select(h => h.Scene));
            foreach (var ((stop, scene), dead) in houses.Zip(found))
            {
                Assert.Equal($"{stop.Cut}: {stop.Becomes} {stop.Effects}", $"{stop.Cut}: {scene.Outcome} {scene.Effects.Count}");
                if (stop.Becomes != "locked") await CrashVerdict.AfterEndAsync(scene, dead);
            }
            // Life goes on: what the flight has changed is changed again by others.
            foreach (var (_, scene) in houses.Where(h => h.Stop.Becomes == "landed"))
            {
                File.WriteAllText(scene["workspace/a.txt"], "changed since\n");
                Directory.CreateDirectory(scene["workspace/gone"]);
                File.WriteAllText(scene["workspace/gone/old.txt"], "back again\n");
                File.Delete(scene["workspace/deep/er/new.txt"]);
            }
            var before = houses.ConvertAll(h => (h.Scene.Tree(), CrashVerdict.Log(h.Scene)));
            owner.Resume();
            await owner.GoOnAsync();

            foreach (var ((stop, scene), (tree, log)) in houses.Zip(before))
            {
                // Stopped between its last look at the lease and the word to go, it says the word when it is continued: once, under the doubt that was told meanwhile,
                // and with the epoch of an owner that was replaced. No look at a clock can come after the last one.
                if (stop.Cut == "engine release lost") Assert.InRange(scene.Effects.Count, 0, 1);
                else Assert.Equal($"{stop.Cut}: {stop.Effects}", $"{stop.Cut}: {scene.Effects.Count}");
                if (stop.Becomes == "locked")
                {
                    // It was in the middle of it, and nobody could get beside it: it ends what was approved.
                    await CrashVerdict.AfterEndAsync(scene, new(true, null, null));
                    continue;
                }
                Assert.Equal($"{stop.Cut}: {tree}", $"{stop.Cut}: {scene.Tree()}");
                Assert.Equal(log, CrashVerdict.Log(scene));
            }
        }
        finally
        {
            foreach (var (_, scene) in houses) scene.Dispose();
        }
    }
}
