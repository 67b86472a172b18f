// A set of a rule's locals, by slot. Grows as locals are made; compares by content.
using CabinCrew.Rego.Evaluate;

namespace CabinCrew.Rego.Compile;

internal sealed class LocalSet
{
    private ulong[] words;

    public LocalSet() => words = [];

    private LocalSet(ulong[] words) => this.words = words;

    public bool IsEmpty
    {
        get
        {
            foreach (var word in words)
            {
                if (word != 0) return false;
            }

            return true;
        }
    }

    public bool Contains(Local local) => local.Slot >> 6 < words.Length && (words[local.Slot >> 6] & (1UL << local.Slot)) != 0;

    public void Add(Local local)
    {
        var at = local.Slot >> 6;
        if (at >= words.Length) Grow(at + 1);
        words[at] |= 1UL << local.Slot;
    }

    public void Remove(Local local)
    {
        if (local.Slot >> 6 < words.Length) words[local.Slot >> 6] &= ~(1UL << local.Slot);
    }

    public void UnionWith(LocalSet other)
    {
        if (other.words.Length > words.Length) Grow(other.words.Length);
        for (var i = 0; i < other.words.Length; i++) words[i] |= other.words[i];
    }

    private void Grow(int length)
    {
        var larger = new ulong[length];
        Array.Copy(words, larger, words.Length);
        words = larger;
    }

    public LocalSet Copy() => new((ulong[])words.Clone());

    public LocalSet Except(LocalSet other)
    {
        var result = Copy();
        for (var i = Math.Min(words.Length, other.words.Length) - 1; i >= 0; i--) result.words[i] &= ~other.words[i];
        return result;
    }

    public LocalSet Intersect(LocalSet other)
    {
        var result = new ulong[Math.Min(words.Length, other.words.Length)];
        for (var i = 0; i < result.Length; i++) result[i] = words[i] & other.words[i];
        return new(result);
    }

    public bool Overlaps(LocalSet other)
    {
        for (var i = Math.Min(words.Length, other.words.Length) - 1; i >= 0; i--)
        {
            if ((words[i] & other.words[i]) != 0) return true;
        }

        return false;
    }

    public bool IsSubsetOf(LocalSet other) => Except(other).IsEmpty;

    public bool SetEquals(LocalSet other) => IsSubsetOf(other) && other.IsSubsetOf(this);

    public IEnumerable<int> Slots()
    {
        for (var i = 0; i < words.Length; i++)
        {
            for (var rest = words[i]; rest != 0; rest &= rest - 1) yield return (i << 6) + System.Numerics.BitOperations.TrailingZeroCount(rest);
        }
    }
}
