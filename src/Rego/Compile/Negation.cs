// What stands outside of an old-style negation: references and comprehensions inside its terms are worked out before it, so undefined ones fail the body.
using CabinCrew.Rego.Evaluate;

namespace CabinCrew.Rego.Compile;

internal sealed class Negation(Frame frame, List<CoreExpr> before, CoreWith[] withs)
{
    public CoreExpr Rewrite(CoreExpr expression) => expression switch
    {
        CoreTruth truth => new CoreTruth(Outer(truth.Term, expression), expression.Span),
        CoreUnify unify => new CoreUnify(Outer(unify.Left, expression), Outer(unify.Right, expression), expression.Span),
        CoreCall call => new CoreCall(call.Callee, [.. call.Arguments.Select(a => Inner(a, expression))], call.Output is null ? null : Inner(call.Output, expression), expression.Span),
        CoreEvery every => new CoreEvery(every.Key, every.Value, Inner(every.Domain, expression), every.Body, expression.Span),
        _ => expression,
    };

    private CoreTerm Outer(CoreTerm term, CoreExpr of) => term switch
    {
        CoreRef reference => new CoreRef(reference.Root, reference.Local, [.. reference.Path.Select(p => Inner(p, of))]),
        CoreComprehension => term,
        _ => Inner(term, of),
    };

    private CoreTerm Inner(CoreTerm term, CoreExpr of)
    {
        switch (term)
        {
            case CoreRef:
                return Bind(Outer(term, of), of);
            case CoreComprehension or CoreTemplate:
                return Bind(term, of);
            case CoreArray array:
                return new CoreArray([.. array.Items.Select(i => Inner(i, of))]);
            case CoreSet set:
                return new CoreSet([.. set.Items.Select(i => Inner(i, of))]);
            case CoreObject map:
                return new CoreObject([.. map.Keys.Select(k => Inner(k, of))], [.. map.Values.Select(v => Inner(v, of))]);
            default:
                return term;
        }
    }

    private CoreLocal Bind(CoreTerm term, CoreExpr of)
    {
        var local = new CoreLocal(frame.Generate());
        before.Add(new CoreUnify(local, term, of.Span) { Generated = true, Withs = withs });
        return local;
    }
}
