// A directory of ours outside any workspace, on disk, that nobody else may enter; removed with all that a run left in it.
using System.Runtime.InteropServices;
using CabinCrew.Ledger;
using CabinCrew.Orchestrator.Posix;
using Microsoft.Win32.SafeHandles;

namespace CabinCrew.Orchestrator.Workspaces;

internal sealed partial class PrivateDirectory : IDisposable
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private static readonly Lock Gate = new();
    private static string? ground;
    private static int holders;

    private bool gone;

    private PrivateDirectory(string path) => Path = path;

    public string Path { get; }

    /// <summary>Under /var/tmp: on disk, so that an upper layer there can hold a large change. The name is unguessable and must be new.</summary>
    public static PrivateDirectory Create(IIdSource ids)
    {
        lock (Gate)
        {
            ground ??= Found();
            try
            {
                var path = System.IO.Path.Combine(ground, ids.Next("cabincrew"));
                if (System.IO.Path.Exists(path)) throw new IOException($"{path} exists already");
                Directory.CreateDirectory(path, Owner);
                holders++;
                return new(path);
            }
            finally
            {
                if (holders == 0) Leave();
            }
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref gone, true)) return;
        try
        {
            using (var own = DirectoryHandle.Open(Path))
                foreach (var entry in own.List(int.MaxValue)) Scratch.Remove(own, DirectoryHandle.NameOf(entry.Name));
            Directory.Delete(Path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            // Left for the system's own cleaning of temporary files; nothing of it is read again.
        }
        lock (Gate)
            if (--holders == 0) Leave();
    }

    // One directory for all that this process has at a time. Ext4 puts what is made in a "top directory" far apart; where it has no journal it passes over every
    // inode of the neighbourhood that was freed in the last minutes, one by one, and scratch is made and freed all the time.
    private static string Found()
    {
        var root = Directory.Exists("/var/tmp") ? "/var/tmp" : System.IO.Path.GetTempPath();
        var path = System.IO.Path.Combine(root, new RandomIds().Next("cabincrew"));
        if (System.IO.Path.Exists(path)) throw new IOException($"{path} exists already");
        Directory.CreateDirectory(path, Owner);
        using var own = DirectoryHandle.Open(path);
        if (GetFlags(own.Descriptor, GetFlagsRequest, out var flags) == 0)
        {
            flags |= TopDirectory;
            _ = SetFlags(own.Descriptor, SetFlagsRequest, in flags); // a hint: other file systems have no such thing
        }
        return path;
    }

    private static void Leave()
    {
        try
        {
            if (ground is not null) Directory.Delete(ground);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Something could not be removed from it; the next one gets another.
        }
        ground = null;
    }

    private const nuint GetFlagsRequest = 0x80086601, SetFlagsRequest = 0x40086602;
    private const int TopDirectory = 0x00020000;

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int GetFlags(SafeFileHandle file, nuint request, out int flags);

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int SetFlags(SafeFileHandle file, nuint request, in int flags);
}
