// A program at the other end of two pipes, and what it has used: the CPU time and the memory of that one process, not of those that it started.
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace CabinCrew.Benchmarks.Mcp;

internal sealed partial class Party : IDisposable
{
    private readonly Process process;
    private readonly Task<string> errors;

    private Party(Process process)
    {
        this.process = process;
        errors = process.StandardError.ReadToEndAsync();
    }

    /// <summary>Writes what the program reads.</summary>
    public Stream Input => process.StandardInput.BaseStream;

    public Stream Output => process.StandardOutput.BaseStream;

    public static Party Start(string program, string directory, params IEnumerable<string> arguments) =>
        new(Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = directory, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!);

    /// <summary>Of all its threads, also those that have ended.</summary>
    public unsafe TimeSpan Cpu()
    {
        // As clock_getcpuclockid has it: the complement of the process's number, and what the scheduler counts.
        Time time;
        if (ClockGetTime((~process.Id << 3) | 2, &time) != 0) throw new InvalidOperationException($"the program has ended: {Farewell()}");
        return TimeSpan.FromSeconds(time.Seconds) + TimeSpan.FromMicroseconds(time.Nanoseconds / 1000.0);
    }

    public double ResidentMiB() => Status("VmRSS:");

    /// <summary>At most, since it began.</summary>
    public double PeakMiB() => Status("VmHWM:");

    public string Farewell() => process.WaitForExit(2000) ? $"exit code {process.ExitCode}: {errors.Result}" : "it runs";

    public void Dispose()
    {
        // Its input ends, and so does it.
        process.StandardInput.Close();
        if (!process.WaitForExit(10_000)) process.Kill(entireProcessTree: true);
        process.Dispose();
    }

    private double Status(string name)
    {
        var line = File.ReadLines($"/proc/{process.Id}/status").First(l => l.StartsWith(name, StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024.0;
    }

    private struct Time
    {
        public long Seconds, Nanoseconds;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static unsafe partial int ClockGetTime(int clock, Time* time);
}
