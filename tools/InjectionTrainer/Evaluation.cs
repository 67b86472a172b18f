// How well it does on sources that it did not learn from: each family of sources of attacks is left out in turn, with everything in the rest that is nearly the same, and the threshold is the
// one that takes one ordinary text in a hundred for an attack (benign_dev: repositories that nobody learned from).
using CabinCrew.Governance.Detection.Injection;

namespace CabinCrew.InjectionTrainer;

internal static class Evaluation
{
    private const double False = 0.01;

    /// <summary>The product's own arithmetic, over all windows.</summary>
    public static float Logit(LinearModel model, string text)
    {
        Span<WindowScan.Mark> ring = stackalloc WindowScan.Mark[WindowScan.RingMin];
        var scan = new WindowScan(model, ring, float.PositiveInfinity);
        Featurizer.Run(text, ref scan);
        scan.Finish(text.Length);
        return scan.Best;
    }

    /// <summary>The smallest limit at which at most that share is at or above it.</summary>
    public static double Threshold(IEnumerable<double> ordinary, double share)
    {
        double[] sorted = [.. ordinary.OrderDescending()];
        return Math.BitIncrement(sorted[Math.Min(sorted.Length - 1, (int)(share * sorted.Length))]);
    }

    public static void LeaveOut(IReadOnlyList<Example> train, IReadOnlyList<Example> dev, Settings settings, ulong seed, Action<string> say)
    {
        var words = Baselines.Table.Select(b => (b.Name, b.Score, Threshold: Threshold(dev.Select(e => b.Score(e.Text)), False))).ToList();
        say($"{"left out",-26} {"texts",6} {"learned",8} {"classifier",11} {"at 0.1 %",9}  {string.Join(' ', words.Select(w => $"{w.Name,-12}"))}");
        foreach (var family in train.Where(e => e.IsAttack).Select(e => e.Family).Distinct().Order(StringComparer.Ordinal).Append("all but own"))
        {
            List<Example> held = [.. train.Where(e => e.IsAttack && (family == "all but own" ? !e.Source.StartsWith("own/", StringComparison.Ordinal) : e.Family == family))];
            var learned = Corpus.WithoutNear([.. train.Where(e => !e.IsAttack || (family == "all but own" ? e.Source.StartsWith("own/", StringComparison.Ordinal) : e.Family != family))], held);
            var model = new Learner(settings, seed).Learn(learned);
            double[] ordinary = [.. dev.Select(e => (double)Logit(model, e.Text))], attacks = [.. held.Select(e => (double)Logit(model, e.Text))];
            var (one, tenth) = (Threshold(ordinary, False), Threshold(ordinary, 0.001));
            say($"{family,-26} {held.Count,6} {learned.Count,8} {Share(attacks, one),11} {Share(attacks, tenth),9}  {string.Join(' ', words.Select(w => $"{Share(held.Select(e => w.Score(e.Text)), w.Threshold),-12}"))}");
        }
        say($"{"ordinary (benign_dev)",-26} {dev.Count,6} {"",8} {"1.0 %",11} {"0.1 %",9}  {string.Join(' ', words.Select(w => $"{Share(dev.Select(e => w.Score(e.Text)), w.Threshold),-12}"))}");
    }

    public static string Share(IEnumerable<double> scores, double threshold)
    {
        var all = scores.ToList();
        return $"{100.0 * all.Count(s => s >= threshold) / all.Count:F1} %";
    }
}
