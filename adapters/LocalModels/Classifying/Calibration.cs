// Which thresholds a model needs on somebody's own texts: the score of each label on each of them, and for a share of false alarms the lowest threshold that keeps to it.
using CabinCrew.Protocol;

namespace CabinCrew.LocalModels.Classifying;

/// <param name="IsOne">What the label finds is in the text.</param>
public sealed record LabelledText(string Text, bool IsOne);

/// <param name="At">Scores of at least this much; with four decimals. Above 1: no threshold keeps to the share.</param>
/// <param name="FalseAlarms">Of the texts without it, how many reach it.</param>
/// <param name="Found">Of the texts with it, how many reach it.</param>
public sealed record CalibratedThreshold(double Share, double At, double FalseAlarms, double Found);

/// <param name="Incomplete">Texts beyond the budget; they count as alarms at any threshold.</param>
public sealed record Calibration(string Label, int With, int Without, int Incomplete, IReadOnlyList<CalibratedThreshold> Thresholds)
{
    /// <param name="shares">Of false alarms, from 0 to 1.</param>
    /// <param name="progress">Told how many texts are done.</param>
    public static Outcome<Calibration> Of(LocalModel model, string label, IReadOnlyList<LabelledText> texts, IReadOnlyList<double> shares, Action<int> progress, CancellationToken ct)
    {
        List<double> with = [], without = [];
        var incomplete = 0;
        for (var i = 0; i < texts.Count; i++)
        {
            if (!model.Classify(texts[i].Text, ct).Try(out var said, out var problem)) return problem.At($"text {i + 1}");
            if (!said.Complete) incomplete++;
            // Nothing that was not looked at as a whole passes, whatever the threshold.
            (texts[i].IsOne ? with : without).Add(said.Complete ? said.Scores.First(s => s.Label == label).Score : 2);
            progress(i + 1);
        }
        if (with.Count == 0 || without.Count == 0)
            return new Problem(ProblemCode.InvalidArgument, $"there are {with.Count} texts with '{label}' and {without.Count} without; both are needed");
        without.Sort();
        return new Calibration(label, with.Count, without.Count, incomplete, [.. shares.Select(share => For(share, with, without))]);
    }

    // Just above the score of the first text that may not be an alarm.
    private static CalibratedThreshold For(double share, List<double> with, List<double> sortedWithout)
    {
        var allowed = (int)Math.Floor(share * sortedWithout.Count);
        var at = allowed >= sortedWithout.Count ? 0 : Math.Round(sortedWithout[sortedWithout.Count - 1 - allowed] + 0.0001, 4);
        return new(share, at, Reaching(sortedWithout, at), Reaching(with, at));
    }

    private static double Reaching(List<double> scores, double at) => (double)scores.Count(s => s >= at) / scores.Count;
}
