// Removing what a run left in a scratch directory: by descriptor, through no link, whatever it is called, however deep it is,
// and also where the run took our permissions away. Directories are first moved to the top, so that depth costs no stack and no descriptors.
using CabinCrew.Orchestrator.Posix;

namespace CabinCrew.Orchestrator.Workspaces;

internal static class Scratch
{
    private const int OwnerAll = 0x1C0;

    /// <summary>Removes a file, or a directory with everything in it; nothing where it is not there. Nobody else may write there meanwhile.</summary>
    /// <param name="scratch">Holds the directory, and is ours alone: names that begin with <c>gone-</c> are used in it.</param>
    public static void Remove(DirectoryHandle scratch, string name)
    {
        if (!scratch.TryStatus(name, out _)) return;
        var made = 0;
        var left = new Stack<string>();
        var first = System.Text.Encoding.UTF8.GetBytes(name);
        if (FileCalls.TryRemove(scratch.Descriptor, first) || FileCalls.TryRemoveDirectory(scratch.Descriptor, first)) return;
        MoveUp(first, scratch);
        while (left.TryPop(out var next))
        {
            using (var own = scratch.OpenDirectory(next))
                foreach (var entry in own.List(int.MaxValue))
                    if (!FileCalls.TryRemove(own.Descriptor, entry.Name) && !FileCalls.TryRemoveDirectory(own.Descriptor, entry.Name)) MoveUp(entry.Name, own);
            scratch.RemoveDirectory(next);
        }

        // Overlayfs leaves its work directory at mode 000, and a run may have closed a directory of its own.
        void MoveUp(byte[] directory, DirectoryHandle from)
        {
            FileCalls.SetModeAt(from.Descriptor, directory, OwnerAll);
            string moved;
            do moved = $"gone-{made++}";
            while (scratch.TryStatus(moved, out _));
            FileCalls.Rename(from.Descriptor, directory, scratch.Descriptor, moved);
            left.Push(moved);
        }
    }
}
