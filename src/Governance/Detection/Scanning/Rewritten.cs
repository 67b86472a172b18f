// Text that is written so that nobody who searches for it finds it: letters spelled by number (%41, &#65;, &#x41;, \x41, \u0041, \101), and literals put together piece by piece. Lines that have such
// are written out as what they mean. One pass, bounded; escapes that everybody writes (\n, %20, &amp;) are no reason.
using System.Buffers;
using System.Globalization;
using System.Text;

namespace CabinCrew.Governance.Detection.Scanning;

internal static class Rewritten
{
    public const string Escapes = "escapes", Joined = "pieces";

    /// <summary>Letters or digits spelled by number in one line; two or three are an accent or a mark.</summary>
    private const int SpelledMin = 4;
    private const int RunsMax = 2000;
    private const int GapMax = 84;

    private static readonly SearchValues<byte> Marks = SearchValues.Create("%&\\\"'`"u8);
    private static readonly SearchValues<byte> BehindQuote = SearchValues.Create(" \t\r\n+.&~\\\"'`"u8);

    /// <summary>Lines that follow each other count as one text.</summary>
    /// <param name="isCut">There are more than are looked into.</param>
    public static IReadOnlyList<WrappedRun> Runs(ReadOnlySpan<byte> text, out bool isCut)
    {
        List<WrappedRun>? runs = null;
        isCut = false;
        for (var line = 0; line < text.Length;)
        {
            if (text[line..].IndexOfAny(Marks) is not (>= 0 and var mark)) break;
            // On to the line that has one.
            line += text.Slice(line, mark).LastIndexOf((byte)'\n') + 1;
            var (end, isJoined) = (EndOf(text, line), false);
            var start = line;
            while (line < text.Length && IsWritten(text, line, ref end, ref isJoined)) (line, end) = (end, EndOf(text, end));
            if (line == start)
            {
                line = end;
                continue;
            }
            if (runs?.Count == RunsMax)
            {
                isCut = true;
                break;
            }
            (runs ??= []).Add(new(isJoined ? Joined : Escapes, start, WrittenOut(text[start..line])) { Length = line - start });
        }
        return runs ?? (IReadOnlyList<WrappedRun>)[];
    }

    private static int EndOf(ReadOnlySpan<byte> text, int line) => text[line..].IndexOf((byte)'\n') is >= 0 and var end ? line + end + 1 : text.Length;

    // Whether a line is worth writing out. What joins it to the next one moves its end.
    private static bool IsWritten(ReadOnlySpan<byte> text, int line, ref int end, ref bool isJoined)
    {
        var spelled = 0;
        var joins = false;
        for (var at = line; at < end && text[at..end].IndexOfAny(Marks) is >= 0 and var step;)
        {
            at += step;
            if (Spelled(text[at..], out var rune) is > 0 and var length)
            {
                if (rune < 0x80 && char.IsAsciiLetterOrDigit((char)rune)) spelled++;
                at += length;
            }
            else if (Joint(text, at) is > 0 and var gap)
            {
                joins = true;
                at += gap;
                if (at > end) end = EndOf(text, at);
            }
            else at++;
        }
        isJoined |= joins;
        return joins || spelled >= SpelledMin;
    }

    private static byte[] WrittenOut(ReadOnlySpan<byte> text)
    {
        var into = new ArrayBufferWriter<byte>(text.Length + 1);
        Span<byte> utf8 = stackalloc byte[4];
        for (var at = 0; at < text.Length;)
        {
            var step = text[at..].IndexOfAny(Marks);
            into.Write(step < 0 ? text[at..] : text.Slice(at, step));
            if (step < 0) break;
            at += step;
            if (Spelled(text[at..], out var rune) is > 0 and var length)
            {
                // A byte by itself stays one: several of them may be a character.
                if (rune < 0) into.Write([(byte)~rune]);
                else into.Write(utf8[..(Rune.TryCreate(rune, out var whole) ? whole : Rune.ReplacementChar).EncodeToUtf8(utf8)]);
                at += length;
            }
            else if (Joint(text, at) is > 0 and var gap) at += gap;
            else into.Write([text[at++]]);
        }
        return into.WrittenSpan.ToArray();
    }

