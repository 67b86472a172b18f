// Whether git tracks anything at a place: read from the index file alone (versions 2 to 4), for git itself is not run here.
// Invariant: what cannot be parsed is searched as bytes, so that an odd index can only make the answer stricter.
using System.Buffers.Binary;
using System.Text;

namespace CabinCrew.Ledger;

internal static class GitIndex
{
    private const long BytesMax = 512L << 20;
    private const int PointerBytesMax = 8192;

    // Version 4 writes a name as what differs from the one before: a few bytes each could make names of any length.
    private const int NameBytesMax = 1 << 16;

    /// <summary>The first tracked path at or below a directory, or null: none, or no repository holds it.</summary>
    public static string? TrackedAt(string directory)
    {
        for (var at = Path.GetDirectoryName(directory); at is not null; at = Path.GetDirectoryName(at))
        {
            if (GitDirectory(Path.Combine(at, ".git")) is not { } git) continue;
            var prefix = Encoding.UTF8.GetBytes(Path.GetRelativePath(at, directory));
            // A split index keeps most of its entries in shared files beside it.
            foreach (var file in Directory.EnumerateFiles(git, "sharedindex.*").Take(16).Prepend(Path.Combine(git, "index")))
                if (Read(file) is { } bytes && (Find(bytes, prefix, 20) ?? Find(bytes, prefix, 32) ?? Scan(bytes, prefix)) is { Length: > 0 } found) return found;
            return null;
        }
        return null;
    }

    private static string? GitDirectory(string path)
    {
        if (Directory.Exists(path)) return path;
        if (!File.Exists(path) || new FileInfo(path).Length > PointerBytesMax) return null;
        // A worktree's or submodule's .git is a file that says where.
        var text = File.ReadAllText(path).Trim();
        if (!text.StartsWith("gitdir:", StringComparison.Ordinal)) return null;
        var directory = Path.GetFullPath(text["gitdir:".Length..].Trim(), Path.GetDirectoryName(path)!);
        return Directory.Exists(directory) ? directory : null;
    }

    private static byte[]? Read(string path) =>
        new FileInfo(path) is { Exists: true, LinkTarget: null } file && file.Length <= BytesMax ? File.ReadAllBytes(path) : null;

    /// <summary>Empty: parsed, and nothing there. Null: not an index with ids of that size.</summary>
    internal static string? Find(ReadOnlySpan<byte> index, ReadOnlySpan<byte> prefix, int idBytes)
    {
        if (index.Length < 12 + idBytes || !index.StartsWith("DIRC"u8)) return null;
        var version = BinaryPrimitives.ReadInt32BigEndian(index[4..]);
        var count = BinaryPrimitives.ReadInt32BigEndian(index[8..]);
        if (version is < 2 or > 4 || count < 0) return null;
        var at = 12;
        byte[] name = [];
        for (var i = 0; i < count; i++)
        {
            var start = at;
            at += 40 + idBytes;
            if (at + 2 > index.Length) return null;
            var isExtended = (BinaryPrimitives.ReadUInt16BigEndian(index[at..]) & 0x4000) != 0;
            at += isExtended ? 4 : 2;
            var keep = 0;
            if (version == 4)
            {
                if (Varint(index, ref at) is not { } strip || strip > name.Length) return null;
                keep = name.Length - strip;
            }
            var length = at < index.Length ? index[at..].IndexOf((byte)0) : -1;
            if (length < 0 || keep + length > NameBytesMax) return null;
            name = [.. name.AsSpan(0, keep), .. index.Slice(at, length)];
            at += length;
            at = version == 4 ? at + 1 : start + ((at - start + 8) & ~7);
            if (IsBelow(name, prefix)) return Encoding.UTF8.GetString(name);
        }
        // Behind the entries stand extensions and a checksum; a wrong guess of the id's size does not end there.
        return at + idBytes <= index.Length && (at + idBytes == index.Length || char.IsAsciiLetter((char)index[at])) ? "" : null;
    }

    private static string? Scan(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> prefix) => bytes.IndexOf(prefix) >= 0 ? Encoding.UTF8.GetString(prefix) : null;

    private static bool IsBelow(ReadOnlySpan<byte> name, ReadOnlySpan<byte> prefix) =>
        name.Length >= prefix.Length && Ascii.EqualsIgnoreCase(name[..prefix.Length], prefix) && (name.Length == prefix.Length || name[prefix.Length] == (byte)'/');

    // git's offset encoding: seven bits a byte, each continuation adds one.
    private static int? Varint(ReadOnlySpan<byte> bytes, ref int at)
    {
        long value = -1;
        for (var i = 0; i < 5 && at < bytes.Length; i++)
        {
            var b = bytes[at++];
            value = ((value + 1) << 7) | (b & 0x7fL);
            if ((b & 0x80) == 0) return value <= int.MaxValue ? (int)value : null;
        }
        return null;
    }
}
