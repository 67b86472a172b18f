// One party of MCP over two streams, a message a line (MCP-01). Any number may send at a time; one line is written whole before the next begins.
// Invariant: a party that does not take its bytes in time, or breaks the framing, is gone: nothing is sent to it and nothing read from it any more.
using System.Buffers;
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Servers;

/// <param name="SendTimeMax">How long a party may leave one message untaken. Infinite where waiting is all there is to do (a client on the other end).</param>
/// <param name="EndsWhenTooLong">A line beyond the limit ends the connection; else it is told, and the next line read.</param>
public sealed record StreamRules(FrameLimits Frames, TimeSpan SendTimeMax, bool EndsWhenTooLong)
{
    public static readonly StreamRules Server = new(FrameLimits.Default, TimeSpan.FromSeconds(30), EndsWhenTooLong: true);
    public static readonly StreamRules Client = new(FrameLimits.Default, Timeout.InfiniteTimeSpan, EndsWhenTooLong: false);
}

public sealed class StreamConnection : IServerConnection
{
    private const int KeptBytes = 1 << 20;
    private readonly Stream input, output;
    private readonly StreamRules rules;
    private readonly TimeProvider time;
    private readonly LineReader lines;
    private readonly SemaphoreSlim writer = new(1, 1);
    private readonly CancellationTokenSource gone = new();

    // Whole lines that are written next; whoever has the writer's turn has them.
    private ArrayBufferWriter<byte> outgoing = new();
    private CancellationToken receiving;
    private CancellationTokenRegistration ends;

    public StreamConnection(Stream input, Stream output, StreamRules rules, TimeProvider time)
    {
        (this.input, this.output, this.rules, this.time) = (input, output, rules, time);
        lines = new(input, rules.Frames.BytesMax);
        if (input is ReadingThread thread) gone.Token.UnsafeRegister(static reading => ((ReadingThread)reading!).Dispose(), thread);
    }

    public async ValueTask<Outcome<Done>> SendAsync(ReadOnlyMemory<byte> frame, CancellationToken ct)
    {
        try
        {
            await writer.WaitAsync(gone.Token);
        }
        catch (OperationCanceledException)
        {
            return Gone("the connection has ended");
        }
        try
        {
            if (gone.IsCancellationRequested) return Gone("the connection has ended");
            if (ct.IsCancellationRequested) return new Problem(ProblemCode.Cancelled, "the message was withdrawn before it was sent");
            return await WriteAsync(frame);
        }
        finally
        {
            writer.Release();
        }
    }

    public async ValueTask<Outcome<ReadOnlyMemory<byte>>?> ReceiveAsync(CancellationToken ct)
    {
        if (gone.IsCancellationRequested) return null;
        if (ct != receiving)
        {
            // One registration for all that is read under the same token. Half a line that was read is lost: the connection ends with the wait for it.
            await ends.DisposeAsync();
            (receiving, ends) = (ct, ct.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), gone));
        }
        try
        {
            // A thread's read ends with the connection. A read of another stream cannot always be called off; then it is left to itself, and ends with the other end.
            var reading = lines.ReadAsync(gone.Token);
            var line = reading.IsCompletedSuccessfully || input is ReadingThread ? await reading : await reading.AsTask().WaitAsync(gone.Token);
            if (line.Kind is LineKind.End || gone.IsCancellationRequested)
            {
                ct.ThrowIfCancellationRequested();
                return null;
            }
            if (line.Kind is LineKind.Line)
            {
                Burst.Is(open: lines.HasAnother);
                return line.Bytes;
            }
            if (rules.EndsWhenTooLong) await gone.CancelAsync();
            return FrameReader.Identified(
                FrameReader.Fault("too_large", $"a line has more than {rules.Frames.BytesMax} bytes, or no end", rules.Frames.BytesMax, ProblemCode.MessageTooLarge), line.Bytes.Span, rules.Frames);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            ct.ThrowIfCancellationRequested();
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await ends.DisposeAsync();
        await gone.CancelAsync();
        // Whoever writes has been called off; nobody begins any more.
        await writer.WaitAsync();
        writer.Release();
        foreach (var stream in (Stream[])[output, input])
        {
            try
            {
                await stream.DisposeAsync();
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                // What a dead party left unread is lost either way.
            }
        }
    }

    /// <summary>Writes what was held back.</summary>
    internal async ValueTask ReleaseAsync()
    {
        try
        {
            await writer.WaitAsync(gone.Token);
        }
        catch (OperationCanceledException)
        {
            return;
        }
        try
        {
            if (outgoing.WrittenCount > 0) await FlushAsync();
        }
        finally
        {
            writer.Release();
        }
    }

    private ValueTask<Outcome<Done>> WriteAsync(ReadOnlyMemory<byte> frame)
    {
        var line = outgoing.GetSpan(frame.Length + 1);
        frame.Span.CopyTo(line);
        Unbroken(line[..frame.Length]);
        line[frame.Length] = (byte)'\n';
        outgoing.Advance(frame.Length + 1);
        return Burst.MayHold(this, outgoing.WrittenCount) ? new(Done.Ok) : FlushAsync();
    }

    // A message that has begun is written to its end, or the connection with it: half a line would swallow the next.
    private async ValueTask<Outcome<Done>> FlushAsync()
    {
        try
        {
            var written = output.WriteAsync(outgoing.WrittenMemory, gone.Token);
            if (!written.IsCompletedSuccessfully) await InTimeAsync(written.AsTask());
            var flushed = output.FlushAsync(gone.Token);
            if (!flushed.IsCompletedSuccessfully) await InTimeAsync(flushed);
            if (outgoing.Capacity > KeptBytes) outgoing = new();
            else outgoing.ResetWrittenCount();
            return Done.Ok;
        }
        catch (TimeoutException)
        {
            // The stream may still be reading from the lines: nobody writes any into their memory any more.
            await gone.CancelAsync();
            return Gone($"it did not take a message within {rules.SendTimeMax.TotalSeconds:0} s");
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            await gone.CancelAsync();
            return Gone("its end of the pipe is closed");
        }
    }

    private Task InTimeAsync(Task work) => work.WaitAsync(rules.SendTimeMax, time, gone.Token);

    // Line breaks stand only between the parts of a message (in a string they would be escaped): a space says the same and keeps every other byte.
    private static void Unbroken(Span<byte> frame)
    {
        if (!frame.ContainsAny((byte)'\n', (byte)'\r')) return;
        frame.Replace((byte)'\n', (byte)' ');
        frame.Replace((byte)'\r', (byte)' ');
    }

    private static Problem Gone(string why) => new(ProblemCode.UpstreamFailed, $"the other end is gone: {why}");
}
