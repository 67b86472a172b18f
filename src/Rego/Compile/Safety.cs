// Orders the expressions of bodies so that every local is bound before it is needed, as OPA orders them; what cannot be ordered is unsafe.
// Invariant afterwards: read from the first expression on, each one binds all of its locals that are not bound yet.
using CabinCrew.Rego.Evaluate;
using CabinCrew.Rego.Syntax;

namespace CabinCrew.Rego.Compile;

internal sealed class Safety(Frame frame, CompileBudget budget)
{
    // What one set of locals takes to be looked through.
    private readonly int setCost = 1 + (frame.Size / 64);

    private readonly Dictionary<CoreExpr, LocalSet> unsafeLocals = [];

    /// <summary>Orders the body of a rule in place and says what is unsafe in it or in the head.</summary>
    public static List<RegoError> Check(CoreRule rule, CompileBudget budget)
    {
        var given = new LocalSet();
        foreach (var argument in rule.Arguments) LocalWalk.Collect(argument, Skip.Closures, given);

        var safety = new Safety(rule.Frame, budget);
        var errors = safety.CheckHead(rule, given);
        if (errors.Count > 0) return errors;
        safety.Reorder(rule.Body, given);
        return safety.Errors();
    }

    public static List<RegoError> CheckQuery(CoreBody body, Frame frame, CompileBudget budget)
    {
        var safety = new Safety(frame, budget);
        safety.Reorder(body, new());
        return safety.Errors();
    }

    private List<RegoError> CheckHead(CoreRule rule, LocalSet given)
    {
        var known = given.Copy();
        LocalWalk.Collect(rule.Body, Skip.Closures, known);
        var named = new LocalSet();
        foreach (var term in rule.Tail) LocalWalk.Collect(term, Skip.Closures, named);
        LocalWalk.Collect(rule.Key, Skip.Closures, named);
        LocalWalk.Collect(rule.Value, Skip.Closures, named);
        if (named.IsSubsetOf(known)) return [];
        return [.. named.Except(known).Slots().Select(s => rule.Rule.Head.Span.Error("rego_unsafe_var_error", $"var {Name(frame.Locals[s])} is unsafe"))];
    }

    private void Reorder(CoreBody body, LocalSet globals)
    {
        var bodyLocals = new LocalSet();
        LocalWalk.Collect(body, Skip.Closures, bodyLocals);
        var safe = globals.Copy();
        var pending = new List<Pending>(body.Expressions.Count);
        foreach (var expression in body.Expressions)
        {
            // Its closures are gone through here and once more by themselves.
            budget.Charge((2 * setCost) + (expression.Span.Length / 4));
            var needed = new LocalSet();
            LocalWalk.Collect(expression, Skip.Closures, needed);
            var closed = new LocalSet();
            LocalWalk.CollectClosures(expression, closed);
            closed = closed.Intersect(bodyLocals).Except(globals);
            pending.Add(new(expression, needed, closed));
        }

        var ordered = new List<CoreExpr>(pending.Count);
        for (var before = -1; before != ordered.Count && pending.Count > 0;)
        {
            before = ordered.Count;
            var left = 0;
            for (var i = 0; i < pending.Count; i++)
            {
                if (TryPlace(pending[i], safe)) ordered.Add(pending[i].Expression);
                else pending[left++] = pending[i];
            }

            pending.RemoveRange(left, pending.Count - left);
        }

        foreach (var one in pending)
        {
            var missing = one.Needed.Except(safe).Except(Outputs(one.Expression, safe));
            missing.UnionWith(one.Closed.Except(safe));
            Mark(one.Expression, missing.IsEmpty ? one.Closed : missing);
        }

        if (pending.Count == 0) body.Expressions = ordered;
        CheckClosures(ordered, globals);
    }

    // An expression that could not be placed is looked at again only when something it lacked has become safe.
    private bool TryPlace(Pending one, LocalSet safe)
    {
        budget.Charge(setCost);
        if (one.Lacks is { } lacked && !lacked.Overlaps(safe)) return false;
        var missing = one.Needed.Except(safe);
        budget.Charge(missing.IsEmpty ? 0 : (4 * setCost) + (one.Expression.Span.Length / 4));
        var outputs = missing.IsEmpty ? missing : Outputs(one.Expression, safe);
        // What a closure uses must be there before the expression, not come from it.
        if (missing.IsSubsetOf(outputs) && one.Closed.IsSubsetOf(safe))
        {
            safe.UnionWith(outputs);
            return true;
        }

        missing.UnionWith(one.Closed.Except(safe));
        one.Lacks = missing;
        return false;
    }

    private sealed class Pending(CoreExpr expression, LocalSet needed, LocalSet closed)
    {
        public CoreExpr Expression => expression;

        /// <summary>The locals of the expression outside of its closures.</summary>
        public LocalSet Needed => needed;

        /// <summary>The locals of the body that its closures use.</summary>
        public LocalSet Closed => closed;

        public LocalSet? Lacks { get; set; }
    }

    private void Mark(CoreExpr expression, LocalSet missing)
    {
        if (!unsafeLocals.TryGetValue(expression, out var known)) unsafeLocals[expression] = known = new();
        known.UnionWith(missing);
    }

