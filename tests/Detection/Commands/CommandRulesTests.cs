// The table of rules: each is shown by a case, and the reference page is made of it.
using System.Text;
using CabinCrew.Governance.Detection.Commands;
using CabinCrew.Protocol;
using CabinCrew.Tests.Tidy;

namespace CabinCrew.Detection.Tests.Commands;

[Clause("PRE-04")]
public sealed class CommandRulesTests
{
    private const string Page = "docs/reference/commands.md";

    private const string Begin = "<!-- rules: made from src/Governance/Detection/Commands/CommandRules.cs -->\n";

    [Fact]
    public void Every_rule_has_a_case_and_every_case_a_rule()
    {
        var shown = new[] { "shell.cases", "sql.cases", "dockerfile.cases", "manifest.cases", "plan.cases" }.SelectMany(ShellCases.Read).Select(c => c.Rule).Where(r => r != "-").ToHashSet();
        Assert.Equal(CommandRules.ById.Keys.Order(StringComparer.Ordinal), shown.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_reference_has_every_rule()
    {
        var text = Repository.Exists(Page) ? Repository.Text(Page) : Begin;
        var head = text[..(text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length)];
        var table = new StringBuilder(head);
        foreach (var (group, rules) in CommandRules.Groups)
        {
            table.Append($"\n## {group}\n\n| rule | by default | finds what |\n| --- | --- | --- |\n");
            foreach (var rule in rules) table.Append($"| `{rule.Id}` | `{rule.Decision.Word()}` | {rule.Reason} |\n");
        }
        Repository.IsUpToDate(Page, table.ToString());
    }
}
