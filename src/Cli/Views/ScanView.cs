// A scan as people read it: a line for each finding, as compilers tell theirs, and a summary. And as machines do: one JSON document, or SARIF.
using System.Text.Json.Nodes;
using CabinCrew.Cli.Rendering;
using CabinCrew.Governance.Detection.Scanning;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Views;

/// <param name="sarif">Standard output carries one SARIF document.</param>
internal sealed class ScanView(Screen screen, Scanner scanner, bool sarif)
{
    public const int DocumentVersion = 1;

    private static readonly long Beat = TimeSpan.FromMilliseconds(200).Ticks;

    private long lastBeat = TimeProvider.System.GetTimestamp();

    private bool ForPeople => !sarif && !screen.Json;

    public void Tell(IReadOnlyList<ScanFinding> findings, ScanTotals totals)
    {
        if (!ForPeople) return;
        var isLive = screen.Live && TimeProvider.System.GetElapsedTime(lastBeat).Ticks > Beat;
        if (screen.Live && (isLive || findings.Count > 0)) screen.LiveLine(null);
        foreach (var finding in findings) screen.Line(Line(finding));
        if (!isLive) return;
        lastBeat = TimeProvider.System.GetTimestamp();
        screen.LiveLine($"{Quantities.Count(totals.Files, "file")}, {Quantities.Bytes(totals.Bytes)}, {Quantities.Count(totals.Findings.Count, "finding")} so far");
    }

    public void End(ScanTotals totals)
    {
        if (sarif) screen.Document(Sarif.Of(scanner, totals.Findings));
        else if (screen.Json) screen.Document(Document(totals));
        else Summary(totals);
    }

    private string Line(ScanFinding f) =>
        $"{Screen.Safe(f.Path)}:{f.Line}:{f.Column}: {screen.Paint(f.Decision)}: {Screen.Safe(f.Message)} [{Screen.Safe(f.Id)}]{(f.Within is null ? "" : $" (in {Screen.Safe(f.Within)})")}{(f.Commit is null ? "" : $" (commit {f.Commit[..Math.Min(12, f.Commit.Length)]})")}";

    private void Summary(ScanTotals totals)
    {
        if (screen.Live) screen.LiveLine(null);
        var looked = $"{Quantities.Count(totals.Files - totals.Binaries, "text")}, {Quantities.Bytes(totals.Bytes)}, by {string.Join(", ", scanner.Detectors)}";
        var binaries = totals.Binaries == 0 ? "" : $"; not looked into: {Quantities.Count(totals.Binaries, "binary file")}";
        if (totals.BinariesWithin > 0) binaries += $"{(totals.Binaries == 0 ? "; not looked into: " : ", ")}{Quantities.Count(totals.BinariesWithin, "binary file")} in archives";
        if (totals.Allowed > 0) binaries += $"; allowed: {totals.Allowed}";
        if (totals.Findings.Count == 0) screen.Line($"nothing found in {looked}{binaries}");
        else screen.Line($"\n{Quantities.Count(totals.Findings.Count + totals.FindingsNotKept, "finding")} ({string.Join(", ", Counts(totals).Select(c => $"{c.Decision.Word()}: {c.Count}"))}) in {looked}{binaries}");
    }

    private JsonObject Document(ScanTotals totals) => new()
    {
        ["version"] = DocumentVersion,
        ["detectors"] = new JsonArray([.. scanner.Detectors.Select(d => (JsonNode)d)]),
        ["detection_digest"] = scanner.Digest.ToString(),
        ["texts"] = totals.Files - totals.Binaries,
        ["binaries"] = totals.Binaries,
        ["binaries_in_archives"] = totals.BinariesWithin,
        ["bytes"] = totals.Bytes,
        ["decision"] = totals.Strictest.Word(),
        ["counts"] = new JsonObject(Counts(totals).Select(c => KeyValuePair.Create(c.Decision.Word(), (JsonNode?)c.Count))),
        ["allowed"] = totals.Allowed,
        ["findings_not_told"] = totals.FindingsNotKept,
        ["findings"] = new JsonArray([.. totals.Findings.Select(f => (JsonNode)new JsonObject
        {
            ["detector"] = f.Detector, ["rule"] = f.Rule, ["decision"] = f.Decision.Word(), ["path"] = f.Path, ["line"] = f.Line, ["column"] = f.Column,
            ["message"] = f.Message, ["fingerprint"] = f.Fingerprint, ["within"] = f.Within, ["commit"] = f.Commit,
        })]),
    };

    private static IEnumerable<(Decision Decision, int Count)> Counts(ScanTotals totals) =>
        totals.Findings.GroupBy(f => f.Decision).OrderByDescending(g => g.Key).Select(g => (g.Key, g.Count()));
}
