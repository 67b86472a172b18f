// Under which configuration messages are judged that go nowhere: a gateway's file, policies of one's own choice, or what holds without a word.
using System.CommandLine;
using CabinCrew.Cli.Commands.Policy;
using CabinCrew.Gateways.Mcp.Configuration;
using CabinCrew.Governance.Files;
using CabinCrew.Governance.Policies;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Commands.Mcp;

internal sealed class TrialChoice
{
    public const string Package = "cabincrew.mcp";

    private readonly Option<string?> config = new("--config", "-c") { Description = $"The gateway's configuration (default: {GatewayFile.DefaultName} beside the store, where there is one).", HelpName = "FILE" };
    private readonly Option<string[]> policies = new("--policies", "-p")
    {
        Description = "Judge by this instead of the configuration's policies: a .rego file or a directory of them, a rules file for messages (.yaml), a bundle (.tar.gz, git:, oci:), builtin:mcp-defaults. Several make one set.",
        HelpName = "POLICY",
    };
    private readonly Option<string?> package = new("--package") { Description = $"Whose rules are the answer of Rego policies (default: {Package}).", HelpName = "NAME" };

    public void AddTo(Command verb)
    {
        verb.Options.Add(config);
        verb.Options.Add(policies);
        verb.Options.Add(package);
    }

    public Outcome<GatewayDefinition> Of(ParseResult parse)
    {
        if (parse.GetValue(package) is { } name && !RegoPolicyOptions.IsPackage(name)) return new Problem(ProblemCode.InvalidArgument, $"'{name}' is no name of a package; write it without 'data.'");
        var here = CanonicalPath.Of(Directory.GetCurrentDirectory()) ?? Directory.GetCurrentDirectory();
        var file = parse.GetValue(config) ?? Path.Combine(Globals.PlaceOf(parse).Root, GatewayFile.DefaultName);
        var definition = new GatewayDefinition { BaseDirectory = here, Servers = [new() { Name = "server", Kind = ServerKind.Command }], Roots = [here] };
        if ((parse.GetValue(config) is not null || File.Exists(file)) && !GatewayFile.Read(file).Try(out definition, out var problem)) return problem;
        return parse.GetValue(policies) is { Length: > 0 } named ? definition with { BaseDirectory = here, Policies = PolicyChoice.Refs(named, parse.GetValue(package) ?? Package) } : definition;
    }
}
