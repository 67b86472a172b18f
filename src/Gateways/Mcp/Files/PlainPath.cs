// Asks the kernel, in one call, whether something is at an absolute path to which no link leads: openat2, which refuses at the first one. Opens nothing that could be read or written.
using System.Runtime.InteropServices;
using System.Text;

namespace CabinCrew.Gateways.Mcp.Files;

internal static class PlainPath
{
    private const int BytesMax = 4096;
    private const nint OpenAt2Call = 437;
    private const int Here = -100;
    private const ulong PathOnly = 0x200000, CloseOnExec = 0x80000, NoMagicLinks = 2, NoLinks = 4;

    /// <summary>False where a link is on the way, where nothing is there, and where the kernel does not know the question: then one must look oneself.</summary>
    public static bool IsThere(IReadOnlyList<string> names)
    {
        Span<byte> path = stackalloc byte[BytesMax];
        var length = 0;
        foreach (var name in names)
        {
            // These mean something else to the kernel than to us.
            if (name is "" or "." or ".." || name.Contains('\0', StringComparison.Ordinal) || Encoding.UTF8.GetMaxByteCount(name.Length) > BytesMax - length - 2) return false;
            path[length++] = (byte)'/';
            length += Encoding.UTF8.GetBytes(name, path[length..]);
        }
        if (length == 0) return false;
        path[length] = 0;
        var how = new How { Flags = PathOnly | CloseOnExec, Resolve = NoMagicLinks | NoLinks };
        var opened = (int)OpenAt2(OpenAt2Call, Here, ref MemoryMarshal.GetReference(path), ref how, (nuint)Marshal.SizeOf<How>());
        if (opened < 0) return false;
        _ = Close(opened);
        return true;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct How
    {
        public ulong Flags, Mode, Resolve;
    }

    [DllImport("libc", EntryPoint = "syscall")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint OpenAt2(nint number, nint directory, ref byte path, ref How how, nuint size);

    [DllImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Close(int descriptor);
}
