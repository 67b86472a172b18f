// `GIT binary patch` parts: git's base85, zlib, and its delta instructions. Every length is bounded before anything is unpacked.
using System.Diagnostics.CodeAnalysis;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;

namespace CabinCrew.Protocol.Changes;

internal static class PatchBinary
{
    private const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";

    private static readonly sbyte[] Values = MakeValues();

    /// <summary>One line: a length letter (A-Z 1 to 26, a-z 27 to 52), then five characters for every four bytes.</summary>
    public static bool TryDecodeLine(ReadOnlySpan<byte> line, Stream into)
    {
        if (line.Length < 6 || (line.Length - 1) % 5 != 0) return false;
        var length = (char)line[0] switch { >= 'A' and <= 'Z' and var c => c - 'A' + 1, >= 'a' and <= 'z' and var c => c - 'a' + 27, _ => 0 };
        if (length == 0 || (length + 3) / 4 * 5 != line.Length - 1) return false;
        for (var i = 1; i < line.Length; i += 5)
        {
            ulong word = 0;
            foreach (var b in line.Slice(i, 5))
            {
                if (b >= 128 || Values[b] < 0) return false;
                word = word * 85 + (ulong)Values[b];
            }
            if (word > uint.MaxValue) return false;
            for (var shift = 24; shift >= 0 && length > 0; shift -= 8, length--) into.WriteByte((byte)(word >> shift));
        }
        return true;
    }

    public static bool TryInflate(ReadOnlySpan<byte> packed, int size, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        try
        {
            using var source = new PackedBytes(packed.ToArray());
            using var zlib = new ZLibStream(source, CompressionMode.Decompress);
            // The claimed size is not to be trusted with memory before the bytes are there.
            using var all = new MemoryStream();
            var chunk = new byte[64 << 10];
            for (int n; (n = zlib.Read(chunk)) > 0;)
            {
                if (all.Length + n > size) return false;
                all.Write(chunk, 0, n);
            }
            if (all.Length != size || source.WasTooShort) return false;
            bytes = all.ToArray();
            return true;
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            return false;
        }
    }

    /// <summary>Git's delta: old size, new size, then copies from the old content and insertions.</summary>
    public static bool TryApplyDelta(ReadOnlySpan<byte> old, ReadOnlySpan<byte> delta, int sizeMax, [NotNullWhen(true)] out byte[]? result)
    {
        result = null;
        var at = 0;
        if (!TrySize(delta, ref at, out var oldSize) || oldSize != old.Length || !TrySize(delta, ref at, out var newSize) || newSize > sizeMax || Reach(delta[at..]) != newSize) return false;
        var made = new byte[newSize];
        var filled = 0;
        while (at < delta.Length)
        {
            int op = delta[at++];
            if (op == 0) return false;
            if (op < 0x80)
            {
                if (op > delta.Length - at || op > made.Length - filled) return false;
                delta.Slice(at, op).CopyTo(made.AsSpan(filled));
                at += op;
                filled += op;
                continue;
            }
            long offset = 0, size = 0;
            for (var i = 0; i < 7; i++)
            {
                if ((op & 1 << i) == 0) continue;
                if (at >= delta.Length) return false;
                if (i < 4) offset |= (long)delta[at++] << 8 * i;
                else size |= (long)delta[at++] << 8 * (i - 4);
            }
            if (size == 0) size = 0x10000;
            if (offset > old.Length - size || size > made.Length - filled) return false;
            old.Slice((int)offset, (int)size).CopyTo(made.AsSpan(filled));
            filled += (int)size;
        }
        if (filled != made.Length) return false;
        result = made;
        return true;
    }

    // What the instructions make: known before anything is made room for, since a size is easily claimed. -1: they are cut off.
    private static long Reach(ReadOnlySpan<byte> instructions)
    {
        long made = 0;
        for (var at = 0; at < instructions.Length;)
        {
            int op = instructions[at++];
            if (op < 0x80)
            {
                (made, at) = (made + op, at + op);
                continue;
            }
            long size = 0;
            for (var i = 0; i < 7; i++)
            {
                if ((op & 1 << i) == 0) continue;
                if (at >= instructions.Length) return -1;
                if (i >= 4) size |= (long)instructions[at] << 8 * (i - 4);
                at++;
            }
            made += size == 0 ? 0x10000 : size;
        }
        return made;
    }

    /// <summary>"literal N", the lines, and the empty line that ends them.</summary>
    public static void WriteLiteral(ReadOnlySpan<byte> content, Stream into)
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true)) zlib.Write(content);
        // The stream writes nothing at all for nothing; git wants the empty deflate block.
        if (content.IsEmpty) packed.Write([0x78, 0x9c, 3, 0, 0, 0, 0, 1]);
        into.Write(Encoding.ASCII.GetBytes($"literal {content.Length}\n"));
        var bytes = packed.GetBuffer().AsSpan(0, (int)packed.Length);
        Span<byte> line = stackalloc byte[67];
        for (; bytes.Length > 0; bytes = bytes[Math.Min(52, bytes.Length)..])
        {
            var part = bytes[..Math.Min(52, bytes.Length)];
            line[0] = (byte)(part.Length <= 26 ? 'A' + part.Length - 1 : 'a' + part.Length - 27);
            var used = 1;
            for (var i = 0; i < part.Length; i += 4)
            {
                uint word = 0;
                for (var k = 0; k < 4; k++) word = word << 8 | (i + k < part.Length ? part[i + k] : 0u);
                for (var k = 4; k >= 0; k--, word /= 85) line[used + k] = (byte)Alphabet[(int)(word % 85)];
                used += 5;
            }
            line[used++] = (byte)'\n';
            into.Write(line[..used]);
        }
        into.WriteByte((byte)'\n');
    }

    /// <summary>Git's own test: a NUL in the first 8,000 bytes.</summary>
    public static bool IsBinary(ReadOnlySpan<byte> content) => content[..Math.Min(8000, content.Length)].Contains((byte)0);

    /// <summary>Git's object id of a blob: SHA-1, or SHA-256 in repositories that use it.</summary>
    public static string BlobId(ReadOnlySpan<byte> content, bool sha256 = false)
    {
        using var hash = IncrementalHash.CreateHash(sha256 ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA1);
        hash.AppendData(Encoding.ASCII.GetBytes($"blob {content.Length}\0"));
        hash.AppendData(content);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    // The framework takes a stream that is cut off before its checksum for a whole one; git does not. Who is asked for more than there is was not whole.
    private sealed class PackedBytes(byte[] bytes) : MemoryStream(bytes, writable: false)
    {
        public bool WasTooShort { get; private set; }

        // The other way to read comes by here too: so the base class does it for whoever derives from it.
        public override int Read(byte[] buffer, int offset, int count)
        {
            var read = base.Read(buffer, offset, count);
            WasTooShort |= read == 0 && count > 0;
            return read;
        }
    }

    private static bool TrySize(ReadOnlySpan<byte> delta, ref int at, out int size)
    {
        long value = 0;
        size = 0;
        for (var shift = 0; shift <= 28; shift += 7)
        {
            if (at >= delta.Length) return false;
            var b = delta[at++];
            value |= (long)(b & 0x7f) << shift;
            if ((b & 0x80) != 0) continue;
            if (value > int.MaxValue) return false;
            size = (int)value;
            return true;
        }
        return false;
    }

    private static sbyte[] MakeValues()
    {
        var values = new sbyte[128];
        Array.Fill(values, (sbyte)-1);
        for (var i = 0; i < Alphabet.Length; i++) values[Alphabet[i]] = (sbyte)i;
        return values;
    }
}
