// A control group around one run, where this process may make one: an exact ceiling for tasks and memory, which no watchdog can give (ENG-12).
// Best effort, version 2 and 1. Without one, rlimits and the watchdog do what they can.
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Engines.Sandbox;

internal sealed class ControlGroup : IDisposable
{
    private const string Root = "/sys/fs/cgroup";
    private static int count;

    private readonly List<string> directories = [], inherited = [];

    public static ControlGroup? TryCreate(EngineLimits limits)
    {
        var group = new ControlGroup();
        try
        {
            var name = $"cabincrew-{Environment.ProcessId}-{Interlocked.Increment(ref count)}";
            // What it writes to its file systems is charged to it as well.
            var memory = limits.MemoryBytes + limits.TempBytes + limits.ArtifactBytes + Bubblewrap.SharedMemoryBytes + (64L << 20);
            var tasks = limits.Processes + ProcessLimits.ProcessSlack(limits) + 4;
            foreach (var (controller, directory) in Own())
            {
                if (controller == "pids") group.Make($"{directory}/{name}", ("pids.max", tasks));
                else if (controller == "memory") group.Make($"{directory}/{name}", ("memory.limit_in_bytes", memory));
                else group.Make($"{directory}/{name}", ("pids.max", tasks), ("memory.max", memory));
            }
            if (group.directories.Count > 0) return group;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
        group.Dispose();
        return null;
    }

    /// <summary>Where groups of ours are made.</summary>
    public static IEnumerable<string> OwnDirectories() => Own().Select(o => o.Directory);

    private static IEnumerable<(string Controller, string Directory)> Own()
    {
        foreach (var line in File.ReadLines("/proc/self/cgroup"))
        {
            var parts = line.Split(':', 3);
            var path = parts[2] == "/" ? "" : parts[2];
            if (parts[1] is "pids" or "memory") yield return (parts[1], $"{Root}/{parts[1]}{path}");
            else if (parts[1] == "" && File.Exists($"{Root}/cgroup.controllers")) yield return ("", Root + path);
        }
    }

    /// <summary>Then the kernel itself counts every page, wherever it is.</summary>
    public bool CountsMemory => directories.Exists(d => d.StartsWith(Root + "/memory", StringComparison.Ordinal) || File.Exists(Path.Join(d, "memory.max")));

    /// <summary>A ceiling for its share of the processors (100 is one of them). False where the controller is not ours to use.</summary>
    public bool LimitProcessors(int percent)
    {
        const int periodMicroseconds = 100_000;
        var capped = false;
        foreach (var file in directories.Select(d => Path.Join(d, "cpu.max")).Where(File.Exists))
            try
            {
                Write(file, $"{(long)percent * periodMicroseconds / 100} {periodMicroseconds}");
                capped = true;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Then its priority is lowered instead.
            }
        return capped;
    }

    private void Make(string directory, params ReadOnlySpan<(string File, long Value)> settings)
    {
        try
        {
            if (!Directory.Exists(Path.GetDirectoryName(directory))) return;
            Directory.CreateDirectory(directory);
            directories.Add(directory);
            foreach (var (file, value) in settings) Write(Path.Join(directory, file), $"{value}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The controller is not delegated to us, or does not exist here.
            if (directories.Remove(directory)) TryRemove(directory);
        }
    }

    /// <summary>Puts the calling thread into the group, so that what it starts is born there: in version 1 that is free, while to move a process
    /// takes a lock of the whole kernel, some 10 ms. <see cref="LeaveThread"/> must follow.</summary>
    public void EnterThread()
    {
        foreach (var directory in directories)
            if (directory.StartsWith(Root + "/pids", StringComparison.Ordinal) || directory.StartsWith(Root + "/memory", StringComparison.Ordinal))
                if (TryMove("0", directory)) inherited.Add(directory);
    }

    public void LeaveThread()
    {
        foreach (var directory in inherited) TryMove("0", Path.GetDirectoryName(directory)!);
    }

    private static bool TryMove(string thread, string directory)
    {
        try
        {
            Write(Path.Join(directory, "tasks"), thread);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>For what was not born there.</summary>
    public void Join(int pid)
    {
        foreach (var directory in directories.Except(inherited).ToArray())
        {
            try
            {
                Write(Path.Join(directory, "cgroup.procs"), $"{pid}");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                directories.Remove(directory);
                TryRemove(directory);
            }
        }
    }

    /// <summary>Whether the kernel has refused it a task, or killed one for memory.</summary>
    public ProblemCode? Breach()
    {
        foreach (var directory in directories)
        {
            if (Counter(directory, "memory.events", "oom_kill") > 0 || Counter(directory, "memory.oom_control", "oom_kill") > 0) return ProblemCode.LimitMemory;
            if (Counter(directory, "pids.events", "max") > 0) return ProblemCode.LimitProcesses;
        }
        return null;
    }

    private static long Counter(string directory, string file, string name)
    {
        var path = Path.Join(directory, file);
        try
        {
            return !File.Exists(path) ? 0 : File.ReadLines(path).Select(l => l.Split(' ')).Where(p => p.Length == 2 && p[0] == name).Select(p => long.Parse(p[1])).FirstOrDefault();
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private static string[] Threads(string directory)
    {
        try
        {
            return [.. File.ReadLines(Path.Join(directory, "tasks")).Where(t => Directory.Exists($"/proc/self/task/{t}"))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static void Write(string file, string text)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        stream.Write(System.Text.Encoding.ASCII.GetBytes(text));
    }

    private static void TryRemove(string directory)
    {
        try
        {
            // rmdir of the group itself; the kernel's files in it go along.
            Directory.Delete(directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }

    public void Dispose()
    {
        // A thread that the runtime started while ours was inside was born there too.
        foreach (var directory in inherited)
            if (Directory.Exists(directory))
                foreach (var thread in Threads(directory)) TryMove(thread, Path.GetDirectoryName(directory)!);
        foreach (var directory in directories) TryRemove(directory);
        directories.Clear();
    }
}
