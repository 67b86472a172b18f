// mcp inspect: which servers there are, what they offer and what of it was accepted, and the differences that wait for a person (MCP-05).
using System.CommandLine;
using System.Text.Json.Nodes;
using CabinCrew.Cli.Rendering;
using CabinCrew.Gateways.Mcp.Definitions;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Commands.Mcp;

internal static class InspectCommand
{
    private const int ServersMax = 1000;

    public static Command Create()
    {
        var server = new Argument<string?>("SERVER") { Description = "Only this server.", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("inspect", """
            Show the servers that went through the gateway, their tools, prompts and resources, what of it was accepted and by whom, and what changed since.

            Examples:
              cabincrew mcp inspect
              cabincrew mcp inspect github --json
            """) { server };
        command.InHouse(async (parse, screen, house, ct) =>
        {
            await using var node = new Node(house.Ledger.Store, house.Ledger.Clock);
            var pins = new DefinitionPins(house.Ledger, TenantId.Local, PinMode.Strict, node);
            if (!(await ServersAsync(house, ct).ConfigureAwait(false)).Try(out var servers, out var problem)) return problem;
            if (parse.GetValue(server) is { } wanted)
            {
                if (!servers.Contains(wanted, StringComparer.Ordinal)) return new Problem(ProblemCode.NotFound, $"no server '{wanted}' has listed anything here{NearMatch.Hint(wanted, servers)}");
                servers = [wanted];
            }
            var document = new JsonArray();
            foreach (var name in servers)
            {
                if (!(await pins.BookAsync(name, ct).ConfigureAwait(false)).Try(out var book, out problem)) return problem;
                if (screen.Json) document.Add(Members(name, book));
                else Show(screen, name, book);
            }
            if (screen.Json) screen.Document(new() { ["servers"] = document });
            else if (servers.Count == 0) screen.Line("No server has listed anything yet. It begins with `cabincrew mcp`.");
            return 0;
        }, nothing: screen =>
        {
            screen.Line("No server has listed anything yet. It begins with `cabincrew mcp`.");
            return 0;
        });
        return command;
    }

    /// <summary>Every server of which something is pinned, in name order.</summary>
    public static async Task<Outcome<IReadOnlyList<string>>> ServersAsync(House house, CancellationToken ct) =>
        (await house.Ledger.Store.ListAsync(TenantId.Local, new(CountMax: ServersMax, Kind: DefinitionPins.StreamKind), ct).ConfigureAwait(false))
            .Map(headers => (IReadOnlyList<string>)[.. headers.Select(h => h.State.Name).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)]);

    private static void Show(Screen screen, string server, PinBook book)
    {
        screen.Title(server);
        var table = new TextTable(new Column("what"), new Column("name", Flexible: true), new Column("state"), new Column("accepted by"));
        foreach (var pin in book.Pins) table.Add(pin.Kind.Word(), pin.Name, Word(pin.State), pin.AcceptedBy ?? "-");
        screen.Table(table);
        foreach (var pin in book.Pins.Where(p => p.State == PinState.Changed))
        {
            screen.Title($"{pin.Kind.Word()} {pin.Name} changed, and is in quarantine");
            screen.Diff(System.Text.Encoding.UTF8.GetBytes(DefinitionDifference.Text(pin)));
            screen.Hint($"cabincrew mcp accept {server} {pin.Kind.Word()} {pin.Name} --digest {pin.Latest!.Digest.Hex[..12]}");
        }
    }

    private static JsonObject Members(string server, PinBook book) => new()
    {
        ["server"] = server,
        ["definitions"] = new JsonArray([.. book.Pins.Select(p => (JsonNode)new JsonObject
        {
            ["kind"] = p.Kind.Word(), ["name"] = p.Name, ["state"] = Word(p.State), ["accepted_by"] = p.AcceptedBy,
            ["accepted"] = p.Accepted?.Digest.ToString(), ["latest"] = p.Latest?.Digest.ToString(), ["difference"] = p.State == PinState.Changed ? DefinitionDifference.Text(p) : null,
        })]),
    };

    private static string Word(PinState state) => state switch
    {
        PinState.None => "none",
        PinState.New => "new",
        PinState.Accepted => "accepted",
        PinState.Changed => "changed",
    };
}
