// Short ways for tests to read policies and to see what was read.
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Syntax.Formatting;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Tests.Syntax;

internal static class Read
{
    public static RegoModule Module(string text, RegoVersion version = RegoVersion.V1)
    {
        var result = RegoModule.Parse(text, "t.rego", new ParseOptions { Version = version });
        Assert.True(result.Ok, string.Join("\n", result.Errors));
        return result.Value;
    }

    /// <summary>Rules without the package line.</summary>
    public static RegoModule Rules(string rules, RegoVersion version = RegoVersion.V1) => Module("package t\n" + rules, version);

    /// <summary>The first error as printed, or "ok".</summary>
    public static string Error(string text, RegoVersion version = RegoVersion.V1) =>
        RegoModule.Parse(text, "t.rego", new ParseOptions { Version = version }) is { Ok: false } result ? result.Errors[0].ToString() : "ok";

    public static Expr Expression(string text, params string[] keywords)
    {
        var result = RegoQuery.Parse(text, new ParseOptions { FutureKeywords = keywords });
        Assert.True(result.Ok, string.Join("\n", result.Errors));
        return Assert.Single(result.Value.Body.Expressions);
    }

    /// <summary>A term with every call written as (function argument ...).</summary>
    public static string Tree(Term term) => term switch
    {
        ScalarTerm scalar => scalar.Value.ToString(),
        VarTerm name => name.IsWildcard ? "_" : name.Name,
        RefTerm { Path.IsEmpty: true } reference => Tree(reference.Head),
        RefTerm reference => Tree(reference.Head) + string.Concat(reference.Path.Select(step => $"[{Tree(step)}]")),
        CallTerm call => $"({call.Operator.Span.Text}{string.Concat(call.Arguments.Select(a => " " + Tree(a)))})",
        ArrayTerm array => $"[{string.Join(", ", array.Items.Select(Tree))}]",
        SetTerm set => $"set[{string.Join(", ", set.Items.Select(Tree))}]",
        ObjectTerm items => $"object[{string.Join(", ", items.Items.Select(i => Tree(i.Key) + ": " + Tree(i.Value)))}]",
        ArrayComprehension c => $"[{Tree(c.Head)} | {c.Body.Expressions.Length}]",
        SetComprehension c => $"set[{Tree(c.Head)} | {c.Body.Expressions.Length}]",
        ObjectComprehension c => $"object[{Tree(c.Key)}: {Tree(c.Value)} | {c.Body.Expressions.Length}]",
        _ => term.GetType().Name,
    };

    public static string Tree(string text) => Tree(Assert.IsType<TermExpr>(Expression(text)).Term);

    /// <summary>Everything that matters for meaning: what the formatter may not change.</summary>
    public static string Outline(RegoModule module) => SyntaxOutline.Of(module);

    public static string Format(string text, RegoVersion version = RegoVersion.V1) => RegoFormatter.Format(Module(text, version));

    public static string Text(Term? term) => Assert.IsType<StringValue>(Assert.IsType<ScalarTerm>(term).Value).Text;
}
