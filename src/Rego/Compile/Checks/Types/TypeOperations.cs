// What can be asked of types: whether two can have a value in common, what looking into one gives, how alternatives join.
// Source: OPA's rules for static types. Null stands for a type that is not known yet or cannot be.
using System.Collections.Immutable;
using CabinCrew.Rego.Types;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Compile.Checks.Types;

/// <summary>What looks at more than one type is charged for.</summary>
internal sealed class TypeOperations(CompileBudget budget)
{
    // Beyond these, types are widened: hostile constants must not make the checker slow.
    private const int AlternativesMax = 16;
    private const int ItemsMax = 64;
    public const int PropertiesMax = 512;

    // Types that a policy puts together itself: doubled twenty times over, they would have a million parts.
    private const int SizeMax = 5_000;
    private const int DepthMax = 64;

    /// <summary>A type that was put together, or any where it has become too large to be looked at again and again.</summary>
    public static RegoType Bounded(RegoType made) => made.Size > SizeMax || made.Depth > DepthMax ? RegoType.Any : made;

    /// <summary>Either of two types; null counts for nothing.</summary>
    public RegoType? Or(RegoType? left, RegoType? right)
    {
        if (left is null || right is null || ReferenceEquals(left, right))
            return left ?? right;
        budget.Charge((long)left.Size + right.Size);
        if (left.Equals(right))
            return left;
        if (left is FunctionType one && right is FunctionType two)
            return OrFunctions(one, two);
        var joined = RegoType.Or(left, right);
        return joined is UnionType { Alternatives.Length: > AlternativesMax } ? RegoType.Any : joined is UnionType ? Bounded(joined) : joined;
    }

    private FunctionType OrFunctions(FunctionType one, FunctionType two) => one.Arguments.Length != two.Arguments.Length ? one : new(
        [.. one.Arguments.Zip(two.Arguments, (a, b) => Or(a, b)!)],
        one.Variadic,
        Or(one.Result, two.Result));

    /// <summary>The type of a constant; that of a large one is less exact.</summary>
    public RegoType Of(Value value) => Bounded(Exactly(value));

    private RegoType Exactly(Value value)
    {
        budget.Charge(1);
        switch (value)
        {
            case ArrayValue { Count: 0 }:
                return RegoType.AnyArray;
            case ArrayValue array when array.Count <= ItemsMax:
                var parts = ImmutableArray.CreateBuilder<RegoType>(array.Count);
                foreach (var item in array.Items)
                    parts.Add(Of(item));
                return new ArrayType(parts.DrainToImmutable(), null);
            case ArrayValue array:
                return new ArrayType([], Join(array.Items));
            case SetValue set:
                return new SetType(set.Count == 0 ? RegoType.Any : Join(set.Items));
            case ObjectValue { Count: 0 } or ObjectValue { Count: > PropertiesMax }:
                return RegoType.AnyObject;
            case ObjectValue items:
                var properties = ImmutableArray.CreateBuilder<StaticProperty>(items.Count);
                for (var i = 0; i < items.Count; i++)
                    properties.Add(new(items.Keys[i], Of(items.Values[i])));
                return new ObjectType(properties.DrainToImmutable(), null);
            default:
                return RegoType.Of(value);
        }
    }

    private RegoType Join(ReadOnlySpan<Value> items)
    {
        RegoType? joined = null;
        foreach (var item in items)
        {
            joined = Or(joined, Of(item));
            if (joined is AnyType)
                break;
        }

        return joined ?? RegoType.Any;
    }

    /// <summary>A value can be of both types.</summary>
    public bool Unify(RegoType? a, RegoType? b)
    {
        budget.Charge(1);
        if (a is null || b is null)
            return false;
        if (a is FunctionType || b is FunctionType)
            return a is FunctionType one && b is FunctionType two && one.Arguments.Length == two.Arguments.Length
                && one.Arguments.Zip(two.Arguments).All(pair => Unify(pair.First, pair.Second));
        if (a is AnyType || b is AnyType)
            return true;
        if (a is UnionType some)
            return UnifyAny(some, b);
        if (b is UnionType others)
            return UnifyAny(others, a);

        return (a, b) switch
        {
            (ScalarType one, ScalarType two) => one.Kind == two.Kind,
            (SetType one, SetType two) => Unify(one.Member, two.Member),
            (ArrayType one, ArrayType two) => UnifyArrays(one, two) && UnifyArrays(two, one) && (one.Dynamic is null || two.Dynamic is null || Unify(one.Dynamic, two.Dynamic)),
            (ObjectType one, ObjectType two) => UnifyObjects(one, two) && UnifyObjects(two, one)
                && (one.Dynamic is null || two.Dynamic is null || Unify(one.Dynamic.Value, two.Dynamic.Value)),
            _ => false,
        };
    }

