// count, sum, product, max, min, sort, and the deprecated all and any.
using CabinCrew.Rego.Builtins.Numbers;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Collections;

internal static class Aggregates
{
    public static Builtin[] Table =>
    [
        new("count", "collection: any<set[any], array[any], object[any: any], string> -> n: number", Count),
        new("sum", "collection: any<set[number], array[number]> -> n: number", static (context, args) => Fold(context, args, product: false)),
        new("product", "collection: any<set[number], array[number]> -> n: number", static (context, args) => Fold(context, args, product: true)),
        new("max", "collection: any<set[any], array[any]> -> n: any", static (context, args) => Extreme(context, args, 1)),
        new("min", "collection: any<set[any], array[any]> -> n: any", static (context, args) => Extreme(context, args, -1)),
        new("sort", "collection: any<array[any], set[any]> -> n: array[any]", Sort),
        new("all", "any<set[any], array[any]> -> boolean", static (context, args) => All(context, args), BuiltinTraits.Deprecated),
        new("any", "any<set[any], array[any]> -> boolean", static (context, args) => Any(context, args), BuiltinTraits.Deprecated),
    ];

    private static Value? Count(BuiltinContext context, ReadOnlySpan<Value> args) => args[0] switch
    {
        StringValue word => NumberValue.Of(GoText.CountRunes(word.Text)),
        { Kind: ValueKind.Array or ValueKind.Object or ValueKind.Set } collection => NumberValue.Of(collection.Count),
        var other => context.FailOperand(0, other, "array", "object", "set", "string"),
    };

    private static Value? Fold(BuiltinContext context, ReadOnlySpan<Value> args, bool product)
    {
        if (!context.Items(args, 0, out var items)) return null;
        foreach (var item in items)
        {
            if (item is not NumberValue) return context.FailElement(0, args[0], item, "number");
        }

        Value? total = NumberValue.Of(product ? 1 : 0);
        var step = 0;
        for (; step < items.Length && total is NumberValue { IsInteger: true } && ((NumberValue)items[step]).IsInteger; step++)
        {
            total = product ? Arithmetic.Multiply(context, [total, items[step]]) : Arithmetic.Plus(context, [total, items[step]]);
        }

        return total is NumberValue whole && step < items.Length ? FoldFloats(context, whole, items[step..], product) : total;
    }

    // OPA adds and multiplies floats here with the precision of a double.
    private static Value? FoldFloats(BuiltinContext context, NumberValue start, ReadOnlySpan<Value> items, bool product)
    {
        if (GoFloat.Of(start, GoFloat.DoubleBits) is not { } total) return context.Fail("number too large to compute with");
        foreach (var item in items)
        {
            if (GoFloat.Of((NumberValue)item) is not { } next) return context.Fail("number too large to compute with");
            total = product ? total.Multiply(next, GoFloat.DoubleBits) : total.Add(next, GoFloat.DoubleBits);
        }

        return total.ToNumber();
    }

    // Undefined where there is nothing to choose from.
    private static Value? Extreme(BuiltinContext context, ReadOnlySpan<Value> args, int sign)
    {
        if (!context.Items(args, 0, out var items) || items.IsEmpty) return null;
        if (args[0] is SetValue) return sign > 0 ? items[^1] : items[0];
        var best = items[0];
        foreach (var item in items)
        {
            if (item.CompareTo(best) * sign > 0) best = item;
        }

        return best;
    }

    private static ArrayValue? Sort(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Items(args, 0, out var items)) return null;
        var sorted = items.ToArray();
        context.Charge(sorted.Length);
        SortedRun.Sort(sorted);
        return ArrayValue.Own(sorted);
    }

    private static Value? All(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Items(args, 0, out var items)) return null;
        foreach (var item in items)
        {
            if (!ReferenceEquals(item, BooleanValue.True)) return BooleanValue.False;
        }

        return BooleanValue.True;
    }

    private static Value? Any(BuiltinContext context, ReadOnlySpan<Value> args) =>
        context.Items(args, 0, out var items) ? Value.From(items.Contains(BooleanValue.True)) : null;
}
