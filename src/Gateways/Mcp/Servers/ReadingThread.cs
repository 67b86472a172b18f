// Reads a stream that can only block (a pipe of the operating system) on a thread of its own, and goes on there with what was read.
// Invariant: no thread of the pool ever waits for a peer, and a message that is judged at once is carried without a change of threads.
using System.Threading.Tasks.Sources;

namespace CabinCrew.Gateways.Mcp.Servers;

/// <summary>One read at a time. It cannot be called off: it ends with what is read, or with the other end.</summary>
public sealed class ReadingThread : Stream, IValueTaskSource<int>
{
    private readonly Stream inner;
    private readonly Thread thread;
    private readonly AutoResetEvent asked = new(false);
    private ManualResetValueTaskSourceCore<int> source;
    private Memory<byte> into;
    private int pending;
    private volatile bool closed;

    public ReadingThread(Stream inner, string name)
    {
        this.inner = inner;
        thread = new Thread(Run) { IsBackground = true, Name = name };
        thread.Start();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken ct = default)
    {
        if (closed) return new(0);
        source.Reset();
        into = buffer;
        Volatile.Write(ref pending, 1);
        // On the thread itself, it is seen as soon as what was read before has been dealt with.
        if (Thread.CurrentThread != thread) asked.Set();
        if (closed && Interlocked.Exchange(ref pending, 0) == 1) return new(0);
        return new(this, source.Version);
    }

    private void Run()
    {
        while (!closed)
        {
            if (Interlocked.Exchange(ref pending, 0) == 0)
            {
                asked.WaitOne();
                continue;
            }
            var read = 0;
            try
            {
                read = inner.Read(into.Span);
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                // The other end is gone, or broken: the end of the stream either way.
            }
            source.SetResult(read);
        }
        inner.Dispose();
        if (Interlocked.Exchange(ref pending, 0) == 1) source.SetResult(0);
    }

    protected override void Dispose(bool disposing)
    {
        // A pipe that is being read may not let itself be closed before the read ends: the thread closes it, whoever disposes does not wait.
        closed = true;
        asked.Set();
        base.Dispose(disposing);
    }

    int IValueTaskSource<int>.GetResult(short token) => source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => source.GetStatus(token);

    void IValueTaskSource<int>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) => source.OnCompleted(continuation, state, token, flags);

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
    public override void Flush() { }
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
