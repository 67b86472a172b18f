// Whole flights, 64 at once in one process on one store, with an engine that does nothing: what the orchestrator and its store carry.
// Everything else is the product's: each flight starts, plans, is judged, takes off and lands, each in a workspace of its own, every write that counts on disk.
using System.Diagnostics;
using System.Globalization;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;

namespace CabinCrew.Benchmarks;

internal sealed class ThroughputBenchmark : IBenchmark
{
    private const int Lanes = 64;
    private const int Warm = 8;
    private const int FlightsEach = 40;
    private const double FlightMsMax = 1000.0 / 300;
    private const double CommitMsMax = 250;

    public string Name => "throughput";

    public async Task<IReadOnlyList<Measure>> RunAsync(string scratch)
    {
        var empty = Directory.CreateDirectory(Path.Combine(scratch, "empty")).FullName;
        TimedStore? store = null;
        await using var ground = await Ground.OpenAsync(Path.Combine(scratch, "store"), new IdleRunner(empty), inner => store = new TimedStore(inner));
        var lanes = Enumerable.Range(0, Lanes).Select(i =>
        {
            var root = Directory.CreateDirectory(Path.Combine(scratch, string.Create(CultureInfo.InvariantCulture, $"lane{i}"))).FullName;
            return Ground.Lay(root, "#!/bin/sh", Enumerable.Range(0, 5).Select(f => ($"src/{f}.txt", $"file {f} of lane {i}\n")));
        }).ToList();

        await FlyAsync(ground, lanes, Warm);
        store!.CommitMs.Clear();
        var (cpu, clock) = (Usage.OfSelf() + Usage.OfChildren(), Stopwatch.StartNew());
        await FlyAsync(ground, lanes, FlightsEach);
        var (wall, used) = (clock.Elapsed, Usage.OfSelf() + Usage.OfChildren() - cpu);
        var flights = Lanes * FlightsEach;
        var note = string.Create(CultureInfo.InvariantCulture,
            $"{flights / wall.TotalSeconds:0} flights/s; {used.TotalMilliseconds / flights:0.00} ms of CPU a flight; commits: median {Pairs.Median(store.CommitMs):0.0} ms, worst {store.CommitMs.Max():0.0} ms; load {Usage.Load()}");
        return
        [
            new($"a flight, {Lanes} at once", "ms", wall.TotalMilliseconds / flights, "300 flights/s", FlightMsMax, 1) { Note = note },
            new($"a commit, {Lanes} flights at once, p99", "ms", Pairs.Quantile(store.CommitMs, 0.99), "bound", CommitMsMax, 1),
        ];
    }

    private static Task FlyAsync(Ground ground, IEnumerable<WorkflowDefinition> lanes, int each) => Task.WhenAll(lanes.Select(lane => Task.Run(async () =>
    {
        for (var i = 0; i < each; i++) await ground.AdvanceAsync(await ground.StartAsync(lane), FlightGoal.Land, LifecycleState.Completed);
    })));
}
