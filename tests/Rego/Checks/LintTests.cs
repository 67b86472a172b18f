// Each trap is found, and ordinary policies are left in peace.
using CabinCrew.Rego.Syntax;

namespace CabinCrew.Rego.Tests.Checks;

public class LintTests
{
    private static readonly LintOptions options = new()
    {
        EntryPackages = ["gate.preflight"],
        EntryRules = ["deny", "require_approval", "warn", "decision"],
        SetRules = ["deny", "require_approval", "warn"],
        DataRoots = ["owners"],
        Compile = new() { InputSchema = RegoSchema.Parse("{}").Value },
    };

    private static string Findings(LintOptions options, params string[] modules) => string.Join("\n", RegoLint.Run(
        [.. modules.Select((text, i) => RegoModule.Parse(text, $"m{i}.rego") is { Ok: true, Value: var module } ? module : throw new ArgumentException(text))], options));

    private const string Gate = "package gate.preflight\n";

    [Theory]
    [InlineData(Gate, "m0.rego:1:1: empty-policy")]
    [InlineData(Gate, "m0.rego:1:1: no-decision")]
    [InlineData("package gate.prefligth\ndeny contains \"x\"", "m0.rego:1:1: near-package: package gate.prefligth is not asked for decisions (did you mean \"gate.preflight\"?)")]
    [InlineData(Gate + "dney contains \"x\"\nwarn contains 1", "m0.rego:2:1: near-name: rule dney is not asked for (did you mean \"deny\"?)")]
    [InlineData(Gate + "require_aproval contains \"x\"\nwarn contains 1", "did you mean \"require_approval\"?")]
    [InlineData(Gate + "deny := \"x\" if input.x", "m0.rego:2:1: one-value: deny has one value here")]
    [InlineData(Gate + "deny contains \"x\" if data.onwers.x", "m0.rego:2:22: unknown-package: nothing provides data.onwers.x")]
    [InlineData(Gate + "deny contains \"x\" if data.gate.preflight.dny[_]", "unknown-rule: package gate.preflight has no dny (did you mean \"deny\"?)")]
    [InlineData(Gate + "import data.lib.x\ndeny contains \"x\" if x", "unknown-package: nothing provides data.lib.x")]
    [InlineData(Gate + "import data.owners\ndeny contains \"x\"", "m0.rego:2:1: unused-import: import data.owners is not used")]
    [InlineData(Gate + "f(x) := x\ndeny contains \"x\"", "m0.rego:2:1: unused-function: nothing calls f")]
    [InlineData(Gate + "deny contains \"x\" if not startswith(input.xs[_], \"a\")", "m0.rego:2:22: negated-wildcard")]
    [InlineData(Gate + "deny contains \"x\" if count(input.xs) != \"1\"", "m0.rego:2:22: mixed-types: neq compares number with string")]
    [InlineData(Gate + "deny contains \"x\" if count(input.xs) > \"1\"", "mixed-types: gt compares number with string")]
    public void a_trap_is_found(string module, string finding) => Assert.Contains(finding, Findings(options, module));

    [Fact]
    public void ordinary_policies_are_left_in_peace() => Assert.Equal("", Findings(
        options,
        Gate + "import data.lib.text\nimport data.owners\ndeny contains text.say(name) if { some name in owners.names; not input.xs[name]; not data.lib.text.ok }\ndefault decision := {}\nhelper if data.gate.preflight.deny",
        "package lib.text\nsay(x) := $\"no {x}\"\nok if every x in input.xs { x != 1 }"));

    [Fact]
    public void input_without_a_schema_is_told_once_a_file() => Assert.Equal(
        "m0.rego:2:22: unchecked-input: references to input are not checked: no schema says what it holds",
        Findings(options with { Compile = new() }, Gate + "deny contains \"x\" if input.x\nwarn contains \"x\" if input.y"));

    [Fact]
    public void unknown_data_is_not_told_where_data_is_not_known() =>
        Assert.Equal("", Findings(options with { DataRoots = null }, Gate + "deny contains \"x\" if data.any.thing"));
}
