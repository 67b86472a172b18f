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

    /// <summary>A reading end for a child that waits for a word: a writing end too, so that it waits on when we die. The end of a stream is no word.</summary>
    public SafeFileHandle WaitingEnd()
    {
        const int readAndWrite = 2;
        return SpawnNative.Opened(SpawnNative.Open($"/proc/self/fd/{(int)Reader.DangerousGetHandle()}", readAndWrite | SpawnNative.CloseOnExec))
            ?? throw new IOException($"no second end of a pipe: error {Marshal.GetLastPInvokeError()}");
    }

    public void Dispose()
    {
        Reader.Dispose();
        Writer.Dispose();
    }
}

internal static class MemoryFile
{
    private const uint CloseOnExecAllowSealing = 3, Executable = 0x10;

    /// <summary>A program that is in memory only: no name leads to it.</summary>
    public static SafeFileHandle Program(string name, ReadOnlySpan<byte> content)
    {
        // Kernels before 6.3 do not know the word, and make every such file executable.
        var descriptor = SpawnNative.MemfdCreate(name, CloseOnExecAllowSealing | Executable);
        var file = descriptor >= 0 ? new(descriptor, ownsHandle: true) : Empty(name);
        Seal(file, content);
        return file;
    }

    /// <summary>A file that exists only in memory, at offset 0, whose content nobody can change any more.</summary>
    public static SafeFileHandle Sealed(string name, ReadOnlySpan<byte> content)
    {
        var file = Empty(name);
        try
        {
            Seal(file, content);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The same, still to be filled: whoever inherits it finds it at offset 0 all the same.</summary>
    public static SafeFileHandle Empty(string name)
    {
        var descriptor = SpawnNative.MemfdCreate(name, CloseOnExecAllowSealing);
        return descriptor >= 0 ? new(descriptor, ownsHandle: true) : throw new IOException($"no memory file: error {Marshal.GetLastPInvokeError()}");
    }

    /// <summary>Gives an empty one its content, for good.</summary>
    public static void Seal(SafeFileHandle file, ReadOnlySpan<byte> content)
    {
        const int addSeals = 1033, sealShrinkGrowWrite = 0xF;
        RandomAccess.Write(file, content, fileOffset: 0);
        if (SpawnNative.Fcntl((int)file.DangerousGetHandle(), addSeals, sealShrinkGrowWrite) != 0)
            throw new IOException($"a memory file could not be sealed: error {Marshal.GetLastPInvokeError()}");
    }
}
