// What a benchmark says, and how pairs are run: alternating, so that what disturbs the machine disturbs both; medians, so that a hiccup counts once.
using System.Diagnostics;
using System.Globalization;

namespace CabinCrew.Benchmarks;

internal interface IBenchmark
{
    string Name { get; }

    /// <param name="scratch">An empty directory, deleted afterwards.</param>
    Task<IReadOnlyList<Measure>> RunAsync(string scratch);
}

/// <param name="Value">Ours.</param>
/// <param name="Peer">What it is held against: another program's measure, or an earlier one of ours.</param>
/// <param name="Bound">The ratio (value to peer) that must not be passed.</param>
internal sealed record Measure(string Name, string Unit, double Value, string PeerName, double Peer, double Bound)
{
    public double Ratio => Value / Peer;

    public bool Holds => Ratio <= Bound;

    /// <summary>What else is worth knowing, for people.</summary>
    public string? Note { get; init; }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name,-44} {Value,9:0.0} {Unit,-4} {PeerName,-20} {Peer,9:0.0} {Unit,-4} ratio {Ratio:0.00} ")
        + (double.IsInfinity(Bound) ? "" : string.Create(CultureInfo.InvariantCulture, $"(at most {Bound:0.00}) {(Holds ? "ok" : "OVER")}")) + (Note is null ? "" : $"\n    {Note}");
}

internal readonly record struct Cost(double WallMs, double CpuMs);

internal static class Pairs
{
    /// <summary>Runs both in turn, the first of each discarded, and gives the medians.</summary>
    public static async Task<(Cost Ours, Cost Peer)> MedianAsync(int rounds, Func<Task<Cost>> ours, Func<Task<Cost>> peer)
    {
        List<Cost> a = [], b = [];
        for (var i = -1; i < rounds; i++)
        {
            // Who goes first changes, so that neither always finds the other's caches.
            if (i % 2 == 0)
            {
                a.Add(await ours());
                b.Add(await peer());
            }
            else
            {
                b.Add(await peer());
                a.Add(await ours());
            }
        }
        return (Median(a[1..]), Median(b[1..]));
    }

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2;
    }

    /// <param name="q">0 to 1.</param>
    public static double Quantile(IEnumerable<double> values, double q)
    {
        var sorted = values.Order().ToArray();
        return sorted[(int)Math.Round(q * (sorted.Length - 1))];
    }

    private static Cost Median(List<Cost> costs) => new(Median(costs.Select(c => c.WallMs)), Median(costs.Select(c => c.CpuMs)));
}

internal static class Timing
{
    public static Task<Cost> InProcess(Action work)
    {
        var cpu = Usage.OfSelf();
        var clock = Stopwatch.StartNew();
        work();
        return Task.FromResult(new Cost(clock.Elapsed.TotalMilliseconds, (Usage.OfSelf() - cpu).TotalMilliseconds));
    }

    /// <summary>On a thread that outlives what it spawns, as a launcher's "die with parent" wants it. Children count.</summary>
    public static Task<Cost> OnThread(Action work)
    {
        var done = new TaskCompletionSource<Cost>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            try
            {
                var cpu = Usage.OfSelf() + Usage.OfChildren();
                var clock = Stopwatch.StartNew();
                work();
                done.SetResult(new(clock.Elapsed.TotalMilliseconds, (Usage.OfSelf() + Usage.OfChildren() - cpu).TotalMilliseconds));
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        }).Start();
        return done.Task;
    }

    /// <summary>Starts a program, feeds it, drains it, waits. Throws where it fails: a failing peer is fast and means nothing.</summary>
    public static async Task<Cost> ProcessAsync(string program, IEnumerable<string> arguments, string directory, string? input = null)
    {
        var cpu = Usage.OfChildren();
        var clock = Stopwatch.StartNew();
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = directory, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        if (input is not null) await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await output;
        await process.WaitForExitAsync();
        var wall = clock.Elapsed.TotalMilliseconds;
        if (process.ExitCode != 0) throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {await error}");
        return new(wall, (Usage.OfChildren() - cpu).TotalMilliseconds);
    }
}
