// What the detectors see in a text of characters as they are meant: the one place where anchors and whole looks come together, for strings of JSON and for plain texts alike.
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Detection;

[Flags]
internal enum Asked
{
    /// <summary>Every detector that is no model.</summary>
    Cheap = 1,
    Models = 2,
    All = Cheap | Models,
}

/// <summary>A class, for the same reason as <see cref="OwnedAnchor"/>; there are few.</summary>
internal sealed record FoundMatch(ITextDetector Detector, TextMatch Match);

internal static class TextLook
{
    /// <summary>Every match in the text's order, without those that are a part of what the same detector found before and counts as much.</summary>
    /// <param name="isCut">There were more than <see cref="TextDetection.FindingsMax"/>.</param>
    public static List<FoundMatch> At(ReadOnlySpan<char> text, TextDetection.Side side, Asked asked, out bool isCut)
    {
        List<FoundMatch> found = [];
        if (asked.HasFlag(Asked.Cheap))
        {
            side.Anchors.Run(text, (detector, match) => Add(detector, match));
            // Whoever reads past a disguise finds the same in what it shows; what both find is told once.
            using var plain = Disguise.Of(text);
            if (plain is not null) side.Anchors.Run(plain.Chars, (detector, match) => Add(detector, plain.InText(match)));
        }
        isCut = found.Count >= TextDetection.FindingsMax;
        List<TextMatch> whole = [];
        foreach (var detector in side.WholeOf(asked))
        {
            whole.Clear();
            detector.FindIn(text, whole);
            foreach (var match in whole) found.Add(new(detector, match));
        }
        if (found.Count < 2) return found;
        found.Sort((a, b) => a.Match.Start != b.Match.Start ? a.Match.Start.CompareTo(b.Match.Start) : b.Match.Length.CompareTo(a.Match.Length));
        Dictionary<(ITextDetector, Decision), int> ends = [];
        found.RemoveAll(f =>
        {
            var (end, decision) = (f.Match.Start + f.Match.Length, side.DecisionOf(f.Detector.Name, f.Match.Rule.Id));
            for (var as1 = decision; as1 <= Decision.Deny; as1++)
                if (end <= ends.GetValueOrDefault((f.Detector, as1))) return true;
            ends[(f.Detector, decision)] = end;
            return false;
        });
        return found;

        bool Add(ITextDetector detector, TextMatch match)
        {
            found.Add(new(detector, match));
            return found.Count < TextDetection.FindingsMax;
        }
    }
}
