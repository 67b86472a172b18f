// What the orchestrator adds to a step: a whole flight of one step over a workspace of 1,000 files, less the bare sandboxed launch of the same engine.
using System.Globalization;

namespace CabinCrew.Benchmarks;

internal sealed class OverheadBenchmark : IBenchmark
{
    private const int Files = 1_000;
    private const int Rounds = 41;
    private const int Warm = 100;
    private const double BoundMs = 25;

    public string Name => "overhead";

    public async Task<IReadOnlyList<Measure>> RunAsync(string scratch)
    {
        await using var airfield = await Airfield.OpenAsync(scratch, Files);
        // The first flights pay for compilation and for trying the sandbox; a server pays that once.
        for (var i = 0; i < Warm; i++) await airfield.FlyAsync();
        List<double> wall = [], cpu = [], bareWall = [], bareCpu = [], flights = [];
        for (var i = 0; i < Rounds; i++)
        {
            // One pair shares whatever the machine is doing; who goes first changes.
            var first = i % 2 == 0 ? await airfield.LaunchBareAsync() : default;
            var flight = await airfield.FlyAsync();
            var bare = i % 2 == 0 ? first : await airfield.LaunchBareAsync();
            wall.Add(flight.WallMs - bare.WallMs);
            cpu.Add(flight.CpuMs - bare.CpuMs);
            flights.Add(flight.WallMs);
            bareWall.Add(bare.WallMs);
            bareCpu.Add(bare.CpuMs);
        }
        var spread = string.Create(CultureInfo.InvariantCulture, $"{Pairs.Quantile(wall, 0.25):0.0} to {Pairs.Quantile(wall, 0.75):0.0} in the middle half; a flight {Pairs.Median(flights):0.0}, load {Usage.Load()}");
        return
        [
            new($"overhead of a step, {Files} files, time", "ms", Pairs.Median(wall), "bound", BoundMs, 1) { Note = spread },
            new($"overhead of a step, {Files} files, CPU", "ms", Pairs.Median(cpu), "bound", BoundMs, 1),
            new("  the two bare launches of it, time", "ms", Pairs.Median(bareWall), "CPU of the same", Pairs.Median(bareCpu), double.PositiveInfinity),
        ];
    }
}
