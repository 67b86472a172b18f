// What the detectors found in what a plan would add, as decisions: secrets, text for models, hidden text, commands and changes that destroy or expose (PRE-04, ART-07). Always part of a
// policy set, with the decisions that are right for most, or with those that the workflow file says. Says what was looked at, so that silence cannot be taken for a look.
using System.Buffers;
using System.Text.Json;
using CabinCrew.Governance.Detection.Scanning;
using CabinCrew.Governance.Policies.Findings;
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Policies.Sources;

internal sealed class DetectorsPolicySource : IPolicySource
{
    public const string Kind = "detectors";

    /// <summary>The one value that a workflow file may give the kind.</summary>
    public const string Standard = "standard";

    /// <summary>The verdict that says what was looked at.</summary>
    public const string Scanned = Kind + "/scanned";

    private const int PlacesInReasonMax = 3;
    private const int PlacesShownMax = 50;

    private readonly ScanSettings settings;

    private DetectorsPolicySource(ScanSettings settings, Scanner scanner) => (this.settings, Digest) = (settings, scanner.Digest);

    public string Name => Kind;

    public PolicyOrigin Origin => PolicyOrigin.Custom;

    /// <summary>Over the versions and rules of the detectors, and the settings.</summary>
    public Digest Digest { get; }

    public static Outcome<IPolicySource> Of(PolicyRef reference)
    {
        if (reference.Value != Standard) return new Problem(ProblemCode.PolicyInvalid, $"There are no detectors '{reference.Value}'.") { Remedy = $"Write `{Kind}: {Standard}`." };
        var settings = reference.Detectors ?? ScanSettings.Standard;
        return Scanner.Of(settings, ProblemCode.PolicyInvalid).Map<IPolicySource>(scanner => new DetectorsPolicySource(settings, scanner));
    }

    public static IPolicySource Usual() => Of(new(Kind, Standard)).Value;

    public ValueTask<IReadOnlyList<PolicyVerdict>> EvaluateAsync(PolicySubject subject, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var looked = subject.Findings ?? PlanScan.Of(subject, ct);
        List<PolicyVerdict> verdicts = [new(Scanned, Decision.Allow, Told(looked), Evidence: Json(json => Looked(json, looked)))];
        // What is no text and nothing that runs is told above, and there for other policies to see.
        foreach (var rule in looked.Found.Where(f => f.Decision != Decision.Allow).GroupBy(f => f.Id))
        {
            List<ScanFinding> found = [.. rule];
            verdicts.Add(new($"{Kind}/{rule.Key}", settings.DecisionOf(found[0]), Reason(found), Evidence: Json(json => Places(json, found))));
        }
        return new(verdicts);
    }

    private static string Told(PlanFindings looked) =>
        $"looked through {looked.Texts} {(looked.Texts == 1 ? "text" : "texts")} for what {string.Join(", ", ScanSettings.Detectors)} know{(looked.NotLooked.Count == 0 ? "" : $"; not through what is no text: {looked.NotLooked.Count}")}";

    private static string Reason(List<ScanFinding> found)
    {
        var places = string.Join(", ", found.Take(PlacesInReasonMax).Select(f => $"{f.Path}:{f.Line}"));
        return $"{found[0].Message} ({places}{(found.Count > PlacesInReasonMax ? $" and {found.Count - PlacesInReasonMax} more" : "")})";
    }

    private static void Looked(Utf8JsonWriter json, PlanFindings looked)
    {
        json.WriteStartArray("scanned");
        foreach (var detector in ScanSettings.Detectors) json.WriteStringValue(detector);
        json.WriteEndArray();
        json.WriteString("detection_digest", Scanner.Standard.Digest.ToString());
        json.WriteNumber("texts", looked.Texts);
        json.WriteNumber("findings", looked.Found.Count(f => f.Decision != Decision.Allow));
        json.WriteStartArray("not_looked_into");
        foreach (var name in looked.NotLooked.Take(PlacesShownMax)) json.WriteStringValue(name);
        json.WriteEndArray();
    }

    private static void Places(Utf8JsonWriter json, List<ScanFinding> found)
    {
        json.WriteNumber("findings_matched", found.Count);
        json.WriteStartArray("findings");
        foreach (var one in found.Take(PlacesShownMax))
        {
            json.WriteStartObject();
            json.WriteString("path", one.Path);
            json.WriteNumber("line", one.Line);
            json.WriteNumber("column", one.Column);
            json.WriteString("message", one.Message);
            json.WriteString("fingerprint", one.Fingerprint);
            if (one.Within is { } within) json.WriteString("within", within);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static JsonElement Json(Action<Utf8JsonWriter> members)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }
        return JsonElement.Parse(bytes.WrittenSpan);
    }
}
