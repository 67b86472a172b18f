// A step's `network`: none, hosts and addresses by name, or, in so many words, the host's own network for take-off.
using System.Net;
using System.Net.Sockets;
using CabinCrew.Governance.Network;
using CabinCrew.Governance.Yaml;
using CabinCrew.Orchestrator.Engines.Network;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Workflows;

internal sealed class NetworkReader(YamlMap step)
{
    public const string Unrestricted = "unrestricted-take-off";
    private const int PrefixMin = 8;

    public static readonly IReadOnlyList<(string Word, EngineMode Value)> Modes = [("flight-plan", EngineMode.FlightPlan), ("take-off", EngineMode.TakeOff)];

    private readonly YamlErrors errors = step.Errors;

    public (bool Unrestricted, NetworkRules? Rules) Read()
    {
        switch (step.Take("network"))
        {
            case YamlMap map:
                return (false, Declared(map));
            case YamlScalar { Type: YamlType.Text, Text: "take-off" or "flight-plan" } word:
                errors.Add(word, $"'network': expected the hosts that may be reached, such as {{ hosts: [example.org], private: [10.0.0.5:8080] }}, found '{word.Text}'; the host's whole network for take-off is '{Unrestricted}'");
                return default;
            case null:
                return default;
            default:
                return (step.TakeWord("network", [("none", false), (Unrestricted, true)]) ?? false, null);
        }
    }

    private NetworkRules Declared(YamlMap map)
    {
        List<DeclaredHost> hosts = [];
        List<DeclaredAddress> addresses = [];
        if (map.TakeList("hosts") is { } list)
        {
            if (list.Items.Count > NetworkRules.HostsMax) errors.Add(list, $"'hosts': expected at most {NetworkRules.HostsMax}, found {list.Items.Count}");
            foreach (var node in list.Items.Take(NetworkRules.HostsMax))
            {
                if (Host(node) is not { } host) continue;
                if (hosts.Any(h => h.Pattern == host.Pattern && h.Ports.Intersect(host.Ports).Any())) errors.Add(node, $"'hosts': '{host.Pattern}' stands here a second time");
                else hosts.Add(host);
            }
        }
        if (map.TakeList("private") is { } inner)
        {
            if (inner.Items.Count > NetworkRules.PrivateMax) errors.Add(inner, $"'private': expected at most {NetworkRules.PrivateMax}, found {inner.Items.Count}");
            foreach (var node in inner.Items.Take(NetworkRules.PrivateMax))
            {
                if (Private(node) is not { } address) continue;
                if (addresses.Contains(address)) errors.Add(node, $"'private': '{address}' stands here a second time");
                else addresses.Add(address);
            }
        }
        var replay = map.TakeParsed<WorkflowId>("replay", "the id of a workflow", t => WorkflowId.TryParse(t, out var id) ? id : null)?.ToString();
        if (!map.Has("hosts") && !map.Has("private")) errors.Add(map, "'network': expected 'hosts', 'private' or both");
        map.Close();
        return new(hosts, addresses) { Replay = replay };
    }

