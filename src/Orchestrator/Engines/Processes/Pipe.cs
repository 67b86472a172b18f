// A pipe (both ends close on exec), and a sealed file in memory: how bytes reach a child without touching a disk.
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CabinCrew.Orchestrator.Engines.Processes;

internal sealed class Pipe : IDisposable
{
    public SafeFileHandle Reader { get; }
    public SafeFileHandle Writer { get; }

    private Pipe(int reader, int writer)
    {
        Reader = new(reader, ownsHandle: true);
        Writer = new(writer, ownsHandle: true);
    }

    public static unsafe Pipe Create()
    {
        var ends = stackalloc int[2];
        if (SpawnNative.Pipe2(ends, SpawnNative.CloseOnExec) != 0) throw new IOException($"no pipe: error {Marshal.GetLastPInvokeError()}");
        return new(ends[0], ends[1]);
    }

    /// <summary>Our reading end never blocks: the poll loop decides when to read.</summary>
    public Pipe ReadWithoutBlocking()
    {
        const int setFlags = 4;
        SpawnNative.Fcntl((int)Reader.DangerousGetHandle(), setFlags, SpawnNative.NonBlocking);
        return this;
    }

    public void Dispose()
    {
        Reader.Dispose();
        Writer.Dispose();
    }
}

internal static class MemoryFile
{
    /// <summary>A file that exists only in memory, at offset 0, whose content nobody can change any more.</summary>
    public static SafeFileHandle Sealed(string name, ReadOnlySpan<byte> content)
    {
        const uint closeOnExecAllowSealing = 3;
        const int addSeals = 1033, sealShrinkGrowWrite = 0xF;
        var descriptor = SpawnNative.MemfdCreate(name, closeOnExecAllowSealing);
        if (descriptor < 0) throw new IOException($"no memory file: error {Marshal.GetLastPInvokeError()}");
        var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        RandomAccess.Write(handle, content, fileOffset: 0);
        if (SpawnNative.Fcntl(descriptor, addSeals, sealShrinkGrowWrite) == 0) return handle;
        handle.Dispose();
        throw new IOException($"a memory file could not be sealed: error {Marshal.GetLastPInvokeError()}");
    }
}
