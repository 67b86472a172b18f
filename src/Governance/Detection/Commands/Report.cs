// Collects findings: each once, a bounded number of them but at least one of each rule, so that nothing is buried under what weighs less; targets short and fit to be shown (one line, no control characters, no passwords of addresses).
namespace CabinCrew.Governance.Detection.Commands;

internal sealed class Report
{
    /// <summary>More of a rule that is told already tell nobody more.</summary>
    public const int FindingsMax = 500;

    private const int TargetCharsMax = 120;

    private readonly List<CommandFinding> findings = [];
    private readonly HashSet<(string Rule, string Target, int Line)> seen = [];
    private readonly HashSet<string> told = new(StringComparer.Ordinal);

    /// <summary>Where whatever is found next stands.</summary>
    public int Line { get; set; } = 1;

    /// <summary>In the order of lines.</summary>
    public IReadOnlyList<CommandFinding> Findings => [.. findings.OrderBy(f => f.Line)];

    public void Add(string rule, string target)
    {
        if (!told.Add(rule) && findings.Count >= FindingsMax) return;
        var shown = Shown(target);
        if (seen.Add((rule, shown, Line))) findings.Add(new(CommandRules.ById[rule], shown, Line));
    }

    private static string Shown(string target)
    {
        if (target.Length > TargetCharsMax) target = target[..(char.IsHighSurrogate(target[TargetCharsMax - 1]) ? TargetCharsMax - 1 : TargetCharsMax)] + "…";
        target = string.Concat(target.Select(c => char.IsControl(c) ? ' ' : c)).Trim();
        var at = target.IndexOf("://", StringComparison.Ordinal);
        if (at < 0) return target;
        var user = target.IndexOf('@', at);
        var end = target.AsSpan(at + 3).IndexOfAny("/ ?#");
        return user > 0 && (end < 0 || user < at + 3 + end) ? string.Concat(target.AsSpan(0, at + 3), target.AsSpan(user + 1)) : target;
    }
}
