// Several orchestrators on one store and one workspace (ORC-06): every flight adds one to a number in a file. What is lost, done twice or half done
// shows in the sum; who may not act is refused; and no flight is flown by two.
using System.Diagnostics;
using System.Globalization;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Hangar;

namespace CabinCrew.Tests.Races;

[Clause("ORC-06")]
public sealed class TwoOrchestratorsTests
{
    private static StagedRunner Counting() => new()
    {
        Plan = static run =>
        {
            var now = int.Parse(File.ReadAllText(Path.Combine(run.Run.Workspace, "count.txt")), CultureInfo.InvariantCulture);
            run.Propose("count.txt", (now + 1).ToString(CultureInfo.InvariantCulture));
            return Task.CompletedTask;
        },
        TakeOff = static run =>
        {
            run.InView("printf '%s\\n' $(( $(cat count.txt) + 1 )) > count.txt");
            return Task.CompletedTask;
        },
    };

    [Theory, Clause("TOK-06")]
    [InlineData(3, 4)]
    public Task Flights_side_by_side_lose_nothing_and_do_nothing_twice(int doors, int flights) => CountAsync(doors, flights);

    [Theory(Explicit = true)]
    [InlineData(6, 12)]
    public Task Many_flights_side_by_side_lose_nothing_and_do_nothing_twice(int doors, int flights) => CountAsync(doors, flights);

    private static async Task CountAsync(int doors, int flights)
    {
        await using var house = await FlightHouse.OpenAsync(FlightHouse.Allow, Counting());
        house.Script("e", "").File("workspace/count.txt", "0\n");
        var definition = house.Workflow("  - { id: one, engine: ./engines/e }", "on_drift: replan");
        var work = Enumerable.Range(0, doors).Select(async _ =>
        {
            var door = await house.DoorAsync();
            await using var room = door.Ledger;
            var landed = new List<FlightReport>();
            for (var i = 0; i < flights; i++)
            {
                var id = (await door.Flights.StartAsync(definition, house.Who("agent"), false, default)).Value;
                FlightReport report;
                // The workspace is another's, or moved once too often: both say so, and neither has done anything.
                for (var tries = 0; ; tries++)
                {
                    report = (await door.Flights.AdvanceAsync(id, new(FlightGoal.Land, TimeSpan.FromSeconds(30)), new Silence(), default)).Value;
                    if (report.Problem?.Code is not ProblemCode.WorkspaceLocked || tries > 200) break;
                }
                landed.Add(report);
            }
            return landed;
        }).ToList();
        var reports = (await Task.WhenAll(work)).SelectMany(r => r).ToList();
        var done = reports.Count(r => r.Problem is null);
        Assert.All(reports, r => Assert.True(r.Problem is null || r.Problem.Code == ProblemCode.WorkspaceDrift, r.Problem?.ToString()));
        Assert.Equal(done, int.Parse(File.ReadAllText(Path.Combine(house.Workspace, "count.txt")), CultureInfo.InvariantCulture));
        Assert.True(done > flights, $"only {done} of {doors * flights} landed");
        foreach (var report in reports) await house.ProveAsync(report.State.Id, null);
        // No two of them ever came to the same number.
        Assert.Equal(done, reports.Where(r => r.Problem is null).Select(r => r.State.Steps.Values.Single().TakeOff!.Changes.Single().After!.Content).Distinct().Count());
    }

    [Theory, Clause("ORC-05")]
    [InlineData(15)]
    public async Task A_flight_that_two_resume_is_flown_by_one(int times)
    {
        for (var i = 0; i < times; i++)
        {
            var runner = new StagedRunner();
            await using var house = await FlightHouse.OpenAsync(FlightHouse.Allow, runner);
            house.Script("e", "");
            var id = await house.StartAsync(house.Workflow("  - { id: one, engine: ./engines/e }"));
            var other = await house.DoorAsync();
            await using var room = other.Ledger;
            using var gate = new Barrier(2);
            var both = await Task.WhenAll(((Flights[])[house.Flights, other.Flights]).Select(f => Task.Run(() =>
            {
                gate.SignalAndWait();
                return f.AdvanceAsync(id, new(FlightGoal.Land, TimeSpan.Zero), new Silence(), default);
            })));
            Assert.All(both, b => Assert.True(b.Ok ? b.Value.Problem is null : b.Problem.Code is ProblemCode.WorkflowBusy or ProblemCode.WorkflowFinished, $"{b}"));
            Assert.Contains(both, b => b.Ok);
            Assert.Equal(["one flight-plan", "one take-off"], runner.Runs);
            await house.ProveAsync(id);
        }
    }

    [Theory]
    [InlineData(2, 2)]
    public Task Programs_side_by_side_lose_nothing_and_do_nothing_twice(int programs, int flights) => ProgramsAsync(programs, flights);

    [Theory(Explicit = true)]
    [InlineData(4, 10)]
    public Task Many_programs_side_by_side_lose_nothing_and_do_nothing_twice(int programs, int flights) => ProgramsAsync(programs, flights);

    // The real program and the real sandbox: nothing is shared but the store and the workspace.
    private static async Task ProgramsAsync(int programs, int flights)
    {
        await using var house = await FlightHouse.OpenAsync();
        house.File("workspace/count.txt", "0\n").Script("e", "propose count.txt $(( $(cat $W/count.txt) + 1 ))");
        house.Workflow("  - { id: one, engine: ./engines/e }", "on_drift: replan");
        var ends = await Task.WhenAll(Enumerable.Range(0, programs).Select(async _ =>
        {
            var codes = new List<(int Exit, string Said)>();
            for (var i = 0; i < flights; i++)
            {
                var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "cabincrew"), ["run", "--wait", "60s", "-f", house["home/cabincrew.yaml"], "--store", house.StoreDirectory])
                    { WorkingDirectory = house.Home, RedirectStandardOutput = true, RedirectStandardError = true };
                start.Environment.Remove("CABINCREW_IDENTITY_TOKEN");
                using var program = Process.Start(start)!;
                var said = await Task.WhenAll(program.StandardOutput.ReadToEndAsync(), program.StandardError.ReadToEndAsync());
                await program.WaitForExitAsync();
                codes.Add((program.ExitCode, string.Concat(said)));
            }
            return codes;
        }));
        Assert.All(ends.SelectMany(e => e), e => Assert.True(e.Exit == 0, $"{e.Exit}: {e.Said}"));
        Assert.Equal($"{programs * flights}\n", File.ReadAllText(Path.Combine(house.Workspace, "count.txt")));
    }

    private sealed class Silence : IProgress<FlightNews>
    {
        public void Report(FlightNews value) { }
    }
}
