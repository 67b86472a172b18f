// What a scan comes to: counted as results come in, bounded in what is kept.
using CabinCrew.Governance.Detection.Scanning;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Views;

/// <summary>What was looked through, and what was found in it.</summary>
internal sealed class ScanTotals
{
    /// <summary>More are counted and not kept.</summary>
    public const int FindingsMax = 20_000;

    public List<ScanFinding> Findings { get; } = [];

    public int FindingsNotKept { get; private set; }

    public int Files { get; private set; }

    /// <summary>Of the files.</summary>
    public int Binaries { get; private set; }

    /// <summary>Of the files in archives.</summary>
    public int BinariesWithin { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>Findings that are not told, because a person allows them.</summary>
    public int Allowed { get; private set; }

    public Decision Strictest { get; private set; }

    public void Add(ScanResult result, long bytes)
    {
        Files++;
        Bytes += bytes;
        Allowed += result.Allowed;
        if (result.Kind == ScanKind.Binary) Binaries++;
        BinariesWithin += result.BinariesWithin;
        foreach (var finding in result.Findings) Add(finding);
    }

    public void Add(ScanFinding finding)
    {
        Strictest = Decisions.Strictest(Strictest, finding.Decision);
        if (Findings.Count < FindingsMax) Findings.Add(finding);
        else FindingsNotKept++;
    }
}
