// A set of a rule's locals, by slot. Grows as locals are made; compares by content. Most rules have fewer locals than one word has bits.
using System.Numerics;
using CabinCrew.Rego.Evaluate;

namespace CabinCrew.Rego.Compile;

internal sealed class LocalSet
{
    private const int WordBits = 64;

    private ulong first;
    private ulong[] others;

    public LocalSet() => others = [];

    private LocalSet(ulong first, ulong[] others) => (this.first, this.others) = (first, others);

    public bool IsEmpty
    {
        get
        {
            if (first != 0) return false;
            foreach (var word in others)
            {
                if (word != 0) return false;
            }

            return true;
        }
    }

    public bool Contains(Local local) => (WordOf(local.Slot / WordBits) & (1UL << local.Slot)) != 0;

    public void Add(Local local)
    {
        if (local.Slot < WordBits)
        {
            first |= 1UL << local.Slot;
            return;
        }

        var at = (local.Slot / WordBits) - 1;
        if (at >= others.Length) Array.Resize(ref others, at + 1);
        others[at] |= 1UL << local.Slot;
    }

    public void Remove(Local local)
    {
        if (local.Slot < WordBits) first &= ~(1UL << local.Slot);
        else if (local.Slot / WordBits <= others.Length) others[(local.Slot / WordBits) - 1] &= ~(1UL << local.Slot);
    }

    public void UnionWith(LocalSet other)
    {
        first |= other.first;
        if (other.others.Length > others.Length) Array.Resize(ref others, other.others.Length);
        for (var i = 0; i < other.others.Length; i++) others[i] |= other.others[i];
    }

    public LocalSet Copy() => new(first, others.Length == 0 ? others : (ulong[])others.Clone());

    public LocalSet Except(LocalSet other)
    {
        var result = Copy();
        result.first &= ~other.first;
        for (var i = Math.Min(others.Length, other.others.Length) - 1; i >= 0; i--) result.others[i] &= ~other.others[i];
        return result;
    }

    public LocalSet Intersect(LocalSet other)
    {
        var length = Math.Min(others.Length, other.others.Length);
        var result = new LocalSet(first & other.first, length == 0 ? [] : new ulong[length]);
        for (var i = 0; i < length; i++) result.others[i] = others[i] & other.others[i];
        return result;
    }

    public bool Overlaps(LocalSet other)
    {
        if ((first & other.first) != 0) return true;
        for (var i = Math.Min(others.Length, other.others.Length) - 1; i >= 0; i--)
        {
            if ((others[i] & other.others[i]) != 0) return true;
        }

        return false;
    }

    public bool IsSubsetOf(LocalSet other)
    {
        if ((first & ~other.first) != 0) return false;
        for (var i = 0; i < others.Length; i++)
        {
            if ((others[i] & ~other.WordOf(i + 1)) != 0) return false;
        }

        return true;
    }

    public bool SetEquals(LocalSet other) => IsSubsetOf(other) && other.IsSubsetOf(this);

    public IEnumerable<int> Slots()
    {
        for (var i = 0; i <= others.Length; i++)
        {
            for (var rest = WordOf(i); rest != 0; rest &= rest - 1) yield return (i * WordBits) + BitOperations.TrailingZeroCount(rest);
        }
    }

    private ulong WordOf(int number) => number == 0 ? first : number <= others.Length ? others[number - 1] : 0;
}