    // How many bytes spell a character by number here; 0: none do. A byte from 0x80 on is told by its complement.
    private static int Spelled(ReadOnlySpan<byte> text, out int rune)
    {
        rune = 0;
        switch (text)
        {
            case [(byte)'%', ..] when Hex(text[1..], 2, 2, out rune) > 0:
                rune = rune < 0x80 ? rune : ~rune;
                return 3;
            case [(byte)'\\', (byte)'x', ..] when Hex(text[2..], 2, 2, out rune) > 0:
                rune = rune < 0x80 ? rune : ~rune;
                return 4;
            case [(byte)'\\', (byte)'u', (byte)'{', ..] when Hex(text[3..], 1, 6, out rune) is > 0 and var digits && text.Length > 3 + digits && text[3 + digits] == '}':
                return 4 + digits;
            case [(byte)'\\', (byte)'u', ..] when Hex(text[2..], 4, 4, out rune) > 0:
                return 6;
            case [(byte)'\\', (byte)'U', ..] when Hex(text[2..], 8, 8, out rune) > 0:
                return 10;
            case [(byte)'\\', >= (byte)'0' and <= (byte)'3', >= (byte)'0' and <= (byte)'7', >= (byte)'0' and <= (byte)'7', ..]:
                rune = (text[1] - '0') * 64 + (text[2] - '0') * 8 + text[3] - '0';
                rune = rune < 0x80 ? rune : ~rune;
                return 4;
            case [(byte)'&', (byte)'#', (byte)'x' or (byte)'X', ..] when Hex(text[3..], 1, 6, out rune) is > 0 and var digits:
                return 3 + digits + (text.Length > 3 + digits && text[3 + digits] == ';' ? 1 : 0);
            case [(byte)'&', (byte)'#', >= (byte)'0' and <= (byte)'9', ..]:
                var count = text[2..Math.Min(text.Length, 9)].IndexOfAnyExceptInRange((byte)'0', (byte)'9');
                count = count < 0 ? Math.Min(text.Length, 9) - 2 : count;
                rune = int.Parse(text.Slice(2, count), CultureInfo.InvariantCulture);
                return 2 + count + (text.Length > 2 + count && text[2 + count] == ';' ? 1 : 0);
            default:
                return 0;
        }
    }

    private static int Hex(ReadOnlySpan<byte> text, int min, int max, out int value)
    {
        var count = 0;
        value = 0;
        for (; count < max && count < text.Length && char.IsAsciiHexDigit((char)text[count]); count++) value = value * 16 + (text[count] <= '9' ? text[count] - '0' : (text[count] | 0x20) - 'a' + 10);
        return count >= min ? count : 0;
    }

    // A joint between two pieces of which each has something to say at it.
    private static int Joint(ReadOnlySpan<byte> text, int at)
    {
        if (at == 0 || at + 1 >= text.Length || !BehindQuote.Contains(text[at + 1]) || text[at] is (byte)'%' or (byte)'&' || !Speaks(text[at - 1])) return 0;
        // A backslash before a quote belongs to it; before a line's end it continues a command, which is read as one anyway.
        if (text[at] == '\\' && text[at + 1] is not ((byte)'"' or (byte)'\'' or (byte)'`' or (byte)'\\')) return 0;
        Span<char> window = stackalloc char[GapMax];
        var bytes = text.Slice(at, Math.Min(GapMax, text.Length - at));
        var gap = Pieces.JoinAt(window[..Encoding.Latin1.GetChars(bytes, window)], out var isList);
        return gap > 2 && !isList && at + gap < text.Length && Speaks(text[at + gap]) ? gap : 0;
    }

    private static bool Speaks(byte b) => b >= 0x80 || char.IsAsciiLetterOrDigit((char)b) || b is (byte)' ' or (byte)'-' or (byte)'_' or (byte)'/' or (byte)'+' or (byte)'=';
}
