// Git's delta: pieces of an older content and new bytes between them (gitformat-pack(5)). Every length is checked before it is used.
namespace CabinCrew.Orchestrator.Workspaces;

internal static class GitDelta
{
    /// <exception cref="InvalidDataException">The delta does not fit the source, or gives more than <paramref name="bytesMax"/>.</exception>
    public static byte[] Apply(byte[] source, byte[] delta, long bytesMax)
    {
        var at = 0;
        if (Size(delta, ref at) != source.Length) throw new InvalidDataException("base size");
        var size = Size(delta, ref at);
        if (size > bytesMax) throw new InvalidDataException("a delta gives more than is allowed");
        if (Reach(delta.AsSpan(at)) != size) throw new InvalidDataException("result size");
        var result = new byte[size];
        var written = 0;
        while (at < delta.Length)
        {
            var op = delta.AsSpan()[at++];
            ReadOnlySpan<byte> piece;
            if ((op & 0x80) != 0)
            {
                int offset = 0, length = 0;
                for (var i = 0; i < 4; i++) if ((op & 1 << i) != 0) offset |= delta.AsSpan()[at++] << 8 * i;
                for (var i = 0; i < 3; i++) if ((op & 0x10 << i) != 0) length |= delta.AsSpan()[at++] << 8 * i;
                piece = source.AsSpan(offset, length == 0 ? 0x10000 : length);
            }
            else
            {
                if (op == 0) throw new InvalidDataException("operation");
                piece = delta.AsSpan(at, op);
                at += op;
            }
            if (piece.Length > result.Length - written) throw new InvalidDataException("result size");
            piece.CopyTo(result.AsSpan(written));
            written += piece.Length;
        }
        return written == result.Length ? result : throw new InvalidDataException("result size");
    }

    // What the instructions make: known before room is made for it, since a size is easily claimed.
    private static long Reach(ReadOnlySpan<byte> instructions)
    {
        long made = 0;
        for (var at = 0; at < instructions.Length;)
        {
            int op = instructions[at++], length = 0;
            if ((op & 0x80) == 0)
            {
                (made, at) = (made + op, at + op);
                continue;
            }
            for (var i = 0; i < 4; i++) at += op >> i & 1;
            for (var i = 0; i < 3; i++) if ((op & 0x10 << i) != 0) length |= instructions[at++] << 8 * i;
            made += length == 0 ? 0x10000 : length;
        }
        return made;
    }

    private static long Size(byte[] delta, ref int at)
    {
        long size = 0;
        for (var shift = 0; ; shift += 7)
        {
            if (shift > 40) throw new InvalidDataException("size");
            var b = delta.AsSpan()[at++];
            size |= (long)(b & 0x7f) << shift;
            if ((b & 0x80) == 0) return size;
        }
    }
}
