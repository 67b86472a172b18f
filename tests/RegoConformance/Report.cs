// Counts per group, failures with their reasons, what is refused, and the two figures that the target is about.
namespace CabinCrew.RegoConformance;

internal static class Report
{
    public static bool Print(List<(ConformanceCase Case, string? Reason)> outcomes, bool failures)
    {
        foreach (var group in outcomes.Where(o => Exemptions.Of(o.Case.Note) is null).GroupBy(o => o.Case.Group).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            var failed = group.Where(o => o.Reason is not null).ToList();
            Console.WriteLine($"{group.Count() - failed.Count,5} of {group.Count(),-5} {group.Key}");
            if (!failures) continue;
            foreach (var (c, reason) in failed) Console.WriteLine($"      FAILED {c.Note}: {reason}");
        }

        Console.WriteLine();
        foreach (var group in outcomes.Where(o => Exemptions.Of(o.Case.Note) is not null).GroupBy(o => o.Case.Group).OrderBy(g => g.Key, StringComparer.Ordinal))
            Console.WriteLine($"refused: {group.Key} ({group.Count()} cases): {Exemptions.Of(group.First().Case.Note)}");
        Console.WriteLine("core: every group that is not refused and not about networks (net*)");

        var core = outcomes.Where(o => Exemptions.IsCore(o.Case.Note)).ToList();
        var all = outcomes.Where(o => Exemptions.Of(o.Case.Note) is null).ToList();
        var (coreGood, allGood) = (core.Count(o => o.Reason is null), all.Count(o => o.Reason is null));
        Console.WriteLine($"core {coreGood} of {core.Count} ({Percent(coreGood, core.Count)} %), all but GraphQL, AWS signing, network: {allGood} of {all.Count} ({Percent(allGood, all.Count)} %)");
        return coreGood == core.Count && allGood * 100L >= all.Count * 99L;
    }

    // Rounded down, so that 100 means all.
    private static string Percent(int good, int all) => all == 0 ? "100" : (Math.Floor(good * 10_000.0 / all) / 100).ToString("0.##", System.Globalization.CultureInfo.InvariantCulture);
}
