// numbers.range, numbers.range_step and rand.intn. Every number made is charged before it is made.
using System.Numerics;
using System.Text;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Numbers;

internal static class Ranges
{
    public static Builtin[] Table =>
    [
        new("numbers.range", "a: number, b: number -> range: array[number]", static (context, args) =>
            context.Integer(args, 0, out var from) && context.Integer(args, 1, out var to) ? Range(context, from, to, 1) : null),
        new("numbers.range_step", "a: number, b: number, step: number -> range: array[number]", RangeStep),
        new("rand.intn", "str: string, n: number -> y: number", RandomBelow, BuiltinTraits.Nondeterministic),
    ];

    private static Value? RangeStep(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Integer(args, 0, out var from) || !context.Integer(args, 1, out var to) || !context.Integer(args, 2, out var step)) return null;
        return step < 1 ? context.Fail("step must be a positive integer") : Range(context, from, to, step);
    }

    private static Value? Range(BuiltinContext context, BigInteger from, BigInteger to, BigInteger step)
    {
        var count = BigInteger.Abs(to - from) / step + 1;
        context.Charge((long)BigInteger.Min(count, BuiltinContext.ChargeMax));
        if (count > 100_000_000) return context.Fail("range too large");
        var numbers = new Value[(int)count];
        if (to < from) step = -step;
        for (var i = 0; i < numbers.Length; i++, from += step) numbers[i] = NumberValue.Of(from);
        return ArrayValue.Own(numbers);
    }

    // The same pair of arguments gives the same number throughout one evaluation, and in every replay with the same seed.
    private static Value? RandomBelow(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Text(args, 0, out var name) || !context.Integer(args, 1, out var bound)) return null;
        bound = BigInteger.Abs(bound);
        if (bound.IsZero) return NumberValue.Zero;
        var key = Encoding.UTF8.GetBytes($"{name}\n{bound}");
        return NumberValue.Of(new BigInteger(SeededBytes.Make(context.Seed, "rand.intn", key, bound.GetByteCount() + 16), isUnsigned: true) % bound);
    }
}
