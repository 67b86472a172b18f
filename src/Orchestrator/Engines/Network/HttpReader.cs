// Reads heads and bodies of requests from a client that may send anything at any speed. Each read is bounded in bytes and time; a body is read whole
// and checked before a byte of it leaves the machine.
using System.Buffers.Text;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Engines.Network;

internal sealed class HttpReader(Stream stream, NetworkLimits limits)
{
    private const int ChunkLineMax = 16;
    private byte[] buffer = new byte[8 << 10];
    private int start, end;

    /// <summary>Whether bytes were read that nobody has taken yet.</summary>
    public bool HasMore => start < end;

    /// <returns>Both null: the client ended, or fell silent, between two requests.</returns>
    public async Task<(HttpHead? Head, Problem? Problem)> HeadAsync(CancellationToken ct)
    {
        // Waiting for a request may take long, sending one may not: that is how one client keeps a place from others.
        if (!HasMore && !await FillAsync(limits.Idle, ct).ConfigureAwait(false)) return (null, null);
        using var time = CancellationTokenSource.CreateLinkedTokenSource(ct);
        time.CancelAfter(limits.Head);
        var scanned = start;
        while (true)
        {
            for (; scanned < end; scanned++)
            {
                if (buffer[scanned] != '\n') continue;
                if (scanned == start || buffer[scanned - 1] != '\r') return (null, HttpHead.Malformed("a line of its head ends in something else than CR LF"));
                if (scanned - start < 3 || buffer[scanned - 2] != '\n') continue;
                var head = HttpHead.Parse(buffer.AsSpan(start, scanned + 1 - start));
                start = scanned + 1;
                return (head.Try(out var value, out var problem) ? value : null, problem);
            }
            if (end - start > HttpHead.BytesMax) return (null, HttpHead.Malformed($"its head is larger than {HttpHead.BytesMax} bytes"));
            scanned -= start;
            try
            {
                if (!await FillAsync(null, time.Token).ConfigureAwait(false)) return (null, HttpHead.Malformed("it ended within its head"));
            }
            catch (OperationCanceledException) when (!ct.IsCancellationRequested)
            {
                return (null, new(ProblemCode.LimitNetwork, $"the request's head took longer than {limits.Head.TotalSeconds:0} seconds"));
            }
            scanned += start;
        }
    }

    /// <summary>The whole body.</summary>
    /// <param name="take">Asked before each part for the right to hold so many bytes more.</param>
    public async Task<Outcome<ReadOnlyMemory<byte>>> BodyAsync(Framing framing, Func<long, bool> take, CancellationToken ct)
    {
        if (framing.Length > limits.RequestBytes) return TooLarge();
        var body = new MemoryStream();
        using var time = CancellationTokenSource.CreateLinkedTokenSource(ct);
        try
        {
            if (!framing.Chunked) return await CopyAsync(framing.Length, body, take, time).ConfigureAwait(false) is { } failed ? failed : Whole(body);
            while (true)
            {
                if (await LineAsync(time).ConfigureAwait(false) is not { } line || ChunkSize(line) is not { } size) return HttpHead.Malformed("a chunk of its body does not begin with its size alone");
                if (body.Length + size > limits.RequestBytes) return TooLarge();
                if (size > 0 && await CopyAsync(size, body, take, time).ConfigureAwait(false) is { } problem) return problem;
                // After the last chunk the trailer must be empty: it could name headers that nobody has judged.
                if (await LineAsync(time).ConfigureAwait(false) is not { Length: 0 })
                    return HttpHead.Malformed(size == 0 ? "its body has a trailer" : "a chunk of its body is longer than it says");
                if (size == 0) return Whole(body);
            }
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return new Problem(ProblemCode.LimitNetwork, $"the request's body stopped for longer than {limits.Stall.TotalSeconds:0} seconds");
        }
    }

    private Problem TooLarge() => new(ProblemCode.LimitNetwork, $"the request's body is larger than {limits.RequestBytes} bytes");

    private static ReadOnlyMemory<byte> Whole(MemoryStream body) => body.GetBuffer().AsMemory(0, (int)body.Length);

    private static int? ChunkSize(byte[] line) =>
        line.Length is > 0 and <= 7 && line.All(b => char.IsAsciiHexDigit((char)b)) && Utf8Parser.TryParse(line, out int size, out var read, 'X') && read == line.Length ? size : null;

    private async Task<Problem?> CopyAsync(long length, MemoryStream body, Func<long, bool> take, CancellationTokenSource time)
    {
        while (length > 0)
        {
            time.CancelAfter(limits.Stall);
            if (!HasMore && !await FillAsync(null, time.Token).ConfigureAwait(false)) return HttpHead.Malformed("it ended within its body");
            var part = (int)Math.Min(length, end - start);
            if (!take(part)) return new(ProblemCode.LimitNetwork, "the requests of this run hold more bytes than they may");
            body.Write(buffer, start, part);
            start += part;
            length -= part;
        }
        return null;
    }

    /// <summary>Up to CR LF, without it; null when it is not a line of at most a few bytes.</summary>
    private async Task<byte[]?> LineAsync(CancellationTokenSource time)
    {
        time.CancelAfter(limits.Stall);
        var line = new List<byte>();
        while (line.Count <= ChunkLineMax)
        {
            if (!HasMore && !await FillAsync(null, time.Token).ConfigureAwait(false)) return null;
            var b = buffer[start++];
            if (b == '\n') return line is [.., (byte)'\r'] ? [.. line[..^1]] : null;
            line.Add(b);
        }
        return null;
    }

    /// <returns>False at the end of the stream, or when the patience is over.</returns>
    private async Task<bool> FillAsync(TimeSpan? patience, CancellationToken ct)
    {
        if (start == end) start = end = 0;
        if (end == buffer.Length && start > 0)
        {
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            (start, end) = (0, end - start);
        }
        if (end == buffer.Length) Array.Resize(ref buffer, buffer.Length * 2);
        using var time = patience is null ? null : CancellationTokenSource.CreateLinkedTokenSource(ct);
        time?.CancelAfter(patience!.Value);
        try
        {
            var n = await stream.ReadAsync(buffer.AsMemory(end), time?.Token ?? ct).ConfigureAwait(false);
            end += n;
            return n > 0;
        }
        catch (OperationCanceledException) when (time is not null && !ct.IsCancellationRequested)
        {
            return false;
        }
    }
}
