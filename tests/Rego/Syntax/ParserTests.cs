// What is read, feature by feature.
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Tests.Syntax;

public class ParserTests
{
    [Theory]
    [InlineData("1 + 2 * 3", "(+ 1 (* 2 3))")]
    [InlineData("1 - 2 - 3", "(- (- 1 2) 3)")]
    [InlineData("(1 - 2) % 3", "(% (- 1 2) 3)")]
    [InlineData("a | b & c - d", "(| a (& b (- c d)))")]
    [InlineData("a + 1 == b | c", "(== (+ a 1) (| b c))")]
    [InlineData("a == b != c", "(!= (== a b) c)")]
    [InlineData("a < b in c", "(in (< a b) c)")]
    [InlineData("a in b in c", "(in (in a b) c)")]
    [InlineData("k, v in xs", "(in k v xs)")]
    [InlineData("f(a, b in c)", "(f a (in b c))")]
    [InlineData("f((a, b in c))", "(f (in a b c))")]
    [InlineData("-1 - -1", "(- -1 -1)")]
    [InlineData(".5 + - 2", "(+ 0.5 -2)")]
    [InlineData("a -1", "(- a 1)")]
    public void operators_bind_as_in_opa(string text, string tree) => Assert.Equal(tree, Read.Tree(text));

    [Theory]
    [InlineData("input", "input")]
    [InlineData("data.a[\"b c\"][0].d", "data[\"a\"][\"b c\"][0][\"d\"]")]
    [InlineData("x[_][y]", "x[_][y]")]
    [InlineData("[1, 2][0]", "[1, 2][0]")]
    [InlineData("f(x).y[0]", "(f x)[\"y\"][0]")]
    [InlineData("io.jwt.decode(x)[1]", "(io.jwt.decode x)[1]")]
    [InlineData("{\"a\": 1}.a", "object[\"a\": 1][\"a\"]")]
    [InlineData("data.if.not.every", "data[\"if\"][\"not\"][\"every\"]")]
    [InlineData("some.x", "some[\"x\"]")]
    [InlineData("not.x", "not[\"x\"]")]
    [InlineData("x[a, b in c]", "x[(in a b c)]")]
    public void references_follow_without_a_blank(string text, string tree) => Assert.Equal(tree, Read.Tree(text));

    [Theory]
    [InlineData("[]", "[]")]
    [InlineData("[1, \"a\", null, true, ]", "[1, \"a\", null, true]")]
    [InlineData("{}", "object[]")]
    [InlineData("set()", "set[]")]
    [InlineData("{1, 2, }", "set[1, 2]")]
    [InlineData("{\"a\": {\"b\": 1}, x: y, }", "object[\"a\": object[\"b\": 1], x: y]")]
    [InlineData("[a | b]", "[a | 1]")]
    [InlineData("[a | b, c]", "[(| a b), c]")]
    [InlineData("[a | b; c]", "[a | 2]")]
    [InlineData("{a | b == c}", "set[a | 1]")]
    [InlineData("{a | b, c}", "set[(| a b), c]")]
    [InlineData("{(a | b) | c}", "set[(| a b) | 1]")]
    [InlineData("{a: b | c}", "object[a: b | 1]")]
    [InlineData("{a: b | c, d: e}", "object[a: (| b c), d: e]")]
    [InlineData("{a + 1: b + 1, c: d}", "object[(+ a 1): (+ b 1), c: d]")]
    [InlineData("[[x | y] | z]", "[[x | 1] | 1]")]
    [InlineData("[{x | y} | z, w]", "[(| set[x | 1] z), w]")]
    public void collections_and_comprehensions_are_told_apart(string text, string tree) => Assert.Equal(tree, Read.Tree(text));

    [Theory]
    [InlineData("\"a\\n\\\"\\u0041\\ud83d\\ude00/\"", "a\n\"A😀/")]
    [InlineData("\"\\ud83d\"", "\uFFFD")]
    [InlineData("`a\\n\"`", "a\\n\"")]
    [InlineData("`two\nlines`", "two\nlines")]
    [InlineData("\"\"", "")]
    public void strings_resolve_their_escapes(string text, string value) => Assert.Equal(value, Read.Text(((TermExpr)Read.Expression(text)).Term));

    [Theory]
    [InlineData("12345678901234567890123", "12345678901234567890123")]
    [InlineData("1.50", "1.50")]
    [InlineData("0e5", "0e5")]
    public void numbers_keep_their_text(string text, string value) =>
        Assert.Equal(value, Assert.IsType<NumberValue>(Assert.IsType<ScalarTerm>(((TermExpr)Read.Expression(text)).Term).Value).Text);

    [Fact]
    public void a_template_has_text_and_expressions()
    {
        var template = Assert.IsType<TemplateTerm>(((TermExpr)Read.Expression("$\"a\\{b} {x} {$\"{y}!\"}{{1}}\"")).Term);
        Assert.Equal(["a{b} ", null, " ", null, null], template.Parts.Select(part => part.Text));
        Assert.IsType<TemplateTerm>(template.Parts[3].Expression!.Term);
        Assert.IsType<SetTerm>(template.Parts[4].Expression!.Term);
    }

