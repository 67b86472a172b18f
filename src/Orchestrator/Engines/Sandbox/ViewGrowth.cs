// What a take-off writes into the view of the workspace, which lies on a disk of the host's and not in a file system with a size (ENG-12).
// The disk itself is asked at every look, which costs nothing; the files are counted only when it has lost more than the engine may write.
using CabinCrew.Orchestrator.Engines.Processes;
using CabinCrew.Orchestrator.Posix;
using CabinCrew.Orchestrator.Workspaces;
using Microsoft.Win32.SafeHandles;

namespace CabinCrew.Orchestrator.Engines.Sandbox;

internal sealed class ViewGrowth : IDisposable
{
    private const int OpenPath = 0x200000;

    private readonly DirectoryHandle written;
    private readonly long bytesMax, entriesMax;
    private readonly (long Bytes, long Entries) atFirst;
    private (long Bytes, long Entries) left;

    /// <param name="directory">Where the changes come to lie. What is there at first (a copy) does not count.</param>
    public ViewGrowth(string directory, long bytesMax, long entriesMax)
    {
        written = DirectoryHandle.Open(directory);
        (this.bytesMax, this.entriesMax) = (bytesMax, entriesMax);
        atFirst = Count(long.MaxValue, long.MaxValue);
        left = Left();
    }

    /// <param name="pids">Of the run: asked only when it matters.</param>
    /// <returns>What was written, when it is more than may be.</returns>
    public (long Bytes, long Entries)? Beyond(Func<IReadOnlyCollection<int>> pids)
    {
        var now = Left();
        if (left.Bytes - now.Bytes <= bytesMax && left.Entries - now.Entries <= entriesMax) return null;
        var (bytes, entries) = Count(bytesMax, entriesMax);
        bytes += Unnamed(pids());
        if (bytes > bytesMax || entries > entriesMax) return (bytes, entries);
        // The disk was filled by somebody else: look again when it has lost as much as is still allowed.
        left = (now.Bytes + bytes, now.Entries + entries);
        return null;
    }

    private (long Bytes, long Entries) Left() =>
        SpawnNative.FStatFs((int)written.Descriptor.DangerousGetHandle(), out var s) == 0 ? ((long)s.BlocksFree * s.BlockSize, (long)s.FilesFree) : default;

    /// <summary>Stops when it is more than may be.</summary>
    private (long Bytes, long Entries) Count(long most, long mostEntries)
    {
        var (bytes, entries) = (-atFirst.Bytes, -atFirst.Entries);
        Below(written, 0);
        return (bytes, entries);

        void Below(DirectoryHandle directory, int depth)
        {
            try
            {
                foreach (var entry in directory.List(int.MaxValue))
                {
                    if (bytes > most || entries > mostEntries) return;
                    if (directory.Stat(DirectoryHandle.NameOf(entry.Name)) is not { } stat) continue;
                    entries++;
                    bytes += stat.BlockBytes;
                    if (stat.Kind != EntryKind.Directory || depth > WorkspaceHasher.DepthMax) continue;
                    using var inner = directory.OpenDirectory(stat.Name);
                    Below(inner, depth + 1);
                }
            }
            catch (Exception e) when (e is IOException or InvalidDataException)
            {
                // It went away, or cannot be entered: the comparison at the end refuses what it cannot read.
            }
        }
    }

    /// <summary>Files that have lost their names and live on in a descriptor: no walk finds them.</summary>
    private static long Unnamed(IReadOnlyCollection<int> pids)
    {
        var found = new Dictionary<(uint, uint, ulong), long>();
        foreach (var pid in pids)
            try
            {
                foreach (var path in Directory.EnumerateFiles($"/proc/{pid}/fd"))
                {
                    using var file = Opened(path);
                    if (file is null || FileCalls.Status(file) is not { Kind: EntryKind.File, LinkCount: 0 } status) continue;
                    found[(status.DevMajor, status.DevMinor, status.Inode)] = (long)status.Blocks * 512;
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It ended meanwhile, or will not be looked at.
            }
        return found.Values.Sum();
    }

    private static SafeFileHandle? Opened(string path) => SpawnNative.Opened(SpawnNative.Open(path, OpenPath | SpawnNative.CloseOnExec));

    public void Dispose() => written.Dispose();
}
