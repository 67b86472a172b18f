// Writes to a descriptor that others may share (standard output), so that its flags are not ours to change: on the spot as long as the kernel says that there is room, else on another thread.
// Invariant: whoever writes never blocks here.
using System.Runtime.InteropServices;

namespace CabinCrew.Gateways.Mcp.Servers;

/// <param name="descriptor">A pipe, a socket, a terminal or a file, open for writing. Stays open.</param>
public sealed class ReadyWriter(int descriptor) : Stream
{
    /// <summary>What fits where poll says that something does: a page of a pipe.</summary>
    private const int ReadyBytes = 4096;

    /// <summary>A larger message would have to wait for its reader sooner or later.</summary>
    private const int SmallBytes = 4 * ReadyBytes;
    private const short PollOut = 4;
    private const int Interrupted = 4, TryAgain = 11;

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken ct = default)
    {
        var rest = buffer;
        for (var written = 1; rest.Length is > 0 and <= SmallBytes && written > 0 && IsReady(milliseconds: 0); rest = rest[written..]) written = Put(rest.Span[..Math.Min(rest.Length, ReadyBytes)]);
        return rest.Length == 0 ? ValueTask.CompletedTask : new(Task.Run(() => Write(rest.Span), CancellationToken.None));
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        for (var rest = buffer; rest.Length > 0;)
        {
            var written = Put(rest);
            rest = rest[written..];
            // Somebody else made it one that does not block.
            if (written == 0) IsReady(milliseconds: -1);
        }
    }

    private int Put(ReadOnlySpan<byte> bytes)
    {
        var written = (int)Write(descriptor, ref MemoryMarshal.GetReference(bytes), (nuint)bytes.Length);
        if (written >= 0) return written;
        var error = Marshal.GetLastPInvokeError();
        return error is Interrupted or TryAgain ? 0 : throw new IOException($"writing to descriptor {descriptor} failed: {Marshal.GetPInvokeErrorMessage(error)}");
    }

    private bool IsReady(int milliseconds)
    {
        var entry = new PollEntry { Descriptor = descriptor, Events = PollOut };
        return Poll(ref entry, 1, milliseconds) > 0;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int Descriptor;
        public short Events;
        public short Happened;
    }

#pragma warning disable SYSLIB1054 // blittable calls; generated marshalling would need unsafe blocks
    [DllImport("libc", EntryPoint = "poll", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Poll(ref PollEntry entries, nuint count, int milliseconds);

    [DllImport("libc", EntryPoint = "write", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint Write(int descriptor, ref byte bytes, nuint count);
#pragma warning restore SYSLIB1054

    public override bool CanRead => false;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
    public override void Flush() { }
    public override Task FlushAsync(CancellationToken ct) => Task.CompletedTask;
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));
}
