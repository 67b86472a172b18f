// Searches a text for the anchors of many detectors in one pass. Immutable and shared.
using System.Buffers;

namespace CabinCrew.Governance.Detection;

internal sealed class AnchorSearch
{
    private readonly Side[] sides;

    public AnchorSearch(IEnumerable<(ITextDetector Detector, Anchor Anchor)> anchors) =>
        sides = [.. anchors.GroupBy(a => a.Anchor.IgnoreCase).Select(g => new Side([.. g], g.Key))];

    /// <summary>Every place where a detector sees something, until <paramref name="found"/> says that it is enough.</summary>
    public void Run(ReadOnlySpan<char> text, Func<ITextDetector, TextMatch, bool> found)
    {
        foreach (var side in sides)
            if (!side.Run(text, found)) return;
    }

    private sealed class Side
    {
        private readonly SearchValues<string> values;
        private readonly (ITextDetector Detector, Anchor Anchor)[]?[] byFirst = new (ITextDetector, Anchor)[]?[128];
        private readonly StringComparison comparison;

        public Side((ITextDetector Detector, Anchor Anchor)[] anchors, bool ignoreCase)
        {
            comparison = ignoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
            values = SearchValues.Create([.. anchors.Select(a => a.Anchor.Text).Distinct(StringComparer.Ordinal)], comparison);
            foreach (var group in anchors.GroupBy(a => a.Anchor.Text[0]))
            {
                byFirst[group.Key] = [.. group];
                if (ignoreCase) byFirst[char.ToUpperInvariant(group.Key)] = [.. group];
            }
        }

        public bool Run(ReadOnlySpan<char> text, Func<ITextDetector, TextMatch, bool> found)
        {
            for (var at = 0; text[at..].IndexOfAny(values) is >= 0 and var step; at++)
            {
                at += step;
                // Where case is ignored, a letter that is not ASCII may be taken for one that is: no anchor begins with it.
                if (text[at] >= byFirst.Length) continue;
                foreach (var (detector, anchor) in byFirst[text[at]] ?? [])
                    if (text[at..].StartsWith(anchor.Text, comparison) && anchor.Look(text, at) is { } match && !found(detector, match)) return false;
            }
            return true;
        }
    }
}
