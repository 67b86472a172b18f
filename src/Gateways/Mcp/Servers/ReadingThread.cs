// Reads a stream that can only block (a pipe of the operating system) on a thread of its own, and goes on there with what was read.
// Invariant: no thread of the pool ever waits for a peer, and a message that is judged at once is carried without a change of threads.
using System.Threading.Tasks.Sources;

namespace CabinCrew.Gateways.Mcp.Servers;

/// <summary>One read at a time. Disposing ends it for whoever waits; the thread itself leaves with what it reads next, or with the other end, and closes the stream then.</summary>
public sealed class ReadingThread(Stream inner, string name) : Stream, IValueTaskSource<int>
{
    private readonly AutoResetEvent asked = new(false);
    private ManualResetValueTaskSourceCore<int> source;
    private Memory<byte> into;
    private Thread? thread;
    private int pending, waiting;
    private volatile bool closed;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken ct = default)
    {
        if (closed) return new(0);
        source.Reset();
        into = buffer;
        Volatile.Write(ref waiting, 1);
        Volatile.Write(ref pending, 1);
        if (thread is null) Start();
        // On the thread itself, it is seen as soon as what was read before has been dealt with.
        else if (Thread.CurrentThread != thread) asked.Set();
        return closed && Interlocked.Exchange(ref waiting, 0) == 1 ? new(0) : new(this, source.Version);
    }

    private void Start()
    {
        thread = new Thread(Run) { IsBackground = true, Name = name };
        thread.Start();
    }

    private void Run()
    {
        var burst = new Burst();
        burst.Begin();
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
            Answer(read);
            burst.End();
        }
        inner.Dispose();
    }

    // Once for each read, by the thread or by whoever disposes.
    private void Answer(int read)
    {
        if (Interlocked.Exchange(ref waiting, 0) == 1) source.SetResult(read);
    }

    protected override void Dispose(bool disposing)
    {
        if (closed) return;
        // A pipe that is being read may not let itself be closed before the read ends: the thread closes it, whoever disposes does not wait, and carries nobody else's work.
        closed = true;
        asked.Set();
        if (thread is null) inner.Dispose();
        ThreadPool.UnsafeQueueUserWorkItem(static self => self.Answer(0), this, preferLocal: false);
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
