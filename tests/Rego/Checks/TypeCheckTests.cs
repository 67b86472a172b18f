// What cannot hold is refused when it is compiled: wrong arguments, equalities of different types, references to what is not there.
using CabinCrew.Rego.Compile.Checks;
using CabinCrew.Rego.Syntax;

namespace CabinCrew.Rego.Tests.Checks;

public class TypeCheckTests
{
    private const string Schema = """
        {
          "type": "object",
          "properties": {
            "user": { "type": "string" },
            "count": { "type": "integer" },
            "artifacts": { "type": "array", "items": { "$ref": "#/$defs/artifact" } },
            "labels": { "type": "object", "additionalProperties": { "type": "string" } },
            "either": { "anyOf": [{ "type": "string" }, { "type": "object", "properties": { "name": { "type": "string" } } }] },
            "free": {}
          },
          "$defs": { "artifact": { "type": "object", "properties": { "path": { "type": "string" }, "lines": { "type": "array", "items": { "type": "number" } } } } }
        }
        """;

    private static string Errors(string rules, string? schema = null)
    {
        var options = new CompileOptions { InputSchema = schema is null ? null : RegoSchema.Parse(schema).Value };
        var result = RegoProgram.Compile([RegoModule.Parse("package t\n" + rules, "t.rego").Value!], options);
        return string.Join("\n", result.Errors);
    }

    [Theory]
    [InlineData("p := concat(\",\", 5)", "t.rego:2:6: rego_type_error: concat: invalid argument(s)\n\thave: (string, number, ???)\n\twant: (delimiter: string, collection: any<array[string], set[string]>, output: string)")]
    [InlineData("p if count(1)", "t.rego:2:6: rego_type_error: count: invalid argument(s)")]
    [InlineData("p if startswith(\"a\", [1])", "t.rego:2:6: rego_type_error: startswith: invalid argument(s)")]
    [InlineData("p if 1 == \"a\"", "t.rego:2:6: rego_type_error: match error\n\tleft  : number\n\tright : string")]
    [InlineData("p if { x := 1; x == \"a\" }", "t.rego:2:16: rego_type_error: match error\n\tleft  : number\n\tright : string")]
    [InlineData("p if { [x, y] := [1]; x; y }", "match error")]
    [InlineData("p if { x := \"a\"; x.y }", "t.rego:2:18: rego_type_error: undefined ref: x.y\n\tx.y\n\t^\n\thave: string")]
    [InlineData("q := {\"abc\": 1}\np if q.abd", "t.rego:3:6: rego_type_error: undefined ref: data.t.q.abd\n\tdata.t.q.abd\n\t         ^\n\t         have: \"abd\"\n\t         want (one of): [\"abc\"]\n\tdid you mean \"abc\"?")]
    [InlineData("q := {\"abc\": 1}\np if q.x", "t.rego:3:6: rego_type_error: undefined ref: data.t.q.x\n\tdata.t.q.x\n\t         ^\n\t         have: \"x\"\n\t         want (one of): [\"abc\"]")]
    [InlineData("f(x) := x + 1\np := f(\"a\")", "t.rego:3:6: rego_type_error: data.t.f: invalid argument(s)\n\thave: (string, ???)\n\twant: (number, number)")]
    [InlineData("f(x) := x + 1\np := f", "undefined ref: data.t.f")]
    [InlineData("q := 1\np if q == \"x\"", "match error\n\tleft  : number\n\tright : string")]
    [InlineData("q contains 1\np if q[\"x\"]", "undefined ref: data.t.q.x")]
    [InlineData("p := [x | x := 1; x == \"a\"]", "match error")]
    [InlineData("p := $\"{count(1)}\"", "count: invalid argument(s)")]
    [InlineData("p if every x in [1] { x == \"a\" }", "match error\n\tleft  : number\n\tright : string")]
    [InlineData("p if { some x in [1]; x == \"a\" }", "match error\n\tleft  : number\n\tright : string")]
    [InlineData("p if not 1 == \"a\"", "match error")]
    [InlineData("import future.keywords.or\np if false or { x := 1; x == \"a\" }", "match error")]
    [InlineData("p if {\"a\": x} = {\"a\": 1, \"b\": 2}", "match error")]
    public void what_cannot_hold_is_refused(string rules, string error) => Assert.Contains(error, Errors(rules));

