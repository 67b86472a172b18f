// Every rule in every language by code in which it must be found and by a harmless twin; comments and texts that only mention it are none. The reference page is made of the same table.
using System.Text;
using CabinCrew.Detection.Tests.Commands;
using CabinCrew.Governance.Detection.Code;
using CabinCrew.Protocol;
using CabinCrew.Tests.Tidy;

namespace CabinCrew.Detection.Tests.Code;

public sealed class CodeRulesTests
{
    private const string Page = "docs/reference/insecure-code.md";

    private const string Begin = "<!-- rules: made from src/Governance/Detection/Code/CodeRules.cs -->\n";

    private static readonly (CodeLanguage Language, string File, string Path)[] Languages =
    [
        (CodeLanguage.Python, "python.cases", "app/a.py"), (CodeLanguage.JavaScript, "javascript.cases", "app/a.js"), (CodeLanguage.Java, "java.cases", "app/A.java"), (CodeLanguage.Kotlin, "kotlin.cases", "app/a.kt"), (CodeLanguage.CSharp, "csharp.cases", "app/A.cs"),
        (CodeLanguage.Go, "go.cases", "app/a.go"), (CodeLanguage.Php, "php.cases", "app/a.php"), (CodeLanguage.Ruby, "ruby.cases", "app/a.rb"), (CodeLanguage.C, "c.cases", "app/a.cpp"), (CodeLanguage.Rust, "rust.cases", "app/a.rs"), (CodeLanguage.Hcl, "hcl.cases", "app/a.tf"),
        (CodeLanguage.Yaml, "yaml.cases", ".github/workflows/a.yml"),
    ];

    public static TheoryData<string, string, string> Cases => [.. from l in Languages from c in ShellCases.Read(l.File) select new TheoryDataRow<string, string, string>(l.Path, c.Rule, c.Text)];

    private static IEnumerable<string> In(string path, string code) => CodeReview.Of(path, code).Select(f => f.Rule.Id);

    [Theory, MemberData(nameof(Cases))]
    public void Code_is_found_and_its_twin_is_not(string path, string rule, string code)
    {
        // As it is, within other code, with other ends of lines, and twice.
        foreach (var whole in new[] { code, code.Replace("\n", "\r\n", StringComparison.Ordinal), $"{code}\n\n{code}\n" })
        {
            if (rule[0] == '-') Assert.DoesNotContain(rule[1..], In(path, whole));
            else Assert.Contains(rule, In(path, whole));
        }
    }

    [Fact]
    public void Every_rule_of_every_language_has_code_and_a_twin()
    {
        foreach (var (language, file, _) in Languages)
        {
            var shown = ShellCases.Read(file).Select(c => c.Rule).ToHashSet();
            // What is one table for two languages is shown in the first.
            if (language == CodeLanguage.Kotlin) continue;
            foreach (var rule in CodeRules.ById.Values.Where(r => CodeReview.LanguagesOf(r).Contains(language)))
                Assert.True(shown.Contains(rule.Id) && shown.Contains("-" + rule.Id), $"{file}: {rule.Id}");
            Assert.All(shown, id => Assert.Contains(language, CodeReview.LanguagesOf(CodeRules.ById[id.TrimStart('-')])));
        }
    }

    [Fact]
    public void Nothing_weighs_more_than_an_approval() =>
        Assert.All(CodeRules.ById.Values, r => Assert.True(r.Decision is Decision.Warn or Decision.RequireApproval && r.Cwe > 0, r.Id));

    [Fact]
    public void The_reference_has_every_rule()
    {
        var text = Repository.Exists(Page) ? Repository.Text(Page) : Begin;
        var page = new StringBuilder(text[..(text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length)]);
        foreach (var (group, rules) in CodeRules.Groups)
        {
            page.Append($"\n## {group}\n\n| rule | CWE | by default | finds what | in |\n| --- | --- | --- | --- | --- |\n");
            foreach (var rule in rules) page.Append($"| `{rule.Id}` | {rule.Cwe} | `{rule.Decision.Word()}` | {rule.Reason} | {string.Join(", ", CodeReview.LanguagesOf(rule).Select(Named))} |\n");
        }
        Repository.IsUpToDate(Page, page.ToString());
    }

    private static string Named(CodeLanguage language) => language switch { CodeLanguage.CSharp => "C#", CodeLanguage.C => "C and C++", CodeLanguage.Php => "PHP", CodeLanguage.Hcl => "Terraform", CodeLanguage.Yaml => "YAML", _ => language.ToString() };
}
