// Expressions to the core language: declarations, negation, `with`, `every`, `some ... in`, `and`/`or`.
using System.Collections.Immutable;
using CabinCrew.Rego.Builtins;
using CabinCrew.Rego.Evaluate;
using CabinCrew.Rego.Syntax;

namespace CabinCrew.Rego.Compile;

internal sealed partial class Lowering
{
    private void LowerExpression(Expr expression, List<CoreExpr> into)
    {
        switch (expression)
        {
            case SomeExpr some:
                foreach (var variable in some.Variables) scopes.Declare(variable.Name, Occurrence.Declared, some.Span, mustBeUsed: true);
                return;
            case AssignExpr assign:
                LowerAssign(assign, into);
                return;
        }

        var withs = LowerWiths(expression.Withs, into);
        var start = into.Count;
        switch (expression)
        {
            case TermExpr { Term: CallTerm call }:
                into.Add(LowerCall(call, null, into, generated: false));
                break;
            case TermExpr plain:
                var term = LowerTerm(plain.Term, into);
                into.Add(new CoreTruth(term, plain.Span));
                break;
            case UnifyExpr unify:
                into.Add(LowerUnify(unify.Left, unify.Right, unify.Span, into));
                break;
            case SomeInExpr some:
                LowerSomeIn(some, into);
                break;
            case EveryExpr every:
                LowerEvery(every, into);
                break;
            case NotExpr not:
                LowerNot(not, into);
                break;
            case LogicalExpr logical:
                into.Add(new CoreLogical(logical.IsOr, LowerClosure(logical.Left.Body), LowerClosure(logical.Right.Body), logical.Span));
                break;
            default:
                throw new InvalidOperationException($"no such expression: {expression.GetType().Name}");
        }

        if (withs.Length == 0) return;
        for (var i = start; i < into.Count; i++) into[i].Withs = [.. into[i].Withs, .. withs];
    }

    // A call on one side gives its answer straight to the other side where that is a pattern.
    private CoreExpr LowerUnify(Term left, Term right, SourceSpan span, List<CoreExpr> into)
    {
        if (right is CallTerm call && left is not CallTerm)
        {
            var pattern = LowerTerm(left, into);
            if (!NeedsEvaluation(pattern)) return LowerCall(call, pattern, into, generated: false);
            return new CoreUnify(pattern, LowerTerm(right, into), span);
        }

        if (left is CallTerm mirrored && right is not CallTerm)
        {
            var output = new CoreLocal(frame.Generate());
            var lowered = LowerCall(mirrored, output, into, generated: true);
            var pattern = LowerTerm(right, into);
            if (!NeedsEvaluation(pattern)) return new CoreCall(lowered.Callee, lowered.Arguments, pattern, span);
            into.Add(lowered);
            return new CoreUnify(output, pattern, span);
        }

        var loweredLeft = LowerTerm(left, into);
        return new CoreUnify(loweredLeft, LowerTerm(right, into), span);
    }

    private void LowerAssign(AssignExpr assign, List<CoreExpr> into)
    {
        var withs = LowerWiths(assign.Withs, into);
        var start = into.Count;
        if (assign.Right is CallTerm call)
        {
            var lowered = LowerCall(call, CoreConst.True, into, false);
            into.Add(new CoreCall(lowered.Callee, lowered.Arguments, LowerAssignee(assign.Left, into), assign.Span));
        }
        else
        {
            var value = LowerTerm(assign.Right, into);
            into.Add(new CoreUnify(LowerAssignee(assign.Left, into), value, assign.Span));
        }

        for (var i = start; i < into.Count; i++) into[i].Withs = withs;
    }

    private CoreTerm LowerAssignee(Term term, List<CoreExpr> into)
    {
        switch (term)
        {
            case VarTerm variable:
                return new CoreLocal(scopes.Declare(variable.Name, Occurrence.Assigned, term.Span));
            case RefTerm { Head: VarTerm { Name: "input" or "data" } root, Path.IsEmpty: true }:
                return new CoreLocal(scopes.Declare(root.Name, Occurrence.Assigned, term.Span));
            case ArrayTerm array:
                return new CoreArray([.. array.Items.Select(i => LowerAssignee(i, into))]);
            case ObjectTerm map:
                return new CoreObject([.. map.Items.Select(i => LowerTerm(i.Key, into))], [.. map.Items.Select(i => LowerAssignee(i.Value, into))]);
            default:
                Errors.Add(term.Span.Error("rego_compile_error", $"cannot assign to {KindName(term)}"));
                return CoreConst.True;
        }
    }

    private static string KindName(Term term) => term switch
    {
        ScalarTerm scalar => scalar.Value.Kind.ToString().ToLowerInvariant(),
        RefTerm => "ref",
        CallTerm => "call",
        SetTerm => "set",
        ArrayComprehension => "arraycomprehension",
        SetComprehension => "setcomprehension",
        ObjectComprehension => "objectcomprehension",
        _ => "term",
    };

    private void LowerSomeIn(SomeInExpr some, List<CoreExpr> into)
    {
        var domain = LowerTerm(some.Domain, into);
        var names = new HashSet<string>(StringComparer.Ordinal);
        Scopes.PatternNames(some.Key, names);
        Scopes.PatternNames(some.Value, names);
        foreach (var name in names)
        {
            if (name[0] != '$') scopes.Declare(name, Occurrence.Declared, some.Span, mustBeUsed: true);
        }

        var key = some.Key is null ? new CoreLocal(frame.New("$")) : LowerTerm(some.Key, into);
        var value = LowerTerm(some.Value, into);
        into.Add(new CoreUnify(value, ElementOf(domain, key, some.Domain.Span, into), some.Span));
    }

