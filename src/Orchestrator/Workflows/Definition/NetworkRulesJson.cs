// A step's network as JSON: hashed into the definition, stored with the flight, and read back without trust.
using System.Net;
using System.Text.Json;
using CabinCrew.Orchestrator.Engines.Network;

namespace CabinCrew.Orchestrator.Workflows;

internal static class NetworkRulesJson
{
    public static void Write(Utf8JsonWriter w, StepDefinition step)
    {
        if (step.Network is not { } rules)
        {
            w.WriteString("network", step.UnrestrictedTakeOff ? NetworkReader.Unrestricted : "none");
            return;
        }
        w.WriteStartObject("network");
        w.WriteStartArray("hosts");
        foreach (var host in rules.Hosts)
        {
            w.WriteStartObject();
            w.WriteString("host", host.Pattern);
            w.WriteStartArray("ports");
            foreach (var port in host.Ports) w.WriteNumberValue(port);
            w.WriteEndArray();
            StepDefinitionJson.WriteStrings(w, "modes", host.Modes.Select(m => NetworkReader.Modes.First(n => n.Value == m).Word));
            w.WriteEndObject();
        }
        w.WriteEndArray();
        w.WriteStartArray("private");
        foreach (var address in rules.Private)
        {
            w.WriteStartObject();
            w.WriteString("network", address.Network.ToString());
            w.WriteNumber("port", address.Port);
            w.WriteEndObject();
        }
        w.WriteEndArray();
        if (rules.Replay is { } replay) w.WriteString("replay", replay);
        w.WriteEndObject();
    }

    /// <returns>False for what <see cref="Write"/> would not have written.</returns>
    public static bool TryRead(JsonElement json, out bool unrestricted, out NetworkRules? rules)
    {
        (unrestricted, rules) = (false, null);
        try
        {
            var network = json.GetProperty("network");
            if (network.ValueKind == JsonValueKind.String)
            {
                unrestricted = network.GetString() == NetworkReader.Unrestricted;
                return unrestricted || network.GetString() == "none";
            }
            rules = new([.. network.GetProperty("hosts").EnumerateArray().Select(Host)], [.. network.GetProperty("private").EnumerateArray().Select(Address)])
            {
                Replay = network.TryGetProperty("replay", out var replay) ? replay.GetString() : null,
            };
            return rules.Hosts.Count <= NetworkRules.HostsMax && rules.Private.Count <= NetworkRules.PrivateMax;
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return false;
        }
    }

    private static DeclaredHost Host(JsonElement json) => new(
        json.GetProperty("host").GetString()!,
        [.. json.GetProperty("ports").EnumerateArray().Select(p => p.GetInt32())],
        [.. json.GetProperty("modes").EnumerateArray().Select(m => NetworkReader.Modes.First(n => n.Word == m.GetString()).Value)]);

    private static DeclaredAddress Address(JsonElement json) => new(IPNetwork.Parse(json.GetProperty("network").GetString()!), json.GetProperty("port").GetInt32());
}
