// What the checker knows of a term. Invariant: immutable; a union holds at least two different members and no union.
// Source: OPA's type notation as its documentation prints it ("any<number, string>", "array[string]", "object<a: string>[any: any]").
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Types;

internal abstract record RegoType
{
    public static readonly AnyType Any = new();
    public static readonly ScalarType Null = new("null", ValueKind.Null);
    public static readonly ScalarType Boolean = new("boolean", ValueKind.Boolean);
    public static readonly ScalarType Number = new("number", ValueKind.Number);
    public static readonly ScalarType String = new("string", ValueKind.String);
    public static readonly ArrayType AnyArray = new([], Any);
    public static readonly SetType AnySet = new(Any);
    public static readonly ObjectType AnyObject = new([], new DynamicProperty(Any, Any));

    /// <summary>How many types it is made of, counted as often as they occur, up to <see cref="SizeMax"/>: what looking at all of it costs.</summary>
    public virtual int Size => 1;

    /// <summary>How deep types lie within it: what it costs the stack.</summary>
    public virtual int Depth => 1;

    public const int SizeMax = 1 << 28;

    // Longer ones are told by their kind.
    private const int PrintedSizeMax = 1_000;

    private protected static int SizeOf(ImmutableArray<RegoType> parts, RegoType? more = null, RegoType? last = null)
    {
        var size = 1L + (more?.Size ?? 0) + (last?.Size ?? 0);
        foreach (var part in parts) size += part.Size;
        return (int)Math.Min(SizeMax, size);
    }

    private protected static int DepthOf(ImmutableArray<RegoType> parts, RegoType? more = null, RegoType? last = null)
    {
        var depth = Math.Max(more?.Depth ?? 0, last?.Depth ?? 0);
        foreach (var part in parts) depth = Math.Max(depth, part.Depth);
        return 1 + depth;
    }

    /// <summary>The type that both fit: one of them where they are equal, any where one is any, else a union.</summary>
    public static RegoType Or(RegoType left, RegoType right)
    {
        if (left is AnyType || right is AnyType) return Any;
        if (left == right) return left;
        return UnionOf((RegoType[])[left, right]);
    }

    public static RegoType UnionOf(ReadOnlySpan<RegoType> members)
    {
        var flat = ImmutableArray.CreateBuilder<RegoType>(members.Length);
        var seen = new HashSet<RegoType>();
        foreach (var member in members)
        {
            if (member is AnyType) return Any;
            // A union holds neither any nor a union.
            foreach (var one in Members(member))
            {
                if (seen.Add(one)) flat.Add(one);
            }
        }

        return flat.Count == 1 ? flat[0] : new UnionType(flat.DrainToImmutable());
    }

    /// <summary>The alternatives of a union, or the type itself.</summary>
    public static ImmutableArray<RegoType> Members(RegoType type) => type is UnionType union ? union.Alternatives : [type];

    /// <summary>The most exact type of a value: arrays and objects with static parts.</summary>
    public static RegoType Of(Value value) => value switch
    {
        NullValue => Null,
        BooleanValue => Boolean,
        NumberValue => Number,
        StringValue => String,
        ArrayValue array => new ArrayType(ImmutableCollectionsMarshal.AsImmutableArray(OfAll(array.Items)), null),
        SetValue { Count: 0 } => AnySet,
        SetValue set => new SetType(UnionOf(OfAll(set.Items))),
        ObjectValue map => new ObjectType(Properties(map), null),
        _ => Any,
    };

    private static RegoType[] OfAll(ReadOnlySpan<Value> values)
    {
        var types = new RegoType[values.Length];
        for (var i = 0; i < types.Length; i++) types[i] = Of(values[i]);
        return types;
    }

    private static ImmutableArray<StaticProperty> Properties(ObjectValue map)
    {
        var properties = ImmutableArray.CreateBuilder<StaticProperty>(map.Count);
        for (var i = 0; i < map.Count; i++) properties.Add(new(map.Keys[i], Of(map.Values[i])));
        return properties.MoveToImmutable();
    }

