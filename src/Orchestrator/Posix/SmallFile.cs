// One small file read by the bytes of its name, in four calls and without a handle: the way that every file of a workspace goes at every gate.
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace CabinCrew.Orchestrator.Posix;

internal static unsafe partial class SmallFile
{
    private const int NameBytesMax = 255, EFAULT = 14;

    // From Linux 6.11 on a descriptor may be asked about without a name, which takes half the time of an empty one.
    private static volatile bool isNameNeeded;

    /// <summary>Opens a regular file (no link is followed, nothing blocks), looks at it, reads it to its end and closes it. Whoever calls keeps the directory open.</summary>
    /// <param name="length">What was read; -1 where the file does not fit into the buffer, of which nothing is then said.</param>
    public static FileStatus Read(SafeFileHandle directory, ReadOnlySpan<byte> name, Span<byte> buffer, out int length)
    {
        if (name.Length is 0 or > NameBytesMax || name.ContainsAny((byte)'/', (byte)0)) throw new ArgumentException("not the name of an entry", nameof(name));
        var terminated = stackalloc byte[NameBytesMax + 1];
        name.CopyTo(new Span<byte>(terminated, NameBytesMax));
        terminated[name.Length] = 0;
        int file;
        while ((file = openat((int)directory.DangerousGetHandle(), terminated, FileCalls.ReadOnly | FileCalls.NoFollow | FileCalls.NonBlock | FileCalls.CloseOnExec, 0)) < 0) Fail("open", name);
        try
        {
            var status = StatusOf(file, name);
            if (status.Kind != EntryKind.File) throw new IOException($"'{Encoding.UTF8.GetString(name)}' is no regular file");
            length = status.Size < (ulong)buffer.Length ? ReadToEnd(file, (int)status.Size, buffer, name) : -1;
            return status;
        }
        finally
        {
            _ = close(file);
        }
    }

    private static FileStatus StatusOf(int file, ReadOnlySpan<byte> name)
    {
        FileStatus status;
        byte none = 0;
        while (statx(file, isNameNeeded ? &none : null, FileCalls.AtEmptyPath, FileCalls.StatxBasic, &status) != 0)
        {
            if (!isNameNeeded && Marshal.GetLastPInvokeError() is EFAULT) isNameNeeded = true;
            else Fail("stat", name);
        }
        return status;
    }

    // Each read asks for more than is expected, so that a file that grew shows itself without another call.
    private static int ReadToEnd(int file, int declared, Span<byte> buffer, ReadOnlySpan<byte> name)
    {
        var total = 0;
        fixed (byte* start = buffer)
        {
            while (total < buffer.Length)
            {
                var got = (int)read(file, start + total, (nuint)(buffer.Length - total));
                if (got < 0)
                {
                    Fail("read", name);
                    continue;
                }
                total += got;
                if (got == 0 || total == declared) break;
            }
        }
        return total;
    }

    private static void Fail(string call, ReadOnlySpan<byte> name)
    {
        if (Marshal.GetLastPInvokeError() is not FileCalls.EINTR and var errno) throw new FileCallException(call, Encoding.UTF8.GetString(name), errno);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int openat(int at, byte* name, int flags, int mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int statx(int at, byte* name, int flags, uint mask, FileStatus* status);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(int file, byte* buffer, nuint length);

    [LibraryImport("libc")]
    private static partial int close(int file);
}