    private bool UnifyAny(UnionType union, RegoType other)
    {
        foreach (var one in union.Alternatives)
        {
            if (Unify(one, other))
                return true;
        }

        return false;
    }

    private bool UnifyArrays(ArrayType a, ArrayType b)
    {
        for (var i = 0; i < a.Static.Length; i++)
        {
            if (!Unify(a.Static[i], ItemOf(b, i)))
                return false;
        }

        return true;
    }

    private bool UnifyObjects(ObjectType a, ObjectType b)
    {
        foreach (var property in a.Static)
        {
            if (!Unify(property.Type, Select(b, property.Key)))
                return false;
        }

        return true;
    }

    public static RegoType? ItemOf(ArrayType array, int index) => index < array.Static.Length ? array.Static[index] : array.Dynamic;

    /// <summary>The type of what a constant key leads to, or null where the type surely has no such key.</summary>
    public RegoType? Select(RegoType? type, Value key) => type switch
    {
        AnyType => RegoType.Any,
        ArrayType array => key is NumberValue number && number.TryInt64(out var index) && index >= 0 ? ItemOf(array, (int)Math.Min(index, int.MaxValue)) : null,
        SetType set => set.Member.Accepts(key) ? Of(key) : null,
        ObjectType items => PropertyOf(items, key) ?? (items.Dynamic is { } dynamic && dynamic.Key.Accepts(key) ? dynamic.Value : null),
        UnionType union => Join(union, static (types, one, key) => types.Select(one, key!), key),
        _ => null,
    };

    private RegoType? PropertyOf(ObjectType items, Value key)
    {
        budget.Charge(items.Static.Length / 8);
        foreach (var property in items.Static)
        {
            if (property.Key.Equals(key))
                return property.Type;
        }

        return null;
    }

    /// <summary>The type of the keys by which a value can be looked into; null for scalars and functions.</summary>
    public RegoType? KeysOf(RegoType? type) => type switch
    {
        AnyType => RegoType.Any,
        ArrayType => RegoType.Number,
        SetType set => set.Member,
        ObjectType items => KeysOf(items),
        UnionType union => Join(union, static (types, one, _) => types.KeysOf(one), null),
        _ => null,
    };

    private RegoType KeysOf(ObjectType items)
    {
        var joined = items.Dynamic?.Key;
        foreach (var property in items.Static)
            joined = Or(joined, Of(property.Key));
        return joined ?? RegoType.Any;
    }

    private RegoType? Join(UnionType union, Func<TypeOperations, RegoType, Value?, RegoType?> of, Value? key)
    {
        RegoType? joined = null;
        foreach (var one in union.Alternatives)
            joined = Or(joined, of(this, one, key));
        return joined;
    }

    /// <summary>The type of what any key leads to; null for scalars and functions.</summary>
    public RegoType? ValuesOf(RegoType? type) => type switch
    {
        AnyType => RegoType.Any,
        ArrayType array => ValuesOf(array),
        SetType set => set.Member,
        ObjectType items => ValuesOf(items),
        UnionType union => Join(union, static (types, one, _) => types.ValuesOf(one), null),
        _ => null,
    };

    private RegoType ValuesOf(ArrayType array)
    {
        var joined = array.Dynamic;
        foreach (var one in array.Static)
            joined = Or(joined, one);
        return joined ?? RegoType.Any;
    }

    private RegoType ValuesOf(ObjectType items)
    {
        var joined = items.Dynamic?.Value;
        foreach (var property in items.Static)
            joined = Or(joined, property.Type);
        return joined ?? RegoType.Any;
    }

    /// <summary>The keys that are known by name, for messages.</summary>
    public static IEnumerable<Value> KnownKeys(RegoType? type) => type switch
    {
        ObjectType items => items.Static.Select(property => property.Key),
        UnionType union => union.Alternatives.SelectMany(KnownKeys).Distinct(),
        _ => [],
    };
}