    /// <summary>False only where the value surely does not fit.</summary>
    public abstract bool Accepts(Value value);

    // Records would print their members otherwise.
    public sealed override string ToString() => Size <= PrintedSizeMax ? Print() : KindName + "<...>";

    protected abstract string Print();

    private protected abstract string KindName { get; }
}

internal sealed record AnyType : RegoType
{
    public override bool Accepts(Value value) => true;

    private protected override string KindName => "any";

    protected override string Print() => "any";
}

internal sealed record ScalarType(string Name, ValueKind Kind) : RegoType
{
    // There is one of each kind.
    public bool Equals(ScalarType? other) => other is not null && Kind == other.Kind;

    public override int GetHashCode() => (int)Kind;

    public override bool Accepts(Value value) => value.Kind == Kind;

    private protected override string KindName => Name;

    protected override string Print() => Name;
}

/// <summary>Fixed elements first; <paramref name="Dynamic"/> is the type of the rest, null where there is no rest.</summary>
internal sealed record ArrayType(ImmutableArray<RegoType> Static, RegoType? Dynamic) : RegoType
{
    public bool Equals(ArrayType? other) => other is not null && Static.SequenceEqual(other.Static) && Dynamic == other.Dynamic;

    public override int GetHashCode() => (Static.Length * 31) ^ (Dynamic?.GetHashCode() ?? 0);

    public override bool Accepts(Value value)
    {
        if (value is not ArrayValue array || array.Count < Static.Length || (Dynamic is null && array.Count > Static.Length)) return false;
        for (var i = 0; i < array.Count; i++)
        {
            if (!(i < Static.Length ? Static[i] : Dynamic!).Accepts(array[i])) return false;
        }

        return true;
    }

    private protected override string KindName => "array";

    public override int Size { get; } = SizeOf(Static, Dynamic);

    public override int Depth { get; } = DepthOf(Static, Dynamic);

    protected override string Print() =>
        "array" + (Static.IsEmpty ? "" : $"<{string.Join(", ", Static)}>") + (Dynamic is null ? "" : $"[{Dynamic}]");
}

internal sealed record SetType(RegoType Member) : RegoType
{
    public override bool Accepts(Value value)
    {
        if (value is not SetValue set) return false;
        foreach (var item in set.Items)
        {
            if (!Member.Accepts(item)) return false;
        }

        return true;
    }

    private protected override string KindName => "set";

    public override int Size { get; } = SizeOf([], Member);

    public override int Depth { get; } = DepthOf([], Member);

    protected override string Print() => $"set[{Member}]";
}

internal sealed record StaticProperty(Value Key, RegoType Type)
{
    /// <summary>It may be missing. Says nothing of the type.</summary>
    public bool IsOptional { get; init; }

    public bool Equals(StaticProperty? other) => other is not null && Key.Equals(other.Key) && Type.Equals(other.Type);

    public override int GetHashCode() => HashCode.Combine(Key, Type);
}

internal sealed record DynamicProperty(RegoType Key, RegoType Value);

/// <summary>Known keys, and what other keys and values look like; null <paramref name="Dynamic"/> means no other keys.</summary>
internal sealed record ObjectType(ImmutableArray<StaticProperty> Static, DynamicProperty? Dynamic) : RegoType
{
    public bool Equals(ObjectType? other) => other is not null && Static.SequenceEqual(other.Static) && Dynamic == other.Dynamic;

    public override int GetHashCode() => (Static.Length * 31) ^ (Dynamic?.GetHashCode() ?? 0);

    public override bool Accepts(Value value)
    {
        if (value is not ObjectValue map) return false;
        foreach (var property in Static)
        {
            if (map.Get(property.Key) is not { } held || !property.Type.Accepts(held)) return false;
        }

        for (var i = 0; i < map.Count; i++)
        {
            var key = map.Keys[i];
            if (Static.Any(p => p.Key.Equals(key))) continue;
            if (Dynamic is null || !Dynamic.Key.Accepts(key) || !Dynamic.Value.Accepts(map.Values[i])) return false;
        }

        return true;
    }

