// Looks through JSON texts for what the configured detectors know, and for mapped secrets in any form (MCP-06, INT-11). Immutable, and shared by everybody.
// Fast where there is nothing: one search through the bytes decides, and only a string in which something may be is taken apart. What that search could miss (letters spelled by
// number, characters that no anchor stands for) is looked for first, and then the strings that have it are taken apart as well.
using System.Text.Json.Nodes;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;

namespace CabinCrew.Governance.Detection;

public sealed class TextDetection
{
    /// <summary>Raised whenever this code finds something else in the same text. Part of the digest.</summary>
    public const int Version = 4;

    /// <summary>Under this name it is told that not all of a text was looked at; that denies.</summary>
    public const string NotAll = "detection";

    /// <summary>More is said once, by the finding <c>too-many</c>, which denies.</summary>
    public const int FindingsMax = 1000;

    private readonly Redactor redactor;
    private readonly Side fromCaller;
    private readonly Side fromServer;

    private TextDetection(IReadOnlyDictionary<string, DetectorSettings> settings, IReadOnlyDictionary<string, string> judgesBy, Redactor redactor)
    {
        this.redactor = redactor;
        (fromCaller, fromServer) = (new(settings, TextOrigin.Caller), new(settings, TextOrigin.Server));
        Digest = Protocol.Digest.Of(CanonicalJson.Write(new JsonObject
        {
            ["version"] = Version,
            ["detectors"] = new JsonArray([.. settings.OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => (JsonNode)new JsonObject
            {
                ["name"] = s.Key, ["from_caller"] = s.Value.FromCaller.Word(), ["from_server"] = s.Value.FromServer.Word(), ["redact"] = s.Value.RedactFromServer, ["by"] = judgesBy.GetValueOrDefault(s.Key, ""),
                ["rules"] = new JsonObject(s.Value.Rules.OrderBy(r => r.Key, StringComparer.Ordinal).Select(r => KeyValuePair.Create(r.Key, (JsonNode?)r.Value.Word()))),
            })]),
        }));
    }

    /// <summary>Over the settings, the version of the detectors, and the models that those of them judge by which are on; nothing of any secret.</summary>
    public Digest Digest { get; }

    /// <summary>Looks for secrets only, and all of them are to be cut out: for whatever is written, whatever passes.</summary>
    public static TextDetection OfSecrets(Redactor redactor)
    {
        var all = new DetectorSettings(Decision.Warn, Decision.Warn, RedactFromServer: true);
        return Of(Detectors.Names.ToDictionary(n => n, n => n is Detectors.Secrets or Detectors.Mapped ? all : DetectorSettings.Off, StringComparer.Ordinal), redactor).Value;
    }

    /// <param name="settings">By the detectors' names; those that are not here are as documented.</param>
    public static Outcome<TextDetection> Of(IReadOnlyDictionary<string, DetectorSettings> settings, Redactor redactor)
    {
        foreach (var (name, setting) in settings)
        {
            if (!Detectors.Names.Contains(name))
                return new Problem(ProblemCode.GatewayFileInvalid, $"there is no detector '{name}'{NearMatch.Hint(name, Detectors.Names)}") { Remedy = $"There are {string.Join(", ", Detectors.Names)}." };
            var rules = Detectors.RulesOf(name).Select(r => r.Id).ToList();
            foreach (var rule in setting.Rules.Keys)
                if (!rules.Contains(rule)) return new Problem(ProblemCode.GatewayFileInvalid, $"the detector '{name}' has no rule '{rule}'{NearMatch.Hint(rule, rules)}") { Remedy = $"It has {string.Join(", ", rules)}." };
        }
        var all = Detectors.Names.ToDictionary(n => n, n => settings.GetValueOrDefault(n) ?? Detectors.StandardOf(n), StringComparer.Ordinal);
        Dictionary<string, string> judgesBy = new(StringComparer.Ordinal);
        foreach (var detector in Detectors.Table.Where(d => all[d.Name].IsOn))
        {
            if (!detector.Ready().Try(out var by, out var problem)) return problem;
            judgesBy[detector.Name] = by;
        }
        return new TextDetection(all, judgesBy, redactor);
    }

    /// <summary>As documented, without a word of configuration.</summary>
    public static TextDetection Standard(Redactor redactor) => Of(new Dictionary<string, DetectorSettings>(), redactor).Value;

    /// <summary>The detectors that look at texts of one origin, by name.</summary>
    public IReadOnlyList<string> Looking(TextOrigin origin) => (origin == TextOrigin.Caller ? fromCaller : fromServer).Names;

    /// <summary>What is found in a JSON text (a whole message, or a part of one) that was read strictly before, in its order.</summary>
    public IReadOnlyList<Finding> Detect(ReadOnlyMemory<byte> json, TextOrigin origin) => Detect(json, origin, out _);

    /// <param name="notAsked">The detectors that did not look, because what cheaper ones found denies already and nothing that these could find would change that, or be cut out.</param>
    public IReadOnlyList<Finding> Detect(ReadOnlyMemory<byte> json, TextOrigin origin, out IReadOnlyList<string> notAsked)
    {
        notAsked = [];
        var side = origin == TextOrigin.Caller ? fromCaller : fromServer;
        var first = FirstLook.At(json.Span, side, redactor);
        return first.IsNothing && side.Models.Length == 0 ? [] : new JsonLook(json, side, redactor, first).Run(out notAsked);
    }

    /// <summary>What is looked for in texts of one origin: whatever the configuration makes nothing of costs nothing.</summary>
    internal sealed class Side
    {
        private readonly IReadOnlyDictionary<string, DetectorSettings> settings;
        private readonly TextOrigin origin;

        public Side(IReadOnlyDictionary<string, DetectorSettings> settings, TextOrigin origin)
        {
            (this.settings, this.origin) = (settings, origin);
            Active = [.. Detectors.Table.Where(d => Matters(d.Name))];
            Whole = [.. Active.Where(d => d.Cost == DetectorCost.OwnPass)];
            Models = [.. Active.Where(d => d.Cost == DetectorCost.Model)];
            Names = [.. Active.Select(d => d.Name), .. LooksForMapped ? [Detectors.Mapped] : Array.Empty<string>()];
            Anchors = new(from detector in Active from anchor in detector.Anchors select new OwnedAnchor(detector, anchor));
        }

        public ITextDetector[] Active { get; }

        /// <summary>Those that no anchor stands for, without models.</summary>
        public ITextDetector[] Whole { get; }

        public ITextDetector[] Models { get; }

        public IReadOnlyList<string> Names { get; }

        public AnchorSearch Anchors { get; }

        public bool LooksForMapped => Matters(Detectors.Mapped);

        public Decision DecisionOf(string detector, string rule) =>
            settings[detector].Rules.TryGetValue(rule, out var own) ? own : origin == TextOrigin.Caller ? settings[detector].FromCaller : settings[detector].FromServer;

        /// <summary>Those that look through a whole text by themselves, the cheaper ones first.</summary>
        public IEnumerable<ITextDetector> WholeOf(Asked asked) => (asked.HasFlag(Asked.Cheap) ? Whole : []).Concat(asked.HasFlag(Asked.Models) ? Models : []);

        public bool Redacts(string detector) => origin == TextOrigin.Server && settings[detector].RedactFromServer;

        /// <summary>A rule that is allowed by its own name is not cut out either.</summary>
        public bool Redacts(string detector, string rule) => Redacts(detector) && !(settings[detector].Rules.TryGetValue(rule, out var own) && own == Decision.Allow);

        private bool Matters(string name) => Redacts(name) || (origin == TextOrigin.Caller ? settings[name].FromCaller : settings[name].FromServer) != Decision.Allow;
    }
}
