// The crash matrix: real processes, killed by SIGKILL at every durable point, before the write (lost) and after it (kept); then another process goes on,
// and is killed itself at every point of its way; then a third one ends it. In ./test each point once, in ./test --long every time that each flight comes by it.
using CabinCrew.Ledger;
using CabinCrew.Tests.Hangar;

namespace CabinCrew.Tests.Simulation;

[Clause("ORC-05"), Clause("ORC-04"), Clause("AUD-05")]
public sealed class CrashMatrixTests
{
    private const int HousesInAProcess = 12;

    /// <summary>Where a process dies, and where the one that goes on after it dies too.</summary>
    private sealed record Deaths(CrashKind Kind, (string Point, int Occurrence) First, (string Point, int Occurrence)? Second = null);

    private static readonly CrashKind[] Kinds = [CrashKind.Patch, CrashKind.Outside, CrashKind.Drift, CrashKind.Refused, CrashKind.Doubt, CrashKind.Slow, CrashKind.TwoSteps];

    // What each of these leaves behind is mended in a way of its own: thrown away, completed, told.
    private static readonly Deaths[] Wounds =
    [
        new(CrashKind.Patch, ("store lock kept", 1)), new(CrashKind.Patch, ("store begun kept", 1)), new(CrashKind.Patch, ("store marker kept", 1)),
        new(CrashKind.Patch, ("workspace rename", 2)), new(CrashKind.Outside, ("store intent kept", 1)),
    ];

    [Fact]
    public async Task Killed_at_every_durable_point_a_flight_is_resumed_to_what_was_approved_and_no_further()
    {
        var traces = await TracesAsync(Kinds);
        var deaths = FirstOfEach(Kinds.SelectMany(kind => Points(kind, traces[kind]).Select(p => new Deaths(kind, p))), d => d.First.Point);
        var died = await ProveAsync(deaths);

        // The ways of recovery: all of the short ones, and of the others what nobody has died at yet.
        var ways = await WaysAsync(Wounds);
        var second = Wounds.SelectMany(w => ways[w].Where(p => p.Occurrence == 1).Select(p => w with { Second = p }));
        died.UnionWith(await ProveAsync(FirstOfEach(second.Where(d => d.First.Point is "store marker kept" or "store intent kept" || !died.Contains(d.Second!.Value.Point)), d => (d.Kind, d.Second!.Value.Point))));

        Assert.Equal([], FailpointTable.All.Except(died));
        Assert.Equal([], died.Except(FailpointTable.All));
    }

    [Fact(Explicit = true)]
    public async Task Killed_every_time_that_it_comes_by_any_point_and_killed_again_at_every_point_of_its_recovery()
    {
        CrashKind[] kinds = [.. Kinds, CrashKind.Git];
        var traces = await TracesAsync(kinds);
        var first = kinds.SelectMany(kind => Points(kind, traces[kind]).Select(p => new Deaths(kind, p))).ToList();
        await ProveAsync(first);

        // One death for each way of recovery that there is.
        var ways = await WaysAsync(first);
        foreach (var batch in first.GroupBy(d => (d.Kind, string.Join('|', ways[d].Select(p => p.Point)))).Select(g => g.First()))
            await ProveAsync([.. ways[batch].Select(p => batch with { Second = p })]);
    }

    /// <summary>What an undisturbed flight of each kind comes by.</summary>
    private static async Task<Dictionary<CrashKind, IReadOnlyList<string>>> TracesAsync(IEnumerable<CrashKind> kinds)
    {
        var scenes = kinds.Select(k => new CrashScene(k)).ToList();
        try
        {
            Assert.False(await CrashRun.FlyAsync(scenes));
            foreach (var scene in scenes) await CrashVerdict.AfterEndAsync(scene, CrashVerdict.AfterDeath(scene));
            return scenes.ToDictionary(s => s.Kind, s => s.Trace);
        }
        finally
        {
            foreach (var scene in scenes) scene.Dispose();
        }
    }

