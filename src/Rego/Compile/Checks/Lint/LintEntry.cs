// The way into the policies: packages and rules that nothing will ask for because their names are slightly wrong, and decisions that can contradict themselves.
using CabinCrew.Rego.Syntax;

namespace CabinCrew.Rego.Compile.Checks.Lint;

internal static class LintEntry
{
    public static void Run(IReadOnlyList<RegoModule> modules, LintOptions options, List<RegoFinding> findings)
    {
        foreach (var module in modules)
        {
            if (!options.EntryPackages.Contains(module.PackageName))
            {
                if (NearMatch.Of(module.PackageName, options.EntryPackages) is { } near)
                    findings.Add(new("near-package", $"package {module.PackageName} is not asked for decisions (did you mean \"{near}\"?)", module.Package.Span.ToLocation()));
                continue;
            }

            foreach (var rule in module.Rules)
                CheckRule(rule, options, findings);
        }

        foreach (var package in modules.GroupBy(module => module.PackageName).Where(package => options.EntryPackages.Contains(package.Key)))
        {
            if (options.EntryRules.Count > 0 && !package.Any(module => module.Rules.Any(rule => options.EntryRules.Contains(rule.Head.Name))))
                findings.Add(new("no-decision", $"package {package.Key} has none of the rules that are asked for: {string.Join(", ", options.EntryRules)}", package.First().Package.Span.ToLocation()));
        }
    }

    private static void CheckRule(Rule rule, LintOptions options, List<RegoFinding> findings)
    {
        var head = rule.Head;
        if (!options.EntryRules.Contains(head.Name))
        {
            if (!head.IsFunction && NearMatch.Of(head.Name, options.EntryRules) is { } near)
                findings.Add(new("near-name", $"rule {head.Name} is not asked for (did you mean \"{near}\"?)", head.Span.ToLocation()));
            return;
        }

        if (options.SetRules.Contains(head.Name) && head.Kind == RuleKind.SingleValue && !rule.IsDefault)
            findings.Add(new("one-value", $"{head.Name} has one value here, so two messages are a conflict: write `{head.Name} contains msg if ...`", head.Span.ToLocation()));
    }
}
