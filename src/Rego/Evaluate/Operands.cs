// Operands: what has exactly one value, or none (null: undefined), once the locals it names are bound.
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Evaluate;

internal abstract class Operand
{
    public abstract Value? Eval(Evaluation e);
}

internal sealed class ConstOperand(Value value) : Operand
{
    public Value Value => value;

    public override Value? Eval(Evaluation e) => value;
}

internal sealed class SlotOperand(int slot) : Operand
{
    public override Value? Eval(Evaluation e) => e[slot];
}

internal sealed class InputOperand : Operand
{
    public static readonly InputOperand Instance = new();

    public override Value? Eval(Evaluation e) => e.Context.Input;
}

/// <summary><c>input.a.b</c> with constant keys.</summary>
internal sealed class InputPathOperand(Value[] keys) : Operand
{
    public override Value? Eval(Evaluation e)
    {
        var value = e.Context.Input;
        foreach (var key in keys)
        {
            if (value is null) return null;
            value = value.Get(key);
        }

        return value;
    }
}

/// <summary>Data given by the caller, below no rule.</summary>
internal sealed class DataPathOperand(Value[] keys) : Operand
{
    public override Value? Eval(Evaluation e)
    {
        Value? value = e.Context.Data;
        foreach (var key in keys)
        {
            if (value is null) return null;
            value = GivenData.Get(value, key);
        }

        return value;
    }
}

internal sealed class PathOperand(Operand root, Value[] keys) : Operand
{
    public override Value? Eval(Evaluation e)
    {
        var value = root.Eval(e);
        foreach (var key in keys)
        {
            if (value is null) return null;
            value = value.Get(key);
        }

        return value;
    }
}

internal sealed class DynamicPathOperand(Operand root, Operand[] keys) : Operand
{
    private readonly bool isGivenData = root is DataPathOperand;

    public override Value? Eval(Evaluation e)
    {
        var value = root.Eval(e);
        foreach (var part in keys)
        {
            if (value is null) return null;
            var key = part.Eval(e);
            if (key is null) return null;
            value = isGivenData ? GivenData.Get(value, key) : value.Get(key);
        }

        return value;
    }
}

/// <summary>The document that a set of rules makes.</summary>
internal sealed class RulesOperand(RuleSet rules) : Operand
{
    public override Value? Eval(Evaluation e) => rules.Eval(e);
}

/// <summary>A document that is made of packages, rules and data, looked into with keys known only now.</summary>
internal sealed class TreeOperand(RuleNode node, Operand[] keys) : Operand
{
    public override Value? Eval(Evaluation e)
    {
        var cursor = TreeCursor.At(node, e);
        foreach (var part in keys)
        {
            var key = part.Eval(e);
            if (key is null) return null;
            cursor = cursor.Step(key, e);
            if (cursor.IsNothing) return null;
        }

        return cursor.Read(e);
    }
}

internal sealed class ArrayOperand(Operand[] items) : Operand
{
    public override Value? Eval(Evaluation e)
    {
        var values = new Value[items.Length];
        for (var i = 0; i < items.Length; i++)
        {
            if (items[i].Eval(e) is not { } value) return null;
            values[i] = value;
        }

        return e.Weighed(ArrayValue.Own(values));
    }
}

internal sealed class SetOperand(Operand[] items) : Operand
{
    public override Value? Eval(Evaluation e)
    {
        var builder = new SetValue.Builder(items.Length);
        foreach (var item in items)
        {
            if (item.Eval(e) is not { } value) return null;
            builder.Add(value);
        }

        return e.Weighed(builder.Build());
    }
}

internal sealed class ObjectOperand(Operand[] keys, Operand[] values) : Operand
{
    public override Value? Eval(Evaluation e)
    {
        var builder = new ObjectValue.Builder(keys.Length);
        for (var i = 0; i < keys.Length; i++)
        {
            if (keys[i].Eval(e) is not { } key || values[i].Eval(e) is not { } value) return null;
            builder.Set(key, value);
        }

        return e.Weighed(builder.Build());
    }
}