    private void CheckClosures(List<CoreExpr> ordered, LocalSet globals)
    {
        var known = globals.Copy();
        foreach (var expression in ordered)
        {
            foreach (var with in expression.Withs) CheckClosures(with.Value, expression, known);
            foreach (var term in expression.Terms) CheckClosures(term, expression, known);
            if (expression is CoreEvery every)
            {
                var inside = known.Copy();
                inside.Add(every.Key);
                inside.Add(every.Value);
                Reorder(every.Body, inside);
            }
            else
            {
                foreach (var body in expression.Bodies) Reorder(body, known);
            }

            LocalWalk.Collect(expression, Skip.Closures, known);
        }
    }

    private void CheckClosures(CoreTerm? term, CoreExpr current, LocalSet known)
    {
        switch (term)
        {
            case CoreComprehension comprehension:
                CheckClosureHead(comprehension.Key, comprehension.Body, current, known);
                CheckClosureHead(comprehension.Value, comprehension.Body, current, known);
                Reorder(comprehension.Body, known);
                break;
            case CoreTemplate template:
                foreach (var (_, _, body) in template.Parts)
                {
                    if (body is not null) Reorder(body, known);
                }

                break;
            default:
                foreach (var part in LocalWalk.Parts(term)) CheckClosures(part, current, known);
                break;
        }
    }

    private void CheckClosureHead(CoreTerm? head, CoreBody body, CoreExpr current, LocalSet known)
    {
        if (head is null) return;
        var available = known.Copy();
        LocalWalk.Collect(body, Skip.Closures, available);
        var named = new LocalSet();
        LocalWalk.Collect(head, Skip.None, named);
        var missing = named.Except(available);
        if (!missing.IsEmpty) Mark(current, missing);
    }

    private LocalSet Outputs(CoreExpr expression, LocalSet safe)
    {
        if (expression.Negated) return new();
        foreach (var with in expression.Withs)
        {
            var inside = new LocalSet();
            LocalWalk.Collect(with, Skip.Closures, inside);
            if (!inside.IsSubsetOf(safe)) return new();
        }

        var outputs = new LocalSet();
        switch (expression)
        {
            case CoreTruth truth:
                RefOutputs(truth.Term, safe, outputs);
                return outputs;
            case CoreEvery every:
                RefOutputs(every.Domain, safe, outputs);
                return outputs;
            case CoreUnify unify:
                RefOutputs(unify.Left, safe, outputs);
                RefOutputs(unify.Right, safe, outputs);
                outputs.UnionWith(safe);
                outputs.UnionWith(Unifier.Unify(outputs, frame, unify.Left, unify.Right));
                return outputs.Except(safe);
            case CoreCall call:
                return CallOutputs(call, safe, outputs);
            default:
                return outputs;
        }
    }

    private static LocalSet CallOutputs(CoreCall call, LocalSet safe, LocalSet outputs)
    {
        const Skip Plain = Skip.Closures | Skip.Sets | Skip.ObjectKeys | Skip.RefHead;
        foreach (var argument in call.Arguments) RefOutputs(argument, safe, outputs);
        if (call.Output is null) return outputs;
        RefOutputs(call.Output, safe, outputs);
        var inputs = new LocalSet();
        foreach (var argument in call.Arguments) LocalWalk.Collect(argument, Plain, inputs);
        if (!inputs.Except(outputs).IsSubsetOf(safe)) return new();
        LocalWalk.Collect(call.Output, Plain, outputs);
        return outputs;
    }

    // The locals that references bind by being looked through.
    private static void RefOutputs(CoreTerm term, LocalSet safe, LocalSet into)
    {
        if (term is CoreComprehension or CoreTemplate) return;
        if (term is CoreRef reference)
        {
            if (reference.Local is { } head && !safe.Contains(head)) return;
            foreach (var part in reference.Path) LocalWalk.Collect(part, Skip.RefHead, into);
        }

        foreach (var part in LocalWalk.Parts(term)) RefOutputs(part, safe, into);
    }

    private static string Name(Local local) => local.IsWildcard ? "_" : local.Name;

    private List<RegoError> Errors()
    {
        if (unsafeLocals.Count == 0) return [];
        var byLocal = new Dictionary<Local, SourceSpan>();
        foreach (var (expression, locals) in unsafeLocals)
        {
            foreach (var slot in locals.Slots())
            {
                var local = frame.Locals[slot];
                if (local.IsGenerated) continue;
                if (!byLocal.TryGetValue(local, out var span) || span.Offset > expression.Span.Offset) byLocal[local] = expression.Span;
            }
        }

        if (byLocal.Count > 0)
            return [.. byLocal.OrderBy(p => p.Value.Offset).ThenBy(p => p.Key.Slot).Select(p => p.Value.Error("rego_unsafe_var_error", Message(Name(p.Key))))];
        return [.. unsafeLocals.Keys.OrderBy(e => e.Span.Offset).Take(1).Select(e => e.Span.Error("rego_unsafe_var_error", "expression is unsafe"))];
    }

    private static string Message(string name) => name is "in" or "every" or "contains" or "if"
        ? $"var {name} is unsafe (hint: `import future.keywords.{name}` to import a future keyword)"
        : $"var {name} is unsafe";
}
