// CPU time and memory from the kernel: getrusage for this process and for children that were waited for, /proc for resident memory.
using System.Globalization;
using System.Runtime.InteropServices;

namespace CabinCrew.Benchmarks;

internal static partial class Usage
{
    private const int Self = 0;
    private const int Children = -1;

    [StructLayout(LayoutKind.Sequential)]
    private struct ResourceUsage
    {
        public nint UserSeconds, UserMicroseconds, SystemSeconds, SystemMicroseconds;
        public nint R0, R1, R2, R3, R4, R5, R6, R7, R8, R9, R10, R11, R12, R13;
    }

    public static TimeSpan OfSelf() => Cpu(Self);

    public static TimeSpan OfChildren() => Cpu(Children);

    /// <summary>Resident memory of this process, in MiB.</summary>
    public static double ResidentMiB()
    {
        var line = File.ReadLines("/proc/self/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024.0;
    }

    /// <summary>How busy the machine is: processes that run or want to, on average of the last minute.</summary>
    public static string Load() => File.ReadAllText("/proc/loadavg").Split(' ')[0];

    private static TimeSpan Cpu(int who)
    {
        if (GetUsage(who, out var u) != 0) throw new InvalidOperationException("getrusage failed");
        return TimeSpan.FromSeconds(u.UserSeconds + u.SystemSeconds) + TimeSpan.FromMicroseconds(u.UserMicroseconds + u.SystemMicroseconds);
    }

#pragma warning disable SYSLIB1054 // one blittable call; generated marshalling would need unsafe blocks
    [DllImport("libc", EntryPoint = "getrusage")]
    private static extern int GetUsage(int who, out ResourceUsage usage);
#pragma warning restore SYSLIB1054
}
