// The keys of all open objects in one flat list, for finding duplicates without a set per object.
// Invariant: no input makes it slow. Few keys are compared in pairs; many are sorted, so crafted hash collisions gain nothing.
using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Text.Json;

namespace CabinCrew.Protocol.Json;

public struct KeySets()
{
    private const int PairsMax = 12;

    /// <param name="At">Where the key token begins in the document.</param>
    /// <param name="From">Of the unescaped bytes: in the document, or in <see cref="unescaped"/>.</param>
    private readonly record struct Key(ulong Hash, int At, int From, int Length, bool Copied);

    private Key[] keys = ArrayPool<Key>.Shared.Rent(64);
    private int count;
    private int[] starts = ArrayPool<int>.Shared.Rent(64);
    private int depth;
    private byte[] unescaped = [];
    private int unescapedCount;

    /// <summary>Begins an object within the innermost one.</summary>
    public void Open()
    {
        if (depth == starts.Length) Grow(ref starts, depth);
        starts[depth++] = count;
    }

    /// <summary>The key that the reader stands on; whoever calls has made sure that it holds no half of a surrogate pair.</summary>
    public void Add(ref Utf8JsonReader reader)
    {
        if (count == keys.Length) Grow(ref keys, count);
        var at = (int)reader.TokenStartIndex;
        var name = reader.ValueSpan;
        if (!reader.ValueIsEscaped)
        {
            keys[count++] = new(Hash(name), at, at + 1, name.Length, Copied: false);
            return;
        }
        while (unescaped.Length - unescapedCount < name.Length) Grow(ref unescaped, unescapedCount, name.Length);
        var length = reader.CopyString(unescaped.AsSpan(unescapedCount));
        keys[count++] = new(Hash(unescaped.AsSpan(unescapedCount, length)), at, unescapedCount, length, Copied: true);
        unescapedCount += length;
    }

    /// <summary>Ends the innermost object. Where a key stands twice, the position of a later one; else -1.</summary>
    public int Close(ReadOnlySpan<byte> utf8)
    {
        var from = starts[--depth];
        var own = keys.AsSpan(from, count - from);
        count = from;
        if (own.Length > PairsMax) return InSorted(own, utf8);
        for (var i = 1; i < own.Length; i++)
            for (var j = 0; j < i; j++)
                if (own[i].Hash == own[j].Hash && Bytes(own[i], utf8).SequenceEqual(Bytes(own[j], utf8))) return own[i].At;
        return -1;
    }

    /// <summary>Gives its memory back; to be called once, whatever happened.</summary>
    public void Release()
    {
        ArrayPool<Key>.Shared.Return(keys);
        ArrayPool<int>.Shared.Return(starts);
        if (unescaped.Length > 0) ArrayPool<byte>.Shared.Return(unescaped);
    }

    private readonly int InSorted(Span<Key> own, ReadOnlySpan<byte> utf8)
    {
        own.Sort(static (a, b) =>
            a.Hash != b.Hash ? a.Hash.CompareTo(b.Hash) : a.Length != b.Length ? a.Length.CompareTo(b.Length) : a.At.CompareTo(b.At));
        var first = -1;
        for (var i = 0; i < own.Length;)
        {
            var end = i + 1;
            while (end < own.Length && own[end].Hash == own[i].Hash && own[end].Length == own[i].Length) end++;
            if (end - i > 1 && InRun(own[i..end], utf8) is >= 0 and var at && (first < 0 || at < first)) first = at;
            i = end;
        }
        return first;
    }

    // A run of equal hashes and lengths: nearly always a true duplicate, or a crafted collision.
    private readonly int InRun(ReadOnlySpan<Key> run, ReadOnlySpan<byte> utf8)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var key in run)
            if (!seen.Add(Convert.ToHexString(Bytes(key, utf8)))) return key.At;
        return -1;
    }

    private readonly ReadOnlySpan<byte> Bytes(Key key, ReadOnlySpan<byte> utf8) =>
        key.Copied ? unescaped.AsSpan(key.From, key.Length) : utf8.Slice(key.From, key.Length);

    // The first and the last eight bytes and the length: its quality decides speed only, never the answer.
    private static ulong Hash(ReadOnlySpan<byte> name)
    {
        if (name.Length < 8)
        {
            ulong few = 0;
            foreach (var b in name) few = (few << 8) | b;
            return few ^ ((ulong)name.Length << 56);
        }
        var head = BinaryPrimitives.ReadUInt64LittleEndian(name);
        var tail = BinaryPrimitives.ReadUInt64LittleEndian(name[^8..]);
        return (head * 0x9E3779B97F4A7C15) ^ BitOperations.RotateLeft(tail, 29) ^ ((ulong)name.Length << 56);
    }

    private static void Grow<T>(ref T[] array, int used, int more = 1)
    {
        var bigger = ArrayPool<T>.Shared.Rent(Math.Max(used + more, array.Length * 2));
        array.AsSpan(0, used).CopyTo(bigger);
        if (array.Length > 0) ArrayPool<T>.Shared.Return(array);
        array = bigger;
    }
}
