// What zip and tar archives hold (jar, wheel, office files and the like are zip): read from memory, entry by entry, nothing unpacked to disk. Hostile input: names are only told, sizes are not
// believed, and what cannot be read is said.
using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace CabinCrew.Governance.Detection.Scanning;

/// <param name="Name">As the archive says.</param>
/// <param name="Bytes">As they are stored. Null: it cannot be read, being encrypted or packed in a way that is not known here.</param>
/// <param name="IsDeflated">They are to be inflated.</param>
internal readonly record struct ArchiveEntry(string Name, ReadOnlyMemory<byte>? Bytes, bool IsDeflated)
{
    /// <summary>The content, up to a bound; <c>IsCut</c> where there is more, or it is damaged from there on.</summary>
    public (ReadOnlyMemory<byte> Bytes, bool IsCut) Open(int bytesMax)
    {
        if (Bytes is not { } stored) return (default, true);
        if (!IsDeflated) return (stored[..Math.Min(stored.Length, bytesMax)], stored.Length > bytesMax);
        using var inflate = new DeflateStream(Wrapped.StreamOf(stored), CompressionMode.Decompress);
        return Wrapped.ReadUpTo(inflate, bytesMax);
    }
}

internal static class ArchiveEntries
{
    private const int EntriesMax = 20_000;
    private const int Block = 512;
    private const int HeaderTextMax = 16 << 10;
    private const int EndBytes = 22, DirectoryBytes = 46, LocalBytes = 30;

    public static bool IsArchive(ReadOnlySpan<byte> bytes) => IsZip(bytes) || IsTar(bytes);

    /// <summary>Files only, in the archive's order.</summary>
    /// <param name="isCut">There are more than can be told, or it is damaged.</param>
    public static List<ArchiveEntry> In(ReadOnlyMemory<byte> bytes, out bool isCut)
    {
        List<ArchiveEntry> entries = [];
        isCut = !(IsZip(bytes.Span) ? Zip(bytes, entries) : Tar(bytes, entries));
        return entries;
    }

    private static bool IsZip(ReadOnlySpan<byte> bytes) => bytes.Length >= EndBytes && (bytes.StartsWith("PK\x03\x04"u8) || bytes.StartsWith("PK\x05\x06"u8));

    private static bool IsTar(ReadOnlySpan<byte> bytes) => bytes.Length >= Block && bytes[0] != 0 && IsChecked(bytes[..Block]);

    // By its directory, as everybody unpacks it. False: not all of it could be read.
    private static bool Zip(ReadOnlyMemory<byte> bytes, List<ArchiveEntry> entries)
    {
        var zip = bytes.Span;
        var end = zip[Math.Max(0, zip.Length - EndBytes - ushort.MaxValue)..].LastIndexOf("PK\x05\x06"u8);
        if (end < 0) return false;
        end += Math.Max(0, zip.Length - EndBytes - ushort.MaxValue);
        if (zip.Length - end < EndBytes) return false;
        var count = BinaryPrimitives.ReadUInt16LittleEndian(zip[(end + 10)..]);
        var (size, start) = (BinaryPrimitives.ReadUInt32LittleEndian(zip[(end + 12)..]), BinaryPrimitives.ReadUInt32LittleEndian(zip[(end + 16)..]));
        // Larger than 4 GiB, which it is not, or so many entries that another directory has them.
        if (count == ushort.MaxValue || start > end || size > end - start) return false;
        var (at, all) = ((int)start, 0L);
        for (var i = 0; i < count; i++)
        {
            if (at > end - DirectoryBytes || !zip[at..].StartsWith("PK\x01\x02"u8) || entries.Count >= EntriesMax) return false;
            var one = zip[at..];
            var flags = BinaryPrimitives.ReadUInt16LittleEndian(one[8..]);
            var method = BinaryPrimitives.ReadUInt16LittleEndian(one[10..]);
            var packed = BinaryPrimitives.ReadUInt32LittleEndian(one[20..]);
            var name = BinaryPrimitives.ReadUInt16LittleEndian(one[28..]);
            var rest = BinaryPrimitives.ReadUInt16LittleEndian(one[30..]) + BinaryPrimitives.ReadUInt16LittleEndian(one[32..]);
            var local = BinaryPrimitives.ReadUInt32LittleEndian(one[42..]);
            // What several entries share is there once, and would be unpacked as often as somebody likes.
            if (at + DirectoryBytes + name + rest > end || (all += packed) > zip.Length) return false;
            var path = Encoding.UTF8.GetString(one.Slice(DirectoryBytes, name));
            at += DirectoryBytes + name + rest;
            if (path.EndsWith('/') && packed == 0) continue;
            var isKnown = (flags & 1) == 0 && method is 0 or 8;
            entries.Add(new(path, isKnown ? Stored(bytes, local, packed) : null, method == 8));
        }
        return true;
    }

