// Two hundred flights in a row in one process: memory afterwards against memory after the first twenty.
using System.Runtime;

namespace CabinCrew.Benchmarks;

/// <param name="prepare">Makes the orchestrator ready on a workspace, and gives what flies one flight.</param>
internal sealed class FlatMemoryBenchmark(Func<string, Task<Func<Task>>> prepare) : IBenchmark
{
    private const int Files = 200;
    private const int Early = 20;
    private const int Late = 200;

    public string Name => "memory";

    public async Task<IReadOnlyList<Measure>> RunAsync(string scratch)
    {
        var workspace = Directory.CreateDirectory(Path.Combine(scratch, "workspace")).FullName;
        Scratch.Fill(workspace, Files);
        var fly = await prepare(workspace);
        (double Resident, double Live) early = default;
        for (var i = 1; i <= Late; i++)
        {
            await fly();
            if (i == Early) early = Memory();
        }
        var late = Memory();
        return
        [
            new($"memory after {Late} flights, resident", "MiB", late.Resident, $"after {Early}", early.Resident, 1.25),
            new($"memory after {Late} flights, live objects", "MiB", late.Live, $"after {Early}", early.Live, 1.25),
        ];
    }

    // Collected to the ground first: what is left is what is held.
    private static (double Resident, double Live) Memory()
    {
        GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
        for (var i = 0; i < 3; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }
        return (Usage.ResidentMiB(), GC.GetTotalMemory(forceFullCollection: true) / 1048576.0);
    }
}
