// Which decision each finding of a scan is, and which detectors look at all: one table of words, `detector` or `detector/rule`, over what is right for most.
using System.Text.Json.Nodes;
using CabinCrew.Governance.Detection.Code;
using CabinCrew.Governance.Detection.Commands;
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Detection.Scanning;

/// <param name="Reason">For a person.</param>
/// <param name="Decision">What it is where nothing is said.</param>
public sealed record ScanRule(string Id, string Reason, Decision Decision);

/// <param name="Decisions">By <c>detector</c> or <c>detector/rule</c>; the longer word wins. <c>allow</c> for a detector: it does not look. What is not here is as documented.</param>
public sealed record ScanSettings(IReadOnlyDictionary<string, Decision> Decisions)
{
    /// <summary>The name under which commands and changes are judged.</summary>
    public const string Commands = "commands";

    /// <summary>The name under which code is judged.</summary>
    public const string Code = "insecure-code";

    public static readonly ScanSettings Standard = new(new Dictionary<string, Decision>());

    /// <summary>Every detector that a scan has, in the order in which they are told.</summary>
    public static IReadOnlyList<string> Detectors { get; } = [.. Detection.Detectors.Names.Where(n => n != Detection.Detectors.Mapped), Commands, Code];

    /// <summary>Every rule of a detector with its reason, and what it is where nothing is said.</summary>
    public static IReadOnlyList<ScanRule> RulesOf(string detector) => detector == Commands
        ? [.. CommandRules.Groups.SelectMany(g => g.Rules).Select(r => new ScanRule(r.Id, r.Reason, r.Decision))]
        : detector == Code ? [.. CodeRules.Groups.SelectMany(g => g.Rules).Select(r => new ScanRule(r.Id, r.Reason, r.Decision))]
        : [.. Detection.Detectors.RulesOf(detector).Select(r => new ScanRule(r.Id, r.Reason, Standing(detector, r.Id)))];

    /// <summary>A problem where a word names no detector or no rule of one.</summary>
    public Problem? Fault(ProblemCode code)
    {
        foreach (var word in Decisions.Keys)
        {
            var slash = word.IndexOf('/');
            var detector = slash < 0 ? word : word[..slash];
            if (!Detectors.Contains(detector))
                return new(code, $"there is no detector '{detector}'{NearMatch.Hint(detector, Detectors)}") { Remedy = $"There are {string.Join(", ", Detectors)}." };
            if (slash < 0) continue;
            var rules = RulesOf(detector).Select(r => r.Id).ToList();
            if (!rules.Contains(word[(slash + 1)..]))
                return new(code, $"the detector '{detector}' has no rule '{word[(slash + 1)..]}'{NearMatch.Hint(word[(slash + 1)..], rules)}") { Remedy = "docs/guides/scan.md and docs/reference name them all." };
        }
        return null;
    }

    public bool Looks(string detector) => !Decisions.TryGetValue(detector, out var own) || own != Decision.Allow;

    /// <summary>What a finding of every detector is by these settings; what was not looked at is always a person's business.</summary>
    public Decision DecisionOf(ScanFinding found) =>
        Decisions.TryGetValue(found.Id, out var own) || Decisions.TryGetValue(found.Detector, out own) ? own : found.Decision;

    internal Decision DecisionOf(CommandRule rule) =>
        Decisions.TryGetValue($"{Commands}/{rule.Id}", out var own) || Decisions.TryGetValue(Commands, out own) ? own : rule.Decision;

    internal Decision DecisionOf(CodeRule rule) =>
        Decisions.TryGetValue($"{Code}/{rule.Id}", out var own) || Decisions.TryGetValue(Code, out own) ? own : rule.Decision;

    /// <summary>The text detectors as a pipeline for texts of either origin knows them: what is kept may have come from anybody, and so counts as the stricter.</summary>
    internal TextDetection.Side Side()
    {
        Dictionary<string, DetectorSettings> settings = new(StringComparer.Ordinal) { [Detection.Detectors.Mapped] = DetectorSettings.Off };
        foreach (var detector in Detectors)
        {
            if (detector is Commands or Code) continue;
            var rules = Detection.Detectors.RulesOf(detector).ToDictionary(r => r.Id, r => Decisions.TryGetValue($"{detector}/{r.Id}", out var own) || Decisions.TryGetValue(detector, out own) ? own : Standing(detector, r.Id), StringComparer.Ordinal);
            var looks = Looks(detector);
            settings[detector] = new(looks ? rules.Values.Append(Decision.Warn).Max() : Decision.Allow, Decision.Allow, RedactFromServer: false) { Rules = rules };
        }
        return new(settings, TextOrigin.Caller);
    }

    internal JsonObject ToJson() => new(Decisions.OrderBy(d => d.Key, StringComparer.Ordinal).Select(d => KeyValuePair.Create(d.Key, (JsonNode?)d.Value.Word())));

    private static Decision Standing(string detector, string rule)
    {
        var standard = Detection.Detectors.InFilesOf(detector);
        return standard.Rules.TryGetValue(rule, out var own) ? own : Protocol.Decisions.Strictest(standard.FromCaller, standard.FromServer);
    }
}
