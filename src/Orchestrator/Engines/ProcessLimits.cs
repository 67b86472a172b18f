// The kernel's own limits, set on a process that waits to be released, and inherited by all that it starts (ENG-12).
using System.Runtime.InteropServices;
using CabinCrew.Orchestrator.Engines.Processes;
using CabinCrew.Orchestrator.Posix;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Engines;

internal static unsafe class ProcessLimits
{
    private const int Cpu = 0, FileSize = 1, Data = 2, Stack = 3, Core = 4, Processes = 6, OpenFiles = 7, LockedMemory = 8, Signals = 11, MessageQueues = 12, Priority = 13, RealTimePriority = 14;

    /// <summary>Tasks beyond the limit that the kernel lets pass, so that the watchdog sees the breach instead of the engine seeing EAGAIN.</summary>
    public static int ProcessSlack(EngineLimits limits) => Math.Max(16, limits.Processes / 4);

    /// <param name="own">Tasks of ours that the engine's are counted with.</param>
    public static Problem? Set(int pid, EngineLimits limits, long fileBytesMax, int own)
    {
        // DATA and not AS: runtimes reserve far more than they use. Twice the limit per process: the watchdog, which sees the sum, is to come first.
        (int Resource, string Name, long Soft, long Hard)[] all =
        [
            (Cpu, "CPU", limits.CpuSeconds, limits.CpuSeconds + 1L),
            (FileSize, "FSIZE", fileBytesMax, fileBytesMax),
            (Data, "DATA", limits.MemoryBytes * 2 + (256L << 20), limits.MemoryBytes * 2 + (256L << 20)),
            (Stack, "STACK", 8L << 20, 64L << 20),
            (Core, "CORE", 0, 0),
            (Processes, "NPROC", limits.Processes + ProcessSlack(limits) + own, limits.Processes + ProcessSlack(limits) + own),
            (OpenFiles, "NOFILE", 1024, 4096),
            (LockedMemory, "MEMLOCK", 8L << 20, 8L << 20),
            (Signals, "SIGPENDING", 4096, 4096),
            (MessageQueues, "MSGQUEUE", 0, 0),
            // A user who may have more (as for audio) does not hand that on: a real-time loop would starve the watchdog.
            (Priority, "NICE", 0, 0),
            (RealTimePriority, "RTPRIO", 0, 0),
        ];
        foreach (var (resource, name, soft, hard) in all)
        {
            SpawnNative.Limit old = default;
            if (SpawnNative.PrLimit(pid, resource, null, &old) != 0) return Failed(name);
            // Nobody may raise a hard limit; a lower one of the user's stays.
            var set = new SpawnNative.Limit { Hard = Math.Min((ulong)hard, old.Hard), Soft = Math.Min((ulong)soft, old.Hard) };
            if (SpawnNative.PrLimit(pid, resource, &set, null) != 0) return Failed(name);
        }
        return null;
    }

    private static Problem Failed(string name) =>
        new(ProblemCode.SandboxFailed, $"The engine's limit {name} could not be set: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.");
}
