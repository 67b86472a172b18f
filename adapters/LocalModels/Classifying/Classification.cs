// What a model said of a text, and what that means. Scores have four decimals; only what was looked at whole counts as looked at.
using CabinCrew.Protocol;

namespace CabinCrew.LocalModels.Classifying;

public sealed record LabelScore(string Label, double Score);

/// <summary>A place in the text that a token classifier marked; in characters.</summary>
public sealed record MarkedSpan(string Label, int Start, int Length, double Score);

/// <param name="Scores">By label, in the classifier's order: the largest over all windows.</param>
/// <param name="Spans">In the text's order; none with text classification.</param>
/// <param name="Complete">False: the text was beyond the budget, and the decision is require_approval at least.</param>
public sealed record Classification(IReadOnlyList<LabelScore> Scores, IReadOnlyList<MarkedSpan> Spans, Decision Decision, IReadOnlyList<string> Reasons, int Windows, bool Complete);

internal static class Thresholds
{
    private const int Decimals = 4;

    public static double Round(double score) => Math.Round(score, Decimals, MidpointRounding.AwayFromZero);

    /// <summary>Clear of a threshold its decision holds; within the band around it a person decides, whichever side the score came to lie on.</summary>
    public static Decision Decide(double score, ClassifierLabel label, double band, List<string> reasons)
    {
        var decision = Decision.Allow;
        foreach (var threshold in label.Thresholds ?? [])
        {
            var distance = Round(score - threshold.At);
            if (distance < 0 && distance <= -band) continue;
            var near = Math.Abs(distance) < band;
            var reached = near ? Decision.RequireApproval : threshold.Decision;
            reasons.Add(FormattableString.Invariant($"{label.Name} {score:0.0000} is {(near ? "within" : "beyond")} {(near ? FormattableString.Invariant($"{band} of ") : "")}{threshold.At}: {reached.Word()}"));
            decision = Decisions.Strictest(decision, reached);
        }
        return decision;
    }
}
