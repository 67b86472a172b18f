// Cuts a stream into lines, one message each (the framing of MCP over stdio). Memory is bounded whatever comes: a line beyond the limit is told once, its rest thrown away.
// Invariant: a line that is handed out is whole, without its line feed (and the carriage return before it), and nobody else writes to its memory.
namespace CabinCrew.Gateways.Mcp.Wire;

public enum LineKind { Line, TooLong, End }

/// <param name="Bytes">The line; of one that is too long, its beginning.</param>
public readonly record struct Line(LineKind Kind, ReadOnlyMemory<byte> Bytes);

public sealed class LineReader(Stream stream, int bytesMax)
{
    /// <summary>What is kept of a line that is too long: enough to tell whose it was.</summary>
    private const int BeginningBytes = 4096;
    private const int FirstBytes = 16 << 10;
    private const int KeptBytes = 1 << 20;
    private byte[] buffer = new byte[FirstBytes];
    private int from, to, searched;
    private bool discarding, ended;

    /// <summary>The end of another line is here already; of a long one nobody looks for it.</summary>
    public bool HasAnother => buffer.AsSpan(searched, Math.Min(to - searched, FirstBytes)).Contains((byte)'\n');

    /// <summary>The next line that is not empty. What follows the last line feed is a line too.</summary>
    public async ValueTask<Line> ReadAsync(CancellationToken ct)
    {
        while (true)
        {
            while (TryCut(out var line))
                if (line.Bytes.Length > 0) return line;
            if (ended) return new(LineKind.End, default);
            MakeRoom();
            var read = await stream.ReadAsync(buffer.AsMemory(to), ct);
            to += read;
            ended = read == 0;
        }
    }

    private bool TryCut(out Line line)
    {
        var feed = buffer.AsSpan(searched, to - searched).IndexOf((byte)'\n');
        return feed >= 0 ? Cut(searched + feed, out line) : CutWithoutEnd(out line);
    }

    private bool Cut(int end, out Line line)
    {
        // The rest of a line that was told as too long is no line.
        line = discarding ? default : Take(end);
        discarding = false;
        from = searched = end + 1;
        return true;
    }

    private bool CutWithoutEnd(out Line line)
    {
        line = default;
        searched = to;
        // One more than the limit: a carriage return may still turn out to be the framing's.
        var tooLong = to - from > bytesMax + 1;
        if (!discarding && (tooLong || (ended && to > from)))
        {
            line = Take(to);
            discarding = tooLong;
            from = searched = to = 0;
            return true;
        }
        if (discarding) from = searched = to = 0;
        return false;
    }

    private Line Take(int end)
    {
        var length = (end > from && buffer[end - 1] is (byte)'\r' ? end - 1 : end) - from;
        var kind = length > bytesMax ? LineKind.TooLong : LineKind.Line;
        if (kind is LineKind.TooLong) length = Math.Min(length, BeginningBytes);
        var bytes = GC.AllocateUninitializedArray<byte>(length);
        buffer.AsSpan(from, length).CopyTo(bytes);
        return new(kind, bytes);
    }

    private void MakeRoom()
    {
        if (from == to)
        {
            from = searched = to = 0;
            if (buffer.Length > KeptBytes) buffer = new byte[FirstBytes];
        }
        if (to < buffer.Length) return;
        var target = buffer;
        if (from == 0) target = GC.AllocateUninitializedArray<byte>((int)Math.Min(buffer.Length * 2L, bytesMax + (long)FirstBytes));
        buffer.AsSpan(from, to - from).CopyTo(target);
        buffer = target;
        (searched, to, from) = (searched - from, to - from, 0);
    }
}
