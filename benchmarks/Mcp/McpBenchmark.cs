// A call through `cabincrew mcp` against the same two peers without it: CPU time of the gateway's process, and what it adds to the time of a call.
// The gateway is the program as shipped: sandboxed server, default rules and detectors, own rules, Rego, limits, and each frame's event chained, signed and on disk.
using System.Globalization;

namespace CabinCrew.Benchmarks.Mcp;

internal sealed class McpBenchmark : IBenchmark
{
    private const int Rounds = 9;
    private const int Warm = 40_000;
    private const int Calls = 4_000;
    private const int Large = 40;
    private const int Parallel = 1_000;
    private const int Early = 50_000;
    private const int Late = 250_000;
    private const double CpuMax = 60;
    private const double AddedMax = 50;
    private const double CopyMax = 5;

    public string Name => "mcp";

    public Task<IReadOnlyList<Measure>> RunAsync(string scratch)
    {
        var ground = new McpGround(scratch);
        var minutes = double.Parse(Environment.GetEnvironmentVariable("CABINCREW_BENCH_SOAK_MINUTES") ?? "0", CultureInfo.InvariantCulture);
        return Task.FromResult<IReadOnlyList<Measure>>(minutes > 0 ? McpSoak.Run(ground, TimeSpan.FromMinutes(minutes)) : [.. Small(ground, "batched", 1), .. Small(ground, "strict", double.PositiveInfinity), .. LargeAnswer(ground), .. Many(ground)]);
    }

    // Each round measures both ways, one call at a time and 32 at a time, so that what disturbs the machine disturbs all four.
    private static IEnumerable<Measure> Small(McpGround ground, string audit, double bound)
    {
        using Party gateway = ground.Gateway(audit), direct = ground.Direct();
        Agent through = new(gateway), straight = new(direct);
        through.Open();
        straight.Open();
        var warm = audit == "strict" ? Warm / 8 : Warm;
        through.Call(Agent.WriteCall, warm, 32);
        through.Call(Agent.WriteCall, warm / 4, 1);
        straight.Call(Agent.WriteCall, warm, 32);
        var calls = audit == "strict" ? Calls / 8 : Calls;
        foreach (var atOnce in (int[])[1, 32])
        {
            List<double> cpu = [], added = [], alone = [], ours = [], slow = [];
            for (var i = 0; i < Rounds; i++)
            {
                var bare = straight.Call(Agent.WriteCall, calls, atOnce);
                var before = gateway.Cpu();
                var governed = through.Call(Agent.WriteCall, calls, atOnce);
                cpu.Add((gateway.Cpu() - before).TotalMicroseconds / calls);
                added.Add(governed.P50 - bare.P50);
                alone.Add(bare.P50);
                ours.Add(governed.P50);
                slow.Add(governed.P99);
            }
            var note = string.Create(CultureInfo.InvariantCulture, $"median of {Rounds} rounds of {calls} calls; p50 {Pairs.Median(ours):0} us (p99 {Pairs.Median(slow):0}), without it {Pairs.Median(alone):0} us; load {Usage.Load()}");
            var name = $"audit {audit}, {atOnce} at once";
            yield return new($"CPU of a call, {name}", "us", Pairs.Median(cpu), "bound", CpuMax, bound) { Note = note };
            yield return new($"added to a call's p50, {name}", "us", Pairs.Median(added), "bound", AddedMax, atOnce == 1 ? bound : double.PositiveInfinity);
        }
    }

    private static IEnumerable<Measure> LargeAnswer(McpGround ground)
    {
        using Party gateway = ground.Gateway("batched"), copy = ground.Copy();
        Agent through = new(gateway), copied = new(copy);
        foreach (var agent in (Agent[])[through, copied])
        {
            agent.Open();
            // What is compiled for one kind of call is compiled before the other is measured.
            agent.Call(Agent.WriteCall, Warm, 32);
            agent.Call(Agent.ReadCall, Large * 25, 1);
        }
        List<double> cpu = [], cpuOfCopy = [], wall = [], wallOfCopy = [];
        for (var i = 0; i < Rounds; i++)
        {
            var before = (Ours: gateway.Cpu(), Theirs: copy.Cpu());
            wallOfCopy.Add(copied.Call(Agent.ReadCall, Large, 1).P50);
            wall.Add(through.Call(Agent.ReadCall, Large, 1).P50);
            cpu.Add((gateway.Cpu() - before.Ours).TotalMicroseconds / Large);
            cpuOfCopy.Add((copy.Cpu() - before.Theirs).TotalMicroseconds / Large);
        }
        yield return new($"CPU of an answer of {ground.AnswerBytes} bytes", "us", Pairs.Median(cpu), "bare copy", Pairs.Median(cpuOfCopy), CopyMax) { Note = $"load {Usage.Load()}" };
        yield return new("  time of the same", "us", Pairs.Median(wall), "bare copy", Pairs.Median(wallOfCopy), CopyMax);
    }

    private static IEnumerable<Measure> Many(McpGround ground)
    {
        using var gateway = ground.Gateway("batched");
        var agent = new Agent(gateway);
        agent.Open();
        agent.Call(Agent.WriteCall, Early, Parallel);
        var early = gateway.ResidentMiB();
        agent.Call(Agent.WriteCall, Late - Early, Parallel);
        yield return new($"resident memory, {Parallel} calls at once, after {Late}", "MiB", gateway.ResidentMiB(), $"after {Early}", early, 1.1)
            { Note = string.Create(CultureInfo.InvariantCulture, $"at most {gateway.PeakMiB():0} MiB meanwhile") };
    }
}