    private static ReadOnlyMemory<byte>? Stored(ReadOnlyMemory<byte> zip, uint local, uint packed)
    {
        if (local > zip.Length - LocalBytes || !zip.Span[(int)local..].StartsWith("PK\x03\x04"u8)) return null;
        var header = zip.Span[(int)local..];
        var start = local + LocalBytes + BinaryPrimitives.ReadUInt16LittleEndian(header[26..]) + BinaryPrimitives.ReadUInt16LittleEndian(header[28..]);
        return start + packed <= zip.Length ? zip.Slice((int)start, (int)packed) : null;
    }

    private static bool Tar(ReadOnlyMemory<byte> bytes, List<ArchiveEntry> entries)
    {
        string? longName = null;
        for (var at = 0; at < bytes.Length;)
        {
            var header = bytes.Span.Slice(at, Math.Min(Block, bytes.Length - at));
            if (!header.ContainsAnyExcept((byte)0)) return true;
            if (header.Length < Block || !IsChecked(header) || Octal(header.Slice(124, 12)) is not { } size || size > bytes.Length - at - Block || entries.Count >= EntriesMax) return false;
            var content = bytes.Slice(at + Block, (int)size);
            var (type, name) = (header[156], longName ?? NameOf(header));
            at += Block + (int)((size + Block - 1) / Block * Block);
            longName = type switch
            {
                (byte)'L' => Text(content.Span),
                (byte)'x' => PaxPath(content.Span) ?? longName,
                _ => null,
            };
            if (type is (byte)'0' or 0 or (byte)'7' or (byte)'S') entries.Add(new(name, content, IsDeflated: false));
        }
        // Cut off without an end: files may be missing.
        return false;
    }

    private static bool IsChecked(ReadOnlySpan<byte> header)
    {
        var sum = 0;
        for (var i = 0; i < Block; i++) sum += i is >= 148 and < 156 ? ' ' : header[i];
        return Octal(header.Slice(148, 8)) == sum;
    }

    private static long? Octal(ReadOnlySpan<byte> field)
    {
        long value = 0;
        var digits = field.Trim(" \0"u8);
        if (digits.Length is 0 or > 12) return null;
        foreach (var b in digits)
        {
            if (b is < (byte)'0' or > (byte)'7') return null;
            value = value * 8 + (b - '0');
        }
        return value;
    }

    private static string NameOf(ReadOnlySpan<byte> header)
    {
        var name = Text(header[..100]);
        return header.Slice(257, 5).SequenceEqual("ustar"u8) && Text(header.Slice(345, 155)) is { Length: > 0 } prefix ? $"{prefix}/{name}" : name;
    }

    private static string Text(ReadOnlySpan<byte> field)
    {
        var end = field.IndexOf((byte)0);
        return Encoding.UTF8.GetString(field[..Math.Min(end < 0 ? field.Length : end, HeaderTextMax)]);
    }

    // "LENGTH path=NAME\n"
    private static string? PaxPath(ReadOnlySpan<byte> records)
    {
        var path = records.IndexOf(" path="u8);
        if (path < 0) return null;
        var rest = records[(path + " path=".Length)..];
        var end = rest.IndexOf((byte)'\n');
        return end < 0 ? null : Text(rest[..end]);
    }
}
