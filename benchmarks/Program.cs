// End-to-end measures as ratios against a peer of the same run. A new one is one file and one line of the table.
using CabinCrew.Benchmarks;
using CabinCrew.Benchmarks.Mcp;

// The small ends that a measurement starts of itself.
if (args is ["peer", var kind, var answer]) return Peers.Run(kind, answer);

IBenchmark[] table =
[
    new WorkspaceHashBenchmark(),
    new StartUpBenchmark(),
    new OverheadBenchmark(),
    new FlatMemoryBenchmark(),
    new LaunchBenchmark(),
    new TakeOffBenchmark(),
    new ThroughputBenchmark(),
    new RecoveryBenchmark(),
    new PolicyBenchmark(),
    new McpBenchmark(),
    new LlmBenchmark(),
    new SecretsBenchmark(),
    new InjectionBenchmark(),
    new ScanBenchmark(),
];

var chosen = args.Length == 0 ? table : [.. table.Where(b => args.Contains(b.Name))];
if (chosen.Length == 0)
{
    Console.Error.WriteLine($"benchmarks: {string.Join(", ", table.Select(b => b.Name))}");
    return 2;
}

var over = 0;
foreach (var benchmark in chosen)
{
    using var scratch = new Scratch();
    foreach (var measure in await benchmark.RunAsync(scratch.Path))
    {
        Console.WriteLine(measure);
        if (!measure.Holds) over++;
    }
}
return over == 0 ? 0 : 1;
