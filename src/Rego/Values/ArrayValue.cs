// An array: a fixed run of values.
using System.Runtime.CompilerServices;

namespace CabinCrew.Rego.Values;

public sealed class ArrayValue : Value
{
    public static readonly ArrayValue Empty = new([]);

    private readonly Value[] items;
    private int weight;

    private ArrayValue(Value[] items) : base(ValueKind.Array) => this.items = items;

    public override int Count => items.Length;

    public override int Weight => weight != 0 ? weight : weight = WeightOf(items);

    public ReadOnlySpan<Value> Items => items;

    public Value this[int index] => items[index];

    public static ArrayValue Of(params ReadOnlySpan<Value> items) => items.IsEmpty ? Empty : new ArrayValue(items.ToArray());

    /// <summary>Takes the array over: the caller must not touch it again.</summary>
    internal static ArrayValue Own(Value[] items) => items.Length == 0 ? Empty : new ArrayValue(items);

    public override Value? Get(Value key) =>
        key is NumberValue number && number.TryInt64(out var index) && (ulong)index < (ulong)items.Length ? items[index] : null;

    public ArrayValue Slice(int start, int end) => start == 0 && end == items.Length ? this : Own(items[start..end]);

    private protected override int CompareSameKind(Value other) => CompareItems(items, ((ArrayValue)other).items);

    private protected override bool EqualsSameKind(Value other) => EqualItems(items, ((ArrayValue)other).items);

    private protected override int ComputeHash() => HashItems(items, 0x6172);

    /// <summary>Element by element, then the shorter first.</summary>
    internal static int CompareItems(Value[] left, Value[] right)
    {
        // Deep values end in an exception that the evaluator turns into a limit error, never in a dead process.
        RuntimeHelpers.EnsureSufficientExecutionStack();
        var shared = Math.Min(left.Length, right.Length);
        for (var i = 0; i < shared; i++)
        {
            var order = left[i].CompareTo(right[i]);
            if (order != 0) return order;
        }

        return left.Length.CompareTo(right.Length);
    }

    internal static bool EqualItems(Value[] left, Value[] right)
    {
        if (left.Length != right.Length) return false;
        RuntimeHelpers.EnsureSufficientExecutionStack();
        for (var i = 0; i < left.Length; i++)
        {
            if (!left[i].Equals(right[i])) return false;
        }

        return true;
    }

    internal static int HashItems(Value[] items, int seed)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        var hash = new HashCode();
        hash.Add(seed);
        foreach (var item in items) hash.Add(item.GetHashCode());
        return hash.ToHashCode();
    }

    /// <summary>Collects items in order. Single use, not thread-safe.</summary>
    public sealed class Builder(int capacity = 4)
    {
        private Value[] items = [];

        public int Count { get; private set; }

        public void Add(Value item)
        {
            if (Count == items.Length) Array.Resize(ref items, Math.Max(items.Length * 2, Math.Max(capacity, 1)));
            items[Count++] = item;
        }

        public void AddRange(ReadOnlySpan<Value> more)
        {
            if (items.Length - Count < more.Length) Array.Resize(ref items, Math.Max(items.Length * 2, Count + more.Length));
            more.CopyTo(items.AsSpan(Count));
            Count += more.Length;
        }

        public ArrayValue Build()
        {
            if (Count == 0) return Empty;
            var exact = items;
            if (Count != exact.Length) Array.Resize(ref exact, Count);
            items = exact;
            return new ArrayValue(exact);
        }
    }
}
