// Logistic regression on the highest window of each text: an attack has one window at least that tells it, an ordinary text has none. One thread, one seed, one order: the same data give the
// same weights, bit for bit, on the same machine. (Adagrad; features are dropped at random so that none of them alone decides.)
using CabinCrew.Governance.Detection.Injection;

namespace CabinCrew.InjectionTrainer;

/// <param name="Rate">Of learning.</param>
/// <param name="Decay">How much of a weight goes away whenever it is touched.</param>
/// <param name="Drop">The share of features that are not there, this time.</param>
/// <param name="Attack">What an attack weighs, where an ordinary text weighs 1.</param>
/// <param name="Natural">How many times as much one weighs that people wrote.</param>
/// <param name="Document">What an ordinary text weighs that stands in a repository: documents and code.</param>
internal sealed record Settings(int Epochs = 14, float Rate = 0.25f, float Decay = 1e-3f, float Drop = 0.75f, float Attack = 2, float Natural = 3, float Document = 10);

internal sealed class Learner(Settings settings, ulong seed)
{
    private readonly float[] weights = new float[Featurizer.Buckets];
    private readonly float[] squares = new float[Featurizer.Buckets];
    private readonly float[] mean = new float[Featurizer.Buckets];
    private readonly List<int> kept = [];
    private float bias, biasSquares, meanBias;
    private ulong random = seed;
    private float[] sums = [];

    /// <param name="log">Takes a line for each round.</param>
    public LinearModel Learn(IReadOnlyList<Example> examples, Action<string>? log = null)
    {
        int[] order = [.. Enumerable.Range(0, examples.Count)];
        for (var epoch = 0; epoch < settings.Epochs; epoch++)
        {
            for (var i = order.Length - 1; i > 0; i--)
            {
                var j = (int)(Next() % (ulong)(i + 1));
                (order[i], order[j]) = (order[j], order[i]);
            }
            double loss = 0;
            foreach (var i in order) loss += Step(examples[i], epoch);
            if (epoch >= settings.Epochs / 2) Average(epoch - settings.Epochs / 2);
            log?.Invoke($"round {epoch + 1}: mean loss {loss / order.Length:F4}");
        }
        return Quantized();
    }

    // The mean over the second half of the rounds: what the last texts said weighs no more than what others did.
    private void Average(int before)
    {
        for (var i = 0; i < weights.Length; i++) mean[i] += (weights[i] - mean[i]) / (before + 1);
        meanBias += (bias - meanBias) / (before + 1);
    }

    private double Step(Example example, int epoch)
    {
        if (example.Features.Length == 0) return 0;
        // At first nobody knows where in an attack the attack is: all of it.
        var (first, last) = epoch == 0 ? (0, example.Ends.Length) : Highest(example);
        var (from, to) = (first == 0 ? 0 : example.Ends[first - 1], example.Ends[last - 1]);
        if (from == to) return 0;
        kept.Clear();
        for (var i = from; i < to; i++)
            if (Next() >> 40 >= (ulong)(settings.Drop * (1 << 24))) kept.Add(example.Features[i]);
        if (kept.Count == 0) return 0;
        var sum = 0f;
        foreach (var feature in kept) sum += weights[feature];
        var root = MathF.Sqrt(kept.Count + LinearModel.Shrink * (1 - settings.Drop));
        var odds = sum / root + bias;
        var target = example.IsAttack ? 1f : 0f;
        var said = 1 / (1 + MathF.Exp(-odds));
        var weight = example.IsAttack ? settings.Attack * (example.IsOwn ? 1 : settings.Natural) : example.Kind is "document" or "code" ? settings.Document : 1;
        var slope = (said - target) * weight;
        var each = slope / root;
        foreach (var feature in kept)
        {
            squares[feature] += each * each;
            weights[feature] = weights[feature] * (1 - settings.Decay) - settings.Rate * each / MathF.Sqrt(squares[feature] + 1e-6f);
        }
        biasSquares += slope * slope;
        bias -= 0.1f * settings.Rate * slope / MathF.Sqrt(biasSquares + 1e-6f);
        return -Math.Log(Math.Max(1e-7, example.IsAttack ? said : 1 - said));
    }

    // As WindowScan goes through them.
    private (int First, int Last) Highest(Example example)
    {
        var words = example.Ends.Length;
        if (sums.Length <= words) sums = new float[words * 2 + 1];
        var (sum, feature) = (0f, 0);
        for (var word = 0; word < words; word++)
        {
            for (; feature < example.Ends[word]; feature++) sum += weights[example.Features[feature]];
            sums[word + 1] = sum;
        }
        var (best, at) = (float.NegativeInfinity, (0, words));
        for (var last = 1 + (int)(Next() % LinearModel.Step); ; last += LinearModel.Step)
        {
            var end = Math.Min(last, words);
            foreach (var length in LinearModel.Lengths)
            {
                if (end < length && end < words) break;
                var first = Math.Max(0, end - length);
                var count = example.Ends[end - 1] - (first == 0 ? 0 : example.Ends[first - 1]);
                var worth = count == 0 ? float.NegativeInfinity : (sums[end] - sums[first]) / MathF.Sqrt(count + LinearModel.Shrink);
                if (worth > best) (best, at) = (worth, (first, end));
                if (end <= length) break;
            }
            if (last >= words) return at;
        }
    }

    // One byte a weight. The largest few are cut off, so that the others keep their differences.
    private LinearModel Quantized()
    {
        float[] sizes = [.. mean.Where(w => w != 0).Select(MathF.Abs).Order()];
        var largest = sizes.Length == 0 ? 1 : sizes[(int)((sizes.Length - 1) * 0.9995)];
        var scale = largest / 127;
        return new([.. mean.Select(w => (sbyte)Math.Clamp(MathF.Round(w / scale), -127, 127))], scale, meanBias);
    }

    // SplitMix64.
    private ulong Next()
    {
        random += 0x9E3779B97F4A7C15;
        var z = random;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
