// One kind of object in a document: which keys it has, in which order. Objects of a kind share one key list.
namespace CabinCrew.Rego.Values;

/// <summary>Keys as the document gave them, and where each stands in the sorted list.</summary>
internal sealed class ObjectShape(Value[] given, int[] position, SortedKeys keys)
{
    public ObjectValue Make(ReadOnlySpan<Value> pairs)
    {
        var values = new Value[position.Length];
        // A span looks at the array's type once, an array at every store.
        Span<Value> into = values;
        for (var i = 0; i < position.Length; i++) into[position[i]] = pairs[(i * 2) + 1];
        return new ObjectValue(keys, values);
    }

    public bool Fits(ReadOnlySpan<Value> pairs)
    {
        if (pairs.Length != given.Length * 2) return false;
        for (var i = 0; i < given.Length; i++)
        {
            if (!ReferenceEquals(given[i], pairs[i * 2])) return false;
        }

        return true;
    }

    /// <summary>Null where a key comes twice.</summary>
    public static ObjectShape? Of(ReadOnlySpan<Value> pairs)
    {
        var given = new Value[pairs.Length / 2];
        for (var i = 0; i < given.Length; i++) given[i] = pairs[i * 2];
        var sorted = (Value[])given.Clone();
        Array.Sort(sorted);
        for (var i = 1; i < sorted.Length; i++)
        {
            if (sorted[i].Equals(sorted[i - 1])) return null;
        }

        var keys = new SortedKeys(sorted);
        var position = new int[given.Length];
        for (var i = 0; i < given.Length; i++) position[i] = keys.Find(given[i]);
        return new ObjectShape(given, position, keys);
    }
}
