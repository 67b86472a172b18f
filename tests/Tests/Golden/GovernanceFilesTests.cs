// The loaders of rules and identities agree with the schemas that editors use, and with the examples in their reference pages.
using System.Text;
using CabinCrew.Governance.Access;
using CabinCrew.Governance.Policies.Rules;
using CabinCrew.Governance.Yaml;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Schemas;
using CabinCrew.Tests.Tidy;
using Xunit;

namespace CabinCrew.Tests.Golden;

public sealed class GovernanceFilesTests
{
    private static YamlMap Yaml(string text)
    {
        var read = YamlNodes.Read(text, "x.yaml", ProblemCode.PolicyInvalid);
        Assert.True(read.Ok, read.Problem?.Message);
        return read.Value;
    }

    private static string Example(string page, string marker) =>
        Repository.Text(page).Split("```yaml\n").Skip(1).Select(b => b.Split("```")[0]).Single(b => b.Contains(marker, StringComparison.Ordinal));

    [Fact]
    public void Rules_fit_their_schema_and_load()
    {
        foreach (var text in (string[])[BuiltInRules.Text("defaults"), Example("docs/reference/rules.md", "version: 1")])
        {
            Assert.Null(SchemaCatalog.Validate("rules", Yaml(text).ToJson()).Problem?.ToString());
            Assert.Null(RulesFile.Of(Yaml(text)).Problem?.ToString());
        }
    }

    [Fact]
    public void Identities_fit_their_schema_and_load()
    {
        var text = Example("docs/reference/identities.md", "version: 1");
        Assert.Null(SchemaCatalog.Validate("identities", Yaml(text).ToJson()).Problem?.ToString());
        Assert.Null(IdentitiesFile.Of(Yaml(text)).Problem?.ToString());
    }

    [Theory]
    [InlineData("rules", "version: 1\ndefault: allow\nrules: []")]
    [InlineData("rules", "version: 1\ndefault: alow\nrules:\n- {id: a, when: {paths: x}, decision: deny, reason: r}")]
    [InlineData("rules", "version: 1\ndefault: allow\nrules:\n- {id: a, when: {pathes: x}, decision: deny, reason: r}")]
    [InlineData("rules", "version: 1\ndefault: allow\nrules:\n- {id: a, when: {paths: x}, decision: deny}")]
    [InlineData("identities", "version: 1\nidentities:\n- {name: a, kind: human}")]
    [InlineData("identities", "version: 1\nidentities:\n- {name: a, kind: robot, os_user: a}")]
    [InlineData("identities", "version: 1\nself_aproval: true\nidentities:\n- {name: a, kind: human, os_user: a}")]
    public void What_the_loader_refuses_the_schema_refuses_too(string schema, string text)
    {
        Assert.False(SchemaCatalog.Validate(schema, Yaml(text).ToJson()).Ok);
        Assert.False(schema == "rules" ? RulesFile.Of(Yaml(text)).Ok : IdentitiesFile.Of(Yaml(text)).Ok);
    }

    [Fact]
    public void Every_condition_the_reference_names_is_one_and_the_other_way_round()
    {
        var known = SchemaCatalog.Text("rules").Value;
        using var schema = System.Text.Json.JsonDocument.Parse(Encoding.UTF8.GetBytes(known));
        var page = Repository.Text("docs/reference/rules.md");
        foreach (var condition in schema.RootElement.GetProperty("$defs").GetProperty("when").GetProperty("properties").EnumerateObject())
        {
            Assert.Contains($"`{condition.Name}`", page);
            var probe = Yaml($"version: 1\ndefault: deny\nrules:\n- {{id: a, when: {{{condition.Name}: {{}}}}, decision: deny, reason: r}}");
            Assert.DoesNotContain("unknown key", RulesFile.Of(probe).Problem?.Message ?? "");
        }
    }
}
