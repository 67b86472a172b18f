// What is wrapped in a text or in bytes: gzip, runs of base64 and of hexadecimal digits that mean text. Bounded: what unpacks to more is not followed, and says so.
using System.Buffers;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;
using Base64Coder = System.Buffers.Text.Base64;

namespace CabinCrew.Governance.Detection.Scanning;

/// <param name="At">Where the run begins in the text.</param>
internal readonly record struct WrappedRun(string Form, int At, byte[] Bytes)
{
    /// <summary>Of the run in the text.</summary>
    public required int Length { get; init; }
}

internal static class Wrapped
{
    /// <summary>How deep wrappings are taken off.</summary>
    public const int DepthMax = 3;

    /// <summary>A shorter run holds nothing that a detector would know.</summary>
    private const int RunCharsMin = 40;
    private const int RunCharsMax = 8 << 20;
    private const int RunsMax = 2000;
    private const int IndentMax = 64;

    private static readonly SearchValues<byte> Base64 = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"u8);

    public static bool IsGzip(ReadOnlySpan<byte> bytes) => bytes.Length > 18 && bytes.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B, 8]);

    /// <summary>What a gzip file holds, up to a bound; null: it is damaged from its start.</summary>
    public static (ReadOnlyMemory<byte> Bytes, bool IsCut)? Unzip(ReadOnlyMemory<byte> bytes, int bytesMax)
    {
        using var unzip = new GZipStream(StreamOf(bytes), CompressionMode.Decompress);
        return ReadUpTo(unzip, bytesMax) is var read && read is { IsCut: true, Bytes.IsEmpty: true } ? null : read;
    }

    /// <summary>What is read beyond the bound, or behind damage, is not there; then it is cut.</summary>
    public static (ReadOnlyMemory<byte> Bytes, bool IsCut) ReadUpTo(Stream stream, int bytesMax)
    {
        using var all = new MemoryStream();
        var buffer = new byte[64 << 10];
        try
        {
            while (stream.Read(buffer) is > 0 and var read)
            {
                if (all.Length + read > bytesMax) return (Written(all), true);
                all.Write(buffer, 0, read);
            }
        }
        catch (InvalidDataException)
        {
            return (Written(all), true);
        }
        return (Written(all), false);
    }

    public static MemoryStream StreamOf(ReadOnlyMemory<byte> bytes) =>
        MemoryMarshal.TryGetArray(bytes, out var array) ? new MemoryStream(array.Array!, array.Offset, array.Count, writable: false) : new MemoryStream(bytes.ToArray(), writable: false);

    private static ReadOnlyMemory<byte> Written(MemoryStream all) => all.GetBuffer().AsMemory(0, (int)all.Length);

    /// <summary>Runs that decode to text, in their order. Looked for at every fortieth place only: a run that counts has one.</summary>
    /// <param name="isCut">There are more, or longer ones, than are looked into.</param>
    public static IReadOnlyList<WrappedRun> Runs(ReadOnlySpan<byte> text, out bool isCut)
    {
        List<WrappedRun>? runs = null;
        isCut = false;
        var tried = 0;
        for (var at = RunCharsMin - 1; at < text.Length; at += RunCharsMin)
        {
            if (!Base64.Contains(text[at])) continue;
            var start = text[..at].LastIndexOfAnyExcept(Base64) + 1;
            var length = text[start..].IndexOfAnyExcept(Base64);
            if (length < 0) length = text.Length - start;
            // Lines that mean nothing together are not put together once more from the next one on.
            var (whole, letters) = length >= RunCharsMin && start >= tried ? Lines(text, start, length) : (length, null);
            if (letters is not null) tried = start + whole;
            if (letters?.Length <= RunCharsMax && Decoded(letters) is var (wholeForm, wholeBytes))
            {
                if (runs?.Count == RunsMax) isCut = true;
                else (runs ??= []).Add(new(wholeForm, start, wholeBytes) { Length = whole });
                length = whole;
            }
            else if (length > RunCharsMax || (length >= RunCharsMin && runs?.Count == RunsMax)) isCut = true;
            else if (length >= RunCharsMin && Decoded(text.Slice(start, length)) is var (form, bytes)) (runs ??= []).Add(new(form, start, bytes) { Length = length });
            // On to the first place behind the run.
            at = Math.Max(at, start + length);
        }
        return runs ?? (IReadOnlyList<WrappedRun>)[];
    }

    // A run that goes on over lines of the same length (and a last one that is shorter), as mail, keys and YAML have them; null: it stands by itself.
    private static (int Length, byte[]? Letters) Lines(ReadOnlySpan<byte> text, int start, int length)
    {
        List<byte>? letters = null;
        var end = start + length;
        while (NextLine(text, end) is > 0 and var next)
        {
            var line = text[next..].IndexOfAnyExcept(Base64) is >= 0 and var rest ? rest : text.Length - next;
            if (line == 0 || line > length) break;
            (letters ??= [.. text.Slice(start, length)]).AddRange(text.Slice(next, line));
            end = next + line;
            // What goes on beyond that is the next run.
            if (line < length || letters.Count + length > RunCharsMax) break;
        }
        return (end - start, letters?.ToArray());
    }

    // Where the next line begins behind its indentation; 0: the line does not end here.
    private static int NextLine(ReadOnlySpan<byte> text, int end)
    {
        if (end < text.Length && text[end] == '\r') end++;
        if (end >= text.Length || text[end] != '\n') return 0;
        var blanks = text[(end + 1)..Math.Min(text.Length, end + 1 + IndentMax)].IndexOfAnyExcept((byte)' ', (byte)'\t');
        return blanks < 0 ? 0 : end + 1 + blanks;
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
    private static bool IsWorth(ReadOnlySpan<byte> bytes) => IsGzip(bytes) || ArchiveEntries.IsArchive(bytes) || (bytes.Length >= 16 && !bytes.ContainsAny(Controls) && Utf8.IsValid(bytes));

    private static readonly SearchValues<byte> Controls = SearchValues.Create([.. Enumerable.Range(0, 32).Where(b => b is not ('\t' or '\n' or '\r')).Select(b => (byte)b), 0x7F]);
}
