// Git's index without the times of its entries, so that git looks at every file anew (gitformat-index(5)). An index that is put back is younger than
// what it tells of: git compares whole seconds and would take a file that was changed within the same one for clean.
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace CabinCrew.Orchestrator.Workspaces;

internal static class GitIndexTimes
{
    private const int HeaderBytes = 12, TimesBytes = 16, StatBytes = 40;

    /// <summary>Null: not an index that is understood whole.</summary>
    public static byte[]? Without(ReadOnlySpan<byte> index)
    {
        if (index.Length < HeaderBytes + 20 || !index[..4].SequenceEqual("DIRC"u8)) return null;
        foreach (var idBytes in (int[])[20, 32])
        {
            if (index.Length < HeaderBytes + idBytes) continue;
            var seal = index[^idBytes..];
            // With index.skipHash git writes zeros; those stay.
            var isSealed = seal.IndexOfAnyExcept((byte)0) >= 0;
            if (isSealed && !seal.SequenceEqual(Seal(index[..^idBytes], idBytes))) continue;
            var copy = index.ToArray();
            if (!Clear(copy, idBytes)) continue;
            if (isSealed) Seal(copy.AsSpan(0, copy.Length - idBytes), idBytes).CopyTo(copy.AsSpan(copy.Length - idBytes));
            return copy;
        }
        return null;
    }

    private static byte[] Seal(ReadOnlySpan<byte> content, int idBytes) => idBytes == 20 ? SHA1.HashData(content) : SHA256.HashData(content);

    private static bool Clear(Span<byte> index, int idBytes)
    {
        var version = BinaryPrimitives.ReadUInt32BigEndian(index[4..]);
        if (version is < 2 or > 4) return false;
        var count = BinaryPrimitives.ReadUInt32BigEndian(index[8..]);
        var at = HeaderBytes;
        var end = index.Length - idBytes;
        for (uint i = 0; i < count; i++)
        {
            var flags = at + StatBytes + idBytes;
            if (flags + 4 > end) return false;
            index.Slice(at, TimesBytes).Clear();
            var name = flags + ((index[flags] & 0x40) != 0 && version >= 3 ? 4 : 2);
            // Version 4 begins a name with how much of the last one goes, and does not pad.
            if (version == 4)
                while (name < end && (index[name++] & 0x80) != 0) { }
            if (name >= end || index[name..end].IndexOf((byte)0) is not (>= 0 and var length)) return false;
            at = version == 4 ? name + length + 1 : at + ((name - at + length + 8) & ~7);
            if (at > end) return false;
        }
        return true;
    }
}
