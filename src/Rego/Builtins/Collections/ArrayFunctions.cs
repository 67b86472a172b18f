// The functions array.*: joining, slicing and turning round.
using System.Numerics;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Collections;

internal static class ArrayFunctions
{
    public static Builtin[] Table =>
    [
        new("array.concat", "x: array[any], y: array[any] -> z: array[any]", Concat),
        new("array.flatten", "arr: array[any] -> flattened: array[any]", Flatten),
        new("array.reverse", "arr: array[any] -> rev: array[any]", Reverse),
        new("array.slice", "arr: array[any], start: number, stop: number -> slice: array[any]", Slice),
    ];

    private static Value? Concat(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Array(args, 0, out var left) || !context.Array(args, 1, out var right)) return null;
        if (left.Count == 0) return right;
        if (right.Count == 0) return left;
        context.Charge((long)left.Count + right.Count);
        return ArrayValue.Own([.. left.Items, .. right.Items]);
    }

    // One level: arrays inside are poured out, everything else stays.
    private static Value? Flatten(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Array(args, 0, out var array)) return null;
        var flat = new ArrayValue.Builder(array.Count);
        foreach (var item in array.Items)
        {
            context.Charge(Math.Max(item.Count, 1));
            if (item is ArrayValue inner) flat.AddRange(inner.Items);
            else flat.Add(item);
        }

        return flat.Build();
    }

    private static Value? Reverse(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Array(args, 0, out var array)) return null;
        context.Charge(array.Count);
        var items = array.Items.ToArray();
        Array.Reverse(items);
        return ArrayValue.Own(items);
    }

    // Indexes outside are clamped, so this never fails for whole numbers.
    private static Value? Slice(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Array(args, 0, out var array) || !context.Integer(args, 1, out var from) || !context.Integer(args, 2, out var to)) return null;
        var start = (int)BigInteger.Max(from, 0).Clamp(array.Count);
        var end = (int)to.Clamp(array.Count);
        if (start >= end) return ArrayValue.Empty;
        context.Charge(end - start);
        return array.Slice(start, end);
    }

    private static BigInteger Clamp(this BigInteger number, int most) => BigInteger.Min(number, most);
}
