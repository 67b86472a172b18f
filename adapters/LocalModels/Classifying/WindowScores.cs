// From what came out of each window to scores of the whole text: the largest over all windows, for a text or for each of its tokens.
using CabinCrew.LocalModels.Onnx;
using CabinCrew.LocalModels.Tokens;
using CabinCrew.Protocol;

namespace CabinCrew.LocalModels.Classifying;

internal interface IWindowScores
{
    /// <summary>A problem where the shape is not that of the task.</summary>
    Problem? Add(TokenWindow window, int prefix, Tensor output);

    (IReadOnlyList<LabelScore> Labels, IReadOnlyList<MarkedSpan> Spans) Result();
}

internal static class Activations
{
    public static double[] Apply(Activation activation, ReadOnlySpan<float> logits)
    {
        var scores = new double[logits.Length];
        if (activation == Activation.Sigmoid)
        {
            for (var i = 0; i < scores.Length; i++) scores[i] = 1 / (1 + Math.Exp(-logits[i]));
            return scores;
        }
        var (largest, sum) = (float.NegativeInfinity, 0.0);
        foreach (var logit in logits) largest = Math.Max(largest, logit);
        for (var i = 0; i < scores.Length; i++) sum += scores[i] = Math.Exp((double)logits[i] - largest);
        for (var i = 0; i < scores.Length; i++) scores[i] /= sum;
        return scores;
    }

    public static Problem Shape(Tensor output, string wanted) =>
        new(ProblemCode.ModelFailed, $"the model gave a tensor of {string.Join(" × ", output.Shape)}; {wanted} is needed") { Where = "model.onnx" };
}

internal sealed class TextScores(ClassifierDocument document) : IWindowScores
{
    private readonly double[] largest = new double[document.Labels.Count];

    public Problem? Add(TokenWindow window, int prefix, Tensor output)
    {
        if (output.Shape is not [1, var labels] || labels != largest.Length) return Activations.Shape(output, $"1 × {largest.Length}");
        var scores = Activations.Apply(document.Activation, output.Values);
        for (var i = 0; i < scores.Length; i++) largest[i] = Math.Max(largest[i], scores[i]);
        return null;
    }

    public (IReadOnlyList<LabelScore>, IReadOnlyList<MarkedSpan>) Result() =>
        ([.. document.Labels.Select((l, i) => new LabelScore(l.Name, Thresholds.Round(largest[i])))], []);
}

internal sealed class TokenScores(ClassifierDocument document, IReadOnlyList<Token> tokens) : IWindowScores
{
    private const int SpansMax = 10_000;

    private readonly double[] scores = new double[document.Labels.Count * tokens.Count];

    public Problem? Add(TokenWindow window, int prefix, Tensor output)
    {
        var labels = document.Labels.Count;
        if (output.Shape is not [1, var length, var each] || each != labels || length < prefix + window.Count) return Activations.Shape(output, $"1 × {prefix + window.Count} or more × {labels}");
        for (var i = 0; i < window.Count; i++)
        {
            var own = Activations.Apply(document.Activation, output.Values.AsSpan((prefix + i) * labels, labels));
            for (var label = 0; label < labels; label++)
            {
                ref var best = ref scores[(window.First + i) * labels + label];
                best = Math.Max(best, own[label]);
            }
        }
        return null;
    }

    public (IReadOnlyList<LabelScore>, IReadOnlyList<MarkedSpan>) Result()
    {
        var labels = document.Labels.Count;
        var largest = new double[labels];
        for (var i = 0; i < scores.Length; i++) largest[i % labels] = Math.Max(largest[i % labels], scores[i]);
        return ([.. document.Labels.Select((l, i) => new LabelScore(l.Name, Thresholds.Round(largest[i])))], Spans());
    }

    // Neighbours of one kind become one span, with the largest of their scores.
    private List<MarkedSpan> Spans()
    {
        var spans = new List<MarkedSpan>();
        var last = -2;
        for (var i = 0; i < tokens.Count && spans.Count < SpansMax; i++)
        {
            if (Marked(i) is not var (name, begins, score)) continue;
            var (start, end) = (tokens[i].Start, tokens[i].End);
            if (last == i - 1 && !begins && spans[^1].Label == name)
                spans[^1] = spans[^1] with { Length = Math.Max(spans[^1].Length, end - spans[^1].Start), Score = Math.Max(spans[^1].Score, score) };
            else spans.Add(new(name, start, end - start, score));
            last = i;
        }
        return spans;
    }

    /// <summary>The likeliest label that reaches its lowest threshold.</summary>
    private (string Name, bool Begins, double Score)? Marked(int token)
    {
        (string, bool, double)? found = null;
        var best = 0.0;
        for (var label = 0; label < document.Labels.Count; label++)
        {
            var score = Thresholds.Round(scores[token * document.Labels.Count + label]);
            if (document.Labels[label].Thresholds is not { Count: > 0 } thresholds || score <= best || score < thresholds.Min(t => t.At) - document.Band) continue;
            var name = document.Labels[label].Name;
            best = score;
            found = (name.StartsWith("B-", StringComparison.Ordinal) || name.StartsWith("I-", StringComparison.Ordinal) ? name[2..] : name, name.StartsWith("B-", StringComparison.Ordinal), score);
        }
        return found;
    }
}
