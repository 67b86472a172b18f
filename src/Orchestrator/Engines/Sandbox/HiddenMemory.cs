// Memory that no process's resident size shows: shared pages that nobody has mapped in, and what lies in sockets and pipes (ENG-12).
// For runs without a control group. Looking is dear, so it is done only when the machine has lost more memory than the engine may have.
using System.Globalization;
using CabinCrew.Orchestrator.Engines.Processes;

namespace CabinCrew.Orchestrator.Engines.Sandbox;

internal sealed class HiddenMemory
{
    // The most that an unprivileged process can have queued behind one descriptor, as the kernel's defaults are.
    private const long SocketBytes = 2 * 212_992, PipeBytes = 8 << 10, LargePipesBytes = 64 << 20;

    private readonly long before = Available();

    /// <returns>At most what the processes can have hidden; 0 as long as the machine does not miss that much.</returns>
    public long Of(IReadOnlyList<int> pids, long limit)
    {
        if (before - Available() <= limit) return 0;
        var (shared, sockets, pipes) = (new Dictionary<string, long>(), new HashSet<string>(), new HashSet<string>());
        foreach (var pid in pids)
        {
            try
            {
                foreach (var line in File.ReadLines($"/proc/{pid}/maps"))
                    if (Shared(line) is var (inode, end)) shared[inode] = Math.Max(end, shared.GetValueOrDefault(inode));
                foreach (var file in Directory.EnumerateFiles($"/proc/{pid}/fd"))
                    if (new FileInfo(file).LinkTarget is { } target)
                        (target.StartsWith("socket:", StringComparison.Ordinal) ? sockets : target.StartsWith("pipe:", StringComparison.Ordinal) ? pipes : null)?.Add(target);
            }
            catch (UnauthorizedAccessException)
            {
                // Whoever will not be looked at while memory is missing has it.
                return limit + 1;
            }
            catch (IOException)
            {
                // It ended meanwhile.
            }
        }
        return shared.Values.Sum() + sockets.Count * SocketBytes + pipes.Count * PipeBytes + Math.Min(pipes.Count * (1L << 20), LargePipesBytes);
    }

    /// <summary>Of a line like <c>7f1c00000000-7f1c00800000 rw-s 00000000 00:01 2054 /dev/zero (deleted)</c>: the object, and up to where it is mapped.</summary>
    internal static (string Inode, long End)? Shared(string line)
    {
        if (!line.EndsWith("/dev/zero (deleted)", StringComparison.Ordinal)) return null;
        var parts = line.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries);
        var dash = parts[0].IndexOf('-', StringComparison.Ordinal);
        return (parts[4], Hex(parts[2]) + Hex(parts[0][(dash + 1)..]) - Hex(parts[0][..dash]));

        static long Hex(string text) => long.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }

    private static long Available()
    {
        foreach (var line in File.ReadLines("/proc/meminfo"))
            if (line.StartsWith("MemAvailable:", StringComparison.Ordinal))
                return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10;
        return 0;
    }
}
