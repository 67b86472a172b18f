// The one door for YAML: positions, types of the YAML 1.2 core schema, errors that help.
using CabinCrew.Governance.Yaml;
using CabinCrew.Protocol;
using Xunit;

namespace CabinCrew.Tests.Spec;

public sealed class YamlNodesTests
{
    private static YamlMap Good(string text)
    {
        var read = YamlNodes.Read(text, "x.yaml", ProblemCode.WorkflowFileInvalid);
        Assert.True(read.Ok, read.Problem?.Message);
        return read.Value;
    }

    [Theory]
    [InlineData("on", "\"on\"")]
    [InlineData("yes", "\"yes\"")]
    [InlineData("No", "\"No\"")]
    [InlineData("true", "true")]
    [InlineData("True", "true")]
    [InlineData("\"true\"", "\"true\"")]
    [InlineData("null", "null")]
    [InlineData("~", "null")]
    [InlineData("", "null")]
    [InlineData("42", "42")]
    [InlineData("-7", "-7")]
    [InlineData("0", "0")]
    [InlineData("0x1F", "31")]
    [InlineData("0o17", "15")]
    [InlineData("1.5", "1.5")]
    [InlineData(".5", "0.5")]
    [InlineData("1.", "1")]
    [InlineData("1e3", "1000")]
    [InlineData("12:30:45", "\"12:30:45\"")]
    [InlineData("2024-01-31", "\"2024-01-31\"")]
    [InlineData("1_000", "\"1_000\"")]
    [InlineData("-", "[null]")]
    [InlineData(".", "\".\"")]
    [InlineData("...x", "\"...x\"")]
    [InlineData("9007199254740991", "9007199254740991")]
    [InlineData("'9007199254740993'", "\"9007199254740993\"")]
    [InlineData("[a, 1, {b: c}]", "[\"a\",1,{\"b\":\"c\"}]")]
    [InlineData("|\n  two\n  lines\n", "\"two\\nlines\\n\"")]
    public void Scalars_have_the_types_of_the_core_schema(string yaml, string json)
    {
        var map = Good($"key:{(yaml == "-" ? "\n" : " ")}{yaml}\n");
        Assert.Equal($"{{\"key\":{json}}}", map.ToJson().GetRawText());
    }

    [Theory]
    [InlineData("a: 9007199254740993", 1, 4, "2^53-1")]
    [InlineData("a: 0x20000000000001", 1, 4, "2^53-1")]
    [InlineData("a: 99999999999999999999999999", 1, 4, "2^53-1")]
    [InlineData("a: 1e400", 1, 4, "too large")]
    [InlineData("a: .inf", 1, 4, "JSON")]
    [InlineData("a: .NaN", 1, 4, "JSON")]
    [InlineData("mode: 0755", 1, 7, "leading zero")]
    [InlineData("a: b\n1: c", 2, 1, "a key must be text")]
    [InlineData("- a", 1, 1, "expected a mapping, found a list")]
    [InlineData("", 1, 1, "empty file")]
    [InlineData("# only a comment\n", 1, 1, "empty file")]
    [InlineData("a: b\na: c", 2, 1, "second time (first in line 1)")]
    [InlineData("a: b\n\tc: d", 2, 1, "tab")]
    [InlineData("a:\n\tc: d", 2, 0, "tab")]
    [InlineData("a: [b", 1, 0, "")]
    [InlineData("a: b\n---\nc: d", 2, 1, "second document")]
    [InlineData("%YAML 1.1\n---\na: b", 1, 0, "directives")]
    public void What_two_readers_would_read_differently_is_refused_with_its_place(string yaml, int line, int column, string says)
    {
        var read = YamlNodes.Read(yaml, "x.yaml", ProblemCode.WorkflowFileInvalid);
        Assert.False(read.Ok);
        Assert.Equal(ProblemCode.WorkflowFileInvalid, read.Problem.Code);
        Assert.Contains(says, read.Problem.Message);
        Assert.StartsWith("x.yaml:", read.Problem.Message, StringComparison.Ordinal);
        if (says is "" or "empty file") return;
        Assert.StartsWith(column == 0 ? $"x.yaml:{line}:" : $"x.yaml:{line}:{column}: ", read.Problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Errors_are_collected_with_their_places_and_a_near_match()
    {
        var map = Good("naem: x\ncount: many\nmode: stirct\nlist: {}\n");
        map.TakeText("name", required: true);
        map.TakeInteger("count", 1, 9);
        map.TakeWord("mode", [("strict", 1), ("loose", 2)]);
        map.TakeList("list");
        map.TakeText("wanted", required: true);
        map.Close();
        var lines = map.Errors.ToProblem().Message.Split('\n');
        Assert.Equal(
            [
                "x.yaml:1:1: 'name' is missing: expected text",
                "x.yaml:1:1: 'wanted' is missing: expected text",
                "x.yaml:1:1: unknown key 'naem'; did you mean 'name'?",
                "x.yaml:2:8: 'count': expected a whole number from 1 to 9, found text",
                "x.yaml:3:7: 'mode': expected one of strict, loose, found 'stirct'; did you mean 'strict'?",
                "x.yaml:4:7: 'list': expected a list, found a mapping",
            ],
            lines);
    }

    [Fact]
    public void A_wrong_type_never_shows_the_value()
    {
        var map = Good("token: hunter2-secret\n");
        map.TakeMap("token");
        Assert.DoesNotContain("hunter2", map.Errors.ToProblem().Message);
    }

    [Fact]
    public void A_number_where_text_is_expected_says_to_quote_it()
    {
        var map = Good("name: 2024\n");
        Assert.Null(map.TakeText("name"));
        Assert.Contains("put it in quotes", map.Errors.ToProblem().Message);
    }

    [Fact]
    public void A_byte_order_mark_is_no_part_of_the_text() =>
        Assert.True(YamlNodes.Read(new byte[] { 0xEF, 0xBB, 0xBF, (byte)'a', (byte)':', (byte)' ', (byte)'b' }, "x", ProblemCode.PolicyInvalid).Value.Has("a"));

    [Theory]
    [InlineData("pathes", "paths")]
    [InlineData("dney", "deny")]
    [InlineData("added-lines", "added_lines")]
    [InlineData("zebra", null)]
    public void A_near_match_is_near(string word, string? match) =>
        Assert.Equal(match, NearMatch.Of(word, ["paths", "deny", "added_lines", "allow"]));
}
