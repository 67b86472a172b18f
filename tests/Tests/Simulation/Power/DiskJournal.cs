// What disk.c wrote down: every change below a root in its order, with its bytes, and what was said meanwhile.
using System.Buffers.Binary;
using System.Text;

namespace CabinCrew.Tests.Simulation.Power;

internal enum DiskKind { Create = 1, Write, Truncate, Flush, FlushFailed, Rename, Remove, MakeDirectory, Link, Symlink, Mode, Mark, Printed }

/// <param name="First">The path, or the old one.</param>
/// <param name="Second">The new path, or a link's target.</param>
internal sealed record DiskRecord(DiskKind Kind, uint Mode, ulong Inode, long Offset, string First, string Second, byte[] Bytes)
{
    public string Text => Encoding.UTF8.GetString(Bytes);
}

internal static class DiskJournal
{
    private const int HeadBytes = 40;

    public static List<DiskRecord> Read(string path)
    {
        ReadOnlySpan<byte> all = File.ReadAllBytes(path);
        var records = new List<DiskRecord>();
        for (var at = 0; at < all.Length;)
        {
            var head = all.Slice(at, HeadBytes);
            at += HeadBytes;
            var (first, second, bytes) = (Length(head, 24), Length(head, 28), Length(head, 32));
            records.Add(new((DiskKind)BinaryPrimitives.ReadUInt32LittleEndian(head), BinaryPrimitives.ReadUInt32LittleEndian(head[4..]), BinaryPrimitives.ReadUInt64LittleEndian(head[8..]),
                BinaryPrimitives.ReadInt64LittleEndian(head[16..]), Encoding.UTF8.GetString(all.Slice(at, first)), Encoding.UTF8.GetString(all.Slice(at + first, second)),
                all.Slice(at + first + second, bytes).ToArray()));
            at += first + second + bytes;
        }
        return records;
    }

    private static int Length(ReadOnlySpan<byte> head, int at) => (int)BinaryPrimitives.ReadUInt32LittleEndian(head[at..]);
}
