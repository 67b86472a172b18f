// One form for every policy: comments stay, meaning stays, formatting twice changes nothing.
using CabinCrew.Rego.Syntax;

namespace CabinCrew.Rego.Tests.Syntax;

public class FormatterTests
{
    private static void Formats(string text, string wanted, RegoVersion version = RegoVersion.V1)
    {
        text = "package t\n\n" + text;
        wanted = "package t\n\n" + wanted + "\n";
        var once = Read.Format(text, version);
        Assert.Equal(wanted, once);
        Assert.Equal(once, Read.Format(once, version));
        Assert.Equal(Read.Outline(Read.Module(text, version)), Read.Outline(Read.Module(once, version)));
    }

    [Theory]
    [InlineData("p=1", "p := 1")]
    [InlineData("default   p=false", "default p := false")]
    [InlineData("p if { input.x==1 }", "p if input.x == 1")]
    [InlineData("p if {\n  input.x }", "p if {\n\tinput.x\n}")]
    [InlineData("p if { a;b }", "p if {\n\ta\n\tb\n}")]
    [InlineData("p contains x if some x in input[\"xs\"]", "p contains x if some x in input.xs")]
    [InlineData("p := input[\"a b\"][\"if\"].else", "p := input[\"a b\"][\"if\"].else")]
    [InlineData("f(x,_):=x if{x>(1+2)*3}", "f(x, _) := x if x > (1 + 2) * 3")]
    [InlineData("p := (((1-(2-3))))", "p := 1 - (2 - 3)")]
    [InlineData("p := {(a|b)|c}", "p := {(a | b) | c}")]
    [InlineData("p := [(a|b),2]", "p := [(a | b), 2]")]
    [InlineData("p := f((k,v in xs))", "p := f((k, v in xs))")]
    [InlineData("p := {\"a\":1,\n\"b\":2}", "p := {\n\t\"a\": 1,\n\t\"b\": 2,\n}")]
    [InlineData("p := [1,2,\n3]", "p := [\n\t1, 2,\n\t3,\n]")]
    [InlineData("p := [x|\nx:=1]", "p := [x |\n\tx := 1\n]")]
    [InlineData("p := `a\n b`", "p := `a\n b`")]
    [InlineData("p := $\"a { x+1 }\"", "p := $\"a { x+1 }\"")]
    [InlineData("p := 1 if a\nelse:=2 if { b; c }\nelse=3", "p := 1 if a\nelse := 2 if {\n\tb\n\tc\n} else := 3")]
    [InlineData("p if every k,v in {1} {v;k}", "p if every k, v in {1} { v; k }")]
    [InlineData("p if not x with input as 1 with data.y as 2", "p if not x with input as 1 with data.y as 2")]
    [InlineData("p if { {1}=={1} }", "p if {\n\t{1} == {1}\n}")]
    [InlineData("p[x].q := y if { x=1;y=2 }", "p[x].q := y if {\n\tx = 1\n\ty = 2\n}")]
    public void a_rule_has_one_form(string rule, string wanted) => Formats(rule, wanted);

    [Fact]
    public void logic_keeps_its_groups() => Formats(
        "import future.keywords\n\np if (a or b) and not {c;d}\nq if {x:=1;x>0} or ((b))",
        "import future.keywords\n\np if (a or b) and not { c; d }\n\nq if {\n\t{ x := 1; x > 0 } or b\n}".Replace("p if (a or b) and not { c; d }", "p if {\n\t(a or b) and not { c; d }\n}"));

    [Fact]
    public void old_policies_stay_old() => Formats(
        "p[x]{x=1}\nq=y{y=1}else=2{true}",
        "p[x] {\n\tx = 1\n}\n\nq := y {\n\ty = 1\n} else := 2 {\n\ttrue\n}",
        RegoVersion.V0);

    [Fact]
    public void imports_are_sorted_within_their_group() => Formats(
        "import data.b\nimport data.a as z\n\nimport rego.v1\np:=1",
        "import data.a as z\nimport data.b\n\nimport rego.v1\n\np := 1");

    [Fact]
    public void what_cannot_be_moved_stays_as_it_was()
    {
        const string Text = "package t\np := or\nimport future.keywords.or\nq if p or p\n";
        Assert.Equal(Text, Read.Format(Text));
    }

    [Fact]
    public void lines_that_stood_together_stay_together() => Formats("a:=1\nb:=2\n\n\n\nc:=3", "a := 1\nb := 2\n\nc := 3");

    [Fact]
    public void comments_stay_where_they_were() => Formats(
        "#first\n\n# METADATA\n# title: p\np if { # why\n#!x\n a # tail\n\n\n  # last\n} # after\n# end",
        "# first\n\n# METADATA\n# title: p\np if { # why\n\t#!x\n\ta # tail\n\n\t# last\n} # after\n# end");

    [Fact]
    public void comments_in_lists_stay() => Formats(
        "p := [ # open\n1, # one\n# two\n2,\n# close\n]",
        "p := [\n\t# open\n\t1, # one\n\t# two\n\t2,\n\t# close\n]");
}