    [Fact]
    public void a_raw_template_spans_lines_and_keeps_backslashes()
    {
        var template = Assert.IsType<TemplateTerm>(((TermExpr)Read.Expression("$`a\\n\n\\{{x}`")).Term);
        Assert.True(template.IsRaw);
        Assert.Equal("a\\n\n{", template.Parts[0].Text);
        Assert.Equal(2, template.Parts.Length);
    }

    [Theory]
    [InlineData("p := 1", "p", RuleKind.SingleValue, null, "1")]
    [InlineData("p = 1", "p", RuleKind.SingleValue, null, "1")]
    [InlineData("p if true", "p", RuleKind.SingleValue, null, "true")]
    [InlineData("p.q.r := 1", "p[\"q\"][\"r\"]", RuleKind.SingleValue, null, "1")]
    [InlineData("p[x] := y if x = y", "p[x]", RuleKind.SingleValue, null, "y")]
    [InlineData("p[x].q if x = 1", "p[x][\"q\"]", RuleKind.SingleValue, null, "true")]
    [InlineData("p contains 1", "p", RuleKind.MultiValue, "1", null)]
    [InlineData("p.q contains x if x = 1", "p[\"q\"]", RuleKind.MultiValue, "x", null)]
    [InlineData("p[y] contains x if { x = 1; y = 2 }", "p[y]", RuleKind.MultiValue, "x", null)]
    [InlineData("p [\"a b\"] := 1", "p[\"a b\"]", RuleKind.SingleValue, null, "1")]
    [InlineData("if.foo := 1", "if[\"foo\"]", RuleKind.SingleValue, null, "1")]
    [InlineData("contains := 1", "contains", RuleKind.SingleValue, null, "1")]
    public void heads_come_in_one_form(string rule, string reference, object kind, string? key, string? value)
    {
        var head = Assert.Single(Read.Rules(rule).Rules).Head;
        Assert.Equal(reference, Read.Tree(head.Reference));
        Assert.Equal(kind, head.Kind);
        Assert.Equal(key, head.Key is null ? null : Read.Tree(head.Key));
        Assert.Equal(value, head.Value is null ? null : Read.Tree(head.Value));
    }

    [Theory]
    [InlineData("p[x] { x = 1 }", "p", RuleKind.MultiValue, "x")]
    [InlineData("p[\"a\"]", "p", RuleKind.MultiValue, "\"a\"")]
    [InlineData("p.a { true }", "p", RuleKind.MultiValue, "\"a\"")]
    [InlineData("p[x] = y { x = y }", "p[x]", RuleKind.SingleValue, null)]
    [InlineData("p.q[x] { x = 1 }", "p[\"q\"][x]", RuleKind.SingleValue, null)]
    public void old_heads_mean_what_they_meant(string rule, string reference, object kind, string? key)
    {
        var head = Assert.Single(Read.Rules(rule, RegoVersion.V0).Rules).Head;
        Assert.Equal((reference, kind, key), (Read.Tree(head.Reference), head.Kind, head.Key is null ? null : Read.Tree(head.Key)));
    }

    [Fact]
    public void functions_have_arguments_and_defaults()
    {
        var rules = Read.Rules("default f(_, x) := 0\nf(1, [x, _]) := x if x > 1\ndata_.g(x)\tif x").Rules;
        Assert.True(rules[0].IsDefault);
        Assert.Equal([2, 2, 1], rules.Select(rule => rule.Head.Arguments.Length));
        Assert.Equal("data_[\"g\"]", Read.Tree(rules[2].Head.Reference));
    }

    [Fact]
    public void else_branches_are_linked_in_order()
    {
        var rule = Assert.Single(Read.Rules("p := 1 if { false } else := 2 if false\nelse := 3").Rules);
        Assert.Equal("2", Read.Tree(rule.Else!.Head.Value!));
        Assert.Equal("3", Read.Tree(rule.Else.Else!.Head.Value!));
        Assert.True(rule.Else.Else.HasGeneratedBody);
        Assert.Null(rule.Else.Else.Else);
    }

    [Fact]
    public void chained_bodies_are_rules_of_their_own()
    {
        var rules = Read.Rules("p = 1 { a } { b; c }", RegoVersion.V0).Rules;
        Assert.Equal([1, 2], rules.Select(rule => rule.Body.Expressions.Length));
        Assert.All(rules, rule => Assert.Equal("1", Read.Tree(rule.Head.Value!)));
    }

    [Theory]
    [InlineData("p if {\"a\": 1}", typeof(ObjectTerm))]
    [InlineData("p if {x | x := 1}", typeof(SetComprehension))]
    [InlineData("p if { x }", typeof(VarTerm))]
    [InlineData("p if {1} == {1}", typeof(CallTerm))]
    public void braces_after_if_are_a_body_unless_they_read_as_more_than_a_set(string rule, Type term) =>
        Assert.IsType(term, Assert.IsType<TermExpr>(Read.Rules(rule).Rules[0].Body.Expressions[0]).Term);

