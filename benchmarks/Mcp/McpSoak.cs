// Calls for as long as CABINCREW_BENCH_SOAK_MINUTES says, and what ten million of them would leave in the gateway's memory, by the slope of the second half.
using System.Diagnostics;
using System.Globalization;

namespace CabinCrew.Benchmarks.Mcp;

internal static class McpSoak
{
    private const long Calls = 10_000_000;
    private const int Batch = 2_000;
    private const int AtOnce = 32;

    // The log of it stays within what a disk has to spare: ten million calls are twenty million events.
    private const double CallsPerSecondMax = 3_000;

    public static IReadOnlyList<Measure> Run(McpGround ground, TimeSpan length)
    {
        using var gateway = ground.Gateway("batched");
        var agent = new Agent(gateway);
        agent.Open();
        List<(double Calls, double MiB)> seen = [];
        var clock = Stopwatch.StartNew();
        long made = 0;
        for (; clock.Elapsed < length; made += Batch)
        {
            agent.Call(Agent.WriteCall, Batch, AtOnce);
            seen.Add((made + Batch, gateway.ResidentMiB()));
            if (TimeSpan.FromSeconds((made + Batch) / CallsPerSecondMax) - clock.Elapsed is { Ticks: > 0 } early) Thread.Sleep(early);
        }
        var half = seen[(seen.Count / 2)..];
        var (slope, middle) = Slope(half);
        var (cpu, least) = (gateway.Cpu().TotalMicroseconds / made, half.Min(s => s.MiB));
        return
        [
            new($"resident memory after {Calls} calls, extrapolated", "MiB", middle + slope * (Calls - half.Average(s => s.Calls)), "after half the time", middle, 1.1)
            {
                Note = string.Create(CultureInfo.InvariantCulture,
                    $"{made} calls in {clock.Elapsed.TotalMinutes:0.0} minutes; {slope * 1e6:+0.000;-0.000} MiB a million calls in the second half ({least:0.0} to {half.Max(s => s.MiB):0.0} MiB), at most {gateway.PeakMiB():0} MiB; {cpu:0} us of CPU a call; load {Usage.Load()}"),
            },
        ];
    }

    // The straight line through what was seen, by least squares: what garbage there is at the moment weighs little.
    private static (double PerCall, double Middle) Slope(List<(double Calls, double MiB)> seen)
    {
        var (x, y) = (seen.Average(s => s.Calls), seen.Average(s => s.MiB));
        return (seen.Sum(s => (s.Calls - x) * (s.MiB - y)) / seen.Sum(s => (s.Calls - x) * (s.Calls - x)), y);
    }
}