    private DeclaredHost? Host(YamlNode node)
    {
        if (node is YamlScalar { Type: YamlType.Text } scalar)
            return Pattern(node, scalar.Text, 443) is var (pattern, port) ? new(pattern, [port], [EngineMode.FlightPlan, EngineMode.TakeOff]) : null;
        if (node is not YamlMap map)
        {
            errors.Add(node, $"'hosts': expected a host such as example.org, '*.example.org' or example.org:8443, found {node.Is}");
            return null;
        }
        var host = map.TakeText("host", required: true, "a host", charsMax: 300);
        List<int> ports = [];
        if (map.TakeList("ports") is { } list)
        {
            if (list.Items.Count is 0 or > NetworkRules.PortsMax) errors.Add(list, $"'ports': expected 1 to {NetworkRules.PortsMax} ports, found {list.Items.Count}");
            foreach (var item in list.Items)
            {
                if (item is YamlScalar { Value: long and > 0 and <= 65535 } port && !ports.Contains((int)(long)port.Value)) ports.Add((int)(long)port.Value);
                else errors.Add(item, $"'ports': expected ports from 1 to 65535, each once, found {(item is YamlScalar s ? $"'{WorkflowReader.Clip(s.Text)}'" : item.Is)}");
            }
        }
        List<EngineMode> modes = [];
        foreach (var text in map.TakeTexts("modes") ?? ["flight-plan", "take-off"])
        {
            if (Modes.Where(m => m.Word == text).Select(m => (EngineMode?)m.Value).FirstOrDefault() is { } mode && !modes.Contains(mode)) modes.Add(mode);
            else errors.Add(map.Take("modes")!, $"'modes': expected flight-plan, take-off or both, found '{WorkflowReader.Clip(text)}'{NearMatch.Hint(text, Modes.Select(m => m.Word))}");
        }
        if (map.Has("modes") && modes.Count == 0 && !errors.Any) errors.Add(map.Take("modes")!, "'modes': expected flight-plan, take-off or both, found none");
        map.Close();
        if (host is null || Pattern(map.Take("host")!, host, 0) is not var (name, _)) return null;
        return new(name, ports.Count > 0 ? [.. ports.Order()] : [443], [.. modes.Order()]);
    }

    /// <param name="port">For a host that names none; 0: it must name none.</param>
    private (string Pattern, int Port)? Pattern(YamlNode node, string text, int port)
    {
        var star = text.StartsWith("*.", StringComparison.Ordinal);
        var to = Authority.Parse(star ? text[2..] : text, port == 0 ? 443 : port);
        if (to is null || text.Length > 300 || (star && (to.Address is not null || !to.Host.Contains('.'))) || (port == 0 && to.Port != 443) || (port == 0 && text.EndsWith(":443", StringComparison.Ordinal)))
            errors.Add(node, $"'host': expected a name such as example.org, or '*.' and a name of two or more parts{(port == 0 ? "; ports stand under 'ports'" : ", with a port where it is not 443")}, found '{WorkflowReader.Clip(text)}'");
        else if (to.Address is { } address && !PublicAddress.Is(address))
            errors.Add(node, $"'host': {to.Host} is not a public address: name it under 'private', as {to}");
        else return (star ? "*." + to.Host : to.Host, to.Port);
        return null;
    }

    private DeclaredAddress? Private(YamlNode node)
    {
        const string Expected = "an address that is not public, or a range of them, and a port, such as 10.0.0.5:8080, 10.1.0.0/16:443 or '[fd00::1]:443'";
        if (node is YamlScalar { Type: YamlType.Text } scalar)
        {
            var colon = scalar.Text.LastIndexOf(':');
            var text = colon < 0 ? "" : scalar.Text[..colon];
            var brackets = text.StartsWith('[') && text.EndsWith(']');
            if (brackets) text = text[1..^1];
            var whole = IPAddress.TryParse(text, out var address) ? address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128 : 0;
            var network = whole > 0 ? new IPNetwork(address!, whole) : IPNetwork.TryParse(text, out var range) ? range : default;
            // The one spelling, again: what the framework would write is what stands there.
            var plain = whole > 0 ? address!.ToString().Equals(text, StringComparison.OrdinalIgnoreCase) : network.PrefixLength >= PrefixMin && network.ToString().Equals(text, StringComparison.OrdinalIgnoreCase);
            if (plain && brackets == (network.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6) && IsDeclarable(network.BaseAddress)
                && int.TryParse(scalar.Text[(colon + 1)..], System.Globalization.NumberStyles.None, null, out var port) && port is > 0 and <= 65535)
                return new(network, port);
        }
        errors.Add(node, $"'private': expected {Expected}, found {(node is YamlScalar s ? $"'{WorkflowReader.Clip(s.Text)}'" : node.Is)}");
        return null;
    }

    // 0.0.0.0 and :: lead to this very machine, by a name that nobody reads as such.
    private static bool IsDeclarable(IPAddress address) =>
        !PublicAddress.Is(address) && PublicAddress.Plain(address).Equals(address) && !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any)
        && (address.AddressFamily == AddressFamily.InterNetwork || address.ScopeId == 0);
}
