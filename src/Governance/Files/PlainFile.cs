// Reads a configuration file that somebody else may have put there: a regular file only (a fifo would block for ever), bounded,
// and with its owner and mode taken from the very handle that is read.
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using CabinCrew.Protocol;
using Microsoft.Win32.SafeHandles;

namespace CabinCrew.Governance.Files;

/// <param name="Uid">The owner.</param>
/// <param name="Mode">Permission bits, as chmod writes them.</param>
public sealed partial record PlainFile(byte[] Bytes, int Uid, UnixFileMode Mode)
{
    /// <summary>There is more in the file.</summary>
    public bool IsCut { get; private init; }

    /// <summary>Refusals: <see cref="ProblemCode.NotFound"/>, or <paramref name="invalid"/> for whatever else is wrong.</summary>
    public static Outcome<PlainFile> Read(string path, int bytesMax, ProblemCode invalid) => ReadStart(path, bytesMax, invalid).Then(read => read.IsCut
        ? new Problem(invalid, $"The file is larger than {bytesMax} bytes.") { Where = path }
        : (Outcome<PlainFile>)read);

    /// <summary>The same, and of a larger file its first bytes.</summary>
    public static Outcome<PlainFile> ReadStart(string path, int bytesMax, ProblemCode invalid)
    {
        var fd = Native.Open(Native.Path(path), Native.ReadOnly | Native.NonBlocking | Native.CloseOnExec, 0);
        if (fd < 0)
        {
            var error = Marshal.GetLastPInvokeError();
            return error is Native.NoEntry or Native.NotADirectory
                ? new Problem(ProblemCode.NotFound, $"There is no file '{path}'.") { Where = path }
                : new Problem(invalid, $"The file cannot be opened: {Marshal.GetPInvokeErrorMessage(error)}.") { Where = path };
        }

        using var handle = new SafeFileHandle(fd, ownsHandle: true);
        if (Native.Facts(fd) is not var (uid, mode)) return new Problem(invalid, "The file's owner and mode cannot be read.") { Where = path };
        if ((mode & Native.TypeMask) != Native.RegularFile) return new Problem(invalid, "This is not a regular file.") { Where = path };

        try
        {
            var (bytes, isCut) = Slurp(handle, bytesMax);
            return new PlainFile(bytes, uid, (UnixFileMode)(mode & 0xFFF)) { IsCut = isCut };
        }
        catch (IOException e)
        {
            return new Problem(invalid, $"The file cannot be read: {e.Message}") { Where = path };
        }
    }

    // Reads to the end rather than trusting a length, which is a hint only: the file may grow, and /proc files say 0.
    private static (byte[] Bytes, bool IsCut) Slurp(SafeFileHandle handle, int bytesMax)
    {
        var buffer = new byte[Math.Min(bytesMax + 1L, Math.Clamp(RandomAccess.GetLength(handle) + 1, 1 << 10, 64 << 10))];
        var filled = 0;
        while (true)
        {
            if (filled == buffer.Length)
            {
                if (filled > bytesMax) return (buffer[..bytesMax], true);
                Array.Resize(ref buffer, Math.Min(bytesMax + 1, buffer.Length * 2));
            }

            var read = RandomAccess.Read(handle, buffer.AsSpan(filled), filled);
            if (read == 0) return filled > bytesMax ? (buffer[..bytesMax], true) : (buffer[..filled], false);
            filled += read;
        }
    }

    private static partial class Native
    {
        // The same on x86-64 and arm64, as is all of struct statx.
        public const int ReadOnly = 0, NonBlocking = 0x800, CloseOnExec = 0x80000;
        public const int NoEntry = 2, NotADirectory = 20;
        public const int TypeMask = 0xF000, RegularFile = 0x8000;
        private const int EmptyPath = 0x1000;
        private const uint TypeModeUid = 0x1 | 0x2 | 0x8;

        public static byte[] Path(string path) => Encoding.UTF8.GetBytes(path.Replace('\0', '\uFFFD') + '\0');

        public static (int Uid, int Mode)? Facts(int fd)
        {
            var statx = new byte[256];
            if (Statx(fd, [0], EmptyPath, TypeModeUid, statx) != 0) return null;
            if ((BinaryPrimitives.ReadUInt32LittleEndian(statx) & TypeModeUid) != TypeModeUid) return null;
            return ((int)BinaryPrimitives.ReadUInt32LittleEndian(statx.AsSpan(20)), BinaryPrimitives.ReadUInt16LittleEndian(statx.AsSpan(28)));
        }

        [LibraryImport("libc", EntryPoint = "open", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static partial int Open(byte[] path, int flags, int mode);

        [LibraryImport("libc", EntryPoint = "statx", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static partial int Statx(int directory, byte[] path, int flags, uint mask, byte[] result);
    }
}
