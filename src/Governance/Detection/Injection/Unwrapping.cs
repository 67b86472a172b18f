// Text within text: long runs of base64 or hexadecimal that read as text once they are decoded, and compressed ones. Whatever reads as bytes is no text and left alone. Bounded: how long a run must
// be, how much comes out of all of them, and how often (InjectionClassifier says how deep).
using System.Buffers;
using System.IO.Compression;
using System.Text;

namespace CabinCrew.Governance.Detection.Injection;

internal static class Unwrapping
{
    /// <summary>Letters of a run. Shorter ones hold no sentence.</summary>
    public const int RunMin = 40;

    private const int LookedAt = 48;

    private static readonly SearchValues<char> Letters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_");
    private static readonly SearchValues<char> Hexadecimal = SearchValues.Create("0123456789abcdefABCDEF");

    /// <summary>The next run from a place on; an empty one where there is none. Lines of base64 that follow each other are one run.</summary>
    public static (int Start, int Length) Next(ReadOnlySpan<char> text, int from)
    {
        // A run of that length covers one of each so many places.
        for (var at = from + RunMin - 1; at < text.Length; at += RunMin)
        {
            if (!Letters.Contains(text[at])) continue;
            var start = text[from..at].LastIndexOfAnyExcept(Letters) + from + 1;
            var end = End(text, at);
            if (end - start < RunMin) continue;
            while (LineAfter(text, end) is var next && next > end && End(text, next) is var more && more > next) end = more;
            return (start, end - start);
        }
        return default;
    }

    /// <summary>What a run says, or null where it says nothing that reads as text.</summary>
    /// <param name="charsMax">More is cut off; then <paramref name="isCut"/>.</param>
    public static string? Open(ReadOnlySpan<char> run, int charsMax, out bool isCut)
    {
        isCut = false;
        if (!run.ContainsAnyExcept(Hexadecimal) && run.Length % 2 == 0 && Read(Convert.FromHexString(run), charsMax, ref isCut) is { } hex) return hex;
        // Not all of a long one, before it is known to be something.
        if (run.Length > 2 * LookedAt && !IsText(Decode(run[..LookedAt])) && !IsCompressed(Decode(run[..LookedAt]))) return null;
        return Read(Decode(run), charsMax, ref isCut);
    }

    private static int End(ReadOnlySpan<char> text, int at) => text[at..].IndexOfAnyExcept(Letters) is >= 0 and var length ? at + length : text.Length;

    private static int LineAfter(ReadOnlySpan<char> text, int end)
    {
        var at = end;
        if (at < text.Length && text[at] == '\r') at++;
        return at < text.Length && text[at] == '\n' && at + 1 < text.Length ? at + 1 : end;
    }

    private static ReadOnlySpan<byte> Decode(ReadOnlySpan<char> run)
    {
        var letters = ArrayPool<char>.Shared.Rent(run.Length + 4);
        try
        {
            var count = 0;
            foreach (var c in run)
                if (c is not ('\r' or '\n')) letters[count++] = c switch { '-' => '+', '_' => '/', _ => c };
            if (count % 4 == 1) count--;
            while (count % 4 != 0) letters[count++] = '=';
            var bytes = new byte[count / 4 * 3];
            return Convert.TryFromBase64Chars(letters.AsSpan(0, count), bytes, out var written) ? bytes.AsSpan(0, written) : [];
        }
        finally
        {
            ArrayPool<char>.Shared.Return(letters, clearArray: true);
        }
    }

    private static string? Read(ReadOnlySpan<byte> bytes, int charsMax, ref bool isCut)
    {
        if (IsCompressed(bytes)) bytes = Inflate(bytes, charsMax, ref isCut);
        if (!IsText(bytes)) return null;
        isCut |= bytes.Length > charsMax;
        return Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, charsMax)]);
    }

    private static bool IsCompressed(ReadOnlySpan<byte> bytes) => bytes is [0x1F, 0x8B, 8, ..];

    private static byte[] Inflate(ReadOnlySpan<byte> bytes, int bytesMax, ref bool isCut)
    {
        var into = new byte[Math.Min(bytesMax, 64 * bytes.Length + 1024)];
        try
        {
            using var gzip = new GZipStream(new MemoryStream(bytes.ToArray()), CompressionMode.Decompress);
            var count = gzip.ReadAtLeast(into, into.Length, throwOnEndOfStream: false);
            isCut = count == into.Length && gzip.ReadByte() >= 0;
            return into[..count];
        }
        catch (InvalidDataException)
        {
            return [];
        }
    }

    // Most of what it begins with is what people write.
    private static bool IsText(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 12) return false;
        var looked = bytes[..Math.Min(bytes.Length, LookedAt)];
        var plain = 0;
        foreach (var b in looked)
            if (b is (>= 0x20 and < 0x7F) or (byte)'\n' or (byte)'\r' or (byte)'\t') plain++;
        return plain * 10 >= looked.Length * 9;
    }
}
