// What a scan is told on the command line about detectors: which look, what their findings are, and which of them fail it.
using System.CommandLine;
using System.CommandLine.Completions;
using CabinCrew.Governance.Detection.Allowances;
using CabinCrew.Governance.Detection.Scanning;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Commands.Scan;

internal sealed class ScanChoice
{
    private static readonly (string Word, Decision Decision)[] Levels = [("warn", Decision.Warn), ("require_approval", Decision.RequireApproval), ("deny", Decision.Deny)];

    private readonly Option<string[]> only = Detectors("--only", "Only these detectors (may be repeated)");
    private readonly Option<string[]> without = Detectors("--without", "Not these detectors (may be repeated)");

    private readonly Option<string[]> decide = new("--decide") { Description = "What findings are: DETECTOR=DECISION or DETECTOR/RULE=DECISION, with allow, warn, require_approval or deny (may be repeated).", HelpName = "WORD=DECISION" };

    private readonly Option<string> failOn = new("--fail-on") { Description = $"Fail from this decision on: {string.Join(", ", Levels.Select(l => l.Word))} (default: require_approval).", HelpName = "DECISION", DefaultValueFactory = _ => "require_approval" };

    private readonly Option<string?> allow = new("--allow") { Description = $"A file of findings that a person allows (default: {AllowanceFile.Name} in the directory you stand in, where there is one).", HelpName = "FILE" };

    public void AddTo(Command command)
    {
        failOn.CompletionSources.Add(_ => Levels.Select(l => new CompletionItem(l.Word)));
        foreach (var option in (Option[])[only, without, decide, failOn, allow]) command.Options.Add(option);
    }

    public Outcome<Scanner> Scanner(ParseResult parse)
    {
        Dictionary<string, Decision> decisions = new(StringComparer.Ordinal);
        foreach (var word in parse.GetValue(decide) ?? [])
        {
            var equals = word.IndexOf('=');
            if (equals < 0 || Level(word[(equals + 1)..], allow: true) is not { } decision) return Wrong($"--decide takes WORD=DECISION, such as commands=warn or secrets/jwt=allow, not '{Screen.Safe(word)}'");
            decisions[word[..equals]] = decision;
        }
        var (chosen, left) = (parse.GetValue(only) ?? [], parse.GetValue(without) ?? []);
        foreach (var name in chosen.Concat(left))
            if (!ScanSettings.Detectors.Contains(name)) return Wrong($"there is no detector '{Screen.Safe(name)}'{NearMatch.Hint(name, ScanSettings.Detectors)}", $"There are {string.Join(", ", ScanSettings.Detectors)}.");
        foreach (var name in ScanSettings.Detectors)
            if (left.Contains(name) || (chosen.Length > 0 && !chosen.Contains(name))) decisions[name] = Decision.Allow;
        if (!Allowances(parse.GetValue(allow)).Try(out var allowances, out var problem)) return problem;
        return Governance.Detection.Scanning.Scanner.Of(new(decisions), ProblemCode.InvalidArgument).Map(scanner => scanner.With(allowances));
    }

    private static Outcome<ScanAllowances> Allowances(string? said)
    {
        var path = Path.GetFullPath(said ?? AllowanceFile.Name);
        if (said is null && !File.Exists(path)) return ScanAllowances.Nothing;
        var now = TimeProvider.System.GetUtcNow();
        return AllowanceFile.ReadFile(path, ScanAllowances.Rules, DateOnly.FromDateTime(now.UtcDateTime)).Map(list => new ScanAllowances(list, Path.GetDirectoryName(path)!, now));
    }

    public Outcome<Decision> FailOn(ParseResult parse) => Level(parse.GetValue(failOn)!, allow: false) is { } level
        ? level
        : Wrong($"--fail-on takes {string.Join(", ", Levels.Select(l => l.Word))}, not '{Screen.Safe(parse.GetValue(failOn)!)}'");

    private static Option<string[]> Detectors(string name, string about)
    {
        var option = new Option<string[]>(name) { Description = $"{about}: {string.Join(", ", ScanSettings.Detectors)}.", HelpName = "DETECTOR" };
        option.CompletionSources.Add(_ => ScanSettings.Detectors.Select(d => new CompletionItem(d)));
        return option;
    }

    private static Decision? Level(string word, bool allow)
    {
        foreach (var (each, decision) in Levels)
            if (each == word) return decision;
        return allow && word == "allow" ? Decision.Allow : null;
    }

    private static Problem Wrong(string message, string? remedy = null) => new(ProblemCode.InvalidArgument, message) { Remedy = remedy ?? "See `cabincrew scan --help`." };
}
