// ORC-05 with the real program: killed by SIGKILL while its engine runs; the engine dies with it, and `resume` in a new process brings the flight to its end.
using System.Diagnostics;
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Hangar;

namespace CabinCrew.Tests.Simulation;

[Clause("ORC-05")]
public sealed class KilledProcessTests
{
    [Theory, Clause("ENG-10")]
    [InlineData("flight-plan")]
    [InlineData("take-off")]
    public async Task A_killed_program_leaves_no_engine_behind_and_its_flight_is_resumed(string mode)
    {
        await using var house = await FlightHouse.OpenAsync();
        var mark = "sleeps-for-" + Path.GetFileName(house.Home[..^5]);
        var hang = $"grep -q '\"run_index\":0' <<< \"$input\" && {{ [ $CABINCREW_MODE = flight-plan ] || echo half > $W/a.txt; exec -a {mark} sleep 300; }}";
        house.Script("e", (mode == "flight-plan" ? hang : ":") + "\npropose a.txt new", (mode == "take-off" ? hang : ":") + "\napply");
        house.Workflow("  - { id: one, engine: ./engines/e }");
        using var running = Start(house, "run", "-f", house["home/cabincrew.yaml"]);
        await UntilAsync(() => Alive(mark) > 0, running);
        running.Kill();
        await running.WaitForExitAsync();
        await UntilAsync(() => Alive(mark) == 0, null);
        Assert.Equal("a.txt: one\\n\ndir/b.txt: two\\n", house.Tree());

        var id = Assert.Single((await house.Ledger.Store.ListAsync(TenantId.Local, new StreamFilter(), default)).Value).Workflow;
        Assert.Equal(mode == "take-off" ? LifecycleState.TakeoffRunning : LifecycleState.PlanRunning, (await house.StateAsync(id)).Overall);
        using var resumed = Start(house, "resume", id.ToString());
        await resumed.WaitForExitAsync();
        Assert.True(resumed.ExitCode == 0, await resumed.StandardOutput.ReadToEndAsync() + await resumed.StandardError.ReadToEndAsync());
        Assert.Equal("a.txt: new\\n\ndir/b.txt: two\\n", house.Tree());
        var state = await house.StateAsync(id);
        Assert.Equal((mode == "flight-plan" ? 2 : 1, mode == "take-off" ? 2 : 1), (state.Steps.Values.Single().PlanRuns, state.Steps.Values.Single().TakeOffRuns));
        await house.ProveAsync(id);
    }

    private static Process Start(FlightHouse house, params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "cabincrew"), [.. arguments, "--store", house.StoreDirectory])
            { WorkingDirectory = house.Home, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Remove("CABINCREW_IDENTITY_TOKEN");
        return Process.Start(start)!;
    }

    private static async Task UntilAsync(Func<bool> holds, Process? whileRunning)
    {
        for (var i = 0; i < 1500; i++)
        {
            if (holds()) return;
            if (whileRunning is { HasExited: true }) Assert.Fail($"the program ended with {whileRunning.ExitCode}: {await whileRunning.StandardOutput.ReadToEndAsync()}{await whileRunning.StandardError.ReadToEndAsync()}");
            await Task.Delay(20);
        }
        Assert.Fail("it never came to that");
    }

    private static int Alive(string mark) => Directory.EnumerateDirectories("/proc").Count(d =>
    {
        try
        {
            return int.TryParse(Path.GetFileName(d), out _) && File.ReadAllText(Path.Join(d, "cmdline")).StartsWith(mark, StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    });
}