    [Fact]
    public void expressions_of_every_kind_are_read()
    {
        const string Body = """
            some x, y
            some k, {"a": v} in xs with input as 1
            every i, e in xs { e > i; true }
            not x == y
            x = [y, _]
            z := input.a with input.b as c with count as f
            x > 1; y
            assign(w, 1)
            """;
        var kinds = Read.Rules($"p if {{\n{Body}\n}}").Rules[0].Body.Expressions.Select(e => e.GetType().Name);
        Assert.Equal(["SomeExpr", "SomeInExpr", "EveryExpr", "NotExpr", "UnifyExpr", "AssignExpr", "TermExpr", "TermExpr", "AssignExpr"], kinds);
    }

    [Fact]
    public void wildcards_are_told_apart()
    {
        var array = Assert.IsType<ArrayTerm>(((TermExpr)Read.Expression("[_, _]")).Term);
        Assert.NotEqual(((VarTerm)array.Items[0]).Name, ((VarTerm)array.Items[1]).Name);
    }

    [Theory]
    [InlineData("a and b or c", "((a and b) or c)")]
    [InlineData("a or b and c or d", "((a or (b and c)) or d)")]
    [InlineData("a and (b or c)", "(a and <(b or c)>)")]
    [InlineData("(a or b) and c", "(<(a or b)> and c)")]
    [InlineData("((a or b))", "(a or b)")]
    [InlineData("not a and b", "(not a and b)")]
    [InlineData("{ x := 1; x > 0 } or { a and b }", "({2} or {1})")]
    [InlineData("a == 1 or b in {1} and f(c)", "(== or (in and f))")]
    [InlineData("{1} == a or b", "(== or b)")]
    [InlineData("not (a or b)", "not <(a or b)>")]
    [InlineData("not { a; b }", "not {2}")]
    [InlineData("(a + b) == c and d", "(== and d)")]
    [InlineData("or({1}, {2}) == x", "==")]
    public void logic_is_read_by_precedence(string text, string tree) => Assert.Equal(tree, Logic(Read.Expression(text, "and", "or", "not", "in")));

    private static string Logic(Expr expression) => expression switch
    {
        LogicalExpr e => $"({Operand(e.Left)} {(e.IsOr ? "or" : "and")} {Operand(e.Right)})",
        NotExpr { Form: NotForm.Explicit } e => $"not {{{e.Body.Expressions.Length}}}",
        NotExpr { Form: NotForm.Group } e => $"not <{Logic(e.Body.Expressions[0])}>",
        NotExpr e => "not " + Logic(e.Body.Expressions[0]),
        TermExpr { Term: CallTerm call } => call.Operator.Span.Text,
        TermExpr e => Read.Tree(e.Term),
        _ => expression.GetType().Name,
    };

    private static string Operand(LogicalOperand operand) => operand.Form switch
    {
        OperandForm.Explicit => $"{{{operand.Body.Expressions.Length}}}",
        OperandForm.Group => $"<{Logic(operand.Body.Expressions[0])}>",
        _ => Logic(operand.Body.Expressions[0]),
    };

    [Theory]
    [InlineData("import future.keywords.not\np if not x", NotForm.Implicit)]
    [InlineData("p if not x", NotForm.Legacy)]
    public void the_import_of_not_changes_what_it_means(string rules, object form) =>
        Assert.Equal(form, Assert.IsType<NotExpr>(Read.Rules(rules).Rules[0].Body.Expressions[0]).Form);

    [Fact]
    public void imports_give_keywords_to_what_follows()
    {
        Assert.Equal("ok", Read.Error("package t\nimport future.keywords\np contains x if { some x in [1]; every y in [1] { y } }", RegoVersion.V0));
        Assert.Equal("ok", Read.Error("package t\nimport future.keywords.every\np { every y in [1] { y in [1] } }", RegoVersion.V0));
        Assert.Equal("ok", Read.Error("package t\nimport rego.v1\np contains x if some x in [1]", RegoVersion.V0));
        Assert.Equal("ok", Read.Error("package t\nif = 1\nevery = contains", RegoVersion.V0));
    }

    [Fact]
    public void a_module_knows_its_package_imports_and_comments()
    {
        var module = Read.Module("# one\npackage a.b[\"c d\"] # two\nimport data.x as y\nimport input.z\np := 1 #three\r\n");
        Assert.Equal(["a", "b", "c d"], module.Package.Path);
        Assert.Equal(["y", "z"], module.Imports.Select(CabinCrew.Rego.Compile.Checks.Imports.NameOf));
        Assert.Equal([" one", " two", "three"], module.Comments.Select(comment => comment.Text));
    }

    [Fact]
    public void places_count_rows_and_code_points()
    {
        var rule = Read.Rules("\n\np := [\"😀é\", xx]").Rules[0];
        var item = ((ArrayTerm)rule.Head.Value!).Items[1];
        Assert.Equal("t.rego:4:13", item.Span.ToLocation().ToString());
        Assert.Equal("xx", item.Span.Text);
        Assert.Equal("p := [\"😀é\", xx]", rule.Span.Text);
    }
}
