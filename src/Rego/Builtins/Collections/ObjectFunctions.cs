// The functions object.*: looking up, merging and leaving out keys.
using System.Runtime.CompilerServices;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Collections;

internal static class ObjectFunctions
{
    private const string Collections = "any<object[any: any], set[any], array[any]>";

    public static Builtin[] Table =>
    [
        new("object.get", "object: object[any: any], key: any, default: any -> value: any", Get),
        new("object.keys", "object: object[any: any] -> value: set[any]", Keys),
        new("object.union", "a: object[any: any], b: object[any: any] -> output: any", static (context, args) =>
            context.Object(args, 0, out var left) && context.Object(args, 1, out var right) ? Union(context, left, right) : null),
        new("object.union_n", "objects: array[object[any: any]] -> output: any", UnionAll),
        new("object.remove", "object: object[any: any], keys: any<array[any], set[any], object[any: any]> -> output: any", static (context, args) => Select(context, args, keep: false)),
        new("object.filter", "object: object[any: any], keys: any<array[any], set[any], object[any: any]> -> filtered: any", static (context, args) => Select(context, args, keep: true)),
        new("object.subset", $"super: {Collections}, sub: {Collections} -> result: any", Subset),
    ];

    private static Value? Get(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Object(args, 0, out var map)) return null;
        if (args[1] is not ArrayValue path) return map.Get(args[1]) ?? args[2];
        Value? found = map;
        foreach (var step in path.Items)
        {
            found = found.Get(step);
            if (found is null) return args[2];
        }

        return found;
    }

    private static Value? Keys(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Object(args, 0, out var map)) return null;
        context.Charge(map.Count);
        return SetValue.OfSorted(map.SharedKeys);
    }

    // The right side wins; objects on both sides are merged.
    private static ObjectValue Union(BuiltinContext context, ObjectValue left, ObjectValue right)
    {
        if (left.Count == 0) return right;
        if (right.Count == 0) return left;
        RuntimeHelpers.EnsureSufficientExecutionStack();
        context.Charge((long)left.Count + right.Count);
        var union = new ObjectValue.Builder(left.Count + right.Count);
        for (var i = 0; i < left.Count; i++) union.Set(left.Keys[i], left.Values[i]);
        for (var i = 0; i < right.Count; i++)
        {
            Value key = right.Keys[i], value = right.Values[i];
            union.Set(key, value is ObjectValue new_ && left.Get(key) is ObjectValue old ? Union(context, old, new_) : value);
        }

        return union.Build();
    }

    private static Value? UnionAll(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Array(args, 0, out var maps)) return null;
        var all = ObjectValue.Empty;
        foreach (var item in maps.Items)
        {
            if (item is not ObjectValue map) return context.FailElement(0, maps, item, "object");
            all = Union(context, all, map);
        }

        return all;
    }

    private static Value? Select(BuiltinContext context, ReadOnlySpan<Value> args, bool keep)
    {
        if (!context.Object(args, 0, out var map)) return null;
        if (args[1].Kind is not (ValueKind.Array or ValueKind.Object or ValueKind.Set)) return context.FailOperand(1, args[1], "object", "set", "array");
        context.Charge(map.Count);
        var chosen = args[1] as SetValue ?? SetValue.Of(args[1] is ObjectValue keys ? keys.Keys : ((ArrayValue)args[1]).Items);
        var left = new ObjectValue.Builder(map.Count);
        for (var i = 0; i < map.Count; i++)
        {
            if (chosen.Contains(map.Keys[i]) == keep) left.Set(map.Keys[i], map.Values[i]);
        }

        return left.Build();
    }

    private static Value? Subset(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        switch (args[0], args[1])
        {
            case (ObjectValue super, ObjectValue sub): return Value.From(IsSubset(super, sub));
            case (SetValue super, SetValue sub): return Value.From(ContainsAll(super, sub.Items));
            case (ArrayValue super, ArrayValue sub):
                context.Charge((long)super.Count * sub.Count / 16);
                return Value.From(super.Items.IndexOf(sub.Items) >= 0);
            case (ArrayValue super, SetValue sub): return Value.From(ContainsAll(SetValue.Of(super.Items), sub.Items));
            default: return context.Fail("both arguments object.subset must be of the same type or array and set", BuiltinContext.TypeError);
        }
    }

    private static bool ContainsAll(SetValue super, ReadOnlySpan<Value> items)
    {
        foreach (var item in items)
        {
            if (!super.Contains(item)) return false;
        }

        return true;
    }

    private static bool IsSubset(ObjectValue super, ObjectValue sub)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        for (var i = 0; i < sub.Count; i++)
        {
            var fits = (super.Get(sub.Keys[i]), sub.Values[i]) switch
            {
                (null, _) => false,
                (ObjectValue inner, ObjectValue part) => IsSubset(inner, part),
                (SetValue inner, SetValue part) => ContainsAll(inner, part.Items),
                (ArrayValue inner, ArrayValue part) => inner.Items.IndexOf(part.Items) >= 0,
                var (held, wanted) => held.Equals(wanted),
            };
            if (!fits) return false;
        }

        return true;
    }
}
