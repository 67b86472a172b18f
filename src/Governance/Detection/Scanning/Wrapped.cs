// What is wrapped in a text or in bytes: gzip, runs of base64 and of hexadecimal digits that mean text. Bounded: what unpacks to more is not followed, and says so.
using System.Buffers;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;
using Base64Coder = System.Buffers.Text.Base64;

namespace CabinCrew.Governance.Detection.Scanning;

/// <param name="At">Where the run begins in the text.</param>
internal readonly record struct WrappedRun(string Form, int At, byte[] Bytes);

internal static class Wrapped
{
    /// <summary>How deep wrappings are taken off.</summary>
    public const int DepthMax = 3;

    /// <summary>A shorter run holds nothing that a detector would know.</summary>
    private const int RunCharsMin = 40;
    private const int RunCharsMax = 8 << 20;
    private const int RunsMax = 2000;

    private static readonly SearchValues<byte> Base64 = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"u8);

    public static bool IsGzip(ReadOnlySpan<byte> bytes) => bytes.Length > 18 && bytes.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B, 8]);

    /// <summary>What a gzip file holds, up to a bound; null: it is damaged from its start.</summary>
    public static (byte[] Bytes, bool IsCut)? Unzip(ReadOnlyMemory<byte> bytes, int bytesMax)
    {
        using var source = MemoryMarshal.TryGetArray(bytes, out var array) ? new MemoryStream(array.Array!, array.Offset, array.Count, writable: false) : new MemoryStream(bytes.ToArray(), writable: false);
        using var unzip = new GZipStream(source, CompressionMode.Decompress);
        using var all = new MemoryStream();
        var buffer = new byte[64 << 10];
        try
        {
            while (unzip.Read(buffer) is > 0 and var read)
            {
                if (all.Length + read > bytesMax) return (all.ToArray(), true);
                all.Write(buffer, 0, read);
            }
        }
        catch (InvalidDataException)
        {
            return all.Length == 0 ? null : (all.ToArray(), true);
        }
        return (all.ToArray(), false);
    }

    /// <summary>Runs that decode to text, in their order. Looked for at every fortieth place only: a run that counts has one.</summary>
    /// <param name="isCut">There are more, or longer ones, than are looked into.</param>
    public static IReadOnlyList<WrappedRun> Runs(ReadOnlySpan<byte> text, out bool isCut)
    {
        List<WrappedRun>? runs = null;
        isCut = false;
        for (var at = RunCharsMin - 1; at < text.Length; at += RunCharsMin)
        {
            if (!Base64.Contains(text[at])) continue;
            var start = text[..at].LastIndexOfAnyExcept(Base64) + 1;
            var length = text[start..].IndexOfAnyExcept(Base64);
            if (length < 0) length = text.Length - start;
            if (length > RunCharsMax || (length >= RunCharsMin && runs?.Count == RunsMax)) isCut = true;
            else if (length >= RunCharsMin && Decoded(text.Slice(start, length)) is var (form, bytes)) (runs ??= []).Add(new(form, start, bytes));
            // On to the first place behind the run.
            at = Math.Max(at, start + length);
        }
        return runs ?? (IReadOnlyList<WrappedRun>)[];
    }

    private static (string Form, byte[] Bytes)? Decoded(ReadOnlySpan<byte> run)
    {
        if (run.Length % 2 == 0 && !run.ContainsAnyExcept(Hex) && Convert.FromHexString(Encoding.ASCII.GetString(run)) is var plain && IsWorth(plain)) return ("hex", plain);
        // A run without its padding decodes as well.
        if (run.Length % 4 == 1) return null;
        var letters = new byte[(run.Length + 3) / 4 * 4];
        for (var i = 0; i < run.Length; i++) letters[i] = run[i] switch { (byte)'-' => (byte)'+', (byte)'_' => (byte)'/', var c => c };
        letters.AsSpan(run.Length).Fill((byte)'=');
        var bytes = new byte[Base64Coder.GetMaxDecodedFromUtf8Length(letters.Length)];
        return Base64Coder.DecodeFromUtf8(letters, bytes, out _, out var written) == OperationStatus.Done && IsWorth(bytes.AsSpan(0, written)) ? ("base64", bytes[..written]) : null;
    }

    private static readonly SearchValues<byte> Hex = SearchValues.Create("0123456789abcdefABCDEF"u8);

    // Text, or something that is wrapped again. Random bytes are text by chance hardly ever.
    private static bool IsWorth(ReadOnlySpan<byte> bytes) => IsGzip(bytes) || (bytes.Length >= 16 && !bytes.ContainsAny(Controls) && Utf8.IsValid(bytes));

    private static readonly SearchValues<byte> Controls = SearchValues.Create([.. Enumerable.Range(0, 32).Where(b => b is not ('\t' or '\n' or '\r')).Select(b => (byte)b), 0x7F]);
}
