// Launching an engine that only says its receipt, by the runner that flights use, against the same command line of bubblewrap spawned and waited for.
// Ours has more in it: the control group, limits set on the waiting child, its file systems held open, the watchdog, the whole process tree's end, the receipt read and judged.
using System.Globalization;
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Orchestrator.Engines.Sandbox;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;

namespace CabinCrew.Benchmarks;

internal sealed class LaunchBenchmark : IBenchmark
{
    private const int Rounds = 61;

    private const string Engine = """
        #!/bin/sh
        echo '{"protocol_version":"draft-1","engine_id":"word","mode":"flight-plan","receipt_id":"word","status":"success","artifacts":[]}'
        """;

    public string Name => "launch";

    public async Task<IReadOnlyList<Measure>> RunAsync(string scratch)
    {
        var definition = Ground.Lay(scratch, Engine, [("a.txt", "one\n")]);
        var report = await SandboxProbe.RunAsync(CancellationToken.None);
        if (report.Problem is { } none) throw new InvalidOperationException(none.ToString());
        var runner = new BubblewrapRunner(report.Bubblewrap!, report.Features);
        var run = new EngineRun
        {
            Engine = EngineCatalog.Resolve(definition.Steps[0].Engine, scratch).Value,
            Mode = EngineMode.FlightPlan,
            Clearance = EngineRun.Cleared("{}"u8.ToArray()),
            Limits = definition.Steps[0].Limits,
            Workspace = definition.Workspace,
            HiddenEntries = [],
        };
        IReadOnlyList<string> bare = [report.Bubblewrap!, .. Bubblewrap.Arguments(run, [], HostLayout.OfThisMachine, report.Features)];
        var (ours, peer) = await Pairs.MedianAsync(Rounds, () => Timing.OnThread(() =>
        {
            var (result, failure) = runner.RunAsync(run, CancellationToken.None).GetAwaiter().GetResult();
            if (result is null) throw new InvalidOperationException(failure!.Problem.ToString());
            result.Dispose();
        }), () => Timing.OnThread(() => Airfield.Launch(bare)));
        return
        [
            new("launch of an engine in the sandbox, time", "ms", ours.WallMs, "bare bubblewrap", peer.WallMs, 2) { Note = string.Create(CultureInfo.InvariantCulture, $"load {Usage.Load()}") },
            new("  CPU of the same", "ms", ours.CpuMs, "bare bubblewrap", peer.CpuMs, double.PositiveInfinity),
        ];
    }
}
