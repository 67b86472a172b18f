// Where in bytes an anchor may begin, thirty-two places at a time: what is no candidate is none for sure, and few places are candidates in vain.
// Each of sixteen groups of anchors has, for each of the first four bytes, the low and the high half that its members have there; a place is a candidate where one group fits in all of them
// (the method is known as Teddy).
using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace CabinCrew.Governance.Detection;

internal sealed class AnchorFilter
{
    /// <summary>So many bytes are looked at for each place.</summary>
    internal const int Looked = 4;
    private const int Groups = 16;
    private const int Step = 32;

    // For each of the two sets of eight groups and each of the four bytes: which groups have members with this half of a byte.
    private readonly Vector256<byte>[] low, high;

    public AnchorFilter(IEnumerable<Anchor> anchors)
    {
        var groups = Enumerable.Range(0, Groups).Select(_ => new Group()).ToArray();
        // In no order: neighbours in a list are alike, and would fill the groups one after the other with what goes together badly.
        foreach (var anchor in anchors.OrderBy(a => Scattered(a.Text)).ThenBy(a => a.Text, StringComparer.Ordinal))
        {
            var fitting = groups.MinBy(g => g.CostWith(anchor))!;
            fitting.Add(anchor);
        }
        (low, high) = (Tables(groups, g => g.Low), Tables(groups, g => g.High));
    }

    public Candidates In(ReadOnlySpan<byte> bytes) => new(this, bytes);

    private static uint Scattered(string text)
    {
        uint hash = 2166136261;
        foreach (var c in text) hash = (hash ^ c) * 16777619;
        return hash * 0x9E3779B1 >> 3;
    }

    private static Vector256<byte>[] Tables(Group[] groups, Func<Group, ushort[]> halves)
    {
        var tables = new Vector256<byte>[2 * Looked];
        Span<byte> table = stackalloc byte[16];
        for (var set = 0; set < 2; set++)
            for (var at = 0; at < Looked; at++)
            {
                table.Clear();
                for (var g = 0; g < 8; g++)
                    for (var half = 0; half < 16; half++)
                        if ((halves(groups[set * 8 + g])[at] & (1 << half)) != 0) table[half] |= (byte)(1 << g);
                var one = Vector128.Create<byte>(table);
                tables[set * Looked + at] = Vector256.Create(one, one);
            }
        return tables;
    }

    /// <summary>The candidates among thirty-two places, a bit for each; so many bytes and <see cref="Looked"/> more are read.</summary>
    internal uint Mask(ref byte first, nuint at)
    {
        Vector256<byte> even = Vector256<byte>.AllBitsSet, odd = Vector256<byte>.AllBitsSet, half = Vector256.Create((byte)0x0F);
        for (nuint i = 0; i < Looked; i++)
        {
            var bytes = Vector256.LoadUnsafe(ref first, at + i);
            var (lower, upper) = (bytes & half, Vector256.ShiftRightLogical(bytes.AsUInt16(), 4).AsByte() & half);
            even &= Lookup(low[i], lower) & Lookup(high[i], upper);
            odd &= Lookup(low[Looked + i], lower) & Lookup(high[Looked + i], upper);
        }
        return ~Vector256.Equals(even | odd, Vector256<byte>.Zero).ExtractMostSignificantBits();
    }

    internal static Vector256<byte> Lookup(Vector256<byte> table, Vector256<byte> halves) => Avx2.IsSupported
        ? Avx2.Shuffle(table, halves)
        : Vector256.Create(Vector128.Shuffle(table.GetLower(), halves.GetLower()), Vector128.Shuffle(table.GetLower(), halves.GetUpper()));

    /// <summary>Goes through the candidates in order.</summary>
    public ref struct Candidates
    {
        private readonly AnchorFilter filter;
        private readonly ReadOnlySpan<byte> bytes;
        private int block;
        private uint mask;

        internal Candidates(AnchorFilter filter, ReadOnlySpan<byte> bytes)
        {
            this.filter = filter;
            this.bytes = bytes;
            block = -Step;
        }

        public int Current { get; private set; }

        public bool MoveNext()
        {
            while (mask == 0)
            {
                block += Step;
                if (block >= bytes.Length) return false;
                mask = block <= bytes.Length - Step - Looked ? filter.Mask(ref MemoryMarshal.GetReference(bytes), (nuint)block) : Last();
            }
            Current = block + BitOperations.TrailingZeroCount(mask);
            mask &= mask - 1;
            return true;
        }

        // The end, with nothing behind it.
        private readonly uint Last()
        {
            Span<byte> rest = stackalloc byte[Step + Looked];
            rest.Clear();
            var left = bytes[block..];
            left[..Math.Min(left.Length, rest.Length)].CopyTo(rest);
            var found = filter.Mask(ref MemoryMarshal.GetReference(rest), 0);
            return left.Length >= Step ? found : found & ((1u << left.Length) - 1);
        }
    }

    private sealed class Group
    {
        public ushort[] Low { get; } = new ushort[Looked];

        public ushort[] High { get; } = new ushort[Looked];

        // Of a hundred characters of ordinary text, so many have this high half: most are small letters.
        private static readonly byte[] Usual = [1, 1, 15, 5, 6, 6, 42, 24, 0, 0, 0, 0, 0, 0, 0, 0];

        /// <summary>How many more places of ordinary text would be candidates: the product of what fits in each half.</summary>
        public double CostWith(Anchor anchor)
        {
            double now = 1, then = 1;
            for (var i = 0; i < Looked; i++)
            {
                var (low, high) = Halves(anchor, i);
                now *= BitOperations.PopCount(Low[i]) * Share(High[i]);
                then *= BitOperations.PopCount((uint)(Low[i] | low)) * Share((ushort)(High[i] | high));
            }
            return then - now;
        }

        // For all sixteen halves at once, by two tables of eight: it is asked for each anchor and each group.
        private static readonly double[] Lower = [.. Enumerable.Range(0, 256).Select(bits => Sum(bits, 0))], Upper = [.. Enumerable.Range(0, 256).Select(bits => Sum(bits, 8))];

        private static double Share(ushort high) => Lower[high & 0xFF] + Upper[high >> 8];

        private static double Sum(int bits, int from)
        {
            var share = 0.0;
            for (var half = 0; half < 8; half++)
                if ((bits & (1 << half)) != 0) share += Usual[from + half] + 0.1;
            return share / 100;
        }

        public void Add(Anchor anchor)
        {
            for (var i = 0; i < Looked; i++)
            {
                var (low, high) = Halves(anchor, i);
                Low[i] |= low;
                High[i] |= high;
            }
        }

        // Behind a short anchor anything may follow.
        private static (ushort Low, ushort High) Halves(Anchor anchor, int at)
        {
            if (at >= anchor.Text.Length) return (ushort.MaxValue, ushort.MaxValue);
            var c = anchor.Text[at];
            if (!anchor.IgnoreCase || !char.IsAsciiLetter(c)) return (Bit(c), Bit(c >> 4));
            // The two cases of a letter differ in the high half only.
            return (Bit(c), (ushort)(Bit((c | 0x20) >> 4) | Bit((c & ~0x20) >> 4)));
        }

        private static ushort Bit(int half) => (ushort)(1 << (half & 0x0F));
    }
}
