// What the processes of a run use, read from /proc. A pid namespace is told apart by its inode number, which an open descriptor keeps from being reused.
using System.IO.Enumeration;
using System.Text;

namespace CabinCrew.Orchestrator.Engines.Processes;

/// <param name="Tasks">Processes and threads, as the kernel's own limits count them.</param>
/// <param name="Cpu">Of the living, and of the dead whom the living have waited for.</param>
internal sealed record ProcessUse(IReadOnlyList<int> Pids, int Tasks, long ResidentBytes, TimeSpan Cpu)
{
    public IReadOnlyList<OwnTime> Own { get; init; } = [];
}

internal static unsafe class ProcessTable
{
    private const long TicksPerSecond = 100;

    public static IEnumerable<int> Pids() => new FileSystemEnumerable<int>(
        "/proc", static (ref FileSystemEntry e) => int.Parse(e.FileName), new EnumerationOptions { RecurseSubdirectories = false, AttributesToSkip = 0 })
    {
        ShouldIncludePredicate = static (ref FileSystemEntry e) => int.TryParse(e.FileName, out _),
    };

    /// <summary>The pid namespace's name, for example <c>pid:[4026531836]</c>; null when the process is gone or not ours to see.</summary>
    public static string? Namespace(int pid)
    {
        var buffer = stackalloc byte[64];
        var length = SpawnNative.ReadLink($"/proc/{pid}/ns/pid", buffer, 64);
        return length <= 0 ? null : Encoding.ASCII.GetString(buffer, (int)length);
    }

    /// <summary>Whether it is the first process of a pid namespace that was made in ours, and not in one below.</summary>
    public static bool IsFirstBelow(int pid) => Numbers("self") is { Length: > 0 } ours && Numbers($"{pid}") is [.., "1"] numbers && numbers.Length == ours.Length + 1;

    // Its number in each namespace, from ours inwards.
    private static string[] Numbers(string process)
    {
        try
        {
            return File.ReadLines($"/proc/{process}/status").FirstOrDefault(l => l.StartsWith("NSpid:", StringComparison.Ordinal))?.Split('\t', StringSplitOptions.RemoveEmptyEntries)[1..] ?? [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Told to everybody, also where the namespace is not.</summary>
    public static int? Parent(int pid) => Read(pid)?.Parent;

    public static TimeSpan Time(long ticks) => TimeSpan.FromSeconds((double)ticks / TicksPerSecond);

    /// <summary>A process and its descendants, as long as their parents live: what daemonized is not among them.</summary>
    public static ProcessUse Tree(int root)
    {
        var children = new Dictionary<int, List<int>>();
        foreach (var pid in Pids())
            if (Read(pid) is { } s)
                (children.TryGetValue(s.Parent, out var list) ? list : children[s.Parent] = []).Add(pid);
        var found = new List<int> { root };
        for (var i = 0; i < found.Count; i++)
            if (children.TryGetValue(found[i], out var more)) found.AddRange(more);
        return Sum(found);
    }

    public static ProcessUse Sum(IEnumerable<int> pids)
    {
        var (alive, own, tasks, pages, ticks) = (new List<int>(), new List<OwnTime>(), 0, 0L, 0L);
        foreach (var pid in pids)
        {
            if (Read(pid) is not { } s) continue;
            alive.Add(pid);
            own.Add(new(pid, s.Started, s.OwnTicks));
            tasks += s.Threads;
            pages += s.ResidentPages;
            ticks += s.CpuTicks;
        }
        return new(alive, tasks, pages * Environment.SystemPageSize, Time(ticks)) { Own = own };
    }

    /// <summary>When a process began, in ticks since boot; null where there is none.</summary>
    public static long? Began(int pid) => Fields($"/proc/{pid}/stat") is { } f ? long.Parse(f[19]) : null;

    private readonly record struct Stat(int Parent, int Threads, long ResidentPages, long CpuTicks, long OwnTicks, long Started);

    private static Stat? Read(int pid)
    {
        // Counted from field 3 (state): 4 parent, 14 to 17 times (own, then those of children waited for), 20 threads, 22 start, 24 resident pages.
        if (Fields($"/proc/{pid}/stat") is not { } f) return null;
        var (threads, pages) = (int.Parse(f[17]), long.Parse(f[21]));
        if (f[0] is "Z" or "X")
        {
            // Dead, or a process that hides behind its main thread's end: the others still hold its memory.
            if (threads < 2) return null;
            try
            {
                pages = Directory.EnumerateDirectories($"/proc/{pid}/task").Select(t => Fields($"{t}/stat") is { } stat ? long.Parse(stat[21]) : 0).DefaultIfEmpty(0).Max();
            }
            catch (IOException)
            {
                return null; // its threads ended while they were counted
            }
        }
        var ticks = long.Parse(f[11]) + long.Parse(f[12]);
        return new(int.Parse(f[1]), threads, pages, ticks + long.Parse(f[13]) + long.Parse(f[14]), ticks, long.Parse(f[19]));
    }

    /// <summary>The fields after the name. The name in parentheses may hold anything, so they count from the last parenthesis.</summary>
    private static string[]? Fields(string path)
    {
        var descriptor = SpawnNative.Open(path, SpawnNative.CloseOnExec);
        if (descriptor < 0) return null;
        var buffer = stackalloc byte[1024];
        var length = SpawnNative.Read(descriptor, buffer, 1024);
        SpawnNative.Close(descriptor);
        if (length <= 0) return null;
        var text = Encoding.ASCII.GetString(buffer, (int)length);
        var fields = text[(text.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length < 22 ? null : fields;
    }
}
