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
    private const string Prefix = "cabincrew";

    // Held by a lock for as long as we live: so that what a killed process left can be told from what is in use.
    private sealed record HeldGround(string Path, DirectoryHandle Hold);

    // By the place that they are in: the directory that holds them, and how many there are.
    private static readonly Dictionary<string, (HeldGround Ground, int Holders)> Grounds = new(StringComparer.Ordinal);

    private bool gone;

    private PrivateDirectory(string path, ScratchPlace place) => (Path, Place) = (path, place);

    public string Path { get; }

    public ScratchPlace Place { get; }

    /// <summary>On disk where possible, so that an upper layer there can hold a large change. The name is unguessable and must be new.</summary>
    /// <param name="workspace">What a view in it is to show.</param>
    public static PrivateDirectory Create(IIdSource ids, string? workspace = null)
    {
        if (!ScratchPlace.Choose(workspace).Try(out var place, out var problem)) throw new IOException(problem.Message);
        lock (Gate)
        {
            var (ground, holders) = Grounds.TryGetValue(place.Path, out var known) ? known : (Found(place.Path), 0);
            Grounds[place.Path] = (ground, holders);
            try
            {
                var path = System.IO.Path.Combine(ground.Path, ids.Next(Prefix));
                if (System.IO.Path.Exists(path)) throw new IOException($"{path} exists already");
                Directory.CreateDirectory(path, Owner);
                Grounds[place.Path] = (ground, holders + 1);
                return new(path, place);
            }
            finally
            {
                Leave(place.Path);
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
        {
            var (ground, holders) = Grounds[Place.Path];
            Grounds[Place.Path] = (ground, holders - 1);
            Leave(Place.Path);
        }
    }

    // One directory for all that this process has at a time. Ext4 puts what is made in a "top directory" far apart; where it has no journal it passes over every
    // inode of the neighbourhood that was freed in the last minutes, one by one, and scratch is made and freed all the time.
    private static HeldGround Found(string root)
    {
        var path = System.IO.Path.Combine(root, new RandomIds().Next(Prefix));
        if (System.IO.Path.Exists(path)) throw new IOException($"{path} exists already");
        Directory.CreateDirectory(path, Owner);
        var own = DirectoryHandle.Open(path);
        FileCalls.TryHold(own.Descriptor);
        if (GetFlags(own.Descriptor, GetFlagsRequest, out var flags) == 0)
        {
            flags |= TopDirectory;
            _ = SetFlags(own.Descriptor, SetFlagsRequest, in flags); // a hint: other file systems have no such thing
        }
        return new(path, own);
    }

    /// <summary>The name is one that <see cref="Create"/> gives to what it makes in a place.</summary>
    public static bool IsGround(string name) => RandomIds.IsOne(Prefix, name);

    private static void Leave(string root)
    {
        if (Grounds[root] is not { Holders: 0 } empty) return;
        try
        {
            Directory.Delete(empty.Ground.Path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Something could not be removed from it; the next one gets another.
        }
        empty.Ground.Hold.Dispose();
        Grounds.Remove(root);
    }

    private const nuint GetFlagsRequest = 0x80086601, SetFlagsRequest = 0x40086602;
    private const int TopDirectory = 0x00020000;

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int GetFlags(SafeFileHandle file, nuint request, out int flags);

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int SetFlags(SafeFileHandle file, nuint request, in int flags);
}
