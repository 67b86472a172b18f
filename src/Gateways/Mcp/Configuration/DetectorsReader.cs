// `detectors`: what becomes of a message in which one of them finds something, on its way to a server and on its way back (MCP-06).
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Yaml;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Configuration;

internal static class DetectorsReader
{
    private static readonly IReadOnlyList<(string Word, Decision Value)> Decisions =
        [("allow", Decision.Allow), ("warn", Decision.Warn), ("require_approval", Decision.RequireApproval), ("deny", Decision.Deny)];

    // What is cut out of an answer needs no other decision; it goes on record as a warning.
    private static readonly IReadOnlyList<(string Word, (Decision Decision, bool Redact) Value)> Answers =
        [.. Decisions.Select(d => (d.Word, (d.Value, false))), ("redact", (Decision.Warn, true))];

    public static Dictionary<string, DetectorSettings> Read(YamlMap map)
    {
        Dictionary<string, DetectorSettings> settings = new(StringComparer.Ordinal);
        foreach (var name in Detectors.Names)
        {
            if (map.TakeMap(name) is not { } one) continue;
            var standard = Detectors.StandardOf(name);
            var requests = one.TakeWord("requests", Decisions) ?? standard.FromCaller;
            var (responses, redact) = one.TakeWord("responses", Answers) ?? (standard.FromServer, standard.RedactFromServer);
            settings[name] = new DetectorSettings(requests, responses, redact) { Rules = Rules(one, name) ?? standard.Rules };
            one.Close();
        }
        map.Close();
        return settings;
    }

    private static Dictionary<string, Decision>? Rules(YamlMap detector, string name)
    {
        if (detector.TakeMap("rules") is not { } map) return null;
        Dictionary<string, Decision> rules = new(StringComparer.Ordinal);
        foreach (var rule in Detectors.RulesOf(name))
            if (map.TakeWord(rule.Id, Decisions) is { } decision) rules[rule.Id] = decision;
        map.Close();
        return rules;
    }
}
