// mcp accept: a person has looked at a tool's (prompt's, resource's) definition and accepts it: that very one (MCP-05).
using System.CommandLine;
using CabinCrew.Gateways.Mcp.Definitions;
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Commands.Mcp;

internal static class AcceptCommand
{
    private const int DigestPrefixMin = 12;

    public static Command Create()
    {
        var server = new Argument<string>("SERVER") { Description = "The server, as `cabincrew mcp inspect` names it." };
        var kind = new Argument<string>("KIND") { Description = "tool, prompt, resource or template." };
        var name = new Argument<string>("NAME") { Description = "As the server calls it." };
        var digest = new Option<string?>("--digest") { Description = $"The digest of the definition that you looked at; its first {DigestPrefixMin} digits are enough. Needed where there is no terminal.", HelpName = "SHA256" };
        var command = new Command("accept", """
            Accept a definition that is new or has changed: shown on a terminal, and you are asked; elsewhere say which one you looked at.

            Example:
              cabincrew mcp accept github tool create_issue
            """) { server, kind, name, digest };
        command.InHouse(async (parse, screen, house, ct) =>
        {
            if (Enum.GetValues<DefinitionKind>().Where(k => k.Word() == parse.GetValue(kind)).ToList() is not [var of])
                return new Problem(ProblemCode.InvalidArgument, $"there is no kind '{parse.GetValue(kind)}'; expected tool, prompt, resource or template");
            await using var node = new Node(house.Ledger.Store, house.Ledger.Clock);
            var pins = new DefinitionPins(house.Ledger, TenantId.Local, PinMode.Strict, node);
            if (!(await pins.BookAsync(parse.GetValue(server)!, ct).ConfigureAwait(false)).Try(out var book, out var problem)) return problem;
            var key = new DefinitionKey(of, parse.GetValue(name)!);
            if (book.Find(key) is not { } pin)
                return new Problem(ProblemCode.NotFound, $"'{parse.GetValue(server)}' has no {of.Word()} '{key.Name}' on record{NearMatch.Hint(key.Name, book.Pins.Where(p => p.Kind == of).Select(p => p.Name))}");
            if (!Shown(screen, pin, parse.GetValue(digest)).Try(out var shown, out problem)) return problem;
            if (!(await pins.AcceptAsync(parse.GetValue(server)!, key, shown, house.Caller, house.Identities, ct).ConfigureAwait(false)).Try(out _, out problem)) return problem;
            if (screen.Json) screen.Document(new() { ["server"] = parse.GetValue(server), ["kind"] = of.Word(), ["name"] = key.Name, ["accepted"] = shown.ToString(), ["by"] = house.Caller.Name });
            else screen.Line($"{Screen.Safe(key.Name)} is accepted as it stands");
            return 0;
        });
        return command;
    }

    private static Outcome<Digest> Shown(Screen screen, Pin pin, string? named)
    {
        var current = (pin.Latest ?? pin.Accepted)!.Digest;
        if (named is not null)
        {
            if (Digest.TryParse(named, out var whole)) return whole;
            if (named.Length >= DigestPrefixMin && current.Hex.StartsWith(named, StringComparison.Ordinal)) return current;
            return new Problem(ProblemCode.ApprovalTokenMismatch, $"--digest is not that of what the server offers now ({current.Hex[..DigestPrefixMin]}…): look at it again, with at least {DigestPrefixMin} digits");
        }
        if (!screen.Interactive)
            return new Problem(ProblemCode.InvalidArgument, "say which definition you looked at: --digest is needed where there is no terminal") { Remedy = $"See it with `cabincrew mcp inspect`; its digest begins with {current.Hex[..DigestPrefixMin]}." };
        screen.Diff(System.Text.Encoding.UTF8.GetBytes(DefinitionDifference.Text(pin)));
        return screen.Ask($"Accept this definition of {Screen.Safe(pin.Name)}?") ? current : new Problem(ProblemCode.Cancelled, "not accepted; it stays as it was");
    }
}
