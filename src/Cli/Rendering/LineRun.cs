// A run of deleted lines followed by as many added ones is read in pairs, and what differs within each pair is marked. Pure.
using CabinCrew.Protocol.Changes;

namespace CabinCrew.Cli.Rendering;

/// <summary>A line in three parts; the middle one is what changed. Without a mark all stands in <see cref="Before"/>.</summary>
internal readonly record struct MarkedText(string Before, string Changed, string After)
{
    public static MarkedText Whole(string text) => new(text, "", "");
}

internal readonly record struct LineRun(IReadOnlyList<HunkLine> All, int Start, int Deleted, int Added)
{
    public int Length => Math.Max(1, Deleted + Added);

    public static LineRun At(IReadOnlyList<HunkLine> lines, int start)
    {
        int i = start, deleted = 0, added = 0;
        while (i < lines.Count && lines[i].Mark == '-') (i, deleted) = (i + 1, deleted + 1);
        while (i < lines.Count && lines[i].Mark == '+') (i, added) = (i + 1, added + 1);
        return new(lines, start, deleted, added);
    }

    public IEnumerable<(HunkLine Line, MarkedText Text)> Lines(Func<HunkLine, string> text)
    {
        var paired = Deleted > 0 && Deleted == Added;
        for (var i = 0; i < Length; i++)
        {
            var line = All[Start + i];
            var own = text(line);
            yield return (line, paired ? Compare(own, text(All[Start + (i < Deleted ? i + Deleted : i - Deleted)])) : MarkedText.Whole(own));
        }
    }

    // Lines that have little in common are shown whole: marks would only be noise.
    private static MarkedText Compare(string own, string other)
    {
        var max = Math.Min(own.Length, other.Length);
        var head = own.AsSpan().CommonPrefixLength(other);
        if (head > 0 && head < own.Length && char.IsLowSurrogate(own[head])) head--;
        var tail = 0;
        while (tail < max - head && own[^(tail + 1)] == other[^(tail + 1)]) tail++;
        if (tail > 0 && char.IsLowSurrogate(own[^tail])) tail--;
        return (head + tail) * 2 < Math.Max(own.Length, other.Length) || head + tail == own.Length && head + tail == other.Length
            ? MarkedText.Whole(own)
            : new(own[..head], own[head..^tail], own[^tail..]);
    }
}
