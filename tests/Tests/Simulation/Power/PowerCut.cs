// When the power goes, and what becomes of that which was not flushed: chosen from a seed over a whole journal.
namespace CabinCrew.Tests.Simulation.Power;

internal readonly record struct PowerCut(int At, Fate Fate, int Seed)
{
    private static readonly Fate[] Fates = [Fate.Lost, Fate.Torn, Fate.Journalled, Fate.Kept];

    /// <summary>Just before each flush, where most is open, and just after it; the rest anywhere. Spread over the whole where there are more than are asked for.</summary>
    public static IEnumerable<PowerCut> Spread(List<DiskRecord> records, int images, int seed)
    {
        var random = new Random(seed);
        var flushes = Enumerable.Range(1, records.Count - 1).Where(i => records[i].Kind == DiskKind.Flush).ToList();
        var all = flushes.SelectMany(i => new[] { (At: i, Fate: Fates[random.Next(4)]), (At: i + 1, Fate: Fate.Lost) })
            .Concat(Enumerable.Range(0, Math.Max(images / 3, images - 2 * flushes.Count)).Select(_ => (At: random.Next(1, records.Count + 1), Fate: Fates[random.Next(4)]))).ToList();
        return all.OrderBy(_ => random.Next()).Take(images).OrderBy(c => c.At).Select(c => new PowerCut(c.At, c.Fate, random.Next()));
    }
}
