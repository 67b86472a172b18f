// Takes the content of long strings out of a message before it is read token by token: a reader goes through a string with escapes byte by byte, and a file's text is nearly all that a large
// message is. What is taken out was checked here for all that a reader checks in a string; where anything about it is odd, nothing is taken out, and the reader tells what it is.
// Invariant: the shorter text has the same tokens, and each place in it has one place in the message.
using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text.Json;
using CabinCrew.Protocol.Json;

namespace CabinCrew.Gateways.Mcp.Wire;

internal readonly ref struct LongStrings
{
    private const int BytesMin = 4096;

    /// <summary>After so much text without one the rest is left as it is.</summary>
    private const int SearchedMax = 1 << 16;

    // What a string may not go on over without a look: its end, an escape, a control character, which is a fault.
    private static readonly SearchValues<byte> Stops = SearchValues.Create([(byte)'"', (byte)'\\', .. Enumerable.Range(0, 0x20).Select(b => (byte)b)]);

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

    // Negative: there is none, or something in it is no string's. Thirty-two bytes at a time, and in those from stop to stop: in a program's text escapes stand close together.
    private static int EndOf(ReadOnlySpan<byte> text, int from, out bool spelled)
    {
        spelled = false;
        var at = from;
        ref var first = ref MemoryMarshal.GetReference(text);
        while (at <= text.Length - Vector256<byte>.Count)
        {
            var (block, part) = (at, Vector256.LoadUnsafe(ref first, (nuint)at));
            at += Vector256<byte>.Count;
            var stops = (Vector256.Equals(part, Vector256.Create((byte)'"')) | Vector256.Equals(part, Vector256.Create((byte)'\\')) | Vector256.LessThan(part, Vector256.Create((byte)' '))).ExtractMostSignificantBits();
            while (stops != 0)
            {
                var stop = block + BitOperations.TrailingZeroCount(stops);
                if (text[stop] == '"') return stop;
                if (Escape(text, stop, ref spelled) is not (> 0 and var length)) return -1;
                // What is a part of the escape is no stop of its own.
                var behind = stop + length - block;
                stops = behind < Vector256<byte>.Count ? stops & uint.MaxValue << behind : 0;
                at = Math.Max(at, block + behind);
            }
        }
        for (; text[at..].IndexOfAny(Stops) is >= 0 and var step;)
        {
            at += step;
            if (text[at] == '"') return at;
            if (Escape(text, at, ref spelled) is not (> 0 and var length)) return -1;
            at += length;
        }
        return -1;
    }

    /// <summary>How long it is; 0 where it is none.</summary>
    private static int Escape(ReadOnlySpan<byte> text, int at, ref bool spelled)
    {
        if (text[at] != '\\' || at + 1 >= text.Length) return 0;
        if (text[at + 1] != 'u') return "\"\\/bfnrt"u8.Contains(text[at + 1]) ? 2 : 0;
        if (text.Length - at < 6) return 0;
        foreach (var digit in text.Slice(at + 2, 4))
            if (!char.IsAsciiHexDigit((char)digit)) return 0;
        spelled = true;
        return 6;
    }

    private static bool IsName(ReadOnlySpan<byte> behind) => behind.IndexOfAnyExcept(" \t\r\n"u8) is >= 0 and var next && behind[next] == ':';
}
