// What a file system is and how much room it has (statfs). Its kind decides what may be put there, never a mount's name.
using System.Runtime.InteropServices;

namespace CabinCrew.Orchestrator.Posix;

/// <param name="FreeBytes">For an ordinary user.</param>
/// <param name="NoExec">No program on it can be started.</param>
internal readonly partial record struct FileSystem(long Type, long FreeBytes, bool NoExec, bool ReadOnly)
{
    private const long Overlay = 0x794C7630, Tmpfs = 0x01021994, Ramfs = 0x858458F6, Nfs = 0x6969, Smb = 0x517B, Cifs = 0xFF534D42, Smb2 = 0xFE534D42, Fuse = 0x65735546, NineP = 0x01021997, Fat = 0x4D44;

    // The kernel's answer for ext, xfs and btrfs is here for the sake of messages only.
    private static readonly (long Type, string Name)[] Names =
    [
        (Overlay, "overlayfs"), (Tmpfs, "tmpfs"), (Ramfs, "ramfs"), (Nfs, "NFS"), (Smb, "SMB"), (Cifs, "CIFS"), (Smb2, "SMB"), (Fuse, "FUSE"), (NineP, "9p"), (Fat, "FAT"),
        (0xEF53, "ext4"), (0x58465342, "xfs"), (0x9123683E, "btrfs"), (0xF2F52010, "f2fs"), (0x2FC12FC1, "ZFS"),
    ];

    public string Name
    {
        get
        {
            var type = Type;
            return Names.FirstOrDefault(n => n.Type == type).Name ?? $"type 0x{Type:X}";
        }
    }

    public bool IsInMemory => Type is Tmpfs or Ramfs;

    /// <summary>Why it cannot be the upper layer of an overlay; null where it may be (whether it is, a trial tells).</summary>
    public string? UnfitForOverlay => Type switch
    {
        Overlay => "an overlay's upper layer never lies on another overlay",
        Nfs or Smb or Cifs or Smb2 or NineP => "it is a network's or a host's, without what an overlay needs",
        Fuse => "it is a program's (FUSE), without what an overlay needs",
        Fat => "it knows neither owners nor modes",
        _ => null,
    };

    /// <summary>Null where the path cannot be asked.</summary>
    public static unsafe FileSystem? Of(string path)
    {
        const long readOnly = 1, noExec = 8;
        Status status;
        return statfs(path, &status) == 0
            ? new(status.Type, (long)Math.Min(status.BlocksAvailable, (ulong)(long.MaxValue / status.BlockSize)) * status.BlockSize, (status.Flags & noExec) != 0, (status.Flags & readOnly) != 0)
            : null;
    }

    /// <summary>The head of struct statfs: the same on 64-bit Linux everywhere.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct Status
    {
        public long Type, BlockSize;
        public ulong Blocks, BlocksFree, BlocksAvailable, Files, FilesFree, Id, NameMax, FragmentSize;
        public long Flags;
        private fixed long rest[8];
    }

    [LibraryImport("libc", EntryPoint = "statfs", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int statfs(string path, Status* status);
}
