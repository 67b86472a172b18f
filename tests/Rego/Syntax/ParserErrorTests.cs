// What cannot be read is refused with OPA's words and the right place.
using CabinCrew.Rego.Syntax;

namespace CabinCrew.Rego.Tests.Syntax;

public class ParserErrorTests
{
    [Theory]
    [InlineData("", "rego_parse_error: empty module")]
    [InlineData("p := 1", "t.rego:1:1: rego_parse_error: package expected")]
    [InlineData("package a\npackage b", "t.rego:2:1: rego_parse_error: unexpected package")]
    [InlineData("package a\nfoo", "t.rego:2:1: rego_parse_error: var cannot be used for rule name")]
    [InlineData("package a\ninput", "t.rego:2:1: rego_parse_error: var cannot be used for rule name")]
    [InlineData("package a\n[1]", "t.rego:2:1: rego_parse_error: array cannot be used for rule name")]
    [InlineData("package a\nnot x", "t.rego:2:1: rego_parse_error: negated expressions cannot be used for rule head")]
    [InlineData("package a\n1 == 1", "t.rego:2:1: rego_parse_error: rule name conflicts with built-in function")]
    [InlineData("package a\np := 1; q := 2", "t.rego:2:7: rego_parse_error: multiple expressions cannot be used for rule head")]
    [InlineData("package a\np := 1 with input as 2", "t.rego:2:8: rego_parse_error: expressions using with keyword cannot be used for rule head")]
    [InlineData("package a\np if { x := }", "t.rego:2:13: rego_parse_error: unexpected } token")]
    [InlineData("package a\np if { }", "t.rego:2:8: rego_parse_error: found empty body")]
    [InlineData("package a\np if { x := 1 y := 2 }", "t.rego:2:15: rego_parse_error: unexpected identifier token: expected \\n or ; or }")]
    [InlineData("package a\np := \"abc", "t.rego:2:6: rego_parse_error: non-terminated string")]
    [InlineData("package a\np := `abc", "t.rego:2:6: rego_parse_error: non-terminated string")]
    [InlineData("package a\np := \"\\x\"", "t.rego:2:6: rego_parse_error: illegal escape sequence")]
    [InlineData("package a\np := \"\\uZZZZ\"", "t.rego:2:6: rego_parse_error: illegal string literal: \"\\uZZZZ\"")]
    [InlineData("package a\np := 01", "t.rego:2:6: rego_parse_error: unexpected number token: expected number without leading zero")]
    [InlineData("package a\np := 1.", "t.rego:2:6: rego_parse_error: expected fraction")]
    [InlineData("package a\np := 1e", "t.rego:2:6: rego_parse_error: expected exponent")]
    [InlineData("package a\np := 1a", "t.rego:2:6: rego_parse_error: illegal number format")]
    [InlineData("package a\np := 1e1000000", "t.rego:2:6: rego_parse_error: number too big")]
    [InlineData("package a\np := -x", "t.rego:2:7: rego_parse_error: unexpected identifier token: expected number")]
    [InlineData("package a\np := @", "t.rego:2:6: rego_parse_error: illegal token")]
    [InlineData("package a\np := !x", "t.rego:2:6: rego_parse_error: illegal ! character")]
    [InlineData("package a\np := $x", "t.rego:2:6: rego_parse_error: illegal $ character")]
    [InlineData("package a\np := \"a\0b\"", "t.rego:2:6: rego_parse_error: illegal null character")]
    [InlineData("package a\np := {\"a\": 1 2}", "t.rego:2:14: rego_parse_error: unexpected number token: non-terminated object")]
    [InlineData("package a\np := {1 2}", "t.rego:2:9: rego_parse_error: unexpected number token: non-terminated set")]
    [InlineData("package a\np := [1 2]", "t.rego:2:9: rego_parse_error: unexpected number token: expected \",\" or \"]\"")]
    [InlineData("package a\np := (1", "t.rego:2:8: rego_parse_error: non-terminated expression")]
    [InlineData("package a\np := x.[0]", "t.rego:2:8: rego_parse_error: unexpected [ token: expected identifier")]
    [InlineData("package a\np := \"a\"[0]", "t.rego:2:6: rego_parse_error: illegal ref (head cannot be string)")]
    [InlineData("package a\nimport foo.bar", "t.rego:2:8: rego_parse_error: unexpected import path, must begin with one of: {data, future, input, rego}, got: foo (hint: if this is unexpected, try updating OPA)")]
    [InlineData("package a\nimport data.if", "t.rego:2:13: rego_parse_error: unexpected import path, must not end with a keyword, got: if (hint: import a different path or use an alias)")]
    [InlineData("package a\nimport data.a as 1", "t.rego:2:18: rego_parse_error: unexpected number token: expected var")]
    [InlineData("package a\nimport future.x", "t.rego:2:8: rego_parse_error: invalid import, must be `future.keywords`")]
    [InlineData("package a\nimport future.keywords.x", "t.rego:2:8: rego_parse_error: unexpected keyword, must be one of [and contains every if in not or]")]
    [InlineData("package a\nimport rego.v9", "t.rego:2:8: rego_parse_error: invalid import `rego.v9`, must be `rego.v1`")]
    [InlineData("package a[x]", "t.rego:1:11: rego_parse_error: unexpected var token: expecting string")]
    [InlineData("package a\ndefault p := x", "t.rego:2:1: rego_parse_error: illegal default rule (value cannot contain var)")]
    [InlineData("package a\ndefault p := [input.x]", "t.rego:2:1: rego_parse_error: illegal default rule (value cannot contain ref)")]
    [InlineData("package a\ndefault p := 1 + 2", "t.rego:2:1: rego_parse_error: illegal default rule (value cannot contain call)")]
    [InlineData("package a\ndefault p", "t.rego:2:1: rego_parse_error: illegal default rule (must have a value)")]
    [InlineData("package a\ndefault f(x, x) := 1", "t.rego:2:1: rego_parse_error: illegal default rule (arguments cannot be repeated x)")]
    [InlineData("package a\ndefault f(1) := 1", "t.rego:2:1: rego_parse_error: illegal default rule (arguments cannot contain number)")]
    [InlineData("package a\np contains x if { x } else := 3", "t.rego:2:23: rego_parse_error: else keyword cannot be used on multi-value rules")]
    [InlineData("package a\np[x] := 1 if { x } else := 3", "t.rego:2:20: rego_parse_error: else keyword cannot be used on rules with variables in head")]
    [InlineData("package a\np if { x } else := 3 { y } { z }", "t.rego:2:28: rego_parse_error: expected else keyword")]
    [InlineData("package a\nf(x) contains 1", "t.rego:2:6: rego_parse_error: unexpected contains keyword: the contains keyword can only be used with multi-value rule definitions (e.g., f contains <VALUE> { ... })")]
    [InlineData("package a\np if { not some x in [1] }", "t.rego:2:12: rego_parse_error: unexpected some keyword: illegal negation of 'some'")]
    [InlineData("package a\np if { some x + 1 }", "t.rego:2:19: rego_parse_error: unexpected } token: expected `x in xs` or `x, y in xs` expression")]
    [InlineData("package a\np if { every x { x } }", "t.rego:2:16: rego_parse_error: unexpected { token: expected `x[, y] in xs { ... }` expression")]
    [InlineData("package a\np if { every x in [1] }", "t.rego:2:23: rego_parse_error: unexpected } token: missing body")]
    [InlineData("package a\np if { true with x + 1 as 2 }", "t.rego:2:20: rego_parse_error: unexpected plus token: expected as keyword")]
    [InlineData("package a\np := $\"{x := 1}\"", "t.rego:2:9: rego_parse_error: unexpected assignment (':=') in template-string expression")]
    [InlineData("package a\np := $\"{not x}\"", "t.rego:2:9: rego_parse_error: unexpected negation ('not') in template-string expression")]
    [InlineData("package a\np := $\"{x", "t.rego:2:10: rego_parse_error: expected } to end template string expression")]
    [InlineData("package a\np := 😀", "t.rego:2:6: rego_parse_error: illegal token")]
    [InlineData("package a\np := [\"😀\", !]", "t.rego:2:12: rego_parse_error: illegal ! character")]
    public void a_module_that_cannot_be_read_is_refused(string text, string error) => Assert.Equal(error, Read.Error(text));

