// Where words begin: letters, digits, underscores and hyphens in a row, of which the first is not preceded by one. What an escape spells is a character of its own, so a word may begin
// behind "\n", "%3D" and "\u0022" as well. One pass over the bytes, thirty-two at a time; by three bytes at each beginning it is told whether an anchor may stand there.
using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace CabinCrew.Governance.Detection;

internal sealed class WordStarts
{
    private const int Step = 32;
    private const int KeyBytes = 3;
    private const int HashBits = 15;

    private static readonly Vector256<byte> Low, High;

    private readonly ulong[] known = new ulong[(1 << HashBits) / 64];
    private readonly (ITextDetector Detector, Anchor Anchor)[]?[] byHash = new (ITextDetector, Anchor)[]?[1 << HashBits];

    static WordStarts()
    {
        // Each high half of a byte has a bit, and each low half the bits of those with which it is a word's letter.
        Span<byte> low = stackalloc byte[16], high = stackalloc byte[16];
        for (var c = 0; c < 128; c++)
            if (IsWord((char)c)) (low[c & 15], high[c >> 4]) = ((byte)(low[c & 15] | (1 << (c >> 4))), (byte)(1 << (c >> 4)));
        var (lower, higher) = (Vector128.Create<byte>(low), Vector128.Create<byte>(high));
        (Low, High) = (Vector256.Create(lower, lower), Vector256.Create(higher, higher));
    }

    /// <param name="anchors">Three ASCII characters or more each, and case matters.</param>
    public WordStarts(IEnumerable<(ITextDetector Detector, Anchor Anchor)> anchors)
    {
        foreach (var group in anchors.GroupBy(a => Hash(a.Anchor.Text[0] | (uint)a.Anchor.Text[1] << 8 | (uint)a.Anchor.Text[2] << 16)))
        {
            known[group.Key / 64] |= 1UL << (int)(group.Key % 64);
            byHash[group.Key] = [.. group];
            IsEmpty = false;
        }
    }

    public bool IsEmpty { get; } = true;

    public static bool IsWord(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '-';

    /// <summary>Whether a word may begin here; exactly where the search sees one.</summary>
    public static bool IsAt(ReadOnlySpan<char> text, int at) =>
        at == 0 || !IsWord(text[at - 1])
        || (at >= 2 && text[at - 2] == '\\' && text[at - 1] is 'n' or 'r' or 't' or 'b' or 'f')
        || (at >= 3 && text[at - 3] == '%' && char.IsAsciiHexDigit(text[at - 2]) && char.IsAsciiHexDigit(text[at - 1]))
        || (at >= 6 && text[at - 6] == '\\' && text[at - 5] == 'u' && char.IsAsciiHexDigit(text[at - 1]));

    public Candidates In(ReadOnlySpan<byte> bytes) => new(this, bytes);

    private static uint Hash(uint key) => key * 0x9E3779B1 >> 32 - HashBits;

    private static (uint Words, uint Slashes, uint Percents) Classes(Vector256<byte> bytes)
    {
        var half = Vector256.Create((byte)0x0F);
        var words = AnchorFilter.Lookup(Low, bytes & half) & AnchorFilter.Lookup(High, Vector256.ShiftRightLogical(bytes.AsUInt16(), 4).AsByte() & half);
        return (~Vector256.Equals(words, Vector256<byte>.Zero).ExtractMostSignificantBits(), Vector256.Equals(bytes, Vector256.Create((byte)'\\')).ExtractMostSignificantBits(), Vector256.Equals(bytes, Vector256.Create((byte)'%')).ExtractMostSignificantBits());
    }

    /// <summary>Goes through the places where an anchor may stand, in order.</summary>
    public ref struct Candidates
    {
        private readonly WordStarts starts;
        private readonly ReadOnlySpan<byte> bytes;
        private int block;
        private uint mask;

        // What was seen before this block, in the high bits.
        private ulong words, slashes, percents;

        internal Candidates(WordStarts starts, ReadOnlySpan<byte> bytes)
        {
            this.starts = starts;
            this.bytes = bytes;
            block = -Step;
            Anchors = [];
        }

        public int Current { get; private set; }

        /// <summary>Those that may stand there.</summary>
        public (ITextDetector Detector, Anchor Anchor)[] Anchors { get; private set; }

        public bool MoveNext()
        {
            while (true)
            {
                while (mask != 0)
                {
                    var at = block + BitOperations.TrailingZeroCount(mask);
                    mask &= mask - 1;
                    if (at + KeyBytes > bytes.Length) return false;
                    var key = at + 4 <= bytes.Length ? MemoryMarshal.Read<uint>(bytes[at..]) & 0xFFFFFF : bytes[at] | (uint)bytes[at + 1] << 8 | (uint)bytes[at + 2] << 16;
                    var hash = Hash(key);
                    if ((starts.known[hash / 64] & 1UL << (int)(hash % 64)) == 0) continue;
                    (Current, Anchors) = (at, starts.byHash[hash]!);
                    return true;
                }
                block += Step;
                if (block >= bytes.Length) return false;
                Look();
            }
        }

        private void Look()
        {
            Vector256<byte> part;
            if (block <= bytes.Length - Step) part = Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(bytes), (nuint)block);
            else
            {
                Span<byte> rest = stackalloc byte[Step];
                rest.Clear();
                bytes[block..].CopyTo(rest);
                part = Vector256.Create<byte>(rest);
            }
            var (w, s, p) = Classes(part);
            words = words >> Step | (ulong)w << Step;
            slashes = slashes >> Step | (ulong)s << Step;
            percents = percents >> Step | (ulong)p << Step;
            mask = (uint)((words & (~(words << 1) | slashes << 2 | slashes << 6 | percents << 3)) >> Step);
        }
    }
}
