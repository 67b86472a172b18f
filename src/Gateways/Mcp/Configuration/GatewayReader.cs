// The top level of a gateway's configuration, and what only the whole can show: twins, servers that callers name and nobody defines.
using CabinCrew.Gateways.Firewall.Configuration;
using CabinCrew.Gateways.Mcp.Definitions;
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Yaml;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Configuration;

internal sealed class GatewayReader(YamlMap root, string file)
{
    private const int ServersMax = 64;
    private const int RootsMax = 32;

    private readonly string baseDirectory = Path.GetDirectoryName(file)!;
    private readonly FirewallReader common = new(root, Path.GetDirectoryName(file)!);

    /// <summary>Not to be used when there are errors.</summary>
    public GatewayDefinition? Read()
    {
        root.TakeInteger("version", GatewayFile.Version, GatewayFile.Version, required: true);
        if (root.Errors.Any) return null;
        var servers = Servers();
        var definition = new GatewayDefinition { File = file, BaseDirectory = baseDirectory, Servers = servers };
        var (texts, commands) = root.TakeMap("detectors") is { } detectors ? DetectorsReader.Read(detectors) : new([], definition.Commands);
        definition = definition with
        {
            Roots = Roots(servers),
            Policies = common.Policies(new(GatewayDefinition.DefaultRules, "cabincrew.mcp", null) { Messages = true }) ?? definition.Policies,
            Aggregation = root.TakeWord("aggregation", Aggregation.Methods) ?? definition.Aggregation,
            PolicyTimeLimit = common.PolicyTimeLimit() ?? definition.PolicyTimeLimit,
            RequestBytesMax = common.Size("request_size_max") ?? definition.RequestBytesMax,
            ResponseBytesMax = common.Size("response_size_max") ?? definition.ResponseBytesMax,
            Detectors = texts,
            Commands = commands,
            WarningsInMeta = root.TakeTruth("warnings_in_meta") ?? definition.WarningsInMeta,
            Holds = common.Holds(clientsAsk: true),
            Pins = root.TakeWord("pins", [("first_use", PinMode.FirstUse), ("strict", PinMode.Strict)]) ?? definition.Pins,
            Audit = common.Audit() ?? definition.Audit,
            Record = common.Record(),
            AnswersAfterEnd = Quantities.TakeDuration(root, "answers_after_end", FirewallReader.HoldMax) ?? definition.AnswersAfterEnd,
            Callers = new CallersReader(root, baseDirectory, "servers", [.. servers.Select(s => s.Name)]).Read(),
            Limits = root.TakeMap("limits") is { } limits ? CallersReader.Limits(limits, havePrices: false) : definition.Limits,
            Listen = root.TakeMap("listen") is { } listen ? new ListenReader(listen, baseDirectory).Read() : null,
            Context = common.Context(),
        };
        root.Close();
        if (definition.Listen is not null && definition.Callers.None && !root.Errors.Any)
            root.Errors.Add(root.Take("listen")!, "'listen': nobody could call, since 'callers' names no keys, issuers or certificates");
        return definition;
    }

    private List<ServerDefinition> Servers()
    {
        List<ServerDefinition> servers = [];
        if (root.TakeMap("servers", required: true) is not { } map) return servers;
        map.Know([.. map.Entries.Select(e => e.Key.Text)]);
        if (map.Entries.Count is 0 or > ServersMax) map.Errors.Add(map, $"'servers': expected 1 to {ServersMax}, found {map.Entries.Count}");
        foreach (var entry in map.Entries.Take(ServersMax))
        {
            if (!ServerReader.IsName(entry.Key.Text)) map.Errors.Add(entry.Key, $"a server's name has letters, digits and single '-', at most {ServerReader.NameCharsMax}; found '{YamlMap.Clip(entry.Key.Text)}'");
            else if (servers.Any(s => string.Equals(s.Name, entry.Key.Text, StringComparison.OrdinalIgnoreCase))) map.Errors.Add(entry.Key, $"the server '{entry.Key.Text}' stands here a second time");
            else if (entry.Value is not YamlMap described) map.Errors.Add(entry.Value, $"'{entry.Key.Text}': expected a mapping with 'command', 'url' or 'files', found {entry.Value.Is}");
            else if (new ServerReader(described, entry.Key.Text, baseDirectory).Read() is { } server) servers.Add(server);
        }
        return servers;
    }

    // Without a word about roots, what the built-in file servers serve is what there is.
    private List<string> Roots(List<ServerDefinition> servers)
    {
        if (root.TakeTexts("roots", expected: "a directory, or a list of directories") is not { } written) return [.. servers.Select(s => s.FilesRoot).OfType<string>().Distinct(StringComparer.Ordinal)];
        List<string> roots = [];
        if (written.Count is 0 or > RootsMax) root.Errors.Add(root.Take("roots")!, $"'roots': expected 1 to {RootsMax}, found {written.Count}");
        foreach (var text in written.Take(RootsMax))
            if (ServerReader.Directory(root, "roots", text, baseDirectory) is { } path) roots.Add(path);
        return roots;
    }
}
