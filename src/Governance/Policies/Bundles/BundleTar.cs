// tar, as POSIX ustar with pax headers (and GNU long names) has it: read from memory, nothing unpacked to disk; written the same every time.
// Regular files and directories only. A reader of our own, because what matters here is everything that it refuses.
using System.Globalization;
using System.Text;
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Policies.Bundles;

internal static class BundleTar
{
    private const int Block = 512;
    private const int HeaderTextMax = 16 << 10;
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Null: everything came in.</summary>
    public static Problem? Read(ReadOnlyMemory<byte> tar, BundleFiles into)
    {
        string? longName = null;
        for (var at = 0; at < tar.Length;)
        {
            var header = tar.Span.Slice(at, Math.Min(Block, tar.Length - at));
            if (!header.ContainsAnyExcept((byte)0)) return tar.Span[at..].ContainsAnyExcept((byte)0) ? into.Refuse("something follows the end of its tar") : longName is null ? null : Damaged(into, at);
            if (header.Length < Block || !IsChecked(header) || Octal(header.Slice(124, 12)) is not { } size || size > tar.Length - at - Block) return Damaged(into, at);
            var content = tar.Slice(at + Block, (int)size);
            at += Block + (int)((size + Block - 1) / Block * Block);

            var type = header[156];
            if (type is (byte)'x' or (byte)'g' or (byte)'L')
            {
                if (longName is not null || size > HeaderTextMax) return Damaged(into, at);
                // A global header may say what it likes (git writes the commit there) but where a file lies.
                var said = type == 'L' ? Text(content.Span) : PaxPath(content.Span);
                if (said is null || (type == 'g' && said.Length > 0)) return into.Refuse("a header of its tar is not one that a bundle may have");
                if (said.Length > 0) longName = said;
                continue;
            }

            if ((longName ?? NameOf(header)) is not { } name) return into.Refuse("a name in it is not UTF-8");
            longName = null;
            if (type is (byte)'5')
            {
                if (into.AdmitDirectory(name) is { } refused) return refused;
                continue;
            }
            if (type is (byte)'1' or (byte)'2') return into.Link(name);
            if (type is not ((byte)'0' or 0)) return into.Refuse($"it holds something that is neither a file nor a directory (tar type {type})");
            if (!into.Admit(name, size).Try(out var plain, out var problem)) return problem;
            into.Add(plain, content);
        }
        // gzip keeps silent about a stream that was cut off: without the end mark, files may be missing.
        return into.Refuse("its tar has no end; the rest may be missing");
    }

    /// <summary>In the given order, mode 0644, owner and time 0. Names of up to <see cref="BundleLimits.PathCharsMax"/> characters always fit: what ustar cannot hold goes into a pax header.</summary>
    public static byte[] Write(IEnumerable<BundleFile> files)
    {
        using var tar = new MemoryStream();
        foreach (var file in files)
        {
            var name = Encoding.UTF8.GetBytes(file.Path);
            if (name.Length > 100)
            {
                var record = PaxRecord("path", name);
                Append(tar, "././@PaxHeader"u8, (byte)'x', record);
            }
            Append(tar, name.AsSpan(0, Math.Min(100, name.Length)), (byte)'0', file.Bytes.Span);
        }
        tar.Write(new byte[2 * Block]);
        return tar.ToArray();
    }

    private static Problem Damaged(BundleFiles into, int at) => into.Refuse($"its tar is damaged near byte {at}");

    private static bool IsChecked(ReadOnlySpan<byte> header)
    {
        var sum = 0;
        for (var i = 0; i < Block; i++) sum += i is >= 148 and < 156 ? ' ' : header[i];
        return Octal(header.Slice(148, 8)) == sum;
    }

    // Digits between blanks or NULs; the binary form for sizes beyond 8 GiB is never needed here.
    private static long? Octal(ReadOnlySpan<byte> field)
    {
        var digits = field.Trim(" \0"u8);
        if (digits.Length is 0 or > 11 || digits.ContainsAnyExceptInRange((byte)'0', (byte)'7')) return null;
        long value = 0;
        foreach (var digit in digits) value = value * 8 + (digit - '0');
        return value;
    }

    private static string? NameOf(ReadOnlySpan<byte> header)
    {
        var name = Text(header[..100]);
        // GNU's magic has blanks, and other things where POSIX has the prefix.
        var prefix = header.Slice(257, 6).SequenceEqual("ustar\0"u8) ? Text(header.Slice(345, 155)) : "";
        return name is null || prefix is null ? null : prefix.Length == 0 ? name : $"{prefix}/{name}";
    }

    private static string? Text(ReadOnlySpan<byte> field)
    {
        var end = field.IndexOf((byte)0);
        try
        {
            return Strict.GetString(end < 0 ? field : field[..end]);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    // Records "LENGTH KEY=VALUE\n". Only the path concerns a bundle (empty: none is given); a size or a link given here would contradict the header. Null: not one that may be.
    private static string? PaxPath(ReadOnlySpan<byte> records)
    {
        var path = "";
        while (records.Length > 0)
        {
            var blank = records.IndexOf((byte)' ');
            if (blank is < 1 or > 6 || !int.TryParse(records[..blank], NumberStyles.None, CultureInfo.InvariantCulture, out var length)
                || length <= blank + 1 || length > records.Length || records[length - 1] != '\n') return null;
            var record = records[(blank + 1)..(length - 1)];
            var equals = record.IndexOf((byte)'=');
            if (equals < 1) return null;
            var key = record[..equals];
            if (key.SequenceEqual("size"u8) || key.SequenceEqual("linkpath"u8) || key.StartsWith("GNU.sparse"u8)) return null;
            if (key.SequenceEqual("path"u8))
            {
                if (path.Length > 0 || record.Contains((byte)0) || Text(record[(equals + 1)..]) is not { Length: > 0 } said) return null;
                path = said;
            }
            records = records[length..];
        }
        return path;
    }

    private static byte[] PaxRecord(string key, ReadOnlySpan<byte> value)
    {
        var rest = 1 + key.Length + 1 + value.Length + 1;
        var length = rest + 1;
        while (length != rest + length.ToString(CultureInfo.InvariantCulture).Length) length = rest + length.ToString(CultureInfo.InvariantCulture).Length;
        return [.. Encoding.ASCII.GetBytes($"{length} {key}="), .. value, (byte)'\n'];
    }

    private static void Append(MemoryStream tar, ReadOnlySpan<byte> name, byte type, ReadOnlySpan<byte> content)
    {
        var header = new byte[Block];
        name.CopyTo(header);
        Field(header, 100, "0000644\0");
        Field(header, 108, "0000000\0");
        Field(header, 116, "0000000\0");
        Field(header, 124, Convert.ToString(content.Length, 8).PadLeft(11, '0') + "\0");
        Field(header, 136, "00000000000\0");
        Field(header, 148, "        ");
        header[156] = type;
        Field(header, 257, "ustar\000");
        var sum = 0;
        foreach (var b in header) sum += b;
        Field(header, 148, Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ");
        tar.Write(header);
        tar.Write(content);
        tar.Write(new byte[(Block - content.Length % Block) % Block]);

        static void Field(byte[] header, int at, string text) => Encoding.ASCII.GetBytes(text, header.AsSpan(at));
    }
}
