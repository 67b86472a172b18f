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

    private static string Typed(string rules)
    {
        const string schema = """
            {
              "type": "object", "required": ["user", "changes", "sets", "free"],
              "properties": {
                "user": {"type": "string"}, "note": {"type": "string"}, "tags": {"type": "array", "items": {"type": "string"}}, "sets": {"type": "array"}, "free": {},
                "who": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}, "team": {"type": "string"}}},
                "changes": {"type": "array", "items": {"type": "object", "required": ["path"], "properties": {"path": {"type": "string"}, "mode": {"type": "string"}}}}
              }
            }
            """;
        var typed = options with { Compile = new() { InputSchema = RegoSchema.Parse(schema).Value } };
        return Findings(typed, Gate + rules);
    }

    [Theory]
    [InlineData("deny contains \"x\" if not input.note == \"a\"", "m0.rego:2:26: negated-undefined: this holds where input.note is undefined, too")]
    [InlineData("deny contains \"x\" if not \"a\" == input.who.team", "this holds where input.who.team is undefined, too")]
    [InlineData("deny contains \"x\" if not input.note = \"a\"", "this holds where input.note is undefined, too")]
    [InlineData("deny contains \"x\" if not startswith(input.note, \"a\")", "negated-undefined: this does not hold where input.note is undefined")]
    [InlineData("deny contains \"x\" if not f(input.who.name)\nf(x) if x == \"a\"", "this does not hold where input.who.name is undefined")]
    [InlineData("deny contains \"x\" if { some c in input.changes; not c.mode == \"a\" }", "this holds where c.mode is undefined, too")]
    [InlineData("deny contains \"x\" if count(input.tags) == 0", "m0.rego:2:22: count-undefined: where input.tags is undefined this does not hold")]
    [InlineData("deny contains \"x\" if count(input.tags) < 1", "count-undefined")]
    [InlineData("deny contains \"x\" if { sprintf(\"%s\", [input.user]); input.user == \"a\" }", "m0.rego:2:24: unused-result: nobody looks at what sprintf answers")]
    [InlineData("deny contains \"x\" if first == \"a\"\nfirst := input.changes[_].path", "m0.rego:3:1: top-level-iteration: first has one value, and input.changes[_].path may have several")]
    [InlineData("deny contains \"x\" if count == 1\ncount := 1", "m0.rego:3:1: shadowed-built-in")]
    public void what_turns_out_otherwise_than_it_reads_is_told(string rules, string finding) => Assert.Contains(finding, Typed(rules));

    [Theory]
    [InlineData("deny contains \"x\" if not input.user == \"a\"")]
    [InlineData("deny contains \"x\" if input.note != \"a\"")]
    [InlineData("deny contains \"x\" if not input.note")]
    [InlineData("deny contains \"x\" if { some c in input.changes; not startswith(c.path, \"a\") }")]
    [InlineData("deny contains \"x\" if not startswith(object.get(input, \"note\", \"\"), \"a\")")]
    [InlineData("deny contains \"x\" if not input.free.what == 1")]
    [InlineData("deny contains \"x\" if not allowed == 1\nallowed := 1 if input.note")]
    [InlineData("deny contains \"x\" if count(input.sets) == 0")]
    [InlineData("deny contains \"x\" if count(input.tags) > 0")]
    [InlineData("deny contains \"x\" if { print(\"a\"); trace(\"b\"); startswith(input.user, \"a\") }")]
    [InlineData("deny contains \"x\" if first == \"a\"\nfirst := [c.path | some c in input.changes]")]
    [InlineData("deny contains \"x\" if { walk(input.free, [[\"a\"], 1]) }")]
    public void what_is_meant_as_it_reads_is_left_in_peace(string rules) => Assert.Equal("", Typed(rules));
}
