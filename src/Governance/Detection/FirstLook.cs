// The look at a text's bytes that decides whether anything needs to be taken apart. Never wrong about nothing: what an anchor stands for is searched as it stands, what escapes could
// spell otherwise makes their strings suspect, and what no anchor stands for is asked of its detector.
using CabinCrew.Ledger.Redaction;

namespace CabinCrew.Governance.Detection;

/// <param name="Places">In the bytes, in order; empty where only the rest speaks.</param>
/// <param name="HasEscapes">Strings with escapes are suspect.</param>
/// <param name="HasStrange">Strings that a detector without anchors suspects, and those with letters in disguise, are suspect.</param>
/// <param name="HasMapped">Every string is suspect, and every number.</param>
/// <param name="HasParts">A list may hold several texts that are read as one.</param>
/// <param name="IsCut">There are more places than were kept: every string is suspect.</param>
internal sealed record FirstLook(IReadOnlyList<int> Places, bool HasEscapes, bool HasStrange, bool HasMapped, bool HasParts, bool IsCut)
{
    /// <summary>How far beyond itself an anchor's look can see; longer than any token.</summary>
    private const int Beyond = 1 << 13;

    /// <summary>And how far back.</summary>
    private const int Back = 1 << 11;

    private const int PlacesMax = 4096;

    public bool IsNothing => Places.Count == 0 && !HasEscapes && !HasStrange && !HasMapped && !HasParts;

    public static FirstLook At(ReadOnlySpan<byte> utf8, TextDetection.Side side, Redactor redactor)
    {
        var places = PlacesIn(utf8, side);
        return new(places, JsonEscapes.AreIn(utf8), Suspects(utf8, side.Whole) || Disguise.MayBeIn(utf8), side.LooksForMapped && redactor.FindIn(utf8) is not null, side.Active.Length > 0 && JsonParts.MayBeIn(utf8), places.Count >= PlacesMax);
    }

    public static bool Suspects(ReadOnlySpan<byte> utf8, ITextDetector[] detectors)
    {
        foreach (var detector in detectors)
            if (detector.Suspects(utf8)) return true;
        return false;
    }

    private static List<int> PlacesIn(ReadOnlySpan<byte> utf8, TextDetection.Side side)
    {
        List<int> places = [];
        if (side.Active.Length == 0) return places;
        side.Anchors.Run(utf8, Back, Beyond, (_, match) =>
        {
            places.Add(match.Start);
            return places.Count < PlacesMax;
        });
        places.Sort();
        return places;
    }
}
