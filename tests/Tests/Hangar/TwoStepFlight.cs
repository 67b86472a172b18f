// The flight that is cut and killed in simulations: b and then c, each approved, on staged engines.
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;

namespace CabinCrew.Tests.Hangar;

internal static class TwoStepFlight
{
    public const string Before = "a.txt: one\\n\ndir/b.txt: two\\n";
    public const string After = "a.txt: one\\n\nb.txt: new\\n\nc.txt: new\\n\ndir/b.txt: two\\n";

    /// <param name="outside">More keys of b; OUTSIDE stands for a directory outside the workspace.</param>
    public static async Task<(FlightHouse House, WorkflowId Id, StagedRunner Runner)> BeginAsync(string outside = "")
    {
        var runner = new StagedRunner();
        var house = await FlightHouse.OpenAsync(FlightHouse.Ask, runner);
        house.Script("e", "").File("outside/there", "");
        var steps = $"  - {{ id: b, engine: ./engines/e{outside} }}\n  - {{ id: c, engine: ./engines/e, needs: [b] }}";
        return (house, await house.StartAsync(house.Workflow(steps.Replace("OUTSIDE", house["outside"], StringComparison.Ordinal))), runner);
    }

    /// <summary>As a person and a cron job would: advance, answer what is asked, advance again.</summary>
    public static async Task<FlightReport> ToTheEndAsync(FlightHouse house, WorkflowId id)
    {
        for (var round = 0; round < 10; round++)
        {
            var advanced = await house.TryAdvanceAsync(id);
            // Killed after its very last entry: there is nothing left to do.
            if (advanced.Problem?.Code == ProblemCode.WorkflowFinished) return new(await house.StateAsync(id), null);
            var report = advanced.Value;
            if (house.Store.IsDead || report.Problem?.Code != ProblemCode.ApprovalRequired) return report;
            var open = (await house.Flights.FindApprovalAsync(id.ToString(), default)).Value;
            if (open.Responses.Count == 0) Assert.Null((await house.AnswerAsync(id, "ann")).Problem);
        }
        throw new InvalidOperationException("the flight does not come to an end");
    }

    public static async Task<int> CommitsAsync()
    {
        var (house, id, _) = await BeginAsync();
        await using (house)
        {
            Assert.Null((await ToTheEndAsync(house, id)).Problem);
            return house.Store.Commits.Count(c => c.Entries.Count + c.Audit.Count > 0);
        }
    }
}
