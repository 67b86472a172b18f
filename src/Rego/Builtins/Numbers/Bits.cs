// bits.*: two's complement on whole numbers of any size, shifts bounded.
using System.Numerics;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Numbers;

internal static class Bits
{
    private const int ShiftMax = 16_384;

    public static Builtin[] Table =>
    [
        new("bits.or", "x: number, y: number -> z: number", static (context, args) => Combine(context, args, static (x, y) => x | y)),
        new("bits.and", "x: number, y: number -> z: number", static (context, args) => Combine(context, args, static (x, y) => x & y)),
        new("bits.xor", "x: number, y: number -> z: number", static (context, args) => Combine(context, args, static (x, y) => x ^ y)),
        new("bits.negate", "x: number -> z: number", static (context, args) => context.Integer(args, 0, out var x) ? NumberValue.Of(-x - 1) : null),
        new("bits.lsh", "x: number, s: number -> z: number", static (context, args) => Shift(context, args, left: true)),
        new("bits.rsh", "x: number, s: number -> z: number", static (context, args) => Shift(context, args, left: false)),
    ];

    private static NumberValue? Combine(BuiltinContext context, ReadOnlySpan<Value> args, Func<BigInteger, BigInteger, BigInteger> operation) =>
        context.Integer(args, 0, out var x) && context.Integer(args, 1, out var y) ? NumberValue.Of(operation(x, y)) : null;

    private static Value? Shift(BuiltinContext context, ReadOnlySpan<Value> args, bool left)
    {
        if (!context.Integer(args, 0, out var x) || !context.Integer(args, 1, out var by)) return null;
        if (by.Sign < 0) return context.Fail("operand 2 must be an unsigned integer number but got a negative integer", BuiltinContext.TypeError);
        if (!left) return NumberValue.Of(by > int.MaxValue ? x.Sign < 0 ? -1 : 0 : x >> (int)by);
        if (by > ShiftMax) return context.Fail($"cannot shift by more than {ShiftMax} bits");
        return NumberValue.Of(x << (int)by);
    }
}
