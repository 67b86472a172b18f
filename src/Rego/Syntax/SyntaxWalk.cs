// Visits every node below a rule or body, parents first. Depth is that of the tree, which the parser bounds.
using System.Collections.Immutable;

namespace CabinCrew.Rego.Syntax;

internal static class SyntaxWalk
{
    public static void Visit(Rule rule, Action<Node> visit)
    {
        for (var at = rule; at is not null; at = at.Else)
        {
            visit(at);
            Visit(at.Head.Reference, visit);
            Visit(at.Head.Arguments, visit);
            if (at.Head.Key is { } key)
                Visit(key, visit);
            if (at.Head.Value is { } value)
                Visit(value, visit);
            Visit(at.Body, visit);
        }
    }

    public static void Visit(Body body, Action<Node> visit)
    {
        visit(body);
        foreach (var expression in body.Expressions)
            Visit(expression, visit);
    }

    public static void Visit(Expr expression, Action<Node> visit)
    {
        visit(expression);
        switch (expression)
        {
            case TermExpr e:
                Visit(e.Term, visit);
                break;
            case UnifyExpr e:
                Visit(e.Left, visit);
                Visit(e.Right, visit);
                break;
            case AssignExpr e:
                Visit(e.Left, visit);
                Visit(e.Right, visit);
                break;
            case SomeExpr e:
                foreach (var variable in e.Variables)
                    visit(variable);
                break;
            case SomeInExpr e:
                if (e.Key is not null)
                    Visit(e.Key, visit);
                Visit(e.Value, visit);
                Visit(e.Domain, visit);
                break;
            case EveryExpr e:
                if (e.Key is not null)
                    visit(e.Key);
                visit(e.Value);
                Visit(e.Domain, visit);
                Visit(e.Body, visit);
                break;
            case NotExpr e:
                Visit(e.Body, visit);
                break;
            case LogicalExpr e:
                Visit(e.Left.Body, visit);
                Visit(e.Right.Body, visit);
                break;
        }

        foreach (var with in expression.Withs)
        {
            visit(with);
            Visit(with.Target, visit);
            Visit(with.Value, visit);
        }
    }

    private static void Visit(ImmutableArray<Term> terms, Action<Node> visit)
    {
        foreach (var term in terms)
            Visit(term, visit);
    }

    public static void Visit(Term term, Action<Node> visit)
    {
        visit(term);
        switch (term)
        {
            case RefTerm t:
                Visit(t.Head, visit);
                Visit(t.Path, visit);
                break;
            case CallTerm t:
                Visit(t.Operator, visit);
                Visit(t.Arguments, visit);
                break;
            case ArrayTerm t:
                Visit(t.Items, visit);
                break;
            case SetTerm t:
                Visit(t.Items, visit);
                break;
            case ObjectTerm t:
                foreach (var (key, value) in t.Items)
                {
                    Visit(key, visit);
                    Visit(value, visit);
                }

                break;
            case ArrayComprehension t:
                Visit(t.Head, visit);
                Visit(t.Body, visit);
                break;
            case SetComprehension t:
                Visit(t.Head, visit);
                Visit(t.Body, visit);
                break;
            case ObjectComprehension t:
                Visit(t.Key, visit);
                Visit(t.Value, visit);
                Visit(t.Body, visit);
                break;
            case TemplateTerm t:
                foreach (var part in t.Parts)
                {
                    if (part.Expression is { } expression)
                        Visit(expression, visit);
                }

                break;
        }
    }
}
