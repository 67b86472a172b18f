// Where words begin: letters, digits, underscores and hyphens in a row, of which the first is not preceded by one. What an escape spells is a character of its own, so a word may begin
// behind "\n", "%3D" and "\u0022" as well. One pass over the bytes, thirty-two at a time; which of the beginnings may be an anchor's is told by the same filter that looks for anchors
// anywhere, and then by the first three or four bytes, so that hundreds of anchors cost little more than one.
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace CabinCrew.Governance.Detection;

internal sealed class WordStarts
{
    private const int Step = 32;
    private const int HashBits = 14;
    private const uint ThreeBytes = 0xFFFFFF;

    private readonly AnchorFilter filter;
    private readonly Starts three = new(), four = new();

    // Each high half of a byte has a bit, and each low half the bits of those with which it is a word's letter. Fields, as a static one is asked for each time whether it is there yet.
    private readonly Vector256<byte> low, high;

    /// <param name="anchors">Three ASCII characters or more each, and case matters.</param>
    public WordStarts(IEnumerable<OwnedAnchor> anchors)
    {
        Span<byte> lows = stackalloc byte[16], highs = stackalloc byte[16];
        for (var c = 0; c < 128; c++)
            if (IsWord((char)c)) (lows[c & 15], highs[c >> 4]) = ((byte)(lows[c & 15] | (1 << (c >> 4))), (byte)(1 << (c >> 4)));
        var (lower, higher) = (Vector128.Create<byte>(lows), Vector128.Create<byte>(highs));
        (low, high) = (Vector256.Create(lower, lower), Vector256.Create(higher, higher));
        var all = anchors.ToArray();
        filter = new(all.Select(a => a.Anchor));
        three.Add(all.Where(a => a.Anchor.Text.Length == 3), text => Bytes(text, 3));
        four.Add(all.Where(a => a.Anchor.Text.Length > 3), text => Bytes(text, 4));
        IsEmpty = all.Length == 0;
    }

    public bool IsEmpty { get; }

