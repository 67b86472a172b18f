// Arithmetic as OPA does it: whole numbers exact at any size, everything else in 64-bit binary floats.
using System.Numerics;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Numbers;

internal static class Arithmetic
{
    private const string TooLarge = "number too large to compute with";

    public static Builtin[] Table =>
    [
        new("plus", "x: number, y: number -> z: number", Plus),
        new("minus", "x: any<number, set[any]>, y: any<number, set[any]> -> z: any<number, set[any]>", Minus),
        new("mul", "x: number, y: number -> z: number", Multiply),
        new("div", "x: number, y: number -> z: number", Divide),
        new("rem", "x: number, y: number -> z: number", Remainder),
        new("abs", "x: number -> y: number", Abs),
        new("round", "x: number -> y: number", static (context, args) => Whole(context, args, Rounding.HalfAway)),
        new("ceil", "x: number -> y: number", static (context, args) => Whole(context, args, Rounding.Up)),
        new("floor", "x: number -> y: number", static (context, args) => Whole(context, args, Rounding.Down)),
    ];

    private enum Rounding
    {
        Down,
        Up,
        HalfAway,
    }

    public static Value? Plus(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Number(args, 0, out var x) || !context.Number(args, 1, out var y)) return null;
        if (x.TryInt64(out var a) && y.TryInt64(out var b))
        {
            var sum = unchecked(a + b);
            if (((a ^ sum) & (b ^ sum)) >= 0) return NumberValue.Of(sum);
        }

        return Compute(context, x, y, static (a, b) => a + b, static (a, b) => a.Add(b));
    }

    public static Value? Minus(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (args[0] is SetValue left && args[1] is SetValue right) return left.Except(right);
        if (args[0] is not NumberValue x)
        {
            if (args[0] is SetValue) return context.FailOperand(1, args[1], "set");
            return context.FailOperand(0, args[0], "number", "set");
        }

        if (args[1] is not NumberValue y) return context.FailOperand(1, args[1], "number");
        if (x.TryInt64(out var a) && y.TryInt64(out var b))
        {
            var difference = unchecked(a - b);
            if (((a ^ b) & (a ^ difference)) >= 0) return NumberValue.Of(difference);
        }

        return Compute(context, x, y, static (a, b) => a - b, static (a, b) => a.Subtract(b));
    }

    public static Value? Multiply(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Number(args, 0, out var x) || !context.Number(args, 1, out var y)) return null;
        if (x.TryInt64(out var a) && y.TryInt64(out var b) && Math.BigMul(a, b, out var low) is var high && high == low >> 63) return NumberValue.Of(low);
        return Compute(context, x, y, static (a, b) => a * b, static (a, b) => a.Multiply(b));
    }

    public static Value? Divide(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Number(args, 0, out var x) || !context.Number(args, 1, out var y)) return null;
        if (y.Sign == 0) return context.Fail("divide by zero");
        if (x.TryInt64(out var a) && y.TryInt64(out var b) && b != -1 && a % b == 0) return NumberValue.Of(a / b);
        return GoFloat.Of(x) is { } left && GoFloat.Of(y) is { } right ? left.Divide(right).ToNumber() : context.Fail(TooLarge);
    }

    public static Value? Remainder(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Number(args, 0, out var x) || !context.Number(args, 1, out var y)) return null;
        if (!x.IsInteger || !y.IsInteger) return context.Fail("modulo on floating-point number");
        if (y.Sign == 0) return context.Fail("modulo by zero");
        if (x.TryInt64(out var a) && y.TryInt64(out var b)) return NumberValue.Of(b == -1 ? 0 : a % b);
        return x.TryInteger(out var left) && y.TryInteger(out var right) ? NumberValue.Of(BigInteger.Remainder(left, right)) : context.Fail(TooLarge);
    }

    private static Value? Abs(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Number(args, 0, out var x)) return null;
        if (x.Sign >= 0) return x;
        if (x.TryInteger(out var whole)) return NumberValue.Of(BigInteger.Abs(whole));
        return GoFloat.Of(x) is { } left ? GoFloat.Of(NumberValue.Zero)!.Value.Subtract(left).ToNumber() : context.Fail(TooLarge);
    }

    private static Value? Whole(BuiltinContext context, ReadOnlySpan<Value> args, Rounding rounding)
    {
        if (!context.Number(args, 0, out var x)) return null;
        if (x.TryInt64(out var plain)) return NumberValue.Of(plain);
        var exact = x.ToExact();
        if (!exact.TryFloor(out var below)) return context.Fail(TooLarge);
        if (exact.IsInteger || rounding == Rounding.Down) return NumberValue.Of(below);
        if (rounding == Rounding.Up) return NumberValue.Of(below + 1);
        var half = exact.CompareTo(ExactDecimal.Of(below * 10 + 5).TimesTenTo(-1));
        return NumberValue.Of(half > 0 || (half == 0 && exact.Sign > 0) ? below + 1 : below);
    }

    private static Value? Compute(
        BuiltinContext context, NumberValue x, NumberValue y, Func<BigInteger, BigInteger, BigInteger> exact, Func<GoFloat, GoFloat, GoFloat> rounded)
    {
        if (x.TryInteger(out var a) && y.TryInteger(out var b))
        {
            context.Charge((a.GetBitLength() + b.GetBitLength()) / 64);
            var whole = exact(a, b);
            return whole.GetBitLength() > NumberValue.TextCharsMax * 3 ? context.Fail(TooLarge) : NumberValue.Of(whole);
        }

        return GoFloat.Of(x) is { } left && GoFloat.Of(y) is { } right ? rounded(left, right).ToNumber() : context.Fail(TooLarge);
    }
}
