// Collects an agent's changes in a view of the workspace, and makes a flight of them in the caller's name: the gateway's seam, over the orchestrator (INT-03).
using CabinCrew.Gateways.Mcp.Servers;
using CabinCrew.Governance.Access;
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Orchestrator.Engines.Servers;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Serving;

/// <param name="workspace">Absolute, links resolved.</param>
internal sealed class PlanCollector(Flights flights, Caller caller, string workspace, string store) : IChangeCollector
{
    private const int NamedMax = 20, ReasonsMax = 5;
    private readonly ServerRunner runner = new([store]);
    private CollectedView? view;

    public async Task<Outcome<IServerProcess>> StartAsync(CancellationToken ct)
    {
        var problem = (Problem?)null;
        if (view is null ? !CollectedView.Begin(workspace).Try(out view, out problem) : !view.Renew().Try(out _, out problem)) return problem!;
        if (!BuiltInServer.Files().Try(out var server, out problem)) return problem;
        var shown = view.View;
        return SandboxedLauncher.Process(await runner.StartAsync(new()
        {
            Name = FileServer.Name,
            Command = [.. server.Command, workspace, "--plan"],
            Environment = FileServer.Environment,
            Mounts = [new(shown.Root, workspace, Writable: true), .. server.Needs.Select(path => new Mount(path, path, Writable: false))],
            WorkingDirectory = workspace,
            LaunchPrefix = shown.LaunchPrefix,
            PreparedSource = shown.Root,
        }, ct).ConfigureAwait(false));
    }

    public async Task<Outcome<Proposal>> ProposeAsync(string message, bool overNewer, CancellationToken ct)
    {
        if (view is null) return new Proposal(null, "There is nothing to propose.");
        var proposed = await ProposeAsync(view, message, overNewer, ct).ConfigureAwait(false);
        if (!proposed.Ok) return proposed;
        view.Discard();
        view = null;
        return proposed;
    }

    /// <summary>What sessions left behind that were killed with their gateway: proposed now, in the name of whoever opens the next one. Each that cannot be is kept, and told.</summary>
    public async Task<IReadOnlyList<Outcome<Proposal>>> RecoverAsync(CancellationToken ct)
    {
        var all = new List<Outcome<Proposal>>();
        foreach (var left in CollectedView.Abandoned(workspace))
        {
            var proposed = await ProposeAsync(left, $"Changes that an agent made in a session which was cut off (begun {left.Began:yyyy-MM-dd HH:mm} UTC).", overNewer: false, ct).ConfigureAwait(false);
            if (proposed.Problem is { } problem)
            {
                left.Dispose();
                all.Add(problem with { Where = left.Place });
                continue;
            }
            left.Discard();
            if (proposed.Value.Workflow is not null) all.Add(proposed);
        }
        return all;
    }

    private async Task<Outcome<Proposal>> ProposeAsync(CollectedView from, string message, bool overNewer, CancellationToken ct)
    {
        if (!from.Changes(ct).Try(out var changes, out var problem)) return problem;
        if (changes.Count == 0) return new Proposal(null, "Nothing was changed, so there is nothing to propose.");
        if (!overNewer)
        {
            if (!from.Newer(changes.Select(c => c.Change.Path)).Try(out var newer, out problem)) return problem;
            if (newer.Count > 0)
                return new Problem(ProblemCode.WorkspaceDrift, $"somebody changed {string.Join(", ", newer.Take(NamedMax))}{(newer.Count > NamedMax ? $" and {newer.Count - NamedMax} more" : "")} in the workspace since this session began, and your change would undo that; nothing was proposed, and your changes are kept")
                {
                    Remedy = "Ask the person you work for. To propose your version all the same, call submit_changes with over_newer.",
                };
        }
        if (!ChangeProposal.Of(workspace, changes, message).Try(out var definition, out problem)) return problem;
        if (!(await flights.StartAsync(definition, caller, unsandboxed: false, ct).ConfigureAwait(false)).Try(out var id, out problem)) return problem;
        // It is a flight now, whatever becomes of it: from here on nothing is proposed twice.
        var advanced = await flights.AdvanceAsync(id, new(FlightGoal.Land, TimeSpan.Zero), new Unheard(), CancellationToken.None).ConfigureAwait(false);
        return new Proposal(id.ToString(), Words(id, changes.Count, advanced));
    }

    private static string Words(WorkflowId id, int files, Outcome<FlightReport> advanced)
    {
        var begin = $"Proposed as workflow {id} ({files} {(files == 1 ? "file" : "files")}).";
        var end = "You work on from the workspace as it is now.";
        if (!advanced.Try(out var report, out var problem)) return $"{begin} It could not be planned yet: {problem.Message} `cabincrew resume {id}` goes on with it. {end}";
        var step = report.State.Steps.Values.First();
        var judged = step.Judgement is { } judgement ? $" Judged: {judgement.Decision.Word()}.{string.Concat(judgement.Violations.Concat(judgement.Needs.SelectMany(n => n.Reasons)).Concat(judgement.Warnings).Take(ReasonsMax).Select(r => $" {r.TrimEnd('.')}."))}" : "";
        return report.Problem switch
        {
            null => $"{begin}{judged} It was applied to the workspace. {end}",
            { Code: ProblemCode.ApprovalRequired } => $"{begin}{judged} It waits for a person's approval of exactly this change (plan-token {step.Token!.Token}); nothing is applied before. A person approves with `cabincrew approve {id}`, or looks at it with `cabincrew show {id}`. You cannot approve it. {end}",
            { } rest => $"{begin}{judged} It was not applied: {rest.Message} See `cabincrew show {id}`. {end}",
        };
    }

    public ValueTask DisposeAsync()
    {
        // What is left in it was not proposed, or there is nothing in it: only then it goes.
        if (view is { } left)
        {
            if (left.Changes(CancellationToken.None) is { Ok: true, Value.Count: 0 }) left.Discard();
            else left.Dispose();
            view = null;
        }
        return ValueTask.CompletedTask;
    }

    private sealed class Unheard : IProgress<FlightNews>
    {
        public void Report(FlightNews value)
        {
        }
    }
}
