// Looks through a document along a path with parts that are not bound: binds them to every key in turn, then goes on for each value found.
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Evaluate;

/// <summary>One part of a path: a key that is known when it is reached, or a pattern for keys.</summary>
internal readonly record struct PathPart(Operand? Key, Pattern? Keys);

internal sealed class RefStep(Operand? root, RuleNode? tree, PathPart[] path, Pattern result) : Step
{
    private readonly bool isGivenData = root is DataPathOperand;

    public override bool Run(Evaluation e)
    {
        if (tree is not null) return Walk(e, TreeCursor.At(tree, e), 0);
        return root!.Eval(e) is { } value && Walk(e, value, 0);
    }

    private bool Walk(Evaluation e, TreeCursor cursor, int at)
    {
        if (cursor.Node is null) return cursor.Data is { } data && Walk(e, data, at);
        if (at == path.Length) return cursor.Read(e) is { } whole && result.Match(e, whole) && Next.Run(e);
        if (path[at].Key is { } known) return known.Eval(e) is { } one && Walk(e, cursor.Step(one, e), at + 1);
        foreach (var key in cursor.Keys())
        {
            e.Tick();
            if (path[at].Keys!.Match(e, key) && Walk(e, cursor.Step(key, e), at + 1)) return true;
        }

        return false;
    }

    private bool Walk(Evaluation e, Value value, int at)
    {
        for (; at < path.Length && path[at].Key is { } known; at++)
        {
            if (known.Eval(e) is not { } key || (isGivenData ? GivenData.Get(value, key) : value.Get(key)) is not { } inner) return false;
            value = inner;
        }

        if (at == path.Length) return result.Match(e, value) && Next.Run(e);
        return value switch
        {
            ArrayValue array => WalkArray(e, array, at),
            ObjectValue map => WalkObject(e, map, at),
            SetValue set => WalkSet(e, set, at),
            _ => false,
        };
    }

    private bool WalkArray(Evaluation e, ArrayValue array, int at)
    {
        var keys = path[at].Keys!;
        var any = keys == AnyPattern.Instance;
        for (var i = 0; i < array.Count; i++)
        {
            e.Tick();
            if ((any || keys.Match(e, NumberValue.Of(i))) && Onward(e, array[i], at + 1)) return true;
        }

        return false;
    }

    private bool WalkObject(Evaluation e, ObjectValue map, int at)
    {
        var keys = path[at].Keys!;
        for (var i = 0; i < map.Count; i++)
        {
            e.Tick();
            if (keys.Match(e, map.Keys[i]) && Onward(e, map.Values[i], at + 1)) return true;
        }

        return false;
    }

    private bool WalkSet(Evaluation e, SetValue set, int at)
    {
        var keys = path[at].Keys!;
        for (var i = 0; i < set.Count; i++)
        {
            e.Tick();
            if (keys.Match(e, set[i]) && Onward(e, set[i], at + 1)) return true;
        }

        return false;
    }

    private bool Onward(Evaluation e, Value value, int at) =>
        at == path.Length ? result.Match(e, value) && Next.Run(e) : Walk(e, value, at);
}
