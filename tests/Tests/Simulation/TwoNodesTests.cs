// Two processes go on with the same flights at the same moment, after a death at each interesting point: one flies, the other waits its turn, and nothing happens twice.
using CabinCrew.Tests.Hangar;

namespace CabinCrew.Tests.Simulation;

public sealed class TwoNodesTests
{
    private static readonly (CrashKind Kind, string Cut)[] Deaths =
    [
        (CrashKind.Patch, "store start kept"), (CrashKind.Patch, "store asked kept"), (CrashKind.Patch, "store begun kept"), (CrashKind.Patch, "store marker kept"), (CrashKind.Patch, "workspace rename"),
        (CrashKind.Outside, "store start kept"), (CrashKind.Outside, "store granted kept"), (CrashKind.Outside, "store intent kept"), (CrashKind.Outside, "store marker kept"),
        (CrashKind.Drift, "store start kept"), (CrashKind.Refused, "store start kept"),
    ];

    [Fact, Clause("ORC-05"), Clause("ORC-06")]
    public async Task Two_processes_that_resume_the_same_flights_at_once_land_each_of_them_once()
    {
        var scenes = Deaths.Select(d => new CrashScene(d.Kind)).ToList();
        try
        {
            Assert.True(await CrashRun.DieAsync([.. scenes.Zip(Deaths, (s, d) => new CrashOrder(s.Root, d.Cut))]));
            var remains = scenes.ConvertAll(CrashVerdict.AfterDeath);
            CrashOrder[] orders = [.. scenes.Select(s => new CrashOrder(s.Root))];
            using (var one = CrashRun.Begin(orders))
            using (var other = CrashRun.Begin(orders))
                Assert.Equal((0, 0), (await one.EndAsync(), await other.EndAsync()));
            foreach (var ((scene, dead), death) in scenes.Zip(remains).Zip(Deaths))
                try
                {
                    await CrashVerdict.AfterEndAsync(scene, dead);
                }
                catch (Exception e)
                {
                    throw new InvalidOperationException($"{death}: {e.Message}", e);
                }
        }
        finally
        {
            foreach (var scene in scenes) scene.Dispose();
        }
    }
}