    [Theory]
    [InlineData("p { true }", "`if` keyword is required before rule body")]
    [InlineData("f(x) { x }", "`if` keyword is required before function body")]
    [InlineData("p[\"x\"]", "`contains` keyword is required for partial set rules")]
    [InlineData("p.q.r", "rule must have value assignment and/or body declaration")]
    [InlineData("f(x)", "function must have value assignment and/or body declaration")]
    public void v1_asks_for_its_keywords(string rule, string message)
    {
        Assert.EndsWith(message, Read.Error("package t\n" + rule));
        Assert.EndsWith(message, Read.Error("package t\nimport rego.v1\n" + rule, RegoVersion.V0));
        Assert.Equal("ok", Read.Error("package t\n" + rule, RegoVersion.V0));
    }

    [Fact]
    public void all_rules_that_lack_a_keyword_are_told() =>
        Assert.Equal(2, RegoModule.Parse("package t\np { true }\nq { true }", "t.rego").Errors.Count);

    [Fact]
    public void v0_hints_at_the_keyword_that_is_missing() => Assert.EndsWith(
        "expected \\n or ; or } (hint: `import future.keywords.in` for `some x in xs` expressions)",
        Read.Error("package t\np { some x in [1] }", RegoVersion.V0));

    [Theory]
    [InlineData("a with input as 1 or b")]
    [InlineData("a or b with input as 1 or c")]
    [InlineData("not (a or b)")]
    public void logic_that_reads_two_ways_is_refused(string query) =>
        Assert.False(RegoQuery.Parse(query, new ParseOptions { FutureKeywords = ["or"] }).Ok);
}
