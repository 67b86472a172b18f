// Visits every reference and every callee of a rule in the core language, closures included. Depth is that of the text, which the parser bounds.
namespace CabinCrew.Rego.Compile.Checks;

internal static class CoreWalk
{
    public static void Visit(CoreRule rule, Action<CoreRef> onReference, Action<Callee> onCallee)
    {
        foreach (var term in rule.Arguments)
            Visit(term, onReference, onCallee);
        foreach (var term in rule.Tail)
            Visit(term, onReference, onCallee);
        Visit(rule.Key, onReference, onCallee);
        Visit(rule.Value, onReference, onCallee);
        Visit(rule.Body, onReference, onCallee);
    }

    public static void Visit(CoreBody body, Action<CoreRef> onReference, Action<Callee> onCallee)
    {
        foreach (var expression in body.Expressions)
        {
            if (expression is CoreCall call)
                onCallee(call.Callee);
            foreach (var term in expression.Terms)
                Visit(term, onReference, onCallee);
            foreach (var inner in expression.Bodies)
                Visit(inner, onReference, onCallee);
            foreach (var with in expression.Withs)
            {
                Visit(with.Value, onReference, onCallee);
                if (with.Replacement is { } replacement)
                    onCallee(replacement);
            }
        }
    }

    private static void Visit(CoreTerm? term, Action<CoreRef> onReference, Action<Callee> onCallee)
    {
        switch (term)
        {
            case CoreComprehension comprehension:
                Visit(comprehension.Body, onReference, onCallee);
                Visit(comprehension.Key, onReference, onCallee);
                Visit(comprehension.Value, onReference, onCallee);
                return;
            case CoreTemplate template:
                foreach (var part in template.Parts)
                {
                    if (part.Body is not null)
                        Visit(part.Body, onReference, onCallee);
                    Visit(part.Value, onReference, onCallee);
                }

                return;
            case CoreRef reference:
                onReference(reference);
                break;
        }

        foreach (var part in LocalWalk.Parts(term))
            Visit(part, onReference, onCallee);
    }
}
