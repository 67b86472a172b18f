// Checks a pack (version 2) against its index: every object that the index names is really the object of that name. git trusts an index,
// so that a forged one would put other content behind an approved commit. Format: gitformat-pack(5).
using System.Buffers.Binary;
using System.IO.Compression;

namespace CabinCrew.Orchestrator.Workspaces;

internal static class GitPacks
{
    private const int ObjectsMax = 1_000_000;
    private const int DeltaDepthMax = 4096;
    internal static readonly string?[] Types = [null, "commit", "tree", "blob", "tag"];

    /// <summary>Why the files cannot be believed, or null.</summary>
    /// <param name="reverse">The reverse index, where there is one.</param>
    public static string? Fault(ReadOnlyMemory<byte> pack, ReadOnlyMemory<byte> index, ReadOnlyMemory<byte>? reverse, int idBytes)
    {
        try
        {
            var check = new Check(pack, index, idBytes);
            return check.Fault() ?? (reverse is { } given && !check.IsReverse(given.Span) ? "the reverse index belongs to another pack" : null);
        }
        catch (Exception e) when (e is InvalidDataException or IOException or ArgumentException or IndexOutOfRangeException or OverflowException)
        {
            return "the pack or its index is malformed";
        }
    }

    /// <summary>Every object of a pack without a fault, by id.</summary>
    public static IReadOnlyDictionary<string, GitObject> Objects(ReadOnlyMemory<byte> pack, ReadOnlyMemory<byte> index, int idBytes)
    {
        var check = new Check(pack, index, idBytes);
        return check.Fault() is { } fault ? throw new InvalidDataException(fault) : check.Objects();
    }

    internal sealed class Check(ReadOnlyMemory<byte> pack, ReadOnlyMemory<byte> index, int idBytes)
    {
        private readonly Dictionary<long, (string Type, byte[] Content)> resolved = [];
        private readonly Dictionary<string, long> offsetOf = new(StringComparer.Ordinal);
        private readonly SortedDictionary<long, string> idAt = [];
        private long[] offsets = [];
        private long inflated;

