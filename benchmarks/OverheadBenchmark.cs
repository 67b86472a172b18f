// What the orchestrator adds to a step: a whole run in a workspace of 1,000 files, without the engine's own time and the bare sandbox launch.
namespace CabinCrew.Benchmarks;

/// <param name="TotalMs">A whole run in process: plan, judgement, take-off.</param>
/// <param name="EnginesMs">Of that, from the start of each engine's process to its end.</param>
/// <param name="Launches">How many engine processes that was.</param>
internal sealed record FlightCost(double TotalMs, double EnginesMs, int Launches);

/// <param name="prepare">Makes the orchestrator ready on a workspace, and gives what flies one flight of one step.</param>
/// <param name="bareLaunch">Milliseconds of an empty program in the same sandbox.</param>
internal sealed class OverheadBenchmark(Func<string, Task<Func<Task<FlightCost>>>> prepare, Func<Task<double>> bareLaunch) : IBenchmark
{
    private const int Files = 1_000;
    private const int Rounds = 21;
    private const double BoundMs = 25;

    public string Name => "overhead";

    public async Task<IReadOnlyList<Measure>> RunAsync(string scratch)
    {
        var workspace = Directory.CreateDirectory(Path.Combine(scratch, "workspace")).FullName;
        Scratch.Fill(workspace, Files);
        var fly = await prepare(workspace);
        await fly();
        List<double> overheads = [], launches = [];
        for (var i = 0; i < Rounds; i++)
        {
            launches.Add(await bareLaunch());
            var cost = await fly();
            overheads.Add(cost.TotalMs - cost.EnginesMs);
        }
        // Not a ratio to a peer but to the bound itself; the bare launch stands beside it to show how loud the machine is.
        return
        [
            new($"overhead of a step, {Files} files", "ms", Pairs.Median(overheads), "bound", BoundMs, 1),
            new($"overhead of a step, {Files} files", "ms", Pairs.Median(overheads), "bare sandbox launch", Pairs.Median(launches), double.PositiveInfinity),
        ];
    }
}
