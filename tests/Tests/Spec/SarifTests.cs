// Findings as SARIF: what readers of it rely on (the specification's required members, indexes that fit, addresses that are URIs), and nothing of what was found.
using CabinCrew.Cli.Views;
using CabinCrew.Governance.Detection.Scanning;
using CabinCrew.Protocol;

namespace CabinCrew.Tests.Spec;

public sealed class SarifTests
{
    private static readonly ScanFinding[] Findings =
    [
        new("secrets", "jwt", Decision.Deny, "a dir/é#1.py", 3, 5, "this looks like a signed web token", "00112233aabbccdd") { Within = "base64" },
        new("commands", "delete-root", Decision.Deny, "x.sh", 1, 1, "deletes the whole file system: /", "1111111111111111") { Commit = "abc" },
        new("secrets", "jwt", Decision.Warn, "b.py", 1, 1, "this looks like a signed web token", "2222222222222222"),
        new("detection", "too-large", Decision.RequireApproval, "big.log", 1, 1, "there is more of it than was looked at", "3333333333333333"),
    ];

    [Fact]
    public void A_run_has_its_rules_and_results_that_point_to_them()
    {
        var document = Sarif.Of(Scanner.Standard, Findings);
        Assert.Equal("2.1.0", (string?)document["version"]);
        var run = Assert.Single(document["runs"]!.AsArray())!;
        var rules = run["tool"]!["driver"]!["rules"]!.AsArray();
        Assert.Equal(["commands/delete-root", "detection/too-large", "secrets/jwt"], rules.Select(r => (string?)r!["id"]));
        Assert.All(rules, r => Assert.NotEmpty((string?)r!["shortDescription"]!["text"] ?? ""));
        var results = run["results"]!.AsArray();
        Assert.Equal(4, results.Count);
        Assert.All(results, r => Assert.Equal((string?)r!["ruleId"], (string?)rules[(int)r["ruleIndex"]!]!["id"]));
        Assert.Equal(["error", "error", "note", "warning"], results.Select(r => (string?)r!["level"]));
        Assert.Equal(Findings.Select(f => f.Fingerprint), results.Select(r => (string?)r!["partialFingerprints"]!["cabincrew/v1"]));
    }

    [Fact]
    public void Places_are_uris_and_regions()
    {
        var results = Sarif.Of(Scanner.Standard, Findings)["runs"]![0]!["results"]!.AsArray();
        var first = results[0]!["locations"]![0]!["physicalLocation"]!;
        Assert.Equal("a%20dir/%C3%A9%231.py", (string?)first["artifactLocation"]!["uri"]);
        Assert.Equal((3, 5), ((int)first["region"]!["startLine"]!, (int)first["region"]!["startColumn"]!));
        Assert.Null(results[3]!["locations"]![0]!["physicalLocation"]!["region"]);
        Assert.Equal(("base64", "abc"), ((string?)results[0]!["properties"]!["within"], (string?)results[1]!["properties"]!["commit"]));
    }

    [Fact]
    public void Nothing_found_is_a_whole_document_too() =>
        Assert.Empty(Sarif.Of(Scanner.Standard, [])["runs"]![0]!["results"]!.AsArray());
}
