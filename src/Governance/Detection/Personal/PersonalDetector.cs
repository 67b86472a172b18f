// Data about persons, by validated patterns: payment cards, accounts, national ids, addresses of mail and telephones. One pass over words that hold a digit, and over at-signs; a number
// counts whole, not within a longer run, an identifier, a version, a path or an address. What is no person's (test cards, samples, addresses of roles) is not told.
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Detection.Personal;

internal sealed class PersonalDetector : ITextDetector
{
    /// <summary>So often one rule is told of one text; whoever counts findings has had enough long before.</summary>
    private const int OfRuleMax = TextDetection.FindingsMax;

    private const int Block = 1 << 15;

    // What stands around a block that its numbers and their words may reach into.
    private const int Around = 512;

    // Letters beyond ASCII are several bytes, and escapes several letters.
    private const int ReachInBytes = 4 * NearWords.Reach;

    private static readonly Dictionary<string, Decision> Common = new() { [EmailAddresses.Rule.Id] = Decision.Allow, [PhoneNumbers.Rule.Id] = Decision.Allow, [Contacts.Birth] = Decision.Allow };

    public string Name => Detectors.Personal;

    public IReadOnlyList<DetectorRule> Rules { get; } = [.. PersonalRules.Table.Select(r => r.Rule), Ibans.Rule, PhoneNumbers.Rule, EmailAddresses.Rule];

    /// <summary>Off: what agents and servers speak of is often somebody. Where it is on, not for addresses, telephones and birthdays, which are everywhere.</summary>
    public DetectorSettings Standard { get; } = DetectorSettings.Off with { Rules = Common };

    public DetectorSettings InFiles { get; } = new(Decision.Warn, Decision.Warn, RedactFromServer: false) { Rules = Common };

    public IReadOnlyList<Anchor> Anchors => [];

    public bool Suspects(ReadOnlySpan<byte> utf8)
    {
        List<TextMatch> found = [];
        var chars = System.Buffers.ArrayPool<char>.Shared.Rent(Math.Min(utf8.Length, Block + 2 * Around));
        try
        {
            for (var at = 0; at < utf8.Length && found.Count == 0; at += Block)
            {
                var start = Math.Max(0, at - Around);
                var count = System.Text.Encoding.Latin1.GetChars(utf8[start..Math.Min(utf8.Length, at + Block + Around)], chars);
                new PersonalLook(chars.AsSpan(0, count), found, ReachInBytes, 1).Run();
            }
        }
        finally
        {
            System.Buffers.ArrayPool<char>.Shared.Return(chars, clearArray: true);
        }
        return found.Count > 0;
    }

    public void FindIn(ReadOnlySpan<char> text, List<TextMatch> found) => new PersonalLook(text, found, NearWords.Reach, OfRuleMax).Run();
}
