// Which file or directory stands at a path, and since when it stands there unchanged: whoever puts another in its place, or this one back, leaves another mark.
using Microsoft.Win32.SafeHandles;

namespace CabinCrew.Orchestrator.Posix;

/// <param name="Changed">When it was last written to, renamed or given other permissions (a directory: also other names), in nanoseconds: the kernel's own stamp, which nobody can set.</param>
internal readonly record struct FileMark(ulong Device, ulong Inode, long Changed)
{
    /// <summary>Null where nothing stands, or a link, which says nothing of what it leads to.</summary>
    public static FileMark? Of(string path)
    {
        try
        {
            using SafeFileHandle entry = FileCalls.Open(null, path, FileCalls.PathOnly | FileCalls.NoFollow);
            var status = FileCalls.Status(entry);
            return status.Kind == EntryKind.Link ? null
                : new(((ulong)status.DevMajor << 32) | status.DevMinor, status.Inode, status.CtimeSeconds * 1_000_000_000 + status.CtimeNanoseconds);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