    /// <summary>What the one that goes on comes by, after each of these deaths.</summary>
    private static async Task<Dictionary<Deaths, IReadOnlyList<(string Point, int Occurrence)>>> WaysAsync(IReadOnlyList<Deaths> deaths)
    {
        var ways = new Dictionary<Deaths, IReadOnlyList<(string, int)>>();
        foreach (var batch in deaths.Chunk(HousesInAProcess))
            await PlayAsync(batch, (death, scene) =>
            {
                ways[death] = [.. Points(death.Kind, scene.Trace)];
                return Task.CompletedTask;
            });
        return ways;
    }

    /// <returns>The points at which somebody really died.</returns>
    private static async Task<HashSet<string>> ProveAsync(IReadOnlyList<Deaths> deaths)
    {
        var died = new HashSet<string>(StringComparer.Ordinal);
        // Two processes at a time.
        await Parallel.ForEachAsync(deaths.Chunk(HousesInAProcess), new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (batch, _) =>
            await PlayAsync(batch, (death, _) =>
            {
                lock (died) died.UnionWith([death.First.Point, .. death.Second is { } second ? [second.Point] : Array.Empty<string>()]);
                return Task.CompletedTask;
            }));
        return died;
    }

    private static async Task PlayAsync(IReadOnlyList<Deaths> deaths, Func<Deaths, CrashScene, Task> ended)
    {
        var houses = deaths.Select(d => (Death: d, Scene: new CrashScene(d.Kind))).ToList();
        try
        {
            Assert.True(await CrashRun.DieAsync([.. houses.Select(h => new CrashOrder(h.Scene.Root, h.Death.First.Point, h.Death.First.Occurrence))]));
            var remains = houses.ConvertAll(h => Told(h.Death, () => Dead(h.Scene)));
            if (houses.Exists(h => h.Death.Second is not null))
            {
                Assert.True(await CrashRun.DieAsync([.. houses.Select(h => new CrashOrder(h.Scene.Root, h.Death.Second?.Point, h.Death.Second?.Occurrence ?? 1))]));
                remains = houses.ConvertAll(h => Told(h.Death, () => h.Death.Second is null ? CrashVerdict.AfterDeath(h.Scene) : Dead(h.Scene)));
            }
            Assert.False(await CrashRun.FlyAsync(houses.Select(h => h.Scene)));
            foreach (var (house, dead) in houses.Zip(remains))
            {
                await ToldAsync(house.Death, () => CrashVerdict.AfterEndAsync(house.Scene, dead));
                await ended(house.Death, house.Scene);
            }
        }
        finally
        {
            foreach (var (_, scene) in houses) scene.Dispose();
        }
    }

    private static Remains Dead(CrashScene scene)
    {
        Assert.Equal("died", scene.Outcome);
        return CrashVerdict.AfterDeath(scene);
    }

    private static Remains Told(Deaths death, Func<Remains> judge)
    {
        try
        {
            return judge();
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"{death}: {e.Message}", e);
        }
    }

    private static async Task ToldAsync(Deaths death, Func<Task> judge)
    {
        try
        {
            await judge();
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"{death}: {e.Message}", e);
        }
    }

    private static IEnumerable<(string Point, int Occurrence)> Points(CrashKind kind, IReadOnlyList<string> trace)
    {
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var point in trace)
        {
            seen[point] = seen.GetValueOrDefault(point) + 1;
            // Whether a lease is renewed, and how often, is a matter of speed; but for the flight that waits for it.
            if (!point.StartsWith("store renew", StringComparison.Ordinal) || (kind == CrashKind.Slow && seen[point] == 1)) yield return (point, seen[point]);
        }
    }

    private static List<Deaths> FirstOfEach<T>(IEnumerable<Deaths> deaths, Func<Deaths, T> key) => [.. deaths.DistinctBy(key)];
}
