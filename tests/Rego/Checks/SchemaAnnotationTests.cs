// What `schemas` annotations say of documents is what rules in their reach are checked by, and none else.
using CabinCrew.Rego.Syntax;

namespace CabinCrew.Rego.Tests.Checks;

public class SchemaAnnotationTests
{
    private const string User = """{"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}}""";

    private static string Errors(string[] modules, bool named = true, RegoSchema? input = null)
    {
        var set = RegoSchemaSet.Parse([(["user"], User), (["lists", "acl-1"], """{"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}}""")]).Value;
        var parsed = modules.Select((text, i) => RegoModule.Parse(text, $"m{i}.rego").Value!);
        return string.Join("\n", RegoProgram.Compile(parsed, new CompileOptions { Schemas = named ? set : null, InputSchema = input }).Errors);
    }

    private static string Rule(string schemas, string rules, string scope = "rule") => $"package t\n\n# METADATA\n# scope: {scope}\n# schemas:\n{string.Concat(schemas.Split('\n').Select(line => $"# - {line}\n"))}{rules}\n";

    [Theory]
    [InlineData("input: schema.user", "p if input.nam == \"x\"", "m0.rego:7:6: rego_type_error: undefined ref: input.nam\n\tinput.nam\n\t      ^\n\t      have: \"nam\"\n\t      want (one of): [\"age\" \"name\"]\n\tdid you mean \"name\"?")]
    [InlineData("input: schema.user", "p if input.age == \"x\"", "m0.rego:7:6: rego_type_error: match error\n\tleft  : number\n\tright : string")]
    [InlineData("input.who: schema.user", "p if input.who.nam", "undefined ref: input.who.nam")]
    [InlineData("data.acl: schema.lists[\"acl-1\"]", "p if data.acl.alice.x == 1", "undefined ref: data.acl.alice.x")]
    [InlineData("data.acl: schema.lists[\"acl-1\"]", "p if data.acl[_][_] == 1", "match error\n\tleft  : string\n\tright : number")]
    [InlineData("input: {type: object, properties: {age: {type: number}}}", "p if startswith(input.age, \"a\")", "startswith: invalid argument(s)\n\thave: (number, string)\n\twant: (search: string, base: string, result: boolean)")]
    [InlineData("input: schema.user\ninput.age: {type: string}", "p if input.age == 1", "match error\n\tleft  : string\n\tright : number")]
    [InlineData("input: schema.usr", "p if input.x", "m0.rego:7:1: rego_type_error: undefined schema: schema.usr")]
    [InlineData("input: {$ref: \"#/nowhere\"}", "p if input.x", "m0.rego:7:1: rego_type_error: schema reference not found: #/nowhere")]
    public void a_rule_is_checked_by_the_schemas_of_its_annotations(string schemas, string rules, string error) => Assert.Contains(error, Errors([Rule(schemas, rules)]));

    [Theory]
    [InlineData("input: schema.user", "p if input.name == \"x\"\nq if input.anything")]
    [InlineData("input.who: schema.user", "p if { input.who.age > 1; input.other.thing }")]
    [InlineData("data.acl: schema.lists[\"acl-1\"]", "p if { data.acl.alice[_] == \"read\"; data.other.x == 1 }")]
    [InlineData("input.a.b: schema.user\ninput.a.c: schema.user", "p if { input.a.b.name; input.a.c.age; input.a.d }")]
    public void what_the_schemas_allow_and_what_they_do_not_speak_of_is_let_through(string schemas, string rules) => Assert.Equal("", Errors([Rule(schemas, rules)]));

    [Fact]
    public void without_a_set_names_do_not_count_and_definitions_do()
    {
        Assert.Equal("", Errors([Rule("input: schema.user", "p if input.nam")], named: false));
        Assert.Contains("undefined ref", Errors([Rule("input: {type: object, properties: {a: {}}}", "p if input.b")], named: false));
    }

    [Fact]
    public void scopes_reach_as_far_as_they_say()
    {
        const string other = "package t\n\nq if input.nam\n";
        Assert.Equal("", Errors([Rule("input: schema.user", "p if input.name"), other]));
        Assert.Contains("m1.rego:3:6", Errors(["# METADATA\n# scope: package\n# schemas:\n# - input: schema.user\npackage t\n\np if input.name\n", other]));
        Assert.Contains("m1.rego:3:6", Errors(["# METADATA\n# scope: subpackages\n# schemas:\n# - input: schema.user\npackage t\n", "package t.inner\n\nq if input.nam\n"]));
        Assert.Contains("m1.rego:3:6", Errors([Rule("input: schema.user", "p if input.name", "document"), "package t\n\np if input.nam\n"]));
    }

    [Fact]
    public void what_is_nearer_to_the_rule_is_more_exact()
    {
        const string package = "# METADATA\n# scope: package\n# schemas:\n# - input: {type: object, properties: {a: {type: string}}}\npackage t\n\n# METADATA\n# schemas:\n# - input.a: {type: number}\np if input.a == 1\n\nq if input.a == 1\n";
        Assert.Equal("m0.rego:12:6: rego_type_error: match error\n\tleft  : string\n\tright : number", Errors([package]));
    }

    [Fact]
    public void beside_the_schema_of_the_input_annotations_add_to_it()
    {
        var input = RegoSchema.Parse("""{"type": "object", "properties": {"body": {}, "kind": {"type": "string"}}}""").Value;
        Assert.Contains("undefined ref: input.body.nam", Errors([Rule("input.body: schema.user", "p if input.body.nam")], input: input));
        Assert.Contains("undefined ref: input.knd", Errors([Rule("input.body: schema.user", "p if input.knd")], input: input));
        Assert.Equal("", Errors([Rule("input.body: schema.user", "p if input.kind == input.body.name")], input: input));
    }
}
