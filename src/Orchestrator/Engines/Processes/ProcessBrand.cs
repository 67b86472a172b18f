// A mark that a run's processes inherit and cannot get rid of: the limit on file locks, which the kernel has not used since 2.4, set to a number of the run's own.
// The reduced tier's filter denies any change of it, so that a process is found wherever it fled to: another group, session, environment or parent (ENG-10).

namespace CabinCrew.Orchestrator.Engines.Processes;

internal readonly unsafe record struct ProcessBrand(ulong Number)
{
    /// <summary>RLIMIT_LOCKS.</summary>
    public const int Limit = 10;

    private const ulong Mark = 0x2CUL << 56;
    private const ulong MarkMask = 0xFFUL << 56;
    private static readonly ulong Owner = Mark | ((ulong)(uint)Environment.ProcessId & 0x3FFFFF) << 34 | (Began(Environment.ProcessId) & 0x3FFFF) << 16;
    private const ulong RunMask = 0xFFFF;
    private static int count;

    /// <summary>The owner's process id and start are in it, so that the orphans of a dead orchestrator can be told from the living's.</summary>
    public static ProcessBrand Next() => new(Owner | (ulong)(1 + (uint)Interlocked.Increment(ref count) % (RunMask - 1)));

    /// <summary>Everything that this process starts inherits its owner's number, from its first instruction on: so that a launcher is known even when we die while we start it.
    /// Room is left for the numbers of runs.</summary>
    public static void PutOnSelf()
    {
        var limit = new SpawnNative.Limit { Soft = Owner, Hard = Owner | RunMask };
        _ = SpawnNative.PrLimit(0, Limit, &limit, null); // refused inside another engine, which has an owner already
    }

    /// <returns>False where the process already has a lower limit: it runs inside another engine.</returns>
    public bool Put(int pid)
    {
        var limit = new SpawnNative.Limit { Soft = Number, Hard = Number };
        return SpawnNative.PrLimit(pid, Limit, &limit, null) == 0;
    }

    public bool IsOn(int pid) => Read(pid) == Number;

    public IReadOnlyList<int> Pids()
    {
        var number = Number;
        return [.. ProcessTable.Pids().Where(p => Read(p) == number)];
    }

    /// <summary>Ends those that still live; how many there were.</summary>
    public int Kill()
    {
        var living = ProcessTable.Sum(Pids()).Pids;
        foreach (var pid in living) Kill(pid, Number);
        return living.Count;
    }

    /// <summary>Ends what the runs of orchestrators left behind that are dead themselves. Of what bears only its owner's number, launchers alone:
    /// a command that the user configured may have started something that is to live on. A launcher is two processes, of which the second is the first of the sandbox's
    /// own pid namespace: where the other dies before it has asked to die along with it, it waits for ever.</summary>
    public static void Sweep()
    {
        // Only where process ids mean the same to both: an orchestrator in a container looks dead from outside.
        var here = ProcessTable.Namespace(Environment.ProcessId);
        foreach (var pid in ProcessTable.Pids())
            if (Read(pid) is { } number && (number & MarkMask) == Mark && !OwnerLives(number)
                && (ProcessTable.Namespace(pid) == here ? (number & RunMask) != RunMask || Sandbox.Bubblewrap.IsLauncher(pid) : ProcessTable.IsFirstBelow(pid) && Sandbox.Bubblewrap.IsLauncher(pid)))
                Kill(pid, number);
    }

    private static bool OwnerLives(ulong number) => Began((int)(number >> 34 & 0x3FFFFF)) is not 0 and var began && (began & 0x3FFFF) == (number >> 16 & 0x3FFFF);

    // Looked at once more through a descriptor, which means one process and no later one of the same number.
    private static void Kill(int pid, ulong number)
    {
        using var process = SpawnNative.Opened(SpawnNative.PidfdOpen(pid));
        if (process is not null && Read(pid) == number) SpawnNative.PidfdSendSignal((int)process.DangerousGetHandle(), SpawnNative.SigKill);
    }

    private static ulong? Read(int pid)
    {
        SpawnNative.Limit limit = default;
        return SpawnNative.PrLimit(pid, Limit, null, &limit) == 0 ? limit.Hard : null;
    }

    private static ulong Began(int pid) => (ulong)(ProcessTable.Began(pid) ?? 0);
}
