// `detectors`: what becomes of a message in which one of them finds something, on its way to a server and on its way back (MCP-06).
using CabinCrew.Gateways.Firewall;
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Detection.Commands;
using CabinCrew.Governance.Yaml;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Firewall.Configuration;

internal readonly record struct ReadDetectors(Dictionary<string, DetectorSettings> Texts, CommandSettings Commands);

internal static class DetectorsReader
{
    private static readonly IReadOnlyList<(string Word, Decision Value)> Decisions =
        [("allow", Decision.Allow), ("warn", Decision.Warn), ("require_approval", Decision.RequireApproval), ("deny", Decision.Deny)];

    // What is cut out of an answer needs no other decision; it goes on record as a warning.
    private static readonly IReadOnlyList<(string Word, (Decision Decision, bool Redact) Value)> Answers =
        [.. Decisions.Select(d => (d.Word, (d.Value, false))), ("redact", (Decision.Warn, true))];

    private const int ToolsMax = 200;

    public static ReadDetectors Read(YamlMap map)
    {
        Dictionary<string, DetectorSettings> settings = new(StringComparer.Ordinal);
        foreach (var name in Detectors.Names)
        {
            if (map.TakeMap(name) is not { } one) continue;
            var standard = Detectors.StandardOf(name);
            var requests = one.TakeWord("requests", Decisions) ?? standard.FromCaller;
            var (responses, redact) = one.TakeWord("responses", Answers) ?? (standard.FromServer, standard.RedactFromServer);
            settings[name] = new DetectorSettings(requests, responses, redact) { Rules = Merged(standard.Rules, Rules(one, Detectors.RulesOf(name).Select(r => r.Id))) };
            one.Close();
        }
        var commands = map.TakeMap(CommandScan.Name) is { } said ? Commands(said) : CommandSettings.Standard;
        map.Close();
        return new(settings, commands);
    }

    /// <summary>For a gateway that may cut what is found out of requests as well: every text as if a server had written it.</summary>
    public static (IReadOnlyDictionary<string, DetectorSettings> Requests, IReadOnlyDictionary<string, DetectorSettings> Responses, CommandSettings Commands) ReadBothWays(YamlMap map)
    {
        Dictionary<string, DetectorSettings> requests = new(StringComparer.Ordinal), responses = new(StringComparer.Ordinal);
        foreach (var name in Detectors.Names)
        {
            if (map.TakeMap(name) is not { } one) continue;
            var (going, coming) = (one.TakeWord("requests", Answers), one.TakeWord("responses", Answers));
            var rules = Rules(one, Detectors.RulesOf(name).Select(r => r.Id)) ?? Detectors.StandardOf(name).Rules;
            if (going is var (decision, cut)) requests[name] = new(Decision.Allow, decision, cut) { Rules = rules };
            if (coming is var (answered, cutOut)) responses[name] = new(Decision.Allow, answered, cutOut) { Rules = rules };
            one.Close();
        }
        var commands = map.TakeMap(CommandScan.Name) is { } said ? Commands(said) : CommandSettings.Standard;
        map.Close();
        return (requests, responses, commands);
    }

    private static CommandSettings Commands(YamlMap map)
    {
        var requests = map.TakeWord("requests", Decisions);
        var tools = map.TakeTexts("tools") ?? [];
        if (tools.Count > ToolsMax) map.Errors.Add(map, $"'tools': expected at most {ToolsMax} names");
        var rules = Rules(map, CommandRules.ById.Keys) ?? [];
        map.Close();
        return new(requests, rules, tools);
    }

    // What is said of single rules stands beside what holds for the others.
    private static IReadOnlyDictionary<string, Decision> Merged(IReadOnlyDictionary<string, Decision> standard, Dictionary<string, Decision>? own)
    {
        if (own is null) return standard;
        foreach (var (rule, decision) in standard) own.TryAdd(rule, decision);
        return own;
    }

    private static Dictionary<string, Decision>? Rules(YamlMap detector, IEnumerable<string> known)
    {
        if (detector.TakeMap("rules") is not { } map) return null;
        Dictionary<string, Decision> rules = new(StringComparer.Ordinal);
        foreach (var rule in known)
            if (map.TakeWord(rule, Decisions) is { } decision) rules[rule] = decision;
        map.Close();
        return rules;
    }
}
