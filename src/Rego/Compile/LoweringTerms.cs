// Terms to the core language: names to locals and references, calls taken out, constants folded.
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using CabinCrew.Rego.Builtins;
using CabinCrew.Rego.Evaluate;
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Compile;

internal sealed partial class Lowering
{
    /// <summary>Lowers a term; what must be evaluated before goes to <paramref name="before"/>.</summary>
    private CoreTerm LowerTerm(Term term, List<CoreExpr> before)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        calls.Budget.Charge(1);
        switch (term)
        {
            case ScalarTerm scalar:
                return new CoreConst(scalar.Value);
            case VarTerm variable:
                return scopes.Use(variable.Name);
            case RefTerm reference:
                return LowerRef(reference, before);
            case CallTerm call:
                var output = new CoreLocal(frame.Generate());
                before.Add(LowerCall(call, output, before, generated: true));
                return output;
            case ArrayTerm array:
                return Fold(new CoreArray(LowerAll(array.Items, before)));
            case SetTerm set:
                return Fold(new CoreSet(LowerAll(set.Items, before)));
            case ObjectTerm map:
                var keys = new CoreTerm[map.Items.Length];
                var values = new CoreTerm[map.Items.Length];
                for (var i = 0; i < keys.Length; i++)
                {
                    keys[i] = LowerTerm(map.Items[i].Key, before);
                    values[i] = LowerTerm(map.Items[i].Value, before);
                }

                return Fold(new CoreObject(keys, values));
            case ArrayComprehension comprehension:
                return LowerComprehension(ComprehensionKind.Array, null, comprehension.Head, comprehension.Body);
            case SetComprehension comprehension:
                return LowerComprehension(ComprehensionKind.Set, null, comprehension.Head, comprehension.Body);
            case ObjectComprehension comprehension:
                return LowerComprehension(ComprehensionKind.Object, comprehension.Key, comprehension.Value, comprehension.Body);
            case TemplateTerm template:
                return LowerTemplate(template);
            default:
                throw new InvalidOperationException($"no such term: {term.GetType().Name}");
        }
    }

    private CoreTerm[] LowerAll(ImmutableArray<Term> terms, List<CoreExpr> before)
    {
        var result = new CoreTerm[terms.Length];
        for (var i = 0; i < result.Length; i++) result[i] = LowerTerm(terms[i], before);
        return result;
    }

    private CoreTerm LowerRef(RefTerm reference, List<CoreExpr> before)
    {
        CoreTerm head;
        if (reference.Head is VarTerm { Name: "input" or "data" } root)
            head = scopes.Declared(root.Name) is not null ? scopes.Use(root.Name) : new CoreRef(root.Name == "input" ? RefRoot.Input : RefRoot.Data, null, []);
        else
            head = LowerTerm(reference.Head, before);

        var path = LowerAll(reference.Path, before);
        switch (head)
        {
            case CoreLocal local:
                return path.Length == 0 ? local : new CoreRef(RefRoot.Local, local.Local, path);
            case CoreRef inner:
                return new CoreRef(inner.Root, inner.Local, [.. inner.Path, .. path]);
            default:
                var made = new CoreLocal(frame.Generate());
                before.Add(new CoreUnify(made, head, reference.Span) { Generated = true });
                return path.Length == 0 ? made : new CoreRef(RefRoot.Local, made.Local, path);
        }
    }

    private CoreCall LowerCall(CallTerm call, CoreTerm? output, List<CoreExpr> before, bool generated)
    {
        var arguments = LowerAll(call.Arguments, before);
        var callee = Resolve(call.Operator, call.Span);
        if (callee == missing) return new(callee, arguments, output, call.Span) { Generated = generated };
        if (callee.Arity == arguments.Length - 1 && output is null && callee.Builtin?.Name != "print")
        {
            output = arguments[^1];
            arguments = arguments[..^1];
        }
        else if (callee.Builtin?.Name != "print" && callee.Arity != arguments.Length)
        {
            calls.WrongArity(call.Span, callee, arguments, output);
        }

        return new(callee, arguments, output, call.Span) { Generated = generated };
    }

    private static readonly Callee missing = new(null, null);

    /// <summary>What a name calls, or null.</summary>
    private Callee? Find(RefTerm name)
    {
        if (name.Head is not VarTerm head) return null;
        var path = new string[name.Path.Length];
        for (var i = 0; i < path.Length; i++)
        {
            if (name.Path[i] is not ScalarTerm { Value: StringValue part }) return null;
            path[i] = part.Text;
        }

        var global = head.Name == "data" ? new CoreRef(RefRoot.Data, null, []) : scopes.Global(head.Name);
        if (global is not null)
        {
            if (global.Root != RefRoot.Data) return null;
            var node = scopes.Root.Find(global.StaticPrefix().Concat(path));
            return node is { IsFunction: true } ? new(null, node) : null;
        }

        var builtin = calls.FindBuiltin(path.Length == 0 ? head.Name : head.Name + "." + string.Join('.', path));
        return builtin is null ? null : new(builtin, null);
    }

    private Callee Resolve(RefTerm name, SourceSpan span)
    {
        if (name.Head is VarTerm head && scopes.Declared(head.Name) is not null)
        {
            Errors.Add(span.Error("rego_compile_error", $"called function {name.Span.Text} shadowed"));
            return missing;
        }

        var found = Find(name);
        if (found is null)
        {
            calls.Missing(span, $"undefined function {name.Span.Text}");
            return missing;
        }

        if (found.Builtin is { Refusal: not null } refused) calls.Refused(refused, span);
        return MetadataOf(found.Builtin) is { } answer ? new(new Builtin(found.Builtin!.Name, "-> any", (_, _) => answer), null) : found;
    }

    // What rego.metadata answers is known when the rule is compiled.
    private Value? MetadataOf(Builtin? builtin) => (builtin?.Name, owner, calls.Annotations) switch
    {
        ("rego.metadata.rule", { } rule, { } annotations) => annotations.OfRule(rule.Rule),
        ("rego.metadata.chain", { } rule, { } annotations) => annotations.ChainOf(rule.Module, rule.Rule),
        _ => null,
    };

    private CoreComprehension LowerComprehension(ComprehensionKind kind, Term? key, Term value, Body body)
    {
        scopes.Push(Scopes.DeclaredIn(body));
        var inner = LowerBody(body);
        var loweredKey = key is null ? null : LowerHeadTerm(key, inner);
        var loweredValue = LowerHeadTerm(value, inner);
        scopes.Pop();
        return new(kind, loweredKey, loweredValue, inner);
    }

    private CoreTemplate LowerTemplate(TemplateTerm template)
    {
        var parts = new (string? Text, CoreTerm? Value, CoreBody? Body)[template.Parts.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            var part = template.Parts[i];
            if (part.Expression is not { } expression)
            {
                parts[i] = (part.Text, null, null);
                continue;
            }

            scopes.Push([]);
            var body = new List<CoreExpr>();
            var withs = LowerWiths(expression.Withs, body);
            var start = body.Count;
            var value = LowerTerm(expression.Term, body);
            var local = new CoreLocal(frame.Generate());
            body.Add(new CoreUnify(local, value, expression.Span) { Generated = true });
            for (var j = start; j < body.Count; j++) body[j].Withs = withs;
            scopes.Pop();
            parts[i] = (null, local, new(body));
        }

        return new(parts, template.Span);
    }

    private static CoreTerm Fold(CoreTerm term)
    {
        foreach (var part in LocalWalk.Parts(term))
        {
            if (part is not CoreConst) return term;
        }

        return term switch
        {
            CoreArray array => new CoreConst(ArrayValue.Own(Array.ConvertAll(array.Items, Constant))),
            CoreSet set => new CoreConst(SetValue.Of(Array.ConvertAll(set.Items, Constant))),
            CoreObject map when FoldObject(map) is { } value => new CoreConst(value),
            _ => term,
        };
    }

    private static ObjectValue? FoldObject(CoreObject map)
    {
        var builder = new ObjectValue.Builder(map.Keys.Length);
        for (var i = 0; i < map.Keys.Length; i++)
        {
            var value = Constant(map.Values[i]);
            if (builder.AddOrGet(Constant(map.Keys[i]), value) is { } other && !other.Equals(value)) return null;
        }

        return builder.Build();
    }

    private static Value Constant(CoreTerm term) => ((CoreConst)term).Value;
}
