// What a built-in sees of the evaluation that calls it: a fixed clock and seed, the budget, and where errors go.
// Invariant: a built-in never throws for bad input; it answers Fail(...), and the evaluator looks at Failed when it gets null.
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Text;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins;

internal abstract class BuiltinContext
{
    public const string BuiltinError = "eval_builtin_error";
    public const string TypeError = "eval_type_error";

    /// <summary>More than any budget, and still safe to add up.</summary>
    public const long ChargeMax = 1L << 50;

    private StringBuilder? scratch;

    /// <summary>Nanoseconds since 1970, the same throughout one evaluation.</summary>
    public abstract long NowNanoseconds { get; }

    /// <summary>Where all randomness comes from.</summary>
    public abstract ulong Seed { get; }

    /// <summary>Compiled regular expressions and globs; belongs to the program, so it outlives the evaluation.</summary>
    public abstract PatternCache Patterns { get; }

    /// <summary>Where a built-in puts a text together that it hands out as a string; the next one begins anew.</summary>
    public StringBuilder Scratch => scratch ??= new(256);

    /// <summary>Takes produced elements (or bytes / 16, or steps) off the budget; ends the evaluation with a limit error where it is used up.</summary>
    public abstract void Charge(long elements);

    /// <summary>Where <c>trace</c> notes go.</summary>
    public virtual void Note(string message)
    {
    }

    /// <summary>Where the names of test cases go.</summary>
    public virtual void TestCase(ArrayValue name)
    {
    }

    /// <summary>Where <c>print</c> goes.</summary>
    public virtual void Print(string message)
    {
    }

    /// <summary>The error of the last call, without the name of the built-in; null where it had none.</summary>
    public string? ErrorMessage { get; private set; }

    public string? ErrorCode { get; private set; }

    [MemberNotNullWhen(true, nameof(ErrorMessage), nameof(ErrorCode))]
    public bool Failed => ErrorMessage is not null;

    public void ClearError() => ErrorMessage = ErrorCode = null;

    public Value? Fail(string message, string code = BuiltinError)
    {
        ErrorMessage = message;
        ErrorCode = code;
        return null;
    }

    /// <summary>OPA's words for an operand of the wrong type: <c>operand 1 must be string but got number</c>.</summary>
    public Value? FailOperand(int index, Value got, params ReadOnlySpan<string> wanted)
    {
        var must = wanted.Length == 1 ? wanted[0] : $"one of {{{string.Join(", ", wanted!)}}}";
        return Fail($"operand {index + 1} must be {must} but got {TypeNames.Of(got)}", TypeError);
    }

    /// <summary>Elements of an operand: <c>operand 2 must be array of strings but got array containing number</c>.</summary>
    public Value? FailElement(int index, Value container, Value got, string must) =>
        Fail($"operand {index + 1} must be {TypeNames.Of(container)} of {must}s but got {TypeNames.Of(container)} containing {TypeNames.Of(got)}", TypeError);

    public bool Text(ReadOnlySpan<Value> args, int index, [NotNullWhen(true)] out string? text)
    {
        text = (args[index] as StringValue)?.Text;
        if (text is null) FailOperand(index, args[index], "string");
        return text is not null;
    }

    public bool Number(ReadOnlySpan<Value> args, int index, [NotNullWhen(true)] out NumberValue? number)
    {
        number = args[index] as NumberValue;
        if (number is null) FailOperand(index, args[index], "number");
        return number is not null;
    }

    public bool Integer(ReadOnlySpan<Value> args, int index, out BigInteger number)
    {
        number = default;
        if (!Number(args, index, out var given)) return false;
        if (given.TryInteger(out number)) return true;
        Fail($"operand {index + 1} must be integer number but got floating-point number", TypeError);
        return false;
    }

    /// <summary>A whole number within 32 bits.</summary>
    public bool Int32(ReadOnlySpan<Value> args, int index, out int number)
    {
        number = 0;
        if (!Integer(args, index, out var big)) return false;
        if (big < int.MinValue || big > int.MaxValue)
        {
            Fail($"operand {index + 1} must be a number of at most 32 bits", TypeError);
            return false;
        }

        number = (int)big;
        return true;
    }

    public bool Set(ReadOnlySpan<Value> args, int index, [NotNullWhen(true)] out SetValue? set)
    {
        set = args[index] as SetValue;
        if (set is null) FailOperand(index, args[index], "set");
        return set is not null;
    }

    public bool Array(ReadOnlySpan<Value> args, int index, [NotNullWhen(true)] out ArrayValue? array)
    {
        array = args[index] as ArrayValue;
        if (array is null) FailOperand(index, args[index], "array");
        return array is not null;
    }

    public bool Object(ReadOnlySpan<Value> args, int index, [NotNullWhen(true)] out ObjectValue? map)
    {
        map = args[index] as ObjectValue;
        if (map is null) FailOperand(index, args[index], "object");
        return map is not null;
    }

    /// <summary>The items of an array or a set.</summary>
    public bool Items(ReadOnlySpan<Value> args, int index, out ReadOnlySpan<Value> items)
    {
        items = args[index] switch { ArrayValue array => array.Items, SetValue set => set.Items, _ => default };
        if (args[index].Kind is ValueKind.Array or ValueKind.Set) return true;
        FailOperand(index, args[index], "set", "array");
        return false;
    }
}
