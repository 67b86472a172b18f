// An object: any value as key, iterated in Rego's order of keys. Objects read from one document share equal key lists.
using System.Runtime.CompilerServices;

namespace CabinCrew.Rego.Values;

public sealed class ObjectValue : Value
{
    public static readonly ObjectValue Empty = new(SortedKeys.Empty, []);

    private readonly SortedKeys keys;
    private readonly Value[] values;
    private int weight;

    /// <summary>Takes both over: values stand in the order of the keys.</summary>
    internal ObjectValue(SortedKeys keys, Value[] values) : base(ValueKind.Object)
    {
        this.keys = keys;
        this.values = values;
    }

    public override int Count => values.Length;

    public override int Weight => weight != 0 ? weight : weight = WeightOf(values, WeightOf(keys.Keys));

    /// <summary>The keys in order.</summary>
    public ReadOnlySpan<Value> Keys => keys.Keys;

    /// <summary>The values in the order of the keys.</summary>
    public ReadOnlySpan<Value> Values => values;

    internal SortedKeys SharedKeys => keys;

    public static ObjectValue Of(params ReadOnlySpan<(Value Key, Value Value)> pairs)
    {
        var builder = new Builder(pairs.Length);
        foreach (var (key, value) in pairs) builder.Set(key, value);
        return builder.Build();
    }

    public override Value? Get(Value key)
    {
        var at = keys.Find(key);
        return at < 0 ? null : values[at];
    }

    public Value? Get(string key)
    {
        var at = keys.Find(key);
        return at < 0 ? null : values[at];
    }

    public bool ContainsKey(Value key) => keys.Find(key) >= 0;

    /// <summary>A copy with one key put or replaced.</summary>
    public ObjectValue With(Value key, Value value)
    {
        var at = keys.Find(key);
        if (at >= 0)
        {
            var replaced = (Value[])values.Clone();
            replaced[at] = value;
            return new ObjectValue(keys, replaced);
        }

        var builder = new Builder(Count + 1);
        for (var i = 0; i < values.Length; i++) builder.Set(keys.Keys[i], values[i]);
        builder.Set(key, value);
        return builder.Build();
    }

    /// <summary>A copy without one key.</summary>
    public ObjectValue Without(Value key)
    {
        var at = keys.Find(key);
        if (at < 0) return this;
        if (Count == 1) return Empty;
        return new ObjectValue(new SortedKeys([.. keys.Keys[..at], .. keys.Keys[(at + 1)..]]), [.. values[..at], .. values[(at + 1)..]]);
    }

    // Key, value, key, value: the first difference decides, then the smaller object is first.
    private protected override int CompareSameKind(Value other)
    {
        var right = (ObjectValue)other;
        RuntimeHelpers.EnsureSufficientExecutionStack();
        var shared = Math.Min(values.Length, right.values.Length);
        for (var i = 0; i < shared; i++)
        {
            var order = keys.Keys[i].CompareTo(right.keys.Keys[i]);
            if (order == 0) order = values[i].CompareTo(right.values[i]);
            if (order != 0) return order;
        }

        return values.Length.CompareTo(right.values.Length);
    }

    private protected override bool EqualsSameKind(Value other)
    {
        var right = (ObjectValue)other;
        return (ReferenceEquals(keys, right.keys) || ArrayValue.EqualItems(keys.Keys, right.keys.Keys))
            && ArrayValue.EqualItems(values, right.values);
    }

    private protected override int ComputeHash() => ArrayValue.HashItems(values, ArrayValue.HashItems(keys.Keys, 0x6f62));

    /// <summary>Collects pairs, one per key; sorts when built. Single use, not thread-safe.</summary>
    public sealed class Builder(int capacity = 4)
    {
        private const int ScanMax = 8;

        private Value[] keys = new Value[Math.Max(capacity, 1)];
        private Value[] values = new Value[Math.Max(capacity, 1)];
        private int[]? slots;

        public int Count { get; private set; }

        /// <summary>Adds where the key is new and answers null; otherwise changes nothing and answers what the key has.</summary>
        public Value? AddOrGet(Value key, Value value)
        {
            var at = Find(key);
            if (at >= 0) return values[at];
            Append(key, value);
            return null;
        }

        /// <summary>Puts the value, replacing what the key had.</summary>
        public void Set(Value key, Value value)
        {
            var at = Find(key);
            if (at >= 0) values[at] = value;
            else Append(key, value);
        }

        public void Set(string key, Value value) => Set(new StringValue(key), value);

        public Value? Get(Value key)
        {
            var at = Find(key);
            return at < 0 ? null : values[at];
        }

        public ObjectValue Build()
        {
            if (Count == 0) return Empty;
            if (Count != keys.Length)
            {
                Array.Resize(ref keys, Count);
                Array.Resize(ref values, Count);
            }

            SortedRun.Sort(keys, values);
            slots = null;
            return new ObjectValue(new SortedKeys(keys), values);
        }

        private void Append(Value key, Value value)
        {
            if (Count == keys.Length)
            {
                Array.Resize(ref keys, Count * 2);
                Array.Resize(ref values, Count * 2);
            }

            keys[Count] = key;
            values[Count++] = value;
            if (slots is not null && Count * 2 <= slots.Length) Place(slots, Count - 1);
            else if (Count > ScanMax) Rehash();
        }

        private int Find(Value key)
        {
            if (slots is null)
            {
                for (var i = 0; i < Count; i++)
                {
                    if (keys[i].Equals(key)) return i;
                }

                return -1;
            }

            var mask = slots.Length - 1;
            for (var at = SortedKeys.Spread(key.GetHashCode()) & mask; slots[at] != 0; at = (at + 1) & mask)
            {
                if (keys[slots[at] - 1].Equals(key)) return slots[at] - 1;
            }

            return -1;
        }

        private void Rehash()
        {
            slots = new int[SortedKeys.SlotsFor(Count * 2)];
            for (var i = 0; i < Count; i++) Place(slots, i);
        }

        private void Place(int[] table, int position)
        {
            var mask = table.Length - 1;
            var at = SortedKeys.Spread(keys[position].GetHashCode()) & mask;
            while (table[at] != 0) at = (at + 1) & mask;
            table[at] = position + 1;
        }
    }
}
