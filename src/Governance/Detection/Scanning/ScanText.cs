// What bytes are: a text in one of the encodings that files have, or none. Errs on the side of text: a script with a few odd bytes in it still runs.
using System.Text;
using System.Text.Unicode;

namespace CabinCrew.Governance.Detection.Scanning;

internal static class ScanText
{
    private const int SampleBytes = 64 << 10;

    /// <summary>Of a binary's first bytes, so many of a hundred are control characters.</summary>
    private const int ControlsPercent = 5;

    /// <summary>The text in UTF-8 without a mark of its encoding; null: these bytes are no text.</summary>
    public static ReadOnlyMemory<byte>? Of(ReadOnlyMemory<byte> bytes)
    {
        var span = bytes.Span;
        if (span.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF])) return Of(bytes[3..]);
        if (span.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE, 0, 0])) return Recode(Encoding.UTF32, span[4..]);
        if (span.StartsWith((ReadOnlySpan<byte>)[0, 0, 0xFE, 0xFF])) return Recode(new UTF32Encoding(bigEndian: true, byteOrderMark: false), span[4..]);
        if (span.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE])) return Recode(Encoding.Unicode, span[2..]);
        if (span.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF])) return Recode(Encoding.BigEndianUnicode, span[2..]);
        var sample = span[..Math.Min(span.Length, SampleBytes)];
        if (IsWidest(sample) is { } widest) return Recode(widest, span);
        if (IsWide(sample, out var isBigEndian)) return Recode(isBigEndian ? Encoding.BigEndianUnicode : Encoding.Unicode, span);
        // What begins like a script is run by what it names, whatever comes behind.
        if (IsBinary(sample) && !span.StartsWith("#!"u8)) return null;
        return AsBytes(bytes);
    }

    /// <summary>The bytes as they stand, as UTF-8 or else as Latin-1, though there is hardly a text in them.</summary>
    public static ReadOnlyMemory<byte> AsBytes(ReadOnlyMemory<byte> bytes)
    {
        var span = bytes.Span;
        return Utf8.IsValid(span) ? bytes : Recode(Encoding.Latin1, span);
    }

    private static byte[] Recode(Encoding encoding, ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetBytes(encoding.GetString(bytes));

    // UTF-16 without a mark: every other byte of mostly Latin text is zero.
    private static bool IsWide(ReadOnlySpan<byte> sample, out bool isBigEndian)
    {
        isBigEndian = false;
        if (sample.Length < 8 || !sample.Contains((byte)0)) return false;
        Span<int> zeros = [0, 0];
        for (var i = 0; i < sample.Length; i++)
            if (sample[i] == 0) zeros[i & 1]++;
        var half = sample.Length / 2;
        isBigEndian = zeros[0] > zeros[1];
        return Math.Max(zeros[0], zeros[1]) * 10 >= half * 7 && Math.Min(zeros[0], zeros[1]) * 20 <= half;
    }

    // UTF-32 without a mark: of four bytes of mostly Latin text three are zero.
    private static UTF32Encoding? IsWidest(ReadOnlySpan<byte> sample)
    {
        if (sample.Length < 16 || !sample.Contains((byte)0)) return null;
        Span<int> zeros = [0, 0, 0, 0];
        for (var i = 0; i < sample.Length; i++)
            if (sample[i] == 0) zeros[i & 3]++;
        var quarter = sample.Length / 4 * 9 / 10;
        if (zeros[1] >= quarter && zeros[2] >= quarter && zeros[3] >= quarter && zeros[0] * 20 <= sample.Length) return new(bigEndian: false, byteOrderMark: false);
        return zeros[0] >= quarter && zeros[1] >= quarter && zeros[2] >= quarter && zeros[3] * 20 <= sample.Length ? new(bigEndian: true, byteOrderMark: false) : null;
    }

    private static bool IsBinary(ReadOnlySpan<byte> sample)
    {
        // Most texts have none at all, and that is told at once.
        if (sample.IndexOfAny(Controls) < 0) return false;
        var controls = 0;
        foreach (var b in sample)
            if (Controls.Contains(b)) controls++;
        return controls > 1 && controls * 100 > sample.Length * ControlsPercent;
    }

    private static readonly System.Buffers.SearchValues<byte> Controls =
        System.Buffers.SearchValues.Create([.. Enumerable.Range(0, 32).Where(b => b is not ('\t' or '\n' or '\r' or '\f' or '\e' or '\b')).Select(b => (byte)b), 0x7F]);
}