    [Theory]
    [InlineData("p := concat(\",\")", "t.rego:2:6: rego_type_error: concat: arity mismatch\n\thave: (string, ???)\n\twant: (delimiter: string, collection: any<array[string], set[string]>)")]
    [InlineData("p if { x := 1; count(x, input.y, 2, 3) }", "count: arity mismatch\n\thave: (???, any, number, number)\n\twant: (collection: any<string, array[any], object[any: any], set[any]>)")]
    [InlineData("p if time.now_ns(1, 2)", "time.now_ns: arity mismatch\n\thave: (number, number)\n\twant: ()")]
    [InlineData("f(x) := x\np := f(1, 2)", "t.rego:3:6: rego_type_error: function data.t.f has arity 1, got 2 arguments")]
    [InlineData("f(x, y) := x + y\np := f(1)", "function data.t.f has arity 2, got 1 argument")]
    public void a_wrong_number_of_arguments_is_told_as_opa_tells_it(string rules, string error) => Assert.Contains(error, Errors(rules));

    [Fact]
    public void an_error_fits_on_one_line()
    {
        var error = RegoProgram.Compile([RegoModule.Parse("package t\np if { x := \"a\"; x.y }", "t.rego").Value!]).Errors[0];
        Assert.Equal("t.rego:2:18: rego_type_error: undefined ref: x.y (x.y, have: string)", error.OnOneLine);
    }

    [Theory]
    [InlineData("p if input.x == 1\nq if input.x == \"a\"")]
    [InlineData("f(x) := 1 if x == 1\nf(x) := \"a\" if x == \"b\"\np if f(1) == \"a\"")]
    [InlineData("q[x] := y if { some x, y in input }\nq.a := 1\np if q == {\"b\": \"c\"}")]
    [InlineData("p := json.marshal_with_options([1], {\"indent\": \" \"})")]
    [InlineData("p if data.other[_].x[_] == 1")]
    [InlineData("p if { [x, {\"a\": y}] = input.z; x + 1 == y }")]
    [InlineData("p if { walk(input, [path, value]); path[0] == \"a\"; value == 1 }")]
    [InlineData("p if { x := {1, \"a\"}; x[1]; x[\"a\"] }")]
    [InlineData("p if { x := [1, \"a\"][_]; x == \"a\" }")]
    [InlineData("f([x, _], {\"a\": y}) := x + y\np := f([1, \"z\"], {\"a\": 2})")]
    public void what_may_hold_is_let_through(string rules) => Assert.Equal("", Errors(rules));

    [Theory]
    [InlineData("p if input.artefacts", "t.rego:2:6: rego_type_error: undefined ref: input.artefacts\n")]
    [InlineData("p if input.artifacts[_].pth == \"x\"", "did you mean \"path\"?")]
    [InlineData("p if { some a in input.artifacts; a.zzz }", "undefined ref: a.zzz\n\ta.zzz\n\t  ^\n\t  have: \"zzz\"\n\t  want (one of): [\"lines\" \"path\"]")]
    [InlineData("p if input.user.name", "undefined ref: input.user.name\n\tinput.user.name\n\t^^^^^^^^^^\n\thave: string")]
    [InlineData("p if input.count == \"a\"", "match error\n\tleft  : number\n\tright : string")]
    [InlineData("p if input.labels.x == 1", "match error\n\tleft  : string\n\tright : number")]
    [InlineData("p if input.artifacts.x", "undefined ref: input.artifacts.x")]
    [InlineData("import input.artefacts\np if artefacts[_]", "did you mean \"artifacts\"?")]
    [InlineData("p if input.either.nam", "did you mean \"name\"?")]
    public void input_is_checked_against_its_schema(string rules, string error) => Assert.Contains(error, Errors(rules, Schema));

    [Theory]
    [InlineData("p if input.artifacts[0].lines[_] > 3")]
    [InlineData("p if input.labels[\"any key\"] == \"x\"")]
    [InlineData("p if input.free.what.ever == 1")]
    [InlineData("p if input.either == \"x\"\nq if input.either.name == \"x\"")]
    [InlineData("p if { some k; v := input[k]; is_string(v) }")]
    [InlineData("test_p if { q with input as {\"anything\": 1} }\nq if input.user")]
    public void what_the_schema_allows_is_let_through(string rules) => Assert.Equal("", Errors(rules, Schema));

