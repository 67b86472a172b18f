// Findings as SARIF 2.1.0 (docs.oasis-open.org/sarif/sarif/v2.1.0): one run, every rule that has a finding, fingerprints that outlive moved lines.
using System.Text.Json.Nodes;
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Detection.Code;
using CabinCrew.Governance.Detection.Scanning;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Views;

internal static class Sarif
{
    public static JsonObject Of(Scanner scanner, IReadOnlyList<ScanFinding> findings)
    {
        List<string> ids = [.. findings.Select(f => f.Id).Distinct().Order(StringComparer.Ordinal)];
        var standing = ScanSettings.Detectors.SelectMany(d => ScanSettings.RulesOf(d).Select(r => (Id: $"{d}/{r.Id}", r.Reason, r.Decision))).ToDictionary(r => r.Id, StringComparer.Ordinal);
        return new()
        {
            ["$schema"] = "https://json.schemastore.org/sarif-2.1.0.json",
            ["version"] = "2.1.0",
            ["runs"] = new JsonArray(new JsonObject
            {
                ["tool"] = new JsonObject
                {
                    ["driver"] = new JsonObject
                    {
                        ["name"] = "CabinCrew",
                        ["version"] = Globals.ProgramVersion ?? "0",
                        ["rules"] = new JsonArray([.. ids.Select(id => (JsonNode)Rule(id, standing.TryGetValue(id, out var rule) ? rule.Reason : "not all of it was looked at", standing.TryGetValue(id, out rule) ? rule.Decision : Decision.RequireApproval))]),
                    },
                },
                ["columnKind"] = "utf16CodeUnits",
                ["properties"] = new JsonObject { ["detection_digest"] = scanner.Digest.ToString(), ["detectors"] = new JsonArray([.. scanner.Detectors.Select(d => (JsonNode)d)]) },
                ["results"] = new JsonArray([.. findings.Select(f => (JsonNode)Result(f, ids.IndexOf(f.Id)))]),
            }),
        };
    }

    private static JsonObject Rule(string id, string about, Decision decision) => new()
    {
        ["id"] = id,
        ["shortDescription"] = new JsonObject { ["text"] = about },
        ["defaultConfiguration"] = new JsonObject { ["level"] = Level(decision) },
        ["properties"] = new JsonObject
        {
            ["tags"] = new JsonArray([.. Tags(id).Select(t => (JsonNode)t)]),
            // What code scanning services sort by.
            ["security-severity"] = decision switch { Decision.Deny => "9.0", Decision.RequireApproval => "7.0", _ => "4.0" },
        },
    };

    // A weakness's number as code scanning services write it.
    private static IEnumerable<string> Tags(string id)
    {
        var slash = id.IndexOf('/');
        yield return "security";
        yield return id[..slash];
        if (id[..slash] == ScanSettings.Code && CodeRules.ById.TryGetValue(id[(slash + 1)..], out var rule)) yield return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"external/cwe/cwe-{rule.Cwe:000}");
    }

    private static JsonObject Result(ScanFinding f, int rule)
    {
        var location = new JsonObject { ["artifactLocation"] = new JsonObject { ["uri"] = string.Join('/', f.Path.Split('/').Select(Uri.EscapeDataString)) } };
        // In what was unpacked from a file, lines are none of the file's.
        if (f.Detector != TextDetection.NotAll) location["region"] = new JsonObject { ["startLine"] = f.Line, ["startColumn"] = f.Column };
        var properties = new JsonObject { ["decision"] = f.Decision.Word() };
        if (f.Within is { } within) properties["within"] = within;
        if (f.Commit is { } commit) properties["commit"] = commit;
        return new()
        {
            ["ruleId"] = f.Id,
            ["ruleIndex"] = rule,
            ["level"] = Level(f.Decision),
            ["message"] = new JsonObject { ["text"] = f.Message },
            ["locations"] = new JsonArray(new JsonObject { ["physicalLocation"] = location }),
            ["partialFingerprints"] = new JsonObject { ["cabincrew/v1"] = f.Fingerprint },
            ["properties"] = properties,
        };
    }

    private static string Level(Decision decision) => decision switch { Decision.Deny => "error", Decision.RequireApproval => "warning", _ => "note" };
}
