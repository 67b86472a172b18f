// What git's index names: each path with its mode and object (gitformat-index(5), versions 2 to 4). All or nothing: an index that is not understood whole is none.
using System.Buffers.Binary;
using System.Text;

namespace CabinCrew.Orchestrator.Workspaces;

internal static class GitIndexEntries
{
    private const int HeaderBytes = 12, StatBytes = 40, ModeAt = 24;

    // Version 4 writes a name as what differs from the one before: a few bytes each could make names without end.
    private const long NamesBytesMax = 256L << 20;

    /// <summary>Of stage 0, or of a conflict "ours"; in the index's order. Null: not one that is understood whole.</summary>
    public static IReadOnlyDictionary<string, GitLeaf>? Read(ReadOnlySpan<byte> index, int idBytes)
    {
        if (index.Length < HeaderBytes + idBytes || !index[..4].SequenceEqual("DIRC"u8)) return null;
        var version = BinaryPrimitives.ReadUInt32BigEndian(index[4..]);
        if (version is < 2 or > 4) return null;
        var count = BinaryPrimitives.ReadUInt32BigEndian(index[8..]);
        var (at, end) = (HeaderBytes, index.Length - idBytes);
        Dictionary<string, GitLeaf> entries = new(StringComparer.Ordinal);
        byte[] last = [];
        long names = 0;
        for (uint i = 0; i < count; i++)
        {
            var flags = at + StatBytes + idBytes;
            if (flags + 4 > end) return null;
            var stage = (index[flags] >> 4) & 3;
            var name = flags + ((index[flags] & 0x40) != 0 && version >= 3 ? 4 : 2);
            byte[] path;
            if (version == 4)
            {
                // How much of the path before goes, then what comes instead.
                if (!Offset(index, ref name, end, out var goes) || goes > last.Length || index[name..end].IndexOf((byte)0) is not (>= 0 and var rest)) return null;
                path = [.. last[..(last.Length - goes)], .. index.Slice(name, rest)];
                last = path;
                name += rest + 1;
            }
            else
            {
                if (index[name..end].IndexOf((byte)0) is not (>= 0 and var length)) return null;
                path = index.Slice(name, length).ToArray();
                name = at + ((name - at + length + 8) & ~7);
            }
            if ((names += path.Length) > NamesBytesMax) return null;
            var mode = BinaryPrimitives.ReadUInt32BigEndian(index[(at + ModeAt)..]);
            // A directory stands for what a sparse work tree leaves out.
            if (mode == 0x4000) return null;
            if (stage is 0 or 2) entries[Encoding.UTF8.GetString(path)] = new(Convert.ToString(mode, 8).PadLeft(6, '0'), Convert.ToHexStringLower(index.Slice(at + StatBytes, idBytes)));
            if (name > end) return null;
            at = name;
        }
        // An extension in small letters changes what the entries mean ("link": most of them are in another file).
        for (; at + 8 <= end; at += 8 + (int)Math.Min(BinaryPrimitives.ReadUInt32BigEndian(index[(at + 4)..]), int.MaxValue / 2))
            if (!char.IsAsciiLetterUpper((char)index[at])) return null;
        return entries;
    }

    // As offsets in packs are written: seven bits a byte, each step one more than it says.
    private static bool Offset(ReadOnlySpan<byte> index, ref int at, int end, out int value)
    {
        value = 0;
        for (var i = 0; i < 4; i++)
        {
            if (at >= end) return false;
            var b = index[at++];
            value = (i == 0 ? 0 : (value + 1) << 7) | (b & 0x7F);
            if ((b & 0x80) == 0) return true;
        }
        return false;
    }
}
