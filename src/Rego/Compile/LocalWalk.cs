// Which locals occur in terms and expressions, under the visitor settings that the safety check needs.
using CabinCrew.Rego.Evaluate;

namespace CabinCrew.Rego.Compile;

[Flags]
internal enum Skip
{
    None = 0,
    Closures = 1,
    RefHead = 2,
    ObjectKeys = 4,
    Sets = 8,
}

internal static class LocalWalk
{
    public static void Collect(CoreTerm? term, Skip skip, LocalSet into)
    {
        switch (term)
        {
            case CoreLocal local:
                into.Add(local.Local);
                break;
            case CoreRef reference:
                if ((skip & Skip.RefHead) == 0 && reference.Local is { } head) into.Add(head);
                foreach (var part in reference.Path) Collect(part, skip, into);
                break;
            case CoreArray array:
                foreach (var item in array.Items) Collect(item, skip, into);
                break;
            case CoreSet set:
                if ((skip & Skip.Sets) != 0) break;
                foreach (var item in set.Items) Collect(item, skip, into);
                break;
            case CoreObject map:
                if ((skip & Skip.ObjectKeys) == 0)
                {
                    foreach (var key in map.Keys) Collect(key, skip, into);
                }

                foreach (var value in map.Values) Collect(value, skip, into);
                break;
            case CoreComprehension comprehension when (skip & Skip.Closures) == 0:
                Collect(comprehension.Key, skip, into);
                Collect(comprehension.Value, skip, into);
                Collect(comprehension.Body, skip, into);
                break;
            case CoreTemplate template when (skip & Skip.Closures) == 0:
                foreach (var (_, value, body) in template.Parts)
                {
                    Collect(value, skip, into);
                    if (body is not null) Collect(body, skip, into);
                }

                break;
        }
    }

    public static void Collect(CoreBody body, Skip skip, LocalSet into)
    {
        foreach (var expression in body.Expressions) Collect(expression, skip, into);
    }

    public static void Collect(CoreExpr expression, Skip skip, LocalSet into)
    {
        foreach (var with in expression.Withs) Collect(with, skip, into);
        foreach (var term in expression.Terms) Collect(term, skip, into);
        if (expression is CoreNot { Open: false } not) CollectStrict(not, into);
        if ((skip & Skip.Closures) != 0) return;
        if (expression is CoreEvery every)
        {
            into.Add(every.Key);
            into.Add(every.Value);
        }

        foreach (var body in expression.Bodies) Collect(body, skip, into);
    }

    public static void Collect(CoreWith with, Skip skip, LocalSet into)
    {
        Collect(with.Document, skip, into);
        Collect(with.Value, skip, into);
    }

    /// <summary>The locals inside the closures of an expression, at any depth.</summary>
    public static void CollectClosures(CoreExpr expression, LocalSet into)
    {
        foreach (var with in expression.Withs) CollectClosures(with.Value, into);
        foreach (var term in expression.Terms) CollectClosures(term, into);
        foreach (var body in expression.Bodies) Collect(body, Skip.None, into);
    }

    private static void CollectClosures(CoreTerm? term, LocalSet into)
    {
        if (term is CoreComprehension or CoreTemplate)
        {
            Collect(term, Skip.None, into);
            return;
        }

        foreach (var part in Parts(term)) CollectClosures(part, into);
    }

    /// <summary>The terms directly inside a term, closures not entered.</summary>
    public static CoreTerm[] Parts(CoreTerm? term) => term switch
    {
        CoreRef reference => reference.Path,
        CoreArray array => array.Items,
        CoreSet set => set.Items,
        CoreObject map => map.Parts,
        _ => [],
    };

    // What a negated expression itself names, without what the compiler made for it.
    private static void CollectStrict(CoreNot not, LocalSet into)
    {
        var inside = new LocalSet();
        foreach (var expression in not.Body.Expressions) Collect(expression, Skip.Closures, inside);
        foreach (var expression in not.Body.Expressions)
        {
            if (!expression.Generated) continue;
            switch (expression)
            {
                case CoreCall { Output: CoreLocal { Local: { IsGenerated: true } made } }: inside.Remove(made); break;
                case CoreUnify { Left: CoreLocal { Local: { IsGenerated: true } made } }: inside.Remove(made); break;
            }
        }

        into.UnionWith(inside);
    }
}