    public static bool IsWord(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '-';

    /// <summary>Whether a word may begin here; exactly where the search sees one.</summary>
    public static bool IsAt(ReadOnlySpan<char> text, int at) =>
        at == 0 || !IsWord(text[at - 1])
        || (at >= 2 && text[at - 2] == '\\' && text[at - 1] is 'n' or 'r' or 't' or 'b' or 'f')
        || (at >= 3 && text[at - 3] == '%' && char.IsAsciiHexDigit(text[at - 2]) && char.IsAsciiHexDigit(text[at - 1]))
        || (at >= 6 && text[at - 6] == '\\' && text[at - 5] == 'u' && char.IsAsciiHexDigit(text[at - 1]));

    public Candidates In(ReadOnlySpan<byte> bytes) => new(this, bytes);

    private static uint Bytes(string text, int count)
    {
        uint bytes = 0;
        for (var i = 0; i < count; i++) bytes |= (uint)text[i] << 8 * i;
        return bytes;
    }

    private uint Words(Vector256<byte> bytes)
    {
        var half = Vector256.Create((byte)0x0F);
        var words = AnchorFilter.Lookup(low, bytes & half) & AnchorFilter.Lookup(high, Vector256.ShiftRightLogical(bytes.AsUInt16(), 4).AsByte() & half);
        return ~Vector256.Equals(words, Vector256<byte>.Zero).ExtractMostSignificantBits();
    }

    /// <summary>Goes through the places where an anchor may stand, in order.</summary>
    public ref struct Candidates
    {
        private readonly WordStarts starts;
        private readonly ReadOnlySpan<byte> bytes;
        private int block;
        private uint mask;

        // What was seen before this block, in the low bits.
        private ulong words, slashes, percents;

        internal Candidates(WordStarts starts, ReadOnlySpan<byte> bytes)
        {
            this.starts = starts;
            this.bytes = bytes;
            block = -Step;
            (Three, Four) = ([], []);
        }

        public int Current { get; private set; }

        /// <summary>Anchors of three letters that may stand there.</summary>
        public OwnedAnchor[] Three { get; private set; }

        /// <summary>And longer ones.</summary>
        public OwnedAnchor[] Four { get; private set; }

        public bool MoveNext()
        {
            // Everything in locals: the loop runs for each block, and returns rarely.
            var (words, slashes, percents, block, mask) = (this.words, this.slashes, this.percents, this.block, this.mask);
            var (three, four, filter) = (starts.three, starts.four, starts.filter);
            ref var first = ref MemoryMarshal.GetReference(bytes);
            while (true)
            {
                while (mask != 0)
                {
                    var at = block + BitOperations.TrailingZeroCount(mask);
                    // Nothing that is read beyond the end is a letter of any anchor.
                    var key = at + 4 <= bytes.Length ? Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref first, at)) : Rest(at);
                    var (asThree, asFour) = (Starts.Hash(key & ThreeBytes), Starts.Hash(key));
                    mask &= mask - 1;
                    if (((three.Bits(asThree) | four.Bits(asFour)) & 1) == 0) continue;
                    (this.words, this.slashes, this.percents, this.block, this.mask, Current, Three, Four) = (words, slashes, percents, block, mask, at, three.At(asThree), four.At(asFour));
                    return true;
                }
                block += Step;
                if (block >= bytes.Length) return false;
                uint candidates;
                Vector256<byte> part;
                if (block <= bytes.Length - Step - AnchorFilter.Looked)
                {
                    candidates = filter.Mask(ref first, (nuint)block);
                    part = Vector256.LoadUnsafe(ref first, (nuint)block);
                }
                else
                {
                    candidates = Last(block, out part);
                }
                words = words >> Step | (ulong)starts.Words(part) << Step;
                slashes = slashes >> Step | (ulong)Vector256.Equals(part, Vector256.Create((byte)'\\')).ExtractMostSignificantBits() << Step;
                percents = percents >> Step | (ulong)Vector256.Equals(part, Vector256.Create((byte)'%')).ExtractMostSignificantBits() << Step;
                mask = candidates & (uint)((words & (~(words << 1) | slashes << 2 | slashes << 6 | percents << 3)) >> Step);
            }
        }

        private readonly uint Rest(int at)
        {
            uint rest = 0;
            for (var i = 0; at + i < bytes.Length; i++) rest |= (uint)bytes[at + i] << 8 * i;
            return rest;
        }

        // The end, with nothing behind it.
        private readonly uint Last(int at, out Vector256<byte> part)
        {
            Span<byte> rest = stackalloc byte[Step + AnchorFilter.Looked];
            rest.Clear();
            var left = bytes[at..];
            left[..Math.Min(left.Length, rest.Length)].CopyTo(rest);
            part = Vector256.Create<byte>(rest);
            return starts.filter.Mask(ref MemoryMarshal.GetReference(rest), 0);
        }
    }

    /// <summary>Anchors by the bytes that they begin with.</summary>
    private sealed class Starts
    {
        private readonly ulong[] known = new ulong[(1 << HashBits) / 64];
        private readonly OwnedAnchor[]?[] byHash = new OwnedAnchor[]?[1 << HashBits];

        public void Add(IEnumerable<OwnedAnchor> anchors, Func<string, uint> bytes)
        {
            foreach (var group in anchors.GroupBy(a => Hash(bytes(a.Anchor.Text))))
            {
                known[group.Key / 64] |= 1UL << (int)(group.Key % 64);
                byHash[group.Key] = [.. group];
            }
        }

        public static uint Hash(uint bytes) => bytes * 0x9E3779B1 >> 32 - HashBits;

        /// <summary>The lowest bit says whether there is any.</summary>
        public ulong Bits(uint hash) => known[hash / 64] >> (int)(hash % 64);

        public OwnedAnchor[] At(uint hash) => byHash[hash] ?? [];
    }
}
