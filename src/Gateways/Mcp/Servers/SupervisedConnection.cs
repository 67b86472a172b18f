// The connection to a server's process together with the process: each ends with the other, and its standard error is read, so that it never blocks on it.
// Invariant: when this is disposed, the process and all that it started are gone.
using System.Text;
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Servers;

internal sealed class SupervisedConnection(IServerProcess process, StreamConnection streams, LastWords words, TimeSpan farewell, TimeProvider time) : IServerConnection
{
    private Task errors = Task.CompletedTask;
    private int disposed;

    /// <summary>Told once, with how the process ended.</summary>
    public Action<Outcome<int>>? Over { get; set; }

    public void Watch()
    {
        errors = words.ReadAsync(process.StandardError);
        _ = CloseBehindAsync();
    }

    public ValueTask<Outcome<Done>> SendAsync(ReadOnlyMemory<byte> frame, CancellationToken ct) => streams.SendAsync(frame, ct);

    public ValueTask<Outcome<ReadOnlyMemory<byte>>?> ReceiveAsync(CancellationToken ct) => streams.ReceiveAsync(ct);

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) == 1) return;
        await streams.DisposeAsync();
        var ended = await EndedWithinAsync(farewell);
        await process.DisposeAsync();
        await Task.WhenAny(errors, Task.Delay(farewell, time));
        Over?.Invoke(ended ?? new Problem(ProblemCode.UpstreamFailed, "it did not end when its input was closed, and was ended"));
    }

    // What it wrote before it ended is still read; a child of its that holds its output open is not waited for.
    private async Task CloseBehindAsync()
    {
        await process.Ended;
        await Task.Delay(farewell, time);
        if (Volatile.Read(ref disposed) == 0) await streams.DisposeAsync();
    }

    private async Task<Outcome<int>?> EndedWithinAsync(TimeSpan limit)
    {
        try
        {
            return await process.Ended.WaitAsync(limit, time);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }
}

/// <summary>The last lines of a server's standard error. Bounded, whatever it writes.</summary>
internal sealed class LastWords
{
    private const int LinesMax = 40;
    private const int LineBytesMax = 1000;
    private readonly Lock gate = new();
    private readonly Queue<string> lines = new();

    public IReadOnlyList<string> Lines
    {
        get { lock (gate) return [.. lines]; }
    }

    public async Task ReadAsync(Stream errors)
    {
        try
        {
            var reader = new LineReader(errors, LineBytesMax);
            while (await reader.ReadAsync(CancellationToken.None) is { Kind: not LineKind.End } line)
            {
                var text = Encoding.UTF8.GetString(line.Bytes.Span[..Math.Min(line.Bytes.Length, LineBytesMax)]);
                lock (gate)
                {
                    lines.Enqueue(text);
                    if (lines.Count > LinesMax) lines.Dequeue();
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // It has ended.
        }
    }
}
