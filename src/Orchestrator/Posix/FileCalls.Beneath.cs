// Opening a directory by a whole path in one call (openat2), with the kernel's word that no link was followed and nothing outside was reached.
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CabinCrew.Orchestrator.Posix;

internal static partial class FileCalls
{
    private const int OpenAt2 = 437, EPERM = 1, EAGAIN = 11, ENAMETOOLONG = 36;
    private const ulong NoMagicLinks = 0x02, NoSymbolicLinks = 0x04, Beneath = 0x08;

    private static volatile bool lacksOpenAt2;

    [StructLayout(LayoutKind.Sequential)]
    private struct OpenHow
    {
        public ulong Flags, Mode, Resolve;
    }

    /// <param name="directory">Null where a component is missing, a link or no directory.</param>
    /// <returns>False where this kernel (or a filter before it) does not do that, or the path does not fit: then go component by component.</returns>
    public static bool TryOpenDirectory(SafeFileHandle at, string path, out SafeFileHandle? directory)
    {
        directory = null;
        if (lacksOpenAt2) return false;
        var how = new OpenHow { Flags = (ulong)(uint)(ReadOnly | DirectoryOnly | NoFollow | CloseOnExec), Resolve = NoMagicLinks | NoSymbolicLinks | Beneath };
        while (true)
        {
            var descriptor = (int)openat2(OpenAt2, at, path, ref how, (nuint)Marshal.SizeOf<OpenHow>());
            if (descriptor >= 0)
            {
                directory = new SafeFileHandle(descriptor, ownsHandle: true);
                return true;
            }
            switch (Marshal.GetLastPInvokeError())
            {
                case ENOENT or ELOOP or ENOTDIR: return true;
                case ENOSYS or EPERM:
                    lacksOpenAt2 = true;
                    return false;
                case EAGAIN or ENAMETOOLONG: return false;
                default:
                    Fail("open", path);
                    break;
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint openat2(nint number, SafeFileHandle at, string path, ref OpenHow how, nuint size);
}
