// Which gateway a command is about: a configuration file, or what the command line says of one server.
using CabinCrew.Gateways.Firewall.Configuration;
using System.CommandLine;
using CabinCrew.Gateways.Firewall.Records;
using CabinCrew.Gateways.Mcp.Configuration;
using CabinCrew.Governance.Files;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Commands.Mcp;

internal sealed class GatewayChoice
{
    private readonly Option<string?> config = new("--config", "-c") { Description = $"The gateway's configuration (default: {GatewayFile.DefaultName} beside the store, where nothing else is said).", HelpName = "FILE" };
    private readonly Option<string?> files = new("--files") { Description = "Serve the files of a directory by the built-in file server.", HelpName = "DIR" };
    private readonly Option<string?> mode = new("--mode") { Description = "With --files: direct (default), or plan: collect the changes, and propose them as one plan.", HelpName = "WORD" };
    private readonly Option<string?> url = new("--url") { Description = "A server that is reached over HTTP.", HelpName = "URL" };
    private readonly Option<string?> name = new("--name") { Description = "What the one server is called in policies and records (default: server, or files).", HelpName = "NAME" };
    private readonly Option<string[]> mount = new("--mount") { Description = "What COMMAND may see: PATH to read, PATH:write to write.", HelpName = "PATH[:write]" };
    private readonly Option<string[]> network = new("--network") { Description = "A host that COMMAND may reach.", HelpName = "HOST" };
    private readonly Option<string[]> environment = new("--env") { Description = "A variable of this environment that COMMAND gets; its value is treated as a secret.", HelpName = "NAME" };
    private readonly Option<string?> record = new("--record") { Description = "none (default), calls or messages: keep them, redacted, for `cabincrew mcp replay`.", HelpName = "WORD" };
    private readonly Option<string?> sandbox = new("--sandbox") { Description = "full (default), or none: run COMMAND as an ordinary program, on record.", HelpName = "WORD" };
    private readonly Argument<string[]> command = new("COMMAND") { Description = "The server's program and its arguments, after `--`.", Arity = ArgumentArity.ZeroOrMore };

    public void AddTo(Command verb)
    {
        verb.Options.Add(config);
        verb.Options.Add(files);
        verb.Options.Add(mode);
        verb.Options.Add(url);
        verb.Options.Add(name);
        verb.Options.Add(mount);
        verb.Options.Add(network);
        verb.Options.Add(environment);
        verb.Options.Add(record);
        verb.Options.Add(sandbox);
        verb.Arguments.Add(command);
    }

    public Outcome<GatewayDefinition> Of(ParseResult parse, Place place)
    {
        var (program, directory, address) = (parse.GetValue(command) ?? [], parse.GetValue(files), parse.GetValue(url));
        var given = (program.Length > 0 ? 1 : 0) + (directory is null ? 0 : 1) + (address is null ? 0 : 1);
        if (given > 1 || (given == 1 && parse.GetValue(config) is not null)) return Usage("say one of --config, --files, --url and `-- COMMAND`");
        if (given == 0 && parse.GetValue(record) is not null) return Usage("--record goes with --files, --url or `-- COMMAND`; a configuration says it by `record`");
        if (given == 0) return FromFile(parse.GetValue(config) ?? Path.Combine(place.Root, GatewayFile.DefaultName), parse.GetValue(config) is not null);
        if (!ServerReader.IsName(parse.GetValue(name) ?? "server")) return Usage($"--name: a server's name has letters, digits and '-', at most {ServerReader.NameCharsMax}");
        if (!Server(parse, program, directory, address).Try(out var server, out var problem)) return problem;
        var here = CanonicalPath.Of(Directory.GetCurrentDirectory()) ?? Directory.GetCurrentDirectory();
        return Scope(parse).Map(scope => new GatewayDefinition { BaseDirectory = here, Servers = [server], Roots = [server.FilesRoot ?? here], Record = new() { Scope = scope } });
    }

    private Outcome<KeepScope> Scope(ParseResult parse) => parse.GetValue(record) switch
    {
        null or "none" => KeepScope.None,
        "calls" => KeepScope.Calls,
        "messages" => KeepScope.Messages,
        _ => Usage("--record takes none, calls or messages"),
    };

    private static Outcome<GatewayDefinition> FromFile(string path, bool named) => named || File.Exists(path)
        ? GatewayFile.Read(path)
        : Usage($"there is no {GatewayFile.DefaultName} here, and nothing else says which servers there are") with { Remedy = "Try `cabincrew mcp --files .`, or `cabincrew mcp -- COMMAND ARGS`." };

    private Outcome<ServerDefinition> Server(ParseResult parse, string[] program, string? directory, string? address)
    {
        if (parse.GetValue(mode) is not (null or "direct" or "plan")) return Usage("--mode takes direct or plan");
        if (parse.GetValue(mode) is not null && directory is null) return Usage("--mode goes with --files");
        if (parse.GetValue(sandbox) is not (null or "full" or "none")) return Usage("--sandbox takes full or none");
        if (directory is not null)
            return CanonicalPath.Of(Path.GetFullPath(directory)) is { } root && Directory.Exists(root) && root != "/"
                ? new ServerDefinition { Name = parse.GetValue(name) ?? Serving.FileServer.Name, Kind = ServerKind.Files, FilesRoot = root, PlanMode = parse.GetValue(mode) is "plan" }
                : Usage($"--files: expected a directory of its own, found none at '{directory}'");
        if (address is not null)
            return Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
                ? new ServerDefinition { Name = parse.GetValue(name) ?? "server", Kind = ServerKind.Url, Url = uri, PrivateAddress = uri!.IsLoopback }
                : Usage("--url takes an http or https URL");
        List<MountDefinition> mounts = [];
        foreach (var text in parse.GetValue(mount) ?? [])
        {
            var writable = text.EndsWith(":write", StringComparison.Ordinal);
            if (CanonicalPath.Of(Path.GetFullPath(writable ? text[..^6] : text)) is not { } path || path == "/") return Usage($"--mount: expected a file or a directory, found none at '{text}'");
            mounts.Add(new(path, writable));
        }
        var variables = (parse.GetValue(environment) ?? []).Distinct(StringComparer.Ordinal).ToDictionary(v => v, v => new ValueDefinition("env", v), StringComparer.Ordinal);
        return new ServerDefinition
        {
            Name = parse.GetValue(name) ?? "server", Kind = ServerKind.Command, Command = program, Mounts = mounts, Network = parse.GetValue(network) ?? [], Environment = variables,
            Unsandboxed = parse.GetValue(sandbox) is "none",
        };
    }

    private static Problem Usage(string why) => new(ProblemCode.InvalidArgument, why);
}
