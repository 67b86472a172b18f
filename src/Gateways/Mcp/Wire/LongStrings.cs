// Takes the content of long strings out of a message before it is read token by token: a reader goes through a string with escapes byte by byte, and a file's text is nearly all that a large
// message is. What is taken out was checked here for all that a reader checks in a string; where anything about it is odd, nothing is taken out, and the reader tells what it is.
// Invariant: the shorter text has the same tokens, and each place in it has one place in the message.
using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Text.Json;
using CabinCrew.Protocol.Json;

namespace CabinCrew.Gateways.Mcp.Wire;

internal readonly ref struct LongStrings
{
    private const int BytesMin = 4096;

    /// <summary>After so much text without one the rest is left as it is.</summary>
    private const int SearchedMax = 1 << 16;

    /// <summary>Bytes that are looked at together: one for each bit of what is known of them.</summary>
    private const int Block = 32;

    private readonly byte[]? rented;
    private readonly List<(int At, int Removed)>? cuts;

    private LongStrings(ReadOnlySpan<byte> whole)
    {
        Text = whole;
        if (whole.Length < BytesMin || Find(whole) is not { Count: > 0 } found) return;
        rented = ArrayPool<byte>.Shared.Rent(whole.Length);
        cuts = new(found.Count);
        var (length, at) = (0, 0);
        foreach (var (from, to) in found)
        {
            whole[at..from].CopyTo(rented.AsSpan(length));
            length += from - at;
            cuts.Add((length, to - from + (cuts.Count > 0 ? cuts[^1].Removed : 0)));
            at = to;
        }
        whole[at..].CopyTo(rented.AsSpan(length));
        Text = rented.AsSpan(0, length + whole.Length - at);
    }

    /// <param name="whole">UTF-8.</param>
    public static LongStrings TakenOutOf(ReadOnlySpan<byte> whole) => new(whole);

    /// <summary>The message with nothing between the quotes of its long strings.</summary>
    public ReadOnlySpan<byte> Text { get; }

    /// <summary>Where a place of <see cref="Text"/> is in the message.</summary>
    public int PlaceOf(long at)
    {
        if (cuts is null) return (int)at;
        // The last cut at or before it, if it lies behind that cut.
        var (low, high) = (0, cuts.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (cuts[middle].At < at) low = middle + 1;
            else high = middle;
        }
        return (int)at + (low == 0 ? 0 : cuts[low - 1].Removed);
    }

    public void Release()
    {
        if (rented is not null) ArrayPool<byte>.Shared.Return(rented);
    }

    private static List<(int From, int To)>? Find(ReadOnlySpan<byte> text)
    {
        List<(int, int)>? found = null;
        for (int at = 0, last = 0; at - last < SearchedMax && text[at..].IndexOf((byte)'"') is >= 0 and var quote;)
        {
            var from = at + quote + 1;
            if (EndOf(text, from, out var spelled) is not (>= 0 and var to)) return found;
            at = to + 1;
            if (to - from < BytesMin || IsName(text[at..]) || (spelled && StrictJson.HasLoneSurrogate(text[from..to]))) continue;
            (found ??= []).Add((from, to));
            last = at;
        }
        return found;
    }

    // Negative: there is none, or something in it is no string's. In a program's text an escape stands every few words, so nothing is asked of one by itself but of those that spell a letter.
    private static int EndOf(ReadOnlySpan<byte> text, int from, out bool spelled)
    {
        spelled = false;
        var isEscaped = 0u;
        Span<byte> rest = stackalloc byte[Block];
        for (var at = from; at < text.Length; at += Block)
        {
            // Behind the end of the text stand zeros, which end a string that nothing else ended.
            if (text.Length - at < Block)
            {
                rest.Clear();
                text[at..].CopyTo(rest);
            }
            var stops = Stops(Vector256.Create<byte>(text.Length - at < Block ? rest : text.Slice(at, Block)), ref isEscaped);
            for (; stops.All != 0; stops = stops.Next)
            {
                var place = at + BitOperations.TrailingZeroCount(stops.All);
                if (stops.IsEnd) return place;
                if (!stops.IsSpelled || !IsSpelled(text[(place + 1)..])) return -1;
                spelled = true;
            }
        }
        return -1;
    }

    /// <summary>Where something in a block ends the string, spells a letter by its number, or is wrong.</summary>
    private readonly record struct StopsIn(uint Ends, uint Spelled, uint Wrong)
    {
        public uint All => Ends | Spelled | Wrong;

        public bool IsEnd => BitOperations.TrailingZeroCount(Ends) == BitOperations.TrailingZeroCount(All);

        public bool IsSpelled => BitOperations.TrailingZeroCount(Spelled) == BitOperations.TrailingZeroCount(All);

        /// <summary>The same without the first.</summary>
        public StopsIn Next => And(All & (All - 1));

        private StopsIn And(uint mask) => new(Ends & mask, Spelled & mask, Wrong & mask);
    }

    /// <param name="isEscaped">1 where the block's first byte is escaped by the one before it; then that of the next block.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static StopsIn Stops(Vector256<byte> block, ref uint isEscaped)
    {
        var (quotes, slashes) = (Is(block, '"'), Is(block, '\\'));
        var marks = slashes.ExtractMostSignificantBits();
        // Of a row of backslashes every second one is escaped, and so is what stands behind an odd row. Rows that begin at an odd place are moved by one: adding their beginning to them carries to their end.
        const uint even = 0x55555555;
        marks &= ~isEscaped;
        var behind = marks << 1 | isEscaped;
        var sum = (ulong)(marks & ~even & ~behind) + marks;
        var escaped = (even ^ (uint)sum << 1) & behind;
        isEscaped = (uint)(sum >> Block);
        var spelled = Is(block, 'u');
        var known = quotes | slashes | Is(block, '/') | Is(block, 'b') | Is(block, 'f') | Is(block, 'n') | Is(block, 'r') | Is(block, 't') | spelled;
        return new(quotes.ExtractMostSignificantBits() & ~escaped, spelled.ExtractMostSignificantBits() & escaped,
            (escaped & ~known.ExtractMostSignificantBits()) | Vector256.LessThan(block, Vector256.Create((byte)' ')).ExtractMostSignificantBits());
    }

    private static Vector256<byte> Is(Vector256<byte> block, char c) => Vector256.Equals(block, Vector256.Create((byte)c));

    private static bool IsSpelled(ReadOnlySpan<byte> digits)
    {
        if (digits.Length < 4) return false;
        foreach (var digit in digits[..4])
            if (!char.IsAsciiHexDigit((char)digit)) return false;
        return true;
    }

    private static bool IsName(ReadOnlySpan<byte> behind) => behind.IndexOfAnyExcept(" \t\r\n"u8) is >= 0 and var next && behind[next] == ':';
}
