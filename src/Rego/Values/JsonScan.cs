// The words of JSON in UTF-8: where one ends, and whether it is one at all. Takes exactly what System.Text.Json's reader takes with its default options.
using System.Buffers.Binary;
using System.Numerics;

namespace CabinCrew.Rego.Values;

internal static class JsonScan
{
    public const int NotJson = -1;

    private const ulong EachByte = 0x0101010101010101;
    private const ulong HighBits = 0x8080808080808080;

    /// <summary>Where the next word begins, or the end.</summary>
    public static int SkipSpace(ReadOnlySpan<byte> utf8, int at)
    {
        while (at < utf8.Length && utf8[at] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t') at++;
        return at;
    }

    /// <summary>The quote that ends a string whose text begins at <paramref name="at"/>, or <see cref="NotJson"/>. Its text is hashed along the way, to choose a slot by.</summary>
    public static int EndOfText(ReadOnlySpan<byte> utf8, int at, out bool isEscaped, out uint hash)
    {
        isEscaped = false;
        var mixed = 0x9E3779B97F4A7C15;
        // Eight bytes at a time as long as nothing special is among them.
        for (; at + 8 <= utf8.Length; at += 8)
        {
            var word = BinaryPrimitives.ReadUInt64LittleEndian(utf8[at..]);
            var special = Special(word);
            if (special != 0)
            {
                var plain = BitOperations.TrailingZeroCount(special) & ~7;
                at += plain / 8;
                if (plain > 0) mixed = Mix(mixed, word & (ulong.MaxValue >> (64 - plain)));
                break;
            }

            mixed = Mix(mixed, word);
        }

        for (; at < utf8.Length; at++)
        {
            switch (utf8[at])
            {
                case (byte)'"':
                    hash = (uint)mixed;
                    return at;
                case (byte)'\\':
                    isEscaped = true;
                    at = EndOfEscape(utf8, at);
                    if (at == NotJson) return Nothing(out hash);
                    break;
                case < (byte)' ':
                    return Nothing(out hash);
                default:
                    mixed = Mix(mixed, utf8[at]);
                    break;
            }
        }

        return Nothing(out hash);
    }

    /// <summary>Behind the number that begins here, or <see cref="NotJson"/>.</summary>
    public static int EndOfNumber(ReadOnlySpan<byte> utf8, int at)
    {
        if (utf8[at] == (byte)'-') at++;
        var whole = at;
        at = SkipDigits(utf8, at);
        if (at == whole || (utf8[whole] == (byte)'0' && at > whole + 1)) return NotJson;
        if (at < utf8.Length && utf8[at] == (byte)'.')
        {
            var fraction = at + 1;
            at = SkipDigits(utf8, fraction);
            if (at == fraction) return NotJson;
        }

        if (at < utf8.Length && utf8[at] is (byte)'e' or (byte)'E')
        {
            var exponent = at + 1 < utf8.Length && utf8[at + 1] is (byte)'+' or (byte)'-' ? at + 2 : at + 1;
            at = SkipDigits(utf8, exponent);
            if (at == exponent) return NotJson;
        }

        return at;
    }

    public static bool IsDigit(byte b) => (uint)(b - '0') <= 9;

    private static int Nothing(out uint hash)
    {
        hash = 0;
        return NotJson;
    }

    // The lowest of the bits is exact: quotes, backslashes and control characters; those above it need not be.
    private static ulong Special(ulong word)
    {
        var quote = word ^ (EachByte * '"');
        var slash = word ^ (EachByte * '\\');
        return (((word - (EachByte * ' ')) & ~word) | ((quote - EachByte) & ~quote) | ((slash - EachByte) & ~slash)) & HighBits;
    }

    private static ulong Mix(ulong hash, ulong word)
    {
        hash = (hash ^ word) * 0xFF51AFD7ED558CCD;
        return hash ^ (hash >> 32);
    }

    // The last byte of the escape that begins here.
    private static int EndOfEscape(ReadOnlySpan<byte> utf8, int at)
    {
        if (at + 1 >= utf8.Length) return NotJson;
        switch (utf8[at + 1])
        {
            case (byte)'"' or (byte)'\\' or (byte)'/' or (byte)'b' or (byte)'f' or (byte)'n' or (byte)'r' or (byte)'t':
                return at + 1;
            case (byte)'u' when at + 5 < utf8.Length:
                for (var i = at + 2; i < at + 6; i++)
                {
                    if (!char.IsAsciiHexDigit((char)utf8[i])) return NotJson;
                }

                return at + 5;
            default:
                return NotJson;
        }
    }

    private static int SkipDigits(ReadOnlySpan<byte> utf8, int at)
    {
        while (at < utf8.Length && IsDigit(utf8[at])) at++;
        return at;
    }
}
