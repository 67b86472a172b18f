// One pack of a repository on disk, object by object: found through its index, inflated where it stands, deltas resolved. Format: gitformat-pack(5).
using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.CompilerServices;
using CabinCrew.Orchestrator.Posix;
using Microsoft.Win32.SafeHandles;

namespace CabinCrew.Orchestrator.Workspaces;

internal sealed class GitPackFile : IDisposable
{
    private const int HeaderBytes = 8 + 256 * 4;
    private const int DeltaDepthMax = 1000;

    private readonly SafeFileHandle pack, index;
    private readonly int idBytes;
    private readonly uint count;

    private GitPackFile(SafeFileHandle pack, SafeFileHandle index, int idBytes, uint count) => (this.pack, this.index, this.idBytes, this.count) = (pack, index, idBytes, count);

    /// <exception cref="InvalidDataException">An index of another version than 2.</exception>
    public static GitPackFile Open(DirectoryHandle directory, string stem, int idBytes)
    {
        var index = directory.OpenFile(stem + ".idx", out var status);
        Span<byte> head = stackalloc byte[8];
        Span<byte> last = stackalloc byte[4];
        if (!Fill(index, head, 0) || !head.SequenceEqual((ReadOnlySpan<byte>)[0xff, (byte)'t', (byte)'O', (byte)'c', 0, 0, 0, 2]) || !Fill(index, last, HeaderBytes - 4))
        {
            index.Dispose();
            throw new InvalidDataException($"{stem}.idx is no index of version 2");
        }
        var count = BinaryPrimitives.ReadUInt32BigEndian(last);
        if ((long)status.Size < HeaderBytes + (long)count * (idBytes + 8))
        {
            index.Dispose();
            throw new InvalidDataException($"{stem}.idx is cut off");
        }
        return new(directory.OpenFile(stem + ".pack"), index, idBytes, count);
    }

    public bool Has(string id) => Find(Convert.FromHexString(id)) is not null;

    public GitObject? Read(string id, long bytesMax) => Find(Convert.FromHexString(id)) is { } at ? Resolve(at, bytesMax, 0) : null;

    public void Dispose()
    {
        pack.Dispose();
        index.Dispose();
    }

    private long? Find(ReadOnlySpan<byte> id)
    {
        if (id.Length != idBytes) return null;
        Span<byte> four = stackalloc byte[4];
        var low = id[0] == 0 ? 0u : Number(four, 8 + (id[0] - 1) * 4L);
        var high = Math.Min(Number(four, 8 + id[0] * 4L), count);
        Span<byte> found = stackalloc byte[32];
        found = found[..idBytes];
        while (low < high)
        {
            var middle = low + (high - low) / 2;
            if (!Fill(index, found, HeaderBytes + (long)middle * idBytes)) return null;
            var order = found.SequenceCompareTo(id);
            if (order == 0) return Offset(middle);
            if (order < 0) low = middle + 1;
            else high = middle;
        }
        return null;
    }

    private long Offset(uint place)
    {
        Span<byte> eight = stackalloc byte[8];
        var offsets = HeaderBytes + (long)count * (idBytes + 4);
        var offset = Number(eight[..4], offsets + place * 4L);
        if ((offset & 0x8000_0000) == 0) return offset;
        if (!Fill(index, eight, offsets + count * 4L + (offset & 0x7fff_ffff) * 8L)) throw new InvalidDataException("offset");
        return BinaryPrimitives.ReadInt64BigEndian(eight);
    }

    private uint Number(Span<byte> four, long at) => Fill(index, four, at) ? BinaryPrimitives.ReadUInt32BigEndian(four) : throw new InvalidDataException("the index is cut off");

    private GitObject Resolve(long at, long bytesMax, int depth)
    {
        // A delta may name a base that leads back to itself.
        if (depth > DeltaDepthMax || !RuntimeHelpers.TryEnsureSufficientExecutionStack()) throw new InvalidDataException("deltas are chained too deeply");
        Span<byte> bytes = stackalloc byte[64];
        var got = RandomAccess.Read(pack, bytes, at);
        if (got < 2) throw new InvalidDataException("the pack is cut off");
        var (type, size, head) = GitPacks.Check.Header(bytes);
        if (size > bytesMax) throw new InvalidDataException("an object is larger than is allowed");
        if (type is >= 1 and <= 4) return new(GitPacks.Types[type]!, Inflate(at + head, size));
        GitObject from;
        if (type == 6)
        {
            var distance = GitPacks.Check.Distance(bytes, ref head);
            if (distance <= 0 || distance > at) throw new InvalidDataException("a delta's base is no object");
            from = Resolve(at - distance, bytesMax, depth + 1);
        }
        else if (type == 7)
        {
            // Only packs on the wire lean on objects outside.
            from = Resolve(Find(bytes.Slice(head, idBytes)) ?? throw new InvalidDataException("a delta's base is not in its pack"), bytesMax, depth + 1);
            head += idBytes;
        }
        else
        {
            throw new InvalidDataException("an object of unknown type");
        }
        return new(from.Type, GitDelta.Apply(from.Content, Inflate(at + head, size), bytesMax));
    }

    private byte[] Inflate(long at, long size)
    {
        using var inflater = new ZLibStream(new FromOffset(pack, at), CompressionMode.Decompress);
        var content = new byte[size];
        inflater.ReadExactly(content);
        return content;
    }

    private static bool Fill(SafeFileHandle file, Span<byte> into, long at)
    {
        for (var done = 0; done < into.Length;)
        {
            var read = RandomAccess.Read(file, into[done..], at + done);
            if (read == 0) return false;
            done += read;
        }
        return true;
    }

    /// <summary>The file from some place on, as the inflater wants it.</summary>
    private sealed class FromOffset(SafeFileHandle file, long at) : Stream
    {
        private long at = at;

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(Span<byte> buffer)
        {
            var read = RandomAccess.Read(file, buffer, at);
            at += read;
            return read;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));
        public override void Flush() { }
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
