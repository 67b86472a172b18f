// A JSON string's characters as they mean, each with the place of its bytes: what detectors read, and what a finding is cut out by. Pure.
using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace CabinCrew.Governance.Detection;

/// <summary>One decoded string. Its memory goes back to the pool when it is disposed of, cleared: it may have held a secret.</summary>
public struct JsonText : IDisposable
{
    /// <summary>How deep a message may be nested.</summary>
    public const int DepthMax = 256;

    private const int RunsAtFirst = 16;

    // All that a run of plain characters may not hold: the rest stands in bytes as in characters, one for one.
    private static readonly SearchValues<byte> Odd = SearchValues.Create([(byte)'\\', .. Enumerable.Range(0x80, 0x80).Select(b => (byte)b)]);

    private char[] chars;
    private int count;

    // From this character on, and until the next of these, a character further is a byte further.
    private (int Index, int Place)[] runs;
    private int runCount;

    // Where the next character stands, if it is only a byte further.
    private int next;

    /// <summary>What the string means.</summary>
    public readonly ReadOnlySpan<char> Chars => chars.AsSpan(0, count);

    /// <summary>Where in the bytes a character begins; for one after the last, where the string ends.</summary>
    public readonly int PlaceOf(int index)
    {
        var (low, high) = (0, runCount - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (runs[middle].Index <= index) low = middle;
            else high = middle - 1;
        }
        return runs[low].Place + index - runs[low].Index;
    }

    /// <param name="raw">What stands between the quotes, of JSON that is well-formed.</param>
    public static JsonText Decode(ReadOnlySpan<byte> raw)
    {
        var text = new JsonText { chars = ArrayPool<char>.Shared.Rent(raw.Length + 2), runs = ArrayPool<(int, int)>.Shared.Rent(RunsAtFirst), next = -1 };
        for (var at = 0; at < raw.Length;)
        {
            var run = raw[at..].IndexOfAny(Odd);
            if (run != 0)
            {
                var plain = run < 0 ? raw[at..] : raw.Slice(at, run);
                text.Stands(at, plain.Length);
                text.count += Encoding.Latin1.GetChars(plain, text.chars.AsSpan(text.count));
                at += plain.Length;
            }
            else if (raw[at] == '\\') at += at + 1 < raw.Length ? text.Escape(raw[at..], at) : text.Add('\\', at);
            else at += text.Wide(raw[at..], at);
        }
        text.Stands(raw.Length, 0);
        return text;
    }

    public static string Unescape(ReadOnlySpan<byte> raw)
    {
        using var text = Decode(raw);
        return text.Chars.ToString();
    }

    public readonly void Dispose()
    {
        if (chars is null) return;
        ArrayPool<char>.Shared.Return(chars, clearArray: true);
        ArrayPool<(int, int)>.Shared.Return(runs);
    }

    // The next characters stand here, one a byte.
    private void Stands(int place, int length)
    {
        if (place != next)
        {
            if (runCount == runs.Length)
            {
                var more = ArrayPool<(int, int)>.Shared.Rent(2 * runCount);
                runs.CopyTo(more, 0);
                ArrayPool<(int, int)>.Shared.Return(runs);
                runs = more;
            }
            runs[runCount++] = (count, place);
        }
        next = place + length;
    }

    private int Add(char c, int place)
    {
        Stands(place, 1);
        chars[count++] = c;
        return 1;
    }

    private int Escape(ReadOnlySpan<byte> rest, int at)
    {
        if (rest[1] == 'u' && rest.Length >= 6 && Utf8Parser.TryParse(rest.Slice(2, 4), out int unit, out var used, 'x') && used == 4)
        {
            Add((char)unit, at);
            return 6;
        }
        Add(rest[1] switch { (byte)'n' => '\n', (byte)'r' => '\r', (byte)'t' => '\t', (byte)'b' => '\b', (byte)'f' => '\f', var c => (char)c }, at);
        return 2;
    }

    private int Wide(ReadOnlySpan<byte> rest, int at)
    {
        Rune.DecodeFromUtf8(rest, out var rune, out var used);
        Span<char> units = stackalloc char[2];
        foreach (var unit in units[..rune.EncodeToUtf16(units)]) Add(unit, at);
        return Math.Max(used, 1);
    }
}

/// <summary>Escapes that can spell what a search through the bytes does not see.</summary>
internal static class JsonEscapes
{
    /// <summary>Whether <c>\u</c> or <c>\/</c> stands anywhere in JSON text, as an escape and not as what an escaped backslash is followed by.</summary>
    public static bool AreIn(ReadOnlySpan<byte> utf8) => IsIn(utf8, "\\u"u8) || IsIn(utf8, "\\/"u8);

    private static bool IsIn(ReadOnlySpan<byte> utf8, ReadOnlySpan<byte> escape)
    {
        for (var at = 0; utf8[at..].IndexOf(escape) is >= 0 and var step; at++)
        {
            at += step;
            var before = utf8[..at];
            if ((before.Length - before.TrimEnd((byte)'\\').Length) % 2 == 0) return true;
        }
        return false;
    }
}