    private CoreRef ElementOf(CoreTerm domain, CoreTerm key, SourceSpan span, List<CoreExpr> into)
    {
        switch (domain)
        {
            case CoreRef reference:
                return new(reference.Root, reference.Local, [.. reference.Path, key]);
            case CoreLocal local:
                return new(RefRoot.Local, local.Local, [key]);
            default:
                var made = frame.Generate();
                into.Add(new CoreUnify(new CoreLocal(made), domain, span) { Generated = true });
                return new(RefRoot.Local, made, [key]);
        }
    }

    private void LowerEvery(EveryExpr every, List<CoreExpr> into)
    {
        var given = LowerTerm(every.Domain, into);
        var domain = new CoreLocal(frame.Generate());
        into.Add(new CoreUnify(domain, given, every.Domain.Span) { Generated = true });

        var declared = Scopes.DeclaredIn(every.Body);
        scopes.Push(declared);
        var key = every.Key is { IsWildcard: false } k ? scopes.Declare(k.Name, Occurrence.Declared, every.Span, mustBeUsed: true) : frame.New("$");
        var value = every.Value.IsWildcard ? frame.New("$") : scopes.Declare(every.Value.Name, Occurrence.Declared, every.Span, mustBeUsed: true);
        var body = LowerBody(every.Body);
        scopes.Pop();
        into.Add(new CoreEvery(key, value, domain, body, every.Span));
    }

    private void LowerNot(NotExpr not, List<CoreExpr> into)
    {
        switch (not.Form)
        {
            case NotForm.Legacy:
                var inner = not.Body.Expressions[0];
                if (inner is AssignExpr)
                {
                    Errors.Add(not.Span.Error("rego_compile_error", "cannot assign vars inside negated expression"));
                    return;
                }

                var start = into.Count;
                if (inner is UnifyExpr unify)
                {
                    // Never the short form: what is called stands outside of the negation, the comparison inside.
                    var left = LowerTerm(unify.Left, into);
                    into.Add(new CoreUnify(left, LowerTerm(unify.Right, into), unify.Span));
                }
                else
                {
                    LowerExpression(inner, into);
                }

                if (into.Count > start) into[^1].Negated = true;
                return;
            case NotForm.Implicit:
                scopes.Push([]);
                var body = LowerBody(not.Body);
                scopes.Pop();
                into.Add(new CoreNot(body, open: false, not.Span));
                return;
            default:
                into.Add(new CoreNot(LowerClosure(not.Body), open: true, not.Span));
                return;
        }
    }

    private CoreWith[] LowerWiths(ImmutableArray<With> withs, List<CoreExpr> into)
    {
        if (withs.IsEmpty) return [];
        var result = new List<CoreWith>(withs.Length);
        foreach (var with in withs)
        {
            if (LowerWith(with, into) is { } lowered) result.Add(lowered);
        }

        return [.. result];
    }

    private CoreWith? LowerWith(With with, List<CoreExpr> into)
    {
        var (document, function) = WithTarget(with, into);
        if (document is null && function is null)
        {
            Errors.Add(with.Target.Span.Error("rego_type_error", "with keyword target must reference existing input, data, or a function"));
            return null;
        }

        if (function is { Builtin: { } builtin } && RefuseReplacement(builtin) is { } reason)
        {
            Errors.Add(with.Target.Span.Error("rego_compile_error", $"with keyword replacing built-in function: {reason}"));
            return null;
        }

        if (function?.Builtin is { } replaced) calls.Replaced.Add(replaced.Name);
        if (function is not null && FunctionNamed(with.Value) is { } replacement) return new(null, function, null, replacement);
        var value = Settle(LowerTerm(with.Value, into), with.Value.Span, into);
        return new(document, function, value, null);
    }

    private static string? RefuseReplacement(Builtin builtin) =>
        builtin.Name is "eq" or "rego.metadata.chain" or "rego.metadata.rule" ? $"replacement of \"{builtin.Name}\" invalid"
        : builtin.Name.StartsWith("internal.", StringComparison.Ordinal) ? $"replacement of internal function \"{builtin.Name}\" invalid"
        : builtin.IsRelation ? "target must not be a relation"
        : builtin.Name == "print" ? "target must not be a void function"
        : null;

    private (CoreRef? Document, Callee? Function) WithTarget(With with, List<CoreExpr> into)
    {
        var target = with.Target is VarTerm name ? new RefTerm(name.Span, name, []) : with.Target as RefTerm;
        if (target?.Head is not VarTerm head) return default;
        var path = LowerAll(target.Path, into);
        CoreRef? document = head.Name switch
        {
            "input" => new(RefRoot.Input, null, path),
            "data" => new(RefRoot.Data, null, path),
            _ when scopes.Declared(head.Name) is not null => null,
            _ when scopes.Global(head.Name) is { } global => new(global.Root, null, [.. global.Path, .. path]),
            _ => null,
        };

        if (document is null) return (null, Find(target));
        if (document.Root == RefRoot.Input) return (document, null);
        if (document.StaticPrefix().Count() != document.Path.Length) return default;
        var node = scopes.Root;
        foreach (var key in document.StaticPrefix())
        {
            if (node is { Rules.Count: > 0 })
            {
                Errors.Add(with.Target.Span.Error("rego_compile_error", "with keyword cannot partially replace virtual document(s)"));
                return (document, null);
            }

            node = node?.Child(key);
        }

        return node is { IsFunction: true } ? (null, new Callee(null, node)) : (document, null);
    }

    private Callee? FunctionNamed(Term value) => value switch
    {
        VarTerm name when scopes.Declared(name.Name) is null => Find(new RefTerm(name.Span, name, [])),
        RefTerm reference when reference.Head is VarTerm head && scopes.Declared(head.Name) is null => Find(reference),
        _ => null,
    };
}
