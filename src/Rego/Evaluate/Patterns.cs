// Patterns: what a value is held against. A pattern binds the locals that are not bound at its place; which those are is known when it is made.
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Evaluate;

internal abstract class Pattern
{
    public abstract bool Match(Evaluation e, Value value);
}

internal sealed class AnyPattern : Pattern
{
    public static readonly AnyPattern Instance = new();

    public override bool Match(Evaluation e, Value value) => true;
}

internal sealed class TruePattern : Pattern
{
    public static readonly TruePattern Instance = new();

    public override bool Match(Evaluation e, Value value) => value.IsTruthy;
}

internal sealed class BindPattern(int slot) : Pattern
{
    public int Slot => slot;

    public override bool Match(Evaluation e, Value value)
    {
        e[slot] = value;
        return true;
    }
}

internal sealed class ConstPattern(Value constant) : Pattern
{
    public override bool Match(Evaluation e, Value value) => constant.Equals(value);
}

internal sealed class EqualPattern(Operand operand) : Pattern
{
    public override bool Match(Evaluation e, Value value) => operand.Eval(e) is { } other && other.Equals(value);
}

internal sealed class ArrayPattern(Pattern[] items) : Pattern
{
    public override bool Match(Evaluation e, Value value)
    {
        if (value is not ArrayValue array || array.Count != items.Length) return false;
        for (var i = 0; i < items.Length; i++)
        {
            if (!items[i].Match(e, array[i])) return false;
        }

        return true;
    }
}

internal sealed class ObjectPattern(Operand[] keys, Pattern[] values) : Pattern
{
    public override bool Match(Evaluation e, Value value)
    {
        if (value is not ObjectValue map || map.Count != keys.Length) return false;
        for (var i = 0; i < keys.Length; i++)
        {
            if (keys[i].Eval(e) is not { } key || map.Get(key) is not { } inner || !values[i].Match(e, inner)) return false;
        }

        return true;
    }
}