    [Fact]
    public void a_query_is_checked_too()
    {
        var program = RegoProgram.Compile([RegoModule.Parse("package t\nq := {\"abc\": 1}", "t.rego").Value!]).Value!;
        Assert.Contains("did you mean", program.Prepare("data.t.q.abd").Errors[0].Details);
        Assert.True(program.Prepare("data.t.q.abc").Ok);
    }

    [Theory]
    [InlineData("p if p", "rule data.t.p is recursive: data.t.p -> data.t.p")]
    [InlineData("p if q\nq if r\nr if p", "rule data.t.p is recursive: data.t.p -> data.t.q -> data.t.r -> data.t.p")]
    [InlineData("f(x) := g(x)\ng(x) := f(x)", "rule data.t.f is recursive: data.t.f -> data.t.g -> data.t.f")]
    [InlineData("p if data.t[_]", "is recursive")]
    [InlineData("p if count(data) > 0", "is recursive")]
    [InlineData("p := [x | x := q]\nq := {1 | p}", "is recursive")]
    [InlineData("p if true with data.x as q\nq if p", "is recursive")]
    [InlineData("p if false else := 1 if p", "is recursive")]
    public void recursion_is_refused(string rules, string error) => Assert.Contains("rego_recursion_error: " + (error[0] == 'i' ? "" : error), Errors(rules));

    [Theory]
    [InlineData("p.a if p.b\np.b if true")]
    [InlineData("p.a if p.b\np[x] := 1 if { x := \"b\"; false }\np.b := 2")]
    [InlineData("p := data[2]")]
    [InlineData("p := data[x].other.rule if x := \"a\"")]
    public void what_asks_for_something_else_is_no_recursion(string rules) => Assert.DoesNotContain("recursi", Errors(rules));

    [Fact]
    public void a_long_chain_of_rules_takes_no_stack()
    {
        var rules = string.Concat(Enumerable.Range(0, 20_000).Select(i => $"p{i} if p{i + 1}\n")) + "p20000 := true\n";
        Assert.Equal("", Errors(rules));
        Assert.Contains("rego_recursion_error", Errors(rules + "p20000 if p0\n"));
    }

    [Fact]
    public void deprecated_built_ins_are_refused_in_v1()
    {
        Assert.Contains("deprecated built-in function calls in expression: any", Errors("p if any([true])"));
        var old = RegoModule.Parse("package t\np { any([true]) }", "t.rego", new ParseOptions { Version = RegoVersion.V0 }).Value!;
        Assert.True(RegoProgram.Compile([old]).Ok);
    }

    [Theory]
    [InlineData("{", "not JSON")]
    [InlineData("{\"$ref\": \"#/nowhere\"}", "schema reference not found: #/nowhere")]
    public void a_schema_that_cannot_be_read_is_told(string schema, string problem) => Assert.Contains(problem, RegoSchema.Parse(schema).Errors[0].Message);

    [Theory]
    [InlineData("{\"$ref\": \"#\"}", "any")]
    [InlineData("{\"type\": \"object\", \"properties\": {\"a\": {\"$ref\": \"#\"}}}", "object<a: object<a: any>>")]
    [InlineData("{\"type\": [\"string\", \"null\"]}", "any<null, string>")]
    [InlineData("{\"enum\": [\"a\", \"b\", 1]}", "any<number, string>")]
    [InlineData("{\"type\": \"object\"}", "object[string: any]")]
    [InlineData("{\"type\": \"array\", \"prefixItems\": [{\"type\": \"string\"}], \"items\": false}", "array<string>")]
    [InlineData("{\"allOf\": [{\"properties\": {\"a\": {\"type\": \"string\"}}}, {\"properties\": {\"b\": {\"const\": 1}}}]}", "object<a: string, b: number>")]
    public void schemas_become_types(string schema, string type) => Assert.Equal(type, RegoSchema.Parse(schema).Value!.ToString());

    [Theory]
    [InlineData("artefacts", "artifacts")]
    [InlineData("usre", "user")]
    [InlineData("zzz", null)]
    [InlineData("a", null)]
    public void the_nearest_name_is_offered(string name, string? near) => Assert.Equal(near, NearMatch.Of(name, ["user", "artifacts", "count"]));
}
