// `cabincrew mcp`: the gateway between an agent and its MCP servers, and one table of the verbs around it.
using CabinCrew.Gateways.Firewall.Configuration;
using System.CommandLine;
using System.Security.Cryptography;
using CabinCrew.Cli.Serving;
using CabinCrew.Gateways.Mcp.Configuration;
using CabinCrew.Gateways.Mcp.Endpoint;
using CabinCrew.Gateways.Mcp.Hosting;
using CabinCrew.Gateways.Mcp.Servers;
using CabinCrew.Gateways.Mcp.Sessions;
using CabinCrew.Governance.Access;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;
using CabinCrew.Server;

namespace CabinCrew.Cli.Commands.Mcp;

internal static class McpCommand
{
    /// <summary>Who calls over standard input: an agent, on the account of whoever started the gateway. Not that person, who may have to answer for its calls.</summary>
    private const string LocalCaller = "agent";

    /// <summary>The number of this process's standard output.</summary>
    private const int StandardOutput = 1;

    private static readonly Func<Command>[] Verbs = [WrapCommand.Wrap, WrapCommand.Unwrap, InspectCommand.Create, AcceptCommand.Create, () => TailCommand.Create(MessageSubject.McpGateway, "who called what on which server"), McpTestCommand.Create, McpReplayCommand.Create];

    public static Command Create()
    {
        var choice = new GatewayChoice();
        var command = new Command("mcp", """
            Stand between an agent and its MCP servers: every message is judged, recorded, and held where a person must say yes. Speaks MCP on
            standard input and output; with `listen` in the configuration, over HTTP.

            Servers run in the sandbox, and see what is declared. Without a configuration the policy is `builtin: mcp-defaults`.

            Examples:
              cabincrew mcp --files .                                   a governed file server for the directory you stand in
              cabincrew mcp --files . --mode plan                       the same, and what the agent changes becomes one plan to approve
              cabincrew mcp --mount ~/notes:write -- node server.js     a server of your own
              cabincrew mcp --config cabincrew-mcp.yaml                 several servers, policies, callers over HTTP
              cabincrew mcp wrap --client claude-code                   put it before the servers that a client already has
            """);
        choice.AddTo(command);
        foreach (var verb in Verbs) command.Subcommands.Add(verb());
        command.Plain(async (parse, screen, ct) =>
        {
            var place = Globals.PlaceOf(parse);
            if (!choice.Of(parse, place).Try(out var definition, out var problem)) return problem;
            if (!(await Globals.OpenAsync(parse, null, ct).ConfigureAwait(false)).Try(out var house, out problem)) return problem;
            await using (house) return await RunAsync(definition, screen, house, ct).ConfigureAwait(false);
        });
        return command;
    }

    private static async Task<Outcome<int>> RunAsync(GatewayDefinition definition, Screen screen, House house, CancellationToken ct)
    {
        var surroundings = new GatewaySurroundings(house, screen.Aside);
        if (!(await GatewayHost.OpenAsync(definition, house.Ledger, house.Identities, surroundings, ct).ConfigureAwait(false)).Try(out var host, out var problem)) return problem;
        await using (host)
        {
            if (!(await host.Gate.AbandonLeftAsync(ct).ConfigureAwait(false)).Try(out var left, out problem)) return problem;
            foreach (var server in definition.Servers.Where(s => s.PlanMode))
                foreach (var end in await surroundings.RecoverAsync(server.FilesRoot!, Local(house.Caller, definition.Callers.LocalRoles), ct).ConfigureAwait(false)) surroundings.Proposed(end);
            if (left > 0) screen.Aside($"{left} held call(s) of a gateway that died were closed; none was forwarded");
            return definition.Listen is { } listen ? await ListenAsync(listen, host, screen, house, ct).ConfigureAwait(false) : await StandardAsync(definition, host, house, ct).ConfigureAwait(false);
        }
    }

    private static async Task<Outcome<int>> StandardAsync(GatewayDefinition definition, GatewayHost host, House house, CancellationToken ct)
    {
        var rules = StreamRules.Client with { Frames = host.Frames };
        var client = new StreamClient(new StreamConnection(new ReadingThread(Console.OpenStandardInput(), "client"), new ReadyWriter(StandardOutput), rules, TimeProvider.System));
        if (!host.SessionOf(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(12)), Local(house.Caller, definition.Callers.LocalRoles), client).Try(out var session, out var problem)) return problem;
        return await session.RunAsync(ct).ConfigureAwait(false) == SessionEnd.ServersEnded
            ? new Problem(ProblemCode.UpstreamFailed, "every server has ended, and none is started again") { Remedy = "See the record with `cabincrew audit show`; try the server by itself." }
            : 0;
    }

    private static async Task<Outcome<int>> ListenAsync(ListenDefinition listen, GatewayHost host, Screen screen, House house, CancellationToken ct)
    {
        var settings = new EndpointSettings { Hosts = GatewayListener.Hosts(listen), Origins = listen.Origins, Frames = host.Frames };
        await using var sessions = new EndpointSessions(settings, host.SessionOf, host.Record, house.Ledger.Clock);
        if (!(await GatewayListener.StartAsync(listen, settings, new McpEndpoint(settings, host.Gate.Door, sessions), ct).ConfigureAwait(false)).Try(out var listener, out var problem)) return problem;
        await using (listener)
        {
            screen.Aside($"listening on {listener.Address}");
            await Task.Delay(Timeout.Infinite, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        return 0;
    }

    internal static MessageCaller Local(Caller person, IReadOnlyList<string> roles) => new(LocalCaller, Human: false, roles, "os_user") { Person = person.Human ? person.Name : null };
}
