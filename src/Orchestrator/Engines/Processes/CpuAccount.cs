// The CPU time of a run, also of processes whom nobody waited for: the kernel adds a child's time to its parent's only when the parent asks for it (ENG-12).
namespace CabinCrew.Orchestrator.Engines.Processes;

/// <summary>One process, and the time that it used itself.</summary>
internal readonly record struct OwnTime(int Pid, long Started, long Ticks);

internal sealed class CpuAccount
{
    private Dictionary<(int, long), long> seen = [];
    private long gone;

    /// <summary>After each look: the kernel's own account, or what was seen of the living and the dead, whichever is more.</summary>
    public TimeSpan Add(ProcessUse use)
    {
        var now = new Dictionary<(int, long), long>();
        foreach (var process in use.Own) now[(process.Pid, process.Started)] = process.Ticks;
        foreach (var (process, ticks) in seen)
            if (!now.ContainsKey(process)) gone += ticks;
        seen = now;
        var witnessed = ProcessTable.Time(gone + now.Values.Sum());
        return witnessed > use.Cpu ? witnessed : use.Cpu;
    }
}