        public string? Fault()
        {
            var bytes = pack.Span;
            if (bytes.Length < 12 + idBytes || !bytes[..4].SequenceEqual("PACK"u8) || BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]) != 2) return "not a pack of version 2";
            if (!Sealed(bytes) || !Sealed(index.Span)) return "the checksum of the pack or its index is wrong";
            if (!index.Span[^(2 * idBytes)..^idBytes].SequenceEqual(bytes[^idBytes..])) return "the index belongs to another pack";
            ReadIndex();
            if (idAt.Count != BinaryPrimitives.ReadUInt32BigEndian(bytes[8..])) return "the index lists another number of objects";
            offsets = [.. idAt.Keys];
            if (offsets.Length > 0 && offsets[0] != 12) return "the pack has bytes that no object owns";
            for (var i = 0; i < offsets.Length; i++)
            {
                var (type, content) = Resolve(offsets[i], 0);
                if (IdOf(type, content) != idAt[offsets[i]]) return $"the index puts another object at {idAt[offsets[i]]}";
            }
            return null;
        }

        public IReadOnlyDictionary<string, GitObject> Objects() =>
            idAt.ToDictionary(o => o.Value, o => new GitObject(resolved[o.Key].Type, resolved[o.Key].Content), StringComparer.Ordinal);

        /// <summary>A reverse index lists, in the order of the pack, each object's place in the index.</summary>
        public bool IsReverse(ReadOnlySpan<byte> file)
        {
            string[] sorted = [.. idAt.Values.Order(StringComparer.Ordinal)];
            var expected = new byte[12 + sorted.Length * 4 + idBytes];
            "RIDX"u8.CopyTo(expected);
            BinaryPrimitives.WriteUInt32BigEndian(expected.AsSpan(4), 1);
            BinaryPrimitives.WriteUInt32BigEndian(expected.AsSpan(8), idBytes == 20 ? 1u : 2u);
            var at = 12;
            foreach (var id in idAt.Values)
            {
                BinaryPrimitives.WriteInt32BigEndian(expected.AsSpan(at), Array.BinarySearch(sorted, id, StringComparer.Ordinal));
                at += 4;
            }
            pack.Span[^idBytes..].CopyTo(expected.AsSpan(at));
            return file.Length == expected.Length + idBytes && file[..^idBytes].SequenceEqual(expected) && Sealed(file);
        }

        private bool Sealed(ReadOnlySpan<byte> file)
        {
            using var hash = GitObjects.HashFor(idBytes);
            hash.AppendData(file[..^idBytes]);
            return hash.GetCurrentHash().AsSpan().SequenceEqual(file[^idBytes..]);
        }

        private string IdOf(string type, byte[] content) => GitObjects.IdOf(type, content, idBytes);

        private void ReadIndex()
        {
            var bytes = index.Span;
            if (!bytes[..8].SequenceEqual((ReadOnlySpan<byte>)[0xff, (byte)'t', (byte)'O', (byte)'c', 0, 0, 0, 2])) throw new InvalidDataException("index version");
            var count = (int)BinaryPrimitives.ReadUInt32BigEndian(bytes[(8 + 255 * 4)..]);
            var buckets = new int[256];
            if (count is < 0 or > ObjectsMax) throw new InvalidDataException("too many objects");
            var ids = 8 + 256 * 4;
            var offset32 = ids + count * idBytes + count * 4;
            // 64-bit offsets come with packs beyond 2 GiB, which are larger than a change may be.
            if (bytes.Length != offset32 + count * 4 + 2 * idBytes) throw new InvalidDataException("index length");
            for (var i = 0; i < count; i++)
            {
                var id = Convert.ToHexStringLower(bytes.Slice(ids + i * idBytes, idBytes));
                // Git searches by fan-out and bisection: an id out of order would be there and not be found.
                if (i > 0 && bytes.Slice(ids + (i - 1) * idBytes, idBytes).SequenceCompareTo(bytes.Slice(ids + i * idBytes, idBytes)) >= 0) throw new InvalidDataException("order");
                buckets[bytes[ids + i * idBytes]]++;
                var at = BinaryPrimitives.ReadUInt32BigEndian(bytes[(offset32 + i * 4)..]);
                if (at >= pack.Length - idBytes || !idAt.TryAdd(at, id)) throw new InvalidDataException("offset");
                offsetOf[id] = at;
            }
            for (int b = 0, sum = 0; b < 256; b++)
                if (BinaryPrimitives.ReadUInt32BigEndian(bytes[(8 + b * 4)..]) != (sum += buckets[b])) throw new InvalidDataException("fan-out");
        }

        private (string Type, byte[] Content) Resolve(long at, int depth)
        {
            if (resolved.TryGetValue(at, out var known)) return known;
            if (depth > DeltaDepthMax) throw new InvalidDataException("deltas are chained too deeply");
            var slot = Array.BinarySearch(offsets, at);
            if (slot < 0) throw new InvalidDataException("a delta's base is no object");
            var end = slot + 1 < offsets.Length ? offsets[slot + 1] : pack.Length - idBytes;
            var bytes = pack.Slice((int)at, (int)(end - at));
            var (type, size, head) = Header(bytes.Span);
            (string, byte[]) found;
            if (type is >= 1 and <= 4)
            {
                found = (Types[type]!, Inflate(bytes[head..], size));
            }
            else
            {
                long from;
                if (type == 6) from = at - Distance(bytes.Span, ref head);
                else if (type == 7 && offsetOf.TryGetValue(Convert.ToHexStringLower(bytes.Span.Slice(head, idBytes)), out from)) head += idBytes;
                else throw new InvalidDataException("an object of unknown type or base");
                if (from >= at && type == 6) throw new InvalidDataException("a delta's base lies behind it");
                var (kind, content) = Resolve(from, depth + 1);
                found = (kind, Patch(content, Inflate(bytes[head..], size)));
            }
            return resolved[at] = found;
        }

        internal static (int Type, long Size, int Head) Header(ReadOnlySpan<byte> bytes)
        {
            var type = bytes[0] >> 4 & 7;
            long size = bytes[0] & 15;
            var at = 0;
            for (var shift = 4; (bytes[at] & 0x80) != 0; shift += 7)
            {
                if (shift > 40) throw new InvalidDataException("size");
                size |= (long)(bytes[++at] & 0x7f) << shift;
            }
            return (type, size, at + 1);
        }

        internal static long Distance(ReadOnlySpan<byte> bytes, ref int at)
        {
            long distance = bytes[at] & 0x7f;
            while ((bytes[at++] & 0x80) != 0) distance = checked((distance + 1 << 7) | (long)(bytes[at] & 0x7f));
            return distance;
        }

        private byte[] Inflate(ReadOnlyMemory<byte> compressed, long size)
        {
            inflated += size;
            if (size > GitObjects.BytesMax || inflated > GitObjects.BytesMax) throw new InvalidDataException("the pack inflates beyond its limit");
            using var inflater = new ZLibStream(GitObjects.Open(compressed), CompressionMode.Decompress);
            // A size is easily claimed: room is made as the content comes.
            var content = new byte[Math.Min(size, Math.Max(1 << 16, 4L * compressed.Length))];
            for (var filled = 0; ;)
            {
                filled += inflater.ReadAtLeast(content.AsSpan(filled), content.Length - filled, throwOnEndOfStream: false);
                if (filled < content.Length) throw new InvalidDataException("size");
                if (filled == size) return inflater.ReadByte() == -1 ? content : throw new InvalidDataException("size");
                Array.Resize(ref content, (int)Math.Min(size, 2L * content.Length));
            }
        }

        private byte[] Patch(byte[] source, byte[] delta)
        {
            var result = GitDelta.Apply(source, delta, GitObjects.BytesMax - inflated);
            inflated += result.Length;
            return result;
        }
    }
}
