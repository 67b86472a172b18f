// Kills that nobody has chosen: processes that fly a plain flight, one with effects outside and one of git are killed at random instants, as are those that go on after them.
// The instants come from a seed, which a failure prints; CABINCREW_SEED sets it.
using System.Diagnostics;
using System.Globalization;
using CabinCrew.Tests.Hangar;

namespace CabinCrew.Tests.Simulation;

public sealed class RandomKillTests
{
    private const int Kills = 200, LivesMax = 4;
    private static readonly CrashKind[] Kinds = [CrashKind.Patch, CrashKind.Outside, CrashKind.Git];

    [Fact(Explicit = true), Clause("ORC-05"), Clause("ORC-06")]
    public async Task Killed_at_two_hundred_random_instants_no_flight_is_lost_and_nothing_happens_twice()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("CABINCREW_SEED"), CultureInfo.InvariantCulture, out var given) ? given : Environment.TickCount;
        var random = new Random(seed);
        try
        {
            var whole = await UndisturbedAsync();
            for (var kills = 0; kills < Kills;)
            {
                var (killed, hasEnded) = await FlyAsync([.. Enumerable.Range(0, LivesMax).Select(_ => whole * (0.15 + random.NextDouble()))]);
                kills += killed;
                // Nobody was killed in time, or in the midst of anything: the machine is faster or slower by now than when it was measured.
                if (killed == 0) whole *= hasEnded ? 0.8 : 1.25;
            }
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"seed {seed}: {e.Message}", e);
        }
    }

    private static async Task<TimeSpan> UndisturbedAsync()
    {
        var watch = Stopwatch.StartNew();
        var scenes = Kinds.Select(k => new CrashScene(k)).ToList();
        try
        {
            Assert.False(await CrashRun.FlyAsync(scenes));
            return watch.Elapsed;
        }
        finally
        {
            foreach (var scene in scenes) scene.Dispose();
        }
    }

    /// <returns>How many processes were killed while they had something to lose, and whether one came to its end before its time was up.</returns>
    private static async Task<(int Kills, bool HasEnded)> FlyAsync(TimeSpan[] lives)
    {
        var scenes = Kinds.Select(k => new CrashScene(k)).ToList();
        var remains = scenes.ConvertAll(_ => new Remains(false, null, null));
        var (kills, hasEnded) = (0, false);
        try
        {
            foreach (var life in lives)
            {
                using var run = CrashRun.Begin(scenes.Select(s => new CrashOrder(s.Root)));
                await Task.Delay(life);
                if (hasEnded = run.HasEnded) break;
                run.Kill();
                await run.EndAsync();
                if (scenes.Exists(s => File.Exists(s["store/state.db"]))) kills++;
                remains = scenes.ConvertAll(CrashVerdict.AfterDeath);
            }
            Assert.False(await CrashRun.FlyAsync(scenes));
            foreach (var (scene, dead) in scenes.Zip(remains)) await CrashVerdict.AfterEndAsync(scene, dead);
            return (kills, hasEnded);
        }
        finally
        {
            foreach (var scene in scenes) scene.Dispose();
        }
    }
}
