// What compiles and is hardly meant, where plans are judged: the language's own traps (RegoLint), and a package that speaks in other words than ours, a
// decision that is no word, two tests of one name. Pure.
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using CabinCrew.Rego;
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Values;

namespace CabinCrew.Governance.Policies.Rego.Authoring;

internal static class PolicyTraps
{
    private static readonly string[] Sets = ["deny", "require_approval", "warn"];
    private static readonly string[] Members = [.. Sets, "decision"];
    private static readonly string[] Words = [.. new[] { Decision.Allow, Decision.Warn, Decision.RequireApproval, Decision.Deny }.Select(d => d.Word())];

    // What teams call the same things elsewhere.
    private static readonly Dictionary<string, string> Elsewhere = new(StringComparer.Ordinal)
    {
        ["violation"] = "deny", ["violations"] = "deny", ["block"] = "deny", ["reject"] = "deny", ["approval"] = "require_approval", ["approve"] = "require_approval",
        ["warning"] = "warn", ["warnings"] = "warn", ["allow"] = "decision", ["result"] = "decision",
    };

    /// <param name="dataRoots">First names below <c>data</c> that data files give; null where that is not known.</param>
    public static IEnumerable<PolicyFinding> In(IReadOnlyList<RegoModule> modules, IReadOnlyList<string>? dataRoots, CompileOptions compile)
    {
        var options = new LintOptions { EntryPackages = PolicyCheck.EntryPackages, EntryRules = Members, SetRules = Sets, DataRoots = dataRoots, Compile = compile };
        var packages = modules.DistinctBy(m => m.FileName).ToDictionary(m => m.FileName, m => m.PackageName, StringComparer.Ordinal);
        var found = RegoLint.Run(modules, options).Where(f => IsToldHere(f.Rule, packages.GetValueOrDefault(f.Location.File, ""))).Select(f => Warning(f.Rule, f.Message, f.Location));
        var rules = modules.Select(m => (Package: m.PackageName, Rules: RuleOutline.Of(m))).ToList();
        return found.Concat(PolicyCheck.EntryPackages.SelectMany(p => Entry([.. rules.Where(r => r.Package == p).SelectMany(r => r.Rules)]))).Concat(Tests(rules));
    }

    // That input is not checked is said once, in the summary; the tests of a package are called almost like it; and a library's functions have other callers.
    private static bool IsToldHere(string rule, string package) => rule switch
    {
        "unchecked-input" => false,
        "near-package" => !package.EndsWith("_test", StringComparison.Ordinal),
        "unused-function" => PolicyCheck.EntryPackages.Contains(package),
        _ => true,
    };

    private static IEnumerable<PolicyFinding> Entry(IReadOnlyList<RuleOutline> rules)
    {
        var speaks = rules.Any(r => Members.Contains(r.Name));
        foreach (var rule in rules.Where(r => !r.IsFunction))
        {
            if (!speaks && Elsewhere.TryGetValue(rule.Name, out var meant)) yield return Warning("foreign-name", $"'{rule.Name}' means nothing here; is '{meant}' meant?", rule.Location);
            if (rule.Name != "decision") continue;
            if (rule.IsSet) yield return Warning("wrong-decision", "'decision' is a word or an object, not a set", rule.Location);
            else if (rule.Constant is StringValue word && !Words.Contains(word.Text))
                yield return Warning("wrong-decision", $"'decision' says '{word.Text}'; expected one of {string.Join(", ", Words)}{NearMatch.Hint(word.Text, Words)}", rule.Location);
            else if (rule.Constant is not (null or StringValue)) yield return Warning("wrong-decision", $"'decision' is a word: one of {string.Join(", ", Words)}", rule.Location);
        }
    }

    private static IEnumerable<PolicyFinding> Tests(IEnumerable<(string Package, IReadOnlyList<RuleOutline> Rules)> rules) =>
        from package in rules.GroupBy(r => r.Package, StringComparer.Ordinal)
        from same in package.SelectMany(p => p.Rules).Where(r => r.Name.StartsWith("test_", StringComparison.Ordinal) && r is { IsFunction: false, IsDefault: false }).GroupBy(r => r.Name, StringComparer.Ordinal)
        where same.Count() > 1
        select Warning("same-test", $"there are {same.Count()} tests '{same.Key}' in the package {package.Key}: the later ones are run as '{same.Key}#01' and so on; give each a name of its own", same.Last().Location);

    private static PolicyFinding Warning(string rule, string message, RegoLocation at) => new(new(rule, message, at), IsWarning: true);
}
