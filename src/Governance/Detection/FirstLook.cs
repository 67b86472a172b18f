// The look at a text's bytes that decides whether anything needs to be taken apart. Never wrong about nothing: what an anchor stands for is searched as it stands, what escapes could
// spell otherwise makes their strings suspect, and what no anchor stands for is asked of its detector.
using System.Buffers;
using System.Text;
using CabinCrew.Ledger.Redaction;

namespace CabinCrew.Governance.Detection;

/// <param name="Places">In the bytes, in order; empty where only the rest speaks.</param>
/// <param name="HasEscapes">Strings with escapes are suspect.</param>
/// <param name="HasStrange">Strings that a detector without anchors suspects are suspect.</param>
/// <param name="HasMapped">Every string is suspect, and every number.</param>
/// <param name="IsCut">There are more places than were kept: every string is suspect.</param>
internal sealed record FirstLook(IReadOnlyList<int> Places, bool HasEscapes, bool HasStrange, bool HasMapped, bool IsCut)
{
    private const int Window = 1 << 16;

    /// <summary>How far beyond the window's end an anchor's look can see; longer than any token.</summary>
    private const int Beyond = 1 << 13;

    /// <summary>And how far back.</summary>
    private const int Back = 1 << 11;

    private const int PlacesMax = 4096;

    public bool IsNothing => Places.Count == 0 && !HasEscapes && !HasStrange && !HasMapped;

    public static FirstLook At(ReadOnlySpan<byte> utf8, TextDetection.Side side, Redactor redactor)
    {
        var places = PlacesIn(utf8, side);
        return new(places, JsonEscapes.AreIn(utf8), Suspects(utf8, side), side.LooksForMapped && redactor.FindIn(utf8) is not null, places.Count >= PlacesMax);
    }

    public static bool Suspects(ReadOnlySpan<byte> utf8, TextDetection.Side side)
    {
        foreach (var detector in side.Whole)
            if (detector.Suspects(utf8)) return true;
        return false;
    }

    // Bytes as characters of the same number: anchors are ASCII, and stand in UTF-8 as they are.
    private static List<int> PlacesIn(ReadOnlySpan<byte> utf8, TextDetection.Side side)
    {
        if (side.Active.Length == 0) return [];
        List<int>? places = null;
        var chars = ArrayPool<char>.Shared.Rent(Math.Min(utf8.Length, Back + Window + Beyond));
        try
        {
            for (var at = 0; at < utf8.Length; at += Window)
            {
                var start = Math.Max(0, at - Back);
                var part = utf8[start..Math.Min(utf8.Length, at + Window + Beyond)];
                var count = Encoding.Latin1.GetChars(part, chars);
                side.Anchors.Run(chars.AsSpan(0, count), (_, match) =>
                {
                    (places ??= []).Add(start + match.Start);
                    return places.Count < PlacesMax;
                });
                if (places?.Count >= PlacesMax) break;
            }
        }
        finally
        {
            // The buffer may hold a secret.
            ArrayPool<char>.Shared.Return(chars, clearArray: true);
        }
        places?.Sort();
        return places ?? [];
    }
}