    private protected override string KindName => "object";

    public override int Size { get; } = SizeOf(TypesOf(Static), Dynamic?.Key, Dynamic?.Value);

    public override int Depth { get; } = DepthOf(TypesOf(Static), Dynamic?.Key, Dynamic?.Value);

    private static ImmutableArray<RegoType> TypesOf(ImmutableArray<StaticProperty> properties)
    {
        var types = new RegoType[properties.Length];
        for (var i = 0; i < types.Length; i++) types[i] = properties[i].Type;
        return ImmutableCollectionsMarshal.AsImmutableArray(types);
    }

    protected override string Print()
    {
        var known = string.Join(", ", Static.Select(p => $"{(p.Key is StringValue key ? key.Text : p.Key.ToString())}: {p.Type}"));
        return "object" + (Static.IsEmpty ? "" : $"<{known}>") + (Dynamic is null ? "" : $"[{Dynamic.Key}: {Dynamic.Value}]");
    }
}

internal sealed record UnionType(ImmutableArray<RegoType> Alternatives) : RegoType
{
    public bool Equals(UnionType? other) => other is not null && Alternatives.Length == other.Alternatives.Length && Alternatives.All(other.Alternatives.Contains);

    public override int GetHashCode() => Alternatives.Aggregate(Alternatives.Length, (hash, type) => hash ^ type.GetHashCode());

    public override bool Accepts(Value value) => Alternatives.Any(type => type.Accepts(value));

    private protected override string KindName => "any";

    public override int Size { get; } = SizeOf(Alternatives);

    public override int Depth { get; } = DepthOf(Alternatives);

    protected override string Print() => $"any<{string.Join(", ", Alternatives.OrderBy(Rank))}>";

    // OPA's order of kinds; alternatives of one kind stay as they came.
    private static int Rank(RegoType type) => type switch { ScalarType scalar => (int)scalar.Kind, ArrayType => 10, ObjectType => 11, SetType => 12, _ => 13 };
}

/// <summary>A function: its arguments, the type of any further ones (variadic) and the result; null result means it has none.</summary>
internal sealed record FunctionType(ImmutableArray<RegoType> Arguments, RegoType? Variadic, RegoType? Result) : RegoType
{
    /// <summary>What the arguments and then the result are called; empty or "" where they have no name. Says nothing of the type.</summary>
    public ImmutableArray<string> Names { get; init; } = [];

    /// <summary>What a call may be given, as messages tell it: with names, and with the result where it is part of the call.</summary>
    public string Wanted(bool withResult)
    {
        List<string> parts = [.. Arguments.Select((type, i) => Named(i, type))];
        if (withResult && Result is not null)
            parts.Add(Named(Arguments.Length, Result));
        if (Variadic is not null)
            parts.Add($"{Variadic}...");
        return $"({string.Join(", ", parts)})";
    }

    private string Named(int number, RegoType type) => number < Names.Length && Names[number].Length > 0 ? $"{Names[number]}: {type}" : type.ToString();

    public bool Equals(FunctionType? other) =>
        other is not null && Arguments.SequenceEqual(other.Arguments) && Variadic == other.Variadic && Result == other.Result;

    public override int GetHashCode() => HashCode.Combine(Arguments.Length, Variadic, Result);

    public override bool Accepts(Value value) => false;

    private protected override string KindName => "function";

    public override int Size { get; } = SizeOf(Arguments, Variadic, Result);

    public override int Depth { get; } = DepthOf(Arguments, Variadic, Result);

    protected override string Print()
    {
        var arguments = string.Join(", ", Variadic is null ? Arguments.Select(a => a.ToString()) : [.. Arguments.Select(a => a.ToString()), $"{Variadic}..."]);
        return $"({arguments}) => {Result?.ToString() ?? "void"}";
    }
}
