// How well it does on sources that it did not learn from: each family of sources of attacks is left out in turn, with everything in the rest that is nearly the same, and the threshold is the
// one that takes one ordinary text in a hundred for an attack (benign_dev: repositories that nobody learned from).
using CabinCrew.Governance.Detection.Injection;

namespace CabinCrew.InjectionTrainer;

internal static class Evaluation
{
    /// <summary>Ordinary texts that are told as likely, and as strong.</summary>
    public const double False = 0.01, Rare = 0.001;

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

    /// <summary>What one ordinary text in a thousand passes, of repositories that nobody learned from and of all that was learned from, whichever is higher.</summary>
    public static double Strong(LinearModel model, IReadOnlyList<Example> dev, IReadOnlyList<Example> learned) =>
        Math.Max(Threshold(dev.Select(e => (double)Logit(model, e.Text)), Rare), Threshold(learned.Where(e => !e.IsAttack).Select(e => (double)Logit(model, e.Text)), Rare));

    /// <param name="say">Takes a line of the table.</param>
    public static void LeaveOut(IReadOnlyList<Example> train, IReadOnlyList<Example> dev, Settings settings, ulong seed, Action<string> say)
    {
        const string natural = "all but own";
        var others = Baselines.Table.Select(b => (b.Name, b.Score, Limit: Threshold(dev.Select(e => b.Score(e.Text)), False))).ToList();
        say($"{"left out",-24}{"texts",7}{"learned",9}{"at 1 %",9}{"at 0.1 %",10}{"strong",9}   {string.Concat(others.Select(o => $"{o.Name,13}"))}");
        foreach (var family in train.Where(e => e.IsAttack).Select(e => e.Family).Distinct().Order(StringComparer.Ordinal).Append(natural))
        {
            bool IsHeld(Example e) => family == natural ? !e.IsOwn : e.Family == family;
            List<Example> held = [.. train.Where(e => e.IsAttack && IsHeld(e))];
            var learned = Corpus.WithoutNear([.. train.Where(e => !e.IsAttack || !IsHeld(e))], held);
            var model = new Learner(settings, seed).Learn(learned);
            double[] ordinary = [.. dev.Select(e => (double)Logit(model, e.Text))], attacks = [.. held.Select(e => (double)Logit(model, e.Text))];
            say($"{family,-24}{held.Count,7}{learned.Count,9}{Share(attacks, Threshold(ordinary, False)),9}{Share(attacks, Threshold(ordinary, Rare)),10}{Share(attacks, Strong(model, dev, learned)),9}   {string.Concat(others.Select(o => $"{Share(held.Select(e => o.Score(e.Text)), o.Limit),13}"))}");
        }
        say($"{"ordinary texts",-24}{dev.Count,7}{"",9}{"1.0 %",9}{"0.1 %",10}{"",9}   {string.Concat(others.Select(o => $"{Share(dev.Select(e => o.Score(e.Text)), o.Limit),13}"))}");
    }

    /// <summary>The share of ordinary texts that are taken for attacks, where each repository's limit comes from the other repositories.</summary>
    public static string FalseElsewhere(LinearModel model, IReadOnlyList<Example> dev)
    {
        var scored = dev.Select(e => (e.Source, Logit: (double)Logit(model, e.Text))).ToList();
        double[] beyond = [.. scored.Select(s => s.Logit >= Threshold(scored.Where(o => o.Source != s.Source).Select(o => o.Logit), False) ? 1.0 : 0)];
        return Share(beyond, 1);
    }

    public static string Share(IEnumerable<double> scores, double threshold)
    {
        var all = scores.ToList();
        return $"{100.0 * all.Count(s => s >= threshold) / all.Count:F1} %";
    }
}
