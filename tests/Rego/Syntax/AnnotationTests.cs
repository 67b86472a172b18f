// Metadata blocks: found, read, tied to what they describe, refused where they are wrong, and asked for by rules.
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Syntax.Metadata;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Tests.Syntax;

public class AnnotationTests
{
    private const string Described = """
        # METADATA
        # title: All about it
        # scope: subpackages
        # organizations: [Acme, "B & C"]
        package a.b

        # An ordinary comment.
        # METADATA
        # title: 'The rule'
        # description: |
        #   Two
        #   lines
        # entrypoint: false
        # authors:
        # - Jane Doe <jane@example.com>
        # - name: John
        # related_resources:
        # - https://example.com/x
        # - ref: https://example.com/y
        #   description: More
        # schemas:
        # - input: schema.input
        # - data.x: {type: object}
        # custom:
        #   severity: 3
        #   tags:
        #     - x
        #     - "y"
        p := rego.metadata.rule()
        q := rego.metadata.chain()
        """;

    [Fact]
    public void a_block_is_tied_to_what_stands_below_it()
    {
        var module = Read.Module(Described);
        Assert.Equal([AnnotationScope.Subpackages, AnnotationScope.Rule], module.Annotations.Select(a => a.Scope));
        Assert.Same(module.Package, module.Annotations[0].Target);
        Assert.Same(module.Rules[0], module.Annotations[1].Target);
        Assert.Equal(("The rule", "Two\nlines\n"), (module.Annotations[1].Title, module.Annotations[1].Description));
    }

    [Fact]
    public void fields_come_in_one_form() => Assert.Equal(
        Value.FromJson("""
            {"scope": "rule", "title": "The rule", "description": "Two\nlines\n",
             "authors": [{"name": "Jane Doe", "email": "jane@example.com"}, {"name": "John"}],
             "related_resources": [{"ref": "https://example.com/x"}, {"ref": "https://example.com/y", "description": "More"}],
             "schemas": [{"path": ["input"], "schema": ["schema", "input"]}, {"path": ["data", "x"], "definition": {"type": "object"}}],
             "custom": {"severity": 3, "tags": ["x", "y"]}}
            """),
        Read.Module(Described).Annotations[1].Document);

    [Fact]
    public void rules_ask_for_their_own_and_for_those_around_them()
    {
        var program = RegoProgram.Compile([Read.Module(Described)]).Value!;
        Assert.Equal("\"The rule\"", Ask(program, "data.a.b.p.title"));
        Assert.Equal("[{\"path\": [\"a\", \"b\", \"q\"]}, {\"annotations\": {\"organizations\": [\"Acme\", \"B & C\"], \"scope\": \"subpackages\", \"title\": \"All about it\"}, \"path\": [\"a\", \"b\"]}]", Ask(program, "data.a.b.q"));
    }

    private static string Ask(RegoProgram program, string query) => program.Prepare(query).Value!.Evaluate(null, null).Value!.ToString();

    [Theory]
    [InlineData("# METADATA\npackage a", "1:1: rego_parse_error: expected METADATA block, found whitespace")]
    [InlineData("package a\n# METADATA\n# title: x\nimport data.x\np := 1", "2:1: rego_parse_error: invalid annotation scope 'import'. Use one of 'rule', 'document', 'package', or 'subpackages'")]
    [InlineData("package a\n# METADATA\n# scope: package\np := 1", "annotation scope 'package' must be applied to package (have rule)")]
    [InlineData("package a\n# METADATA\n# scope: rule\n", "annotation scope 'rule' must be applied to rule")]
    [InlineData("package a\n# METADATA\n# scope: nowhere\np := 1", "invalid annotation scope 'nowhere'")]
    [InlineData("package a\n# METADATA\n# scope: rule\n# entrypoint: true\np := 1", "annotation entrypoint applied to non-document or package scope 'rule'")]
    [InlineData("package a\n# METADATA\n# title: [x\np := 1", "2:1: rego_parse_error: yaml: line")]
    [InlineData("package a\n# METADATA\n# - x\np := 1", "yaml: unmarshal errors")]
    [InlineData("package a\n# METADATA\n# authors: x\np := 1", "cannot unmarshal authors")]
    [InlineData("package a\n# METADATA\n# authors: [\"\"]\np := 1", "author is an empty string")]
    [InlineData("package a\n# METADATA\n# related_resources: [{description: x}]\np := 1", "'ref' value required in object")]
    [InlineData("package a\n# METADATA\n# schemas: [{input: x.y}]\np := 1", "invalid schema reference")]
    public void a_wrong_block_is_refused(string text, string error) => Assert.Contains(error, Read.Error(text));

    [Fact]
    public void a_document_described_twice_is_refused() => Assert.Contains(
        "package annotation redeclared: m0.rego:1:1",
        RegoProgram.Compile([.. Enumerable.Range(0, 2).Select(i => RegoModule.Parse("# METADATA\n# title: x\npackage a\n", $"m{i}.rego").Value!)]).Errors[0].Message);

    [Theory]
    [InlineData("a: 1\nb: x y\nc: true", "{\"a\": 1, \"b\": \"x y\", \"c\": true}")]
    [InlineData("a:\n- 1\n- b: 2\n  c: 3\n- - x", "{\"a\": [1, {\"b\": 2, \"c\": 3}, [\"x\"]]}")]
    [InlineData("a:\n  b:\n    c: \"q\" # why\nd:", "{\"a\": {\"b\": {\"c\": \"q\"}}, \"d\": null}")]
    [InlineData("a: >-\n  one\n  two\n\n  three\nb: |\n  x\n   y\n", "{\"a\": \"one two\\nthree\", \"b\": \"x\\n y\\n\"}")]
    [InlineData("a: it's\nb: 'x'\nc: a:b", "{\"a\": \"it's\", \"b\": \"x\", \"c\": \"a:b\"}")]
    public void plain_yaml_is_read_as_yaml(string text, string json)
    {
        Assert.Equal(Value.FromJson(json), PlainYaml.Read(text));
        Assert.Equal(Value.FromJson(json), FullYaml.Read(text, out _));
    }

    [Theory]
    [InlineData("a: [x]")]
    [InlineData("a: &x 1")]
    [InlineData("a: one\n  two")]
    [InlineData("a: 2024-01-01")]
    [InlineData("a: 0x10")]
    [InlineData("a: 1.5")]
    [InlineData("a: \"\\n\"")]
    [InlineData("a: 1\na: 2")]
    [InlineData("? x")]
    [InlineData("a: !!str 1")]
    [InlineData("a: b: c")]
    [InlineData("a\n")]
    public void what_is_not_plain_is_left_to_the_full_reader(string text) => Assert.Null(PlainYaml.Read(text));

    [Fact]
    public void a_block_that_explodes_is_refused()
    {
        var text = "a: &a [x, x, x, x, x, x, x, x, x]\n" + string.Concat(Enumerable.Range(0, 8).Select(i => $"{(char)('b' + i)}: &{(char)('b' + i)} [{string.Join(", ", Enumerable.Repeat("*" + (char)('a' + i), 9))}]\n"));
        Assert.Null(FullYaml.Read(text, out var problem));
        Assert.Contains("aliasing", problem);
    }
}
