// What the gateway is given by the rest of the house: a launcher with a sandbox, the built-in file server, plans of what agents changed, secrets (invariant 10).
using CabinCrew.Gateways.Mcp.Hosting;
using CabinCrew.Gateways.Mcp.Servers;
using CabinCrew.Governance.Access;
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Serving;

/// <param name="say">For the person who started the gateway; never standard output, which is the client's.</param>
internal sealed class GatewaySurroundings(House house, Action<string> say) : IGatewaySurroundings
{
    public IServerLauncher Launcher { get; } = new SandboxedLauncher(house.Place.StoreDirectory);

    public Outcome<ServerProgram> FileServer(string name, string directory) => Serving.FileServer.Program(directory).Map(program => program with { Name = name });

    public IChangeCollector Collector(string directory, MessageCaller caller) =>
        new PlanCollector(house.Flights, new Caller(caller.Name, caller.Roles, caller.Human ?? false, caller.AuthenticatedBy), directory, house.Place.StoreDirectory);

    /// <summary>What sessions left behind that died with their gateway becomes plans now, in the name of the agent that this one serves.</summary>
    public async Task<IReadOnlyList<Outcome<Proposal>>> RecoverAsync(string directory, MessageCaller caller, CancellationToken ct)
    {
        await using var collector = new PlanCollector(house.Flights, new Caller(caller.Name, caller.Roles, caller.Human ?? false, caller.AuthenticatedBy), directory, house.Place.StoreDirectory);
        return await collector.RecoverAsync(ct).ConfigureAwait(false);
    }

    public TextModelLoader? Models => house.Models.Load;

    public Task<Outcome<string>> SecretAsync(string kind, string value, CancellationToken ct) => SecretReader.ReadAsync(new SecretSource(kind, value, []), ct);

    public void Proposed(Outcome<Proposal> end) => say(end.Try(out var proposal, out var problem) ? proposal.Words : $"what the session changed could not be proposed, and is kept: {problem.Message}");
}
