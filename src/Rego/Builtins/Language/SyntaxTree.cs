// A parsed module as the document that OPA's own JSON form of a module is: package, imports, rules.
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Language;

internal static class SyntaxTree
{
    public static ObjectValue ToValue(RegoModule module)
    {
        Value[] path = [TermTree.Var("data"), .. module.Package.Path.Select(step => TermTree.Typed("string", new StringValue(step)))];
        var map = new ObjectValue.Builder();
        map.Set("package", Map(("path", ArrayValue.Own(path))));
        if (!module.Imports.IsEmpty) map.Set("imports", List(module.Imports, Import));
        if (!module.Rules.IsEmpty) map.Set("rules", List(module.Rules, Rule));
        return map.Build();
    }

    public static ArrayValue List<T>(ImmutableArray<T> nodes, Func<T, Value> show) => ArrayValue.Own([.. nodes.Select(show)]);

    public static ObjectValue Map(params ReadOnlySpan<(string Key, Value? Value)> members)
    {
        var map = new ObjectValue.Builder(members.Length);
        foreach (var (key, value) in members)
        {
            if (value is not null) map.Set(key, value);
        }

        return map.Build();
    }

    public static ArrayValue Body(Body body) => ArrayValue.Own([.. body.Expressions.Select(Expression)]);

    private static ObjectValue Import(Import import) => Map(("path", TermTree.Of(import.Path)), ("alias", import.Alias is { } alias ? new StringValue(alias) : null));

    private static Value Rule(Rule rule) => Map(
        ("head", Head(rule.Head)), ("body", Body(rule.Body)), ("default", rule.IsDefault ? BooleanValue.True : null), ("else", rule.Else is { } other ? Rule(other) : null));

    private static ObjectValue Head(RuleHead head) => Map(
        ("name", new StringValue(head.Name)), ("ref", ((ObjectValue)TermTree.Of(head.Reference)).Get("value")), ("args", head.IsFunction ? List(head.Arguments, TermTree.Of) : null),
        ("key", head.Key is { } key ? TermTree.Of(key) : null), ("value", head.Value is { } value ? TermTree.Of(value) : null), ("assign", head.IsAssigned ? BooleanValue.True : null));

    public static Value Expression(Expr expression, int index)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        var negated = expression as NotExpr;
        var terms = negated is { Body.Expressions: [var inner] } ? ((ObjectValue)Expression(inner, index)).Get("terms") : Terms(expression);
        return Map(
            ("index", NumberValue.Of(index)), ("terms", terms), ("negated", negated is null ? null : BooleanValue.True),
            ("with", expression.Withs.IsEmpty ? null : List(expression.Withs, with => Map(("target", TermTree.Of(with.Target)), ("value", TermTree.Of(with.Value))))));
    }

    private static Value Terms(Expr expression) => expression switch
    {
        TermExpr { Term: CallTerm call } => TermTree.Call(call),
        TermExpr term => TermTree.Of(term.Term),
        UnifyExpr unify => ArrayValue.Of(TermTree.Operator("eq"), TermTree.Of(unify.Left), TermTree.Of(unify.Right)),
        AssignExpr assign => ArrayValue.Of(TermTree.Operator("assign"), TermTree.Of(assign.Left), TermTree.Of(assign.Right)),
        SomeExpr some => Map(("symbols", List(some.Variables, TermTree.Of))),
        SomeInExpr some => Map(("symbols", ArrayValue.Of(TermTree.Typed("call", Membership(some))))),
        EveryExpr every => Map(
            ("key", every.Key is { } key ? TermTree.Of(key) : NullValue.Instance), ("value", TermTree.Of(every.Value)), ("domain", TermTree.Of(every.Domain)), ("body", Body(every.Body))),
        LogicalExpr logical => Map(("operator", new StringValue(logical.IsOr ? "or" : "and")), ("left", Body(logical.Left.Body)), ("right", Body(logical.Right.Body))),
        NotExpr not => Map(("not", Body(not.Body))),
        _ => NullValue.Instance,
    };

    private static ArrayValue Membership(SomeInExpr some) => some.Key is { } key
        ? ArrayValue.Of(TermTree.Operator("internal.member_3"), TermTree.Of(key), TermTree.Of(some.Value), TermTree.Of(some.Domain))
        : ArrayValue.Of(TermTree.Operator("internal.member_2"), TermTree.Of(some.Value), TermTree.Of(some.Domain));
}
