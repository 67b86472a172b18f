// The one table of refusals: complete, unique, used, and documented by a generated page.
using System.Text;
using CabinCrew.Protocol;

namespace CabinCrew.Tests.Tidy;

public sealed class ProblemCodesTests
{
    [Fact]
    public void Every_code_has_exactly_one_line()
    {
        Assert.Equal(Enum.GetValues<ProblemCode>().Order(), ProblemCodes.Table.Select(e => e.Code).Order());
        Assert.Equal(ProblemCodes.Table.Count, ProblemCodes.Table.Select(e => e.Id).Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public void The_written_form_is_the_name_in_snake_case() =>
        Repository.None(ProblemCodes.Table.Where(e => e.Id != Snake(e.Code.ToString())).Select(e => $"{e.Code}: {e.Id}"), "Ids that do not follow their name:");

    [Fact]
    public void Every_line_says_what_happened_and_what_to_do() =>
        Repository.None(
            from e in ProblemCodes.Table
            where !e.Meaning.EndsWith('.') || !e.Remedy.EndsWith('.') || e.Meaning.Length < 15 || e.Remedy.Length < 6 || e.Http is < 200 or > 599
            select e.Id,
            "Lines that are not complete:");

    [Fact]
    public void Every_clause_named_exists() =>
        Repository.None(ProblemCodes.Table.Where(e => e.Clause.Length > 0 && !ClausesTests.Known.ContainsKey(e.Clause)).Select(e => $"{e.Id}: {e.Clause}"), "Clauses that testkit/clauses.txt does not have:");

    [Fact(Explicit = Repository.StillBuilding)]
    public void Every_code_is_used()
    {
        var lines = Repository.ProductFiles.Where(f => !f.EndsWith("/ProblemCode.cs", StringComparison.Ordinal)).SelectMany(Repository.Lines);
        var product = string.Join('\n', lines.Where(l => !l.TrimStart().StartsWith("//", StringComparison.Ordinal)));
        var words = product.Split([.. product.Distinct().Where(c => !char.IsLetterOrDigit(c) && c != '.')]).ToHashSet(StringComparer.Ordinal);
        Repository.None(Enum.GetNames<ProblemCode>().Where(n => !words.Any(w => w == "ProblemCode." + n || w.StartsWith("ProblemCode." + n + ".", StringComparison.Ordinal))), "Codes that nothing gives:");
    }

    [Fact]
    public void The_page_of_problem_codes_is_up_to_date() => Repository.IsUpToDate("docs/generated/problem-codes.md", Page());

    private static string Page()
    {
        var page = new StringBuilder("""
            # Problem codes

            Written by the tests from `src/Protocol/ProblemCode.cs`; do not edit. Every refusal carries one of these codes; a process ends with the exit code of its class.


            """);
        foreach (var group in ProblemCodes.Table.GroupBy(e => e.Class).OrderBy(g => (int)g.Key))
        {
            page.Append($"## Exit {(int)group.Key}: {Words(group.Key.ToString())}\n\n| code | HTTP | severity | clause | what it means | what to do |\n| --- | --- | --- | --- | --- | --- |\n");
            foreach (var e in group)
                page.Append($"| `{e.Id}` | {e.Http} | {e.Severity.ToString().ToLowerInvariant()} | {e.Clause} | {Cell(e.Meaning)} | {Cell(e.Remedy)} |\n");
            page.Append('\n');
        }
        return page.ToString().TrimEnd('\n') + "\n";
    }

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);

    private static string Words(string name) => Snake(name).Replace('_', ' ');

    private static string Snake(string name) =>
        string.Concat(name.Select((c, i) => char.IsUpper(c) ? (i == 0 ? "" : "_") + char.ToLowerInvariant(c) : c.ToString()));
}
