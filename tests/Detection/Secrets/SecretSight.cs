// What the detectors of secrets see in a text, as the gateway and a scan see it: in characters, in the bytes of a file, and in a string of JSON.
using System.Text;
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Detection.Secrets;

namespace CabinCrew.Detection.Tests.Secrets;

internal static class SecretSight
{
    private const int Back = 2048, Beyond = 8192;

    public static readonly ITextDetector[] Detectors = [new SecretDetector(), new AssignmentDetector()];

    private static readonly AnchorSearch Search = new(from detector in Detectors from anchor in detector.Anchors select new OwnedAnchor(detector, anchor));

    /// <summary>In the text's order, without those that are a part of one before.</summary>
    public static List<(string Rule, int Start, int Length)> In(string text)
    {
        List<(string Rule, int Start, int Length)> found = [];
        Search.Run(text, (_, match) =>
        {
            found.Add((match.Rule.Id, match.Start, match.Length));
            return true;
        });
        return Apart(found);
    }

    public static List<(string Rule, int Start, int Length)> In(byte[] utf8)
    {
        List<(string Rule, int Start, int Length)> found = [];
        Search.Run(utf8, Back, Beyond, (_, match) =>
        {
            found.Add((match.Rule.Id, match.Start, match.Length));
            return true;
        });
        return Apart(found);
    }

    /// <summary>The rules, and that both ways of looking agree (on ASCII, where places are the same).</summary>
    public static string Rules(string text)
    {
        var found = In(text);
        if (Ascii.IsValid(text)) Assert.Equal(found, In(Encoding.UTF8.GetBytes(text)));
        return string.Join(' ', found.Select(f => f.Rule));
    }

    private static List<(string Rule, int Start, int Length)> Apart(List<(string Rule, int Start, int Length)> found)
    {
        var end = 0;
        return [.. found.Distinct().OrderBy(f => f.Start).ThenByDescending(f => f.Length).ThenBy(f => f.Rule, StringComparer.Ordinal).Where(f =>
        {
            if (f.Start + f.Length <= end) return false;
            end = f.Start + f.Length;
            return true;
        })];
    }
}
