// Set algebra: the operators and the functions over sets of sets.
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Collections;

internal static class SetFunctions
{
    public static Builtin[] Table =>
    [
        new("and", "x: set[any], y: set[any] -> z: set[any]", static (context, args) =>
            context.Set(args, 0, out var left) && context.Set(args, 1, out var right) ? left.Intersect(right) : null),
        new("or", "x: set[any], y: set[any] -> z: set[any]", Or),
        new("set_diff", "set[any], set[any] -> set[any]", static (context, args) =>
            context.Set(args, 0, out var left) && context.Set(args, 1, out var right) ? left.Except(right) : null, BuiltinTraits.Deprecated),
        new("intersection", "xs: set[set[any]] -> y: set[any]", Intersection),
        new("union", "xs: set[set[any]] -> y: set[any]", Union),
    ];

    private static SetValue? Or(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Set(args, 0, out var left) || !context.Set(args, 1, out var right)) return null;
        context.Charge((long)left.Count + right.Count);
        return left.Union(right);
    }

    private static Value? Intersection(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Set(args, 0, out var sets)) return null;
        SetValue? common = null;
        foreach (var item in sets.Items)
        {
            if (item is not SetValue set) return context.FailElement(0, sets, item, "set");
            context.Charge(set.Count);
            common = common?.Intersect(set) ?? set;
        }

        return common ?? SetValue.Empty;
    }

    private static Value? Union(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Set(args, 0, out var sets)) return null;
        var all = new SetValue.Builder();
        foreach (var item in sets.Items)
        {
            if (item is not SetValue set) return context.FailElement(0, sets, item, "set");
            context.Charge(set.Count);
            foreach (var member in set.Items) all.Add(member);
        }

        return all.Build();
    }
}
