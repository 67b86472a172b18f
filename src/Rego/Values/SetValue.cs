// A set: distinct members in Rego's order. Set algebra merges the sorted runs, so it is linear.
namespace CabinCrew.Rego.Values;

public sealed class SetValue : Value
{
    public static readonly SetValue Empty = new(SortedKeys.Empty);

    private readonly SortedKeys members;
    private int weight;

    private SetValue(SortedKeys members) : base(ValueKind.Set) => this.members = members;

    public override int Weight => weight != 0 ? weight : weight = WeightOf(members.Keys);

    public override int Count => members.Count;

    /// <summary>The members in order.</summary>
    public ReadOnlySpan<Value> Items => members.Keys;

    public Value this[int index] => members.Keys[index];

    public static SetValue Of(params ReadOnlySpan<Value> items)
    {
        var builder = new Builder(items.Length);
        foreach (var item in items) builder.Add(item);
        return builder.Build();
    }

    internal static SetValue OfSorted(SortedKeys keys) => keys.Count == 0 ? Empty : new SetValue(keys);

    public bool Contains(Value item) => members.Find(item) >= 0;

    public override Value? Get(Value key)
    {
        var at = members.Find(key);
        return at < 0 ? null : members.Keys[at];
    }

    public SetValue Union(SetValue other) => Count == 0 ? other : other.Count == 0 ? this : Merge(other, true, true, true);

    public SetValue Intersect(SetValue other) => Merge(other, false, true, false);

    public SetValue Except(SetValue other) => Count == 0 || other.Count == 0 ? this : Merge(other, true, false, false);

    private SetValue Merge(SetValue other, bool onlyLeft, bool both, bool onlyRight)
    {
        Value[] left = members.Keys, right = other.members.Keys;
        var kept = new Value[(onlyLeft || both ? left.Length : 0) + (onlyRight ? right.Length : 0)];
        int l = 0, r = 0, count = 0;
        while (l < left.Length && r < right.Length)
        {
            var order = left[l].CompareTo(right[r]);
            if (order == 0)
            {
                if (both) kept[count++] = left[l];
                l++;
                r++;
            }
            else if (order < 0)
            {
                if (onlyLeft) kept[count++] = left[l];
                l++;
            }
            else
            {
                if (onlyRight) kept[count++] = right[r];
                r++;
            }
        }

        while (onlyLeft && l < left.Length) kept[count++] = left[l++];
        while (onlyRight && r < right.Length) kept[count++] = right[r++];
        return FromSorted(kept, count);
    }

    private static SetValue FromSorted(Value[] sorted, int count)
    {
        if (count == 0) return Empty;
        if (count != sorted.Length) Array.Resize(ref sorted, count);
        return new SetValue(new SortedKeys(sorted));
    }

    private protected override int CompareSameKind(Value other) => ArrayValue.CompareItems(members.Keys, ((SetValue)other).members.Keys);

    private protected override bool EqualsSameKind(Value other) => ArrayValue.EqualItems(members.Keys, ((SetValue)other).members.Keys);

    private protected override int ComputeHash() => ArrayValue.HashItems(members.Keys, 0x7365);

    /// <summary>Collects members, duplicates allowed; sorts when built. Single use, not thread-safe.</summary>
    public sealed class Builder(int capacity = 4)
    {
        private Value[] items = [];
        private int count;

        public bool IsEmpty => count == 0;

        public void Add(Value item)
        {
            // The commonest duplicates come in a row.
            if (count > 0 && ReferenceEquals(items[count - 1], item)) return;
            if (count == items.Length)
            {
                // Duplicates are thrown out before more room is taken, so room follows distinct members.
                SortDistinct();
                if (count > items.Length / 2 || count == 0) Array.Resize(ref items, Math.Max(items.Length * 2, Math.Max(capacity, 1)));
            }

            items[count++] = item;
        }

        public SetValue Build()
        {
            SortDistinct();
            return FromSorted(items, count);
        }

        private void SortDistinct()
        {
            if (count < 2) return;
            SortedRun.Sort(items.AsSpan(0, count));
            var kept = 1;
            for (var i = 1; i < count; i++)
            {
                if (!items[i].Equals(items[kept - 1])) items[kept++] = items[i];
            }

            count = kept;
        }
    }
}
