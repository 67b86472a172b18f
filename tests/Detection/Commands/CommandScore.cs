// Measures the review of commands on labelled ones: how many dangerous ones are found, how many ordinary ones are taken for dangerous. Data: dangerous_commands/train.jsonl, a command in
// "cmd", 1 or 0 in "label", and "technique" (ATT&CK) or "shell"; not in the repository.
using System.Text.Json;
using CabinCrew.Governance.Detection.Commands;

namespace CabinCrew.Detection.Tests.Commands;

internal static class CommandScore
{
    private sealed record Row(string Command, bool IsDangerous, string Shell, string Technique);

    public static int Run(string directory)
    {
        var file = Path.Combine(directory, "dangerous_commands", "train.jsonl");
        if (!File.Exists(file)) file = Path.Combine(directory, "train.jsonl");
        if (!File.Exists(file))
        {
            Console.Error.WriteLine($"{directory}: no dangerous_commands/train.jsonl here");
            return 2;
        }
        var rows = File.ReadLines(file).Select(Read).Where(r => r.Shell is "sh" or "bash").ToList();
        var judged = rows.Select(r => (Row: r, Findings: CommandReview.Of(r.Command))).ToList();
        foreach (var kind in new[] { true, false })
        {
            var of = judged.Where(j => j.Row.IsDangerous == kind).ToList();
            var found = of.Where(j => j.Findings.Any(f => f.Rule.Id != "unreadable")).ToList();
            var strict = found.Count(j => j.Findings.Any(f => f.Rule.Id != "unreadable" && f.Rule.Severity >= CommandSeverity.Serious));
            var unreadable = of.Count(j => j.Findings.Any(f => f.Rule.Id == "unreadable"));
            Console.WriteLine($"{(kind ? "attack techniques" : "ordinary examples")}: {found.Count} of {of.Count} have a finding ({100.0 * found.Count / of.Count:F1} %), {strict} a serious one ({100.0 * strict / of.Count:F1} %); {unreadable} could not be read");
            foreach (var rule in found.SelectMany(j => j.Findings.Select(f => f.Rule.Id).Distinct()).CountBy(id => id).OrderByDescending(c => c.Value)) Console.WriteLine($"  {rule.Key}: {rule.Value}");
        }
        Console.WriteLine("by technique (found of all):");
        foreach (var technique in judged.Where(j => j.Row.IsDangerous).GroupBy(j => j.Row.Technique.Split('.')[0]).OrderByDescending(g => g.Count()))
            Console.WriteLine($"  {technique.Key}: {technique.Count(j => j.Findings.Any(f => f.Rule.Id != "unreadable"))} of {technique.Count()}");
        return 0;
    }

    private static Row Read(string line)
    {
        using var json = JsonDocument.Parse(line);
        var row = json.RootElement;
        return new(row.GetProperty("cmd").GetString()!, row.GetProperty("label").GetInt32() == 1, row.GetProperty("shell").GetString()!, row.TryGetProperty("technique", out var technique) ? technique.GetString()! : "");
    }
}
