// What the tests of scans share: tokens that are none, contents made of text, and the short word for a finding.
using System.Text;
using CabinCrew.Governance.Detection.Scanning;
using CabinCrew.Protocol;

namespace CabinCrew.Detection.Tests.Scanning;

internal static class Kit
{
    /// <summary>In two halves, so that no scanner takes this file for a leak. By its form only.</summary>
    public static readonly string Token = "sk_" + "live_4eC39HqLyjWDarjtT1zdp7dc";

    public static IReadOnlyList<ScanFinding> Scan(string name, string text, ScanSettings? settings = null) => Scan(name, Encoding.UTF8.GetBytes(text), settings).Findings;

    public static ScanResult Scan(string name, byte[] bytes, ScanSettings? settings = null) => Scan(new ScanContent(name, bytes), settings);

    public static ScanResult Scan(ScanContent content, ScanSettings? settings = null) =>
        Scanner.Of(settings ?? ScanSettings.Standard, ProblemCode.InvalidArgument).Value.Scan(content, CancellationToken.None);

    /// <summary><c>secrets/stripe-key 3:7</c>.</summary>
    public static IEnumerable<string> Short(this IEnumerable<ScanFinding> findings) => findings.Select(f => $"{f.Id} {f.Line}:{f.Column}");

    public static ScanSettings Settings(params (string Word, Decision Decision)[] decisions) => new(decisions.ToDictionary(d => d.Word, d => d.Decision));
}
