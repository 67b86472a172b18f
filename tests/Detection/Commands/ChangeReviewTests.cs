// SQL, Dockerfiles, Kubernetes manifests and Terraform plans: each rule has a text that it must find and a twin that it must not (PRE-04).
using CabinCrew.Governance.Detection.Commands;

namespace CabinCrew.Detection.Tests.Commands;

[Clause("PRE-04")]
public sealed class ChangeReviewTests
{
    public static TheoryData<string, string> DangerousSql => ShellCases.Dangerous("sql.cases");

    public static TheoryData<string> HarmlessSql => ShellCases.Harmless("sql.cases");

    [Theory]
    [MemberData(nameof(DangerousSql))]
    public void A_dangerous_statement_is_found(string rule, string sql) => Assert.Contains(rule, Rules(sql, CommandKind.Sql));

    [Theory]
    [MemberData(nameof(HarmlessSql))]
    public void A_harmless_statement_is_not(string sql) => Assert.Empty(Rules(sql, CommandKind.Sql));

    public static TheoryData<string, string> DangerousDockerfiles => ShellCases.Dangerous("dockerfile.cases");

    public static TheoryData<string> HarmlessDockerfiles => ShellCases.Harmless("dockerfile.cases");

    [Theory]
    [MemberData(nameof(DangerousDockerfiles))]
    public void A_dangerous_Dockerfile_is_found(string rule, string text) => Assert.Contains(rule, Rules(text, CommandKind.Dockerfile));

    [Theory]
    [MemberData(nameof(HarmlessDockerfiles))]
    public void A_harmless_Dockerfile_is_not(string text) => Assert.Empty(Rules(text, CommandKind.Dockerfile));

    public static TheoryData<string, string> DangerousManifests => ShellCases.Dangerous("manifest.cases");

    public static TheoryData<string> HarmlessManifests => ShellCases.Harmless("manifest.cases");

    [Theory]
    [MemberData(nameof(DangerousManifests))]
    public void A_dangerous_manifest_is_found(string rule, string text) => Assert.Contains(rule, Rules(text, CommandKind.Manifest));

    [Theory]
    [MemberData(nameof(HarmlessManifests))]
    public void A_harmless_manifest_is_not(string text) => Assert.Empty(Rules(text, CommandKind.Manifest));

    public static TheoryData<string, string> DangerousPlans => ShellCases.Dangerous("plan.cases");

    public static TheoryData<string> HarmlessPlans => ShellCases.Harmless("plan.cases");

    [Theory]
    [MemberData(nameof(DangerousPlans))]
    public void A_dangerous_plan_is_found(string rule, string changes) => Assert.Contains(rule, Rules(Plan(changes), CommandKind.TerraformPlan));

    [Theory]
    [MemberData(nameof(HarmlessPlans))]
    public void A_harmless_plan_is_not(string changes) => Assert.Empty(Rules(Plan(changes), CommandKind.TerraformPlan));

    [Fact]
    public void What_is_no_plan_is_not_harmless()
    {
        foreach (var text in new[] { "", "{}", "[]", "{\"format_version\":\"1.2\",\"resource_changes\":3}", "{\"format_version\":\"1\",\"format_version\":\"1\"}", "{\"format_version\":\"1.2\",\"resource_changes\":[{\"address\":\"a\"}]}" })
            Assert.Equal(["unreadable"], Rules(text, CommandKind.TerraformPlan));
    }

    [Fact]
    public void Lines_are_those_of_the_file()
    {
        Assert.Equal([2, 4], CommandReview.Of("SELECT 1;\nDROP TABLE a;\n-- x\nTRUNCATE b;", CommandKind.Sql).Select(f => f.Line));
        Assert.Equal([4], CommandReview.Of("FROM a:1\nRUN ls \\\n # note\n  && rm -rf /\n", CommandKind.Dockerfile).Select(f => f.Line));
        Assert.Equal([6], CommandReview.Of("kind: A\n---\nkind: Pod\nspec:\n  x: 1\n  hostNetwork: true\n", CommandKind.Manifest).Select(f => f.Line));
    }

    private static string Plan(string changes) => changes.StartsWith('{') ? $"{{\"format_version\":\"1.2\",\"resource_changes\":[{changes}]}}" : changes;

    private static IEnumerable<string> Rules(string text, CommandKind kind) => CommandReview.Of(text, kind).Select(f => f.Rule.Id);
}
