// A person presses Ctrl-C, at any moment (ORC-05): the program ends soon and says so, no engine stays behind, nothing is half done, and `resume` goes on.
using System.Diagnostics;
using System.Runtime.InteropServices;
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Hangar;

namespace CabinCrew.Tests.Races;

public sealed partial class InterruptedFlightTests
{
    private const string Before = "a.txt: one\\n\ndir/b.txt: two\\n", After = "a.txt: new\\n\ndir/b.txt: two\\n";

    [Theory, Clause("ORC-05"), Clause("ENG-10")]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task A_flight_that_is_cancelled_at_any_commit_can_go_on_and_was_never_half_done(int part)
    {
        // In process, where the moment is exact: before each commit in turn, a fifth of them here.
        for (var at = part; at < 24; at += 5)
        {
            await using var house = await FlightHouse.OpenAsync(FlightHouse.Allow, new StagedRunner());
            house.Script("e", "");
            var id = await house.StartAsync(house.Workflow("  - { id: one, engine: ./engines/e }"));
            using var cancel = new CancellationTokenSource();
            var commits = 0;
            house.Store.OnCommit = _ =>
            {
                if (commits++ == at) cancel.Cancel();
                return Cut.No;
            };
            var cut = await house.TryAdvanceAsync(id, ct: cancel.Token);
            var path = Path.Combine(house.Workspace, "one.txt");
            var state = await house.StateAsync(id);
            // Cancelled means: gone back to rest, or gone through, or where a restart picks it up; the workspace is as it was or as approved.
            if (state.Ended is null && state.Steps.Values.Single().TakeOff is null) Assert.False(File.Exists(path), $"commit {at}: changed before the decision");
            Assert.NotEqual(LifecycleState.Failed, state.Overall);
            house.Store.OnCommit = static _ => Cut.No;
            if (state.Ended is null) Assert.Null((await house.AdvanceAsync(id)).Problem);
            Assert.Equal("new\n", File.ReadAllText(path));
            await house.ProveAsync(id);
            if (at >= commits) break;
            Assert.True(!cut.Ok || cut.Value.Problem is null or { Code: ProblemCode.Cancelled }, $"commit {at}: {cut}");
        }
    }

    [Theory, Clause("ENG-10"), Clause("ORC-05")]
    [InlineData("flight-plan", 2)]
    [InlineData("take-off", 15)]
    public async Task A_signal_ends_the_program_and_its_engine_and_the_flight_goes_on_later(string mode, int signal)
    {
        await using var house = await FlightHouse.OpenAsync();
        var mark = "waits-for-" + Path.GetFileName(house.Home[..^5]);
        var hang = $"grep -q '\"run_index\":0' <<< \"$input\" && {{ [ $CABINCREW_MODE = flight-plan ] || echo half > $W/a.txt; exec -a {mark} sleep 300; }}";
        house.Script("e", (mode == "flight-plan" ? hang : ":") + "\npropose a.txt new", (mode == "take-off" ? hang : ":") + "\napply");
        house.Workflow("  - { id: one, engine: ./engines/e }");
        using var running = Start(house, "run", "-f", house["home/cabincrew.yaml"]);
        for (var i = 0; i < 1500 && Alive(mark) == 0 && !running.HasExited; i++) await Task.Delay(20);
        Assert.True(Alive(mark) > 0, "the engine was never seen");
        Assert.Equal(0, Kill(running.Id, signal));
        var watch = Stopwatch.StartNew();
        await running.WaitForExitAsync();
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"it took {watch.Elapsed}");
        Assert.Equal(0, Alive(mark));
        Assert.Equal(Before, house.Tree());
        Assert.Equal(ProblemCode.Cancelled.ExitCode(), running.ExitCode);

        var id = Assert.Single((await house.Ledger.Store.ListAsync(TenantId.Local, new StreamFilter(), default)).Value).Workflow;
        // A take-off that was interrupted has given the workspace back: another may fly there now.
        Assert.Equal(mode == "take-off" ? LifecycleState.ReadyForTakeoff : LifecycleState.PlanRunning, (await house.StateAsync(id)).Overall);
        using var resumed = Start(house, "resume", id.ToString());
        await resumed.WaitForExitAsync();
        Assert.True(resumed.ExitCode == 0, await resumed.StandardError.ReadToEndAsync());
        Assert.Equal(After, house.Tree());
        await house.ProveAsync(id);
    }

    private static Process Start(FlightHouse house, params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "cabincrew"), [.. arguments, "--store", house.StoreDirectory])
            { WorkingDirectory = house.Home, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Remove("CABINCREW_IDENTITY_TOKEN");
        return Process.Start(start)!;
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

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}
