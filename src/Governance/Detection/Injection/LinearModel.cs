// The classifier's arithmetic: a whole number for each feature, added up over a window and brought to the scale of a logarithm of odds. The same operations, in the same order and width, as the
// graph in model.onnx (LinearGraph), which another runtime may compute.
namespace CabinCrew.Governance.Detection.Injection;

/// <param name="Weights">By the featurizer's bucket.</param>
/// <param name="Scale">What one of a weight's units is worth.</param>
internal sealed record LinearModel(sbyte[] Weights, float Scale, float Bias)
{
    private static readonly int[] Sizes = [16, 48, 128];

    /// <summary>Added to a window's number of features: what little there is says little.</summary>
    public const float Shrink = 256;

    /// <summary>How many words the windows have: a short one for an order in the middle of something else, longer ones for what takes its time. A text shorter than a window is one.</summary>
    public static ReadOnlySpan<int> Lengths => Sizes;

    /// <summary>A window ends at every so manieth word, and at the text's end.</summary>
    public const int Step = 4;

    /// <param name="sum">Of the weights of all features in the window, those that come twice counted twice.</param>
    /// <param name="count">How many these are, at least 1.</param>
    public float Logit(int sum, int count) => sum / MathF.Sqrt(count + Shrink) * Scale + Bias;

    /// <summary>0 to 1, to four decimals: beyond those, machines differ.</summary>
    public static double Score(float logit) => Math.Round(1 / (1 + Math.Exp(-logit)), 4);

    /// <summary>The logarithm of odds that a score stands for.</summary>
    public static float LogitOf(double score) => (float)Math.Log(score / (1 - score));
}

/// <param name="Logit">The highest of the windows that make it up.</param>
internal readonly record struct ScoredRange(int Start, int End, float Logit);

/// <summary>Goes through a text's windows as the featurizer sees it, and keeps those from a limit on, as ranges that do not touch each other.</summary>
/// <param name="ring">At least <see cref="RingMin"/>, for more than the words of the longest window; a power of two.</param>
/// <param name="from">The limit; negative infinity for all.</param>
internal ref struct WindowScan(LinearModel model, Span<WindowScan.Mark> ring, float from) : IFeatureSink
{
    public const int RingMin = 256;

    /// <summary>More are told as one that goes on to the last: what counts is the highest score.</summary>
    private const int RangesMax = 16;

    private readonly sbyte[] weights = model.Weights;
    private readonly Span<Mark> ring = ring[..RingMin];
    private int sum, count, words;

    /// <summary>What went before a word, and where it begins.</summary>
    internal record struct Mark(int Sum, int Count, int Start);

    /// <summary>Over all windows.</summary>
    public float Best { get; private set; } = float.NegativeInfinity;

    public List<ScoredRange>? Ranges { get; private set; }

    public void Feature(int bucket)
    {
        sum += weights[bucket];
        count++;
    }

    public void Word(int start, int end)
    {
        ring[words & (RingMin - 1)].Start = start;
        words++;
        ring[words & (RingMin - 1)] = new(sum, count, 0);
        if (words % LinearModel.Step == 0) Look(end, isEnd: false);
    }

    /// <summary>To be called once, behind the text's end.</summary>
    public void Finish(int end) => Look(end, isEnd: true);

    private void Look(int end, bool isEnd)
    {
        foreach (var length in LinearModel.Lengths)
        {
            if (words >= length || isEnd) Look(Math.Max(0, words - length), end);
            if (words <= length) return;
        }
    }

    private void Look(int first, int end)
    {
        var mark = first == 0 ? ring[0] with { Sum = 0, Count = 0 } : ring[first & (RingMin - 1)];
        if (count == mark.Count) return;
        var logit = model.Logit(sum - mark.Sum, count - mark.Count);
        if (logit > Best) Best = logit;
        if (logit < from) return;
        Ranges ??= [];
        if (Ranges is [.., var last] && (mark.Start <= last.End || Ranges.Count == RangesMax)) Ranges[^1] = new(Math.Min(last.Start, mark.Start), end, Math.Max(last.Logit, logit));
        else Ranges.Add(new(mark.Start, end, logit));
    }
}
