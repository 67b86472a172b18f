// Sorting as our data wants it: much of it is sorted already or short. Stable for the short and the sorted.
namespace CabinCrew.Rego.Values;

internal static class SortedRun
{
    private const int InsertionMax = 12;

    public static void Sort(Span<Value> items)
    {
        if (IsSorted(items)) return;
        if (items.Length > InsertionMax)
        {
            items.Sort();
            return;
        }

        for (var i = 1; i < items.Length; i++)
        {
            var item = items[i];
            var at = i;
            for (; at > 0 && items[at - 1].CompareTo(item) > 0; at--) items[at] = items[at - 1];
            items[at] = item;
        }
    }

    /// <summary>Sorts keys and takes the values along.</summary>
    public static void Sort(Span<Value> keys, Span<Value> values)
    {
        if (IsSorted(keys)) return;
        if (keys.Length > InsertionMax)
        {
            keys.Sort(values);
            return;
        }

        for (var i = 1; i < keys.Length; i++)
        {
            Value key = keys[i], value = values[i];
            var at = i;
            for (; at > 0 && keys[at - 1].CompareTo(key) > 0; at--)
            {
                keys[at] = keys[at - 1];
                values[at] = values[at - 1];
            }

            keys[at] = key;
            values[at] = value;
        }
    }

    private static bool IsSorted(ReadOnlySpan<Value> items)
    {
        for (var i = 1; i < items.Length; i++)
        {
            if (items[i - 1].CompareTo(items[i]) > 0) return false;
        }

        return true;
    }
}
