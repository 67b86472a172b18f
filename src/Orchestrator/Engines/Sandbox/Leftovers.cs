// What an orchestrator that was killed left on the machine: scratch directories, control groups, devices, and a launcher that waits for a word that will never come.
// Invariant: whatever might belong to a living orchestrator stays (a lock that is held, a process of that number, younger than a minute). Best effort: what stays is tried again next time.
using System.Globalization;
using CabinCrew.Ledger;
using CabinCrew.Orchestrator.Engines.Processes;
using CabinCrew.Orchestrator.Posix;
using CabinCrew.Orchestrator.Workspaces;

namespace CabinCrew.Orchestrator.Engines.Sandbox;

internal static class Leftovers
{
    /// <summary>Between being made and being held, or filled, a thing of the living looks like one of the dead.</summary>
    private static readonly TimeSpan AgeMin = TimeSpan.FromMinutes(1);

    private const int EntriesMax = 100_000;
    private static int swept;

    /// <summary>Once a process, before its first run. Directories are removed in the background: there may be much in them.</summary>
    public static void SweepOnce(IReadOnlyList<string> scratch, TimeProvider clock)
    {
        if (Interlocked.Exchange(ref swept, 1) != 0) return;
        ProcessBrand.PutOnSelf();
        Try(ProcessBrand.Sweep);
        Try(() => SweepNumbered(ControlGroup.OwnDirectories(), clock));
        Try(() => SweepNumbered([PrivateDevices.Parent], clock));
        _ = Task.Run(() =>
        {
            foreach (var place in scratch) Try(() => SweepScratch(place, clock));
        });
    }

    /// <summary>Directories named <c>cabincrew-PID-N</c> of processes that are no more.</summary>
    internal static void SweepNumbered(IEnumerable<string> parents, TimeProvider clock)
    {
        foreach (var parent in parents.Where(Directory.Exists))
        {
            using var own = DirectoryHandle.Open(parent);
            foreach (var entry in own.List(EntriesMax))
            {
                if (NumberOf(entry) is not { } pid || ProcessTable.Began(pid) is not null || !IsOld(own, entry, clock)) continue;
                // A control group holds files that are the kernel's and go along with it; our devices are ours to remove.
                if (parent == PrivateDevices.Parent) Try(() => Scratch.Remove(own, DirectoryHandle.NameOf(entry.Name)));
                else FileCalls.TryRemoveDirectory(own.Descriptor, entry.Name);
            }
        }
    }

    /// <summary>Directories of ours that nobody holds any more.</summary>
    internal static void SweepScratch(string place, TimeProvider clock)
    {
        if (!Directory.Exists(place)) return;
        using var own = DirectoryHandle.Open(place);
        foreach (var entry in own.List(EntriesMax))
        {
            // A name that is no text is not one of ours.
            var name = System.Text.Encoding.UTF8.GetString(entry.Name);
            if (!PrivateDirectory.IsGround(name) || !IsOld(own, entry, clock)) continue;
            Try(() =>
            {
                using (var ground = own.OpenDirectory(name))
                {
                    if (!FileCalls.TryHold(ground.Descriptor)) return;
                    foreach (var left in ground.List(EntriesMax)) Scratch.Remove(ground, DirectoryHandle.NameOf(left.Name));
                }
                FileCalls.TryRemoveDirectory(own.Descriptor, entry.Name);
            });
        }
    }

    private static bool IsOld(DirectoryHandle parent, ListedEntry entry, TimeProvider clock) =>
        parent.Stat(DirectoryHandle.NameOf(entry.Name)) is { Kind: EntryKind.Directory } stat && stat.Uid == (int)FileCalls.EffectiveUser
        && clock.GetUtcNow() - DateTimeOffset.UnixEpoch.AddTicks(stat.MtimeNanoseconds / 100) > AgeMin;

    private static int? NumberOf(ListedEntry entry)
    {
        var parts = System.Text.Encoding.UTF8.GetString(entry.Name).Split('-');
        return parts is ["cabincrew", var pid, var count] && int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out _)
            && int.TryParse(pid, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? number : null;
    }

    private static void Try(Action sweep)
    {
        try
        {
            sweep();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            // Somebody else's, or being removed by somebody else: nothing that a run needs.
        }
    }
}
