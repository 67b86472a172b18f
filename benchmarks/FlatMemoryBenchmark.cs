// Two hundred flights in a row in one process: what is held afterwards against what was held after the first twenty. Nothing may grow, nothing may stay behind.
using System.Runtime;

namespace CabinCrew.Benchmarks;

internal sealed class FlatMemoryBenchmark : IBenchmark
{
    private const int Files = 200;
    private const int Early = 20;
    private const int Late = 200;

    public string Name => "memory";

    public async Task<IReadOnlyList<Measure>> RunAsync(string scratch)
    {
        await using var airfield = await Airfield.OpenAsync(scratch, Files);
        Held early = default!;
        var leftBefore = Leftovers();
        for (var i = 1; i <= Late; i++)
        {
            await airfield.FlyAsync();
            if (i == Early) early = Now();
        }
        var late = Now();
        var after = $"after {Early}";
        return
        [
            new($"resident memory after {Late} flights", "MiB", late.ResidentMiB, after, early.ResidentMiB, 1.25),
            new($"live objects after {Late} flights", "MiB", late.LiveMiB, after, early.LiveMiB, 1.25),
            new($"open descriptors after {Late} flights", "", late.Descriptors, after, early.Descriptors, 1.1),
            new($"threads after {Late} flights", "", late.Threads, after, early.Threads, 1.5),
            new($"child processes after {Late} flights, and 1", "", late.Children + 1, "none, and 1", 1, 1),
            new($"directories left by {Late} flights, and 1", "", Leftovers() - leftBefore + 1, "none, and 1", 1, 1),
        ];
    }

    private sealed record Held(double ResidentMiB, double LiveMiB, int Descriptors, int Threads, int Children);

    private static Held Now()
    {
        // Collected to the ground first: what is left is what is held.
        GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
        for (var i = 0; i < 3; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }
        var children = Directory.GetDirectories("/proc/self/task").Sum(t => File.ReadAllText(Path.Combine(t, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries).Length);
        return new(Usage.ResidentMiB(), GC.GetTotalMemory(forceFullCollection: true) / 1048576.0,
            Directory.GetFileSystemEntries("/proc/self/fd").Length, Directory.GetDirectories("/proc/self/task").Length, children);
    }

    // Of this process: what a flight makes for itself is named by random ids, so the count of ours can only be told by who owns it. Others may fly at the same time.
    private static int Leftovers() => new[] { "/var/tmp", Path.GetTempPath() }.Distinct().Where(Directory.Exists)
        .Sum(d => Directory.EnumerateFileSystemEntries(d, "cabincrew-*").Count(e => !e.Contains("-bench", StringComparison.Ordinal)))
        + (Directory.Exists("/sys/fs/cgroup") ? Directory.EnumerateDirectories("/sys/fs/cgroup", $"cabincrew-{Environment.ProcessId}-*", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 4 }).Count() : 0);
}
