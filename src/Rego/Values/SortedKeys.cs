// Distinct values in Rego's order with fast lookup: what objects use as keys and sets as members.
// Objects of the same shape share one instance; the hash index is made when first asked for.
namespace CabinCrew.Rego.Values;

internal sealed class SortedKeys
{
    private const int ScanMax = 8;

    public static readonly SortedKeys Empty = new([]);

    private readonly Value[] keys;
    private int[]? index;

    /// <summary>Takes over an array that is already sorted and distinct.</summary>
    public SortedKeys(Value[] keys) => this.keys = keys;

    public int Count => keys.Length;

    public Value[] Keys => keys;

    /// <summary>The position of a key, or -1.</summary>
    public int Find(Value key)
    {
        if (keys.Length > ScanMax) return FindHashed(key);
        for (var i = 0; i < keys.Length; i++)
        {
            if (ReferenceEquals(keys[i], key)) return i;
        }

        var hash = key.GetHashCode();
        for (var i = 0; i < keys.Length; i++)
        {
            if (keys[i].GetHashCode() == hash && keys[i].Equals(key)) return i;
        }

        return -1;
    }

    /// <summary>The position of a string key without making a value of it, or -1.</summary>
    public int Find(string key)
    {
        int low = 0, high = keys.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            var kind = keys[middle].Kind.CompareTo(ValueKind.String);
            var order = kind != 0 ? kind : StringValue.Compare(((StringValue)keys[middle]).Text, key);
            if (order == 0) return middle;
            if (order < 0) low = middle + 1;
            else high = middle - 1;
        }

        return -1;
    }

    private int FindHashed(Value key)
    {
        // Two threads may both build it; they build the same.
        var slots = Volatile.Read(ref index) ?? BuildIndex();
        var mask = slots.Length - 1;
        for (var at = Spread(key.GetHashCode()) & mask; slots[at] != 0; at = (at + 1) & mask)
        {
            if (keys[slots[at] - 1].Equals(key)) return slots[at] - 1;
        }

        return -1;
    }

    private int[] BuildIndex()
    {
        var slots = new int[SlotsFor(keys.Length)];
        var mask = slots.Length - 1;
        for (var i = 0; i < keys.Length; i++)
        {
            var at = Spread(keys[i].GetHashCode()) & mask;
            while (slots[at] != 0) at = (at + 1) & mask;
            slots[at] = i + 1;
        }

        Volatile.Write(ref index, slots);
        return slots;
    }

    internal static int SlotsFor(int count) => (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(count * 2, 16));

    internal static int Spread(int hash) => hash ^ (hash >>> 15);
}
