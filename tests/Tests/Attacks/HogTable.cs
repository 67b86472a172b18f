// The programs that take too much: of what, under which limits, and with which code each is ended.
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Tests.Spec;

namespace CabinCrew.Tests.Attacks;

/// <param name="Amount">What the program goes beyond, in seconds, bytes or pieces: the limit.</param>
/// <param name="TakeOff">It writes to the workspace, and so it flies a take-off on the view that real flights have.</param>
/// <param name="Telling">Also in the short pass as another user.</param>
internal sealed record HogRow(string Name, string What, long Amount, EngineLimits Limits, ProblemCode Code, bool TakeOff = false, bool Telling = false);

internal static class HogTable
{
    private const int Megabyte = 1 << 20, EntriesLeast = 1000;

    private static readonly EngineLimits Small = EngineBench.Small with { WallClockSeconds = 30, CpuSeconds = 30 };
    private static readonly EngineLimits Second = EngineBench.Small with { WallClockSeconds = 1 };
    private static readonly EngineLimits CpuSecond = Small with { CpuSeconds = 1 };
    private static readonly EngineLimits Memory = Small with { MemoryBytes = 96 * Megabyte };
    private static readonly EngineLimits Few = Small with { Processes = 20 };
    private static readonly EngineLimits Tight = Small with { TempBytes = Megabyte, ArtifactBytes = Megabyte, ArtifactCount = 10 };

    public static readonly IReadOnlyList<HogRow> Rows =
    [
        new("deaf", "hangs, with every signal ignored and blocked", 1, Second, ProblemCode.LimitWallClock, Telling: true),
        new("silent", "closes all its descriptors and hangs", 1, Second, ProblemCode.LimitWallClock),
        new("stopped", "stops itself", 1, Second, ProblemCode.LimitWallClock),
        new("cpu", "burns CPU time", 1, CpuSecond, ProblemCode.LimitCpu),
        new("cpu-many", "burns CPU time in many processes", 1, CpuSecond, ProblemCode.LimitCpu),
        new("cpu-unaccounted", "burns CPU time in children that nobody waits for, so that no account shows it", 1, CpuSecond, ProblemCode.LimitCpu, Telling: true),
        new("memory", "takes memory", Memory.MemoryBytes, Memory, ProblemCode.LimitMemory),
        new("memory-shared", "takes shared memory", Memory.MemoryBytes, Memory, ProblemCode.LimitMemory),
        new("memory-hidden", "takes shared memory that no process has mapped in", Memory.MemoryBytes, Memory, ProblemCode.LimitMemory, Telling: true),
        new("memory-sockets", "takes memory in the buffers of sockets", Memory.MemoryBytes, Memory, ProblemCode.LimitMemory, Telling: true),
        new("memory-children", "takes memory in many children", Memory.MemoryBytes, Memory, ProblemCode.LimitMemory, Telling: true),
        new("memory-unseen", "takes memory and forbids to be looked at", Memory.MemoryBytes, Memory, ProblemCode.LimitMemory, Telling: true),
        new("threads", "starts threads", Few.Processes, Few, ProblemCode.LimitProcesses),
        new("processes", "starts processes", Few.Processes, Few, ProblemCode.LimitProcesses),
        new("processes-unseen", "starts processes that forbid to be looked at", Few.Processes, Few, ProblemCode.LimitProcesses, Telling: true),
        new("bomb", "forks without end, each child in a session of its own and deaf", Few.Processes, Few, ProblemCode.LimitProcesses, Telling: true),
        new("fill-temp", "fills the temporary directory", Tight.TempBytes, Tight, ProblemCode.LimitFiles),
        new("flood-temp", "floods the temporary directory with empty files", EntriesLeast, Tight, ProblemCode.LimitFiles),
        new("flood-shared", "floods `/dev/shm` with empty files", EntriesLeast, Tight, ProblemCode.LimitFiles),
        new("sparse", "makes a sparse file of a terabyte", 1L << 40, Small, ProblemCode.LimitFiles),
        new("fill-artifacts", "fills the artifacts directory", Tight.ArtifactBytes, Tight, ProblemCode.LimitArtifactBytes),
        new("flood-artifacts", "floods the artifacts directory with empty files", Tight.ArtifactCount * 3, Tight, ProblemCode.LimitArtifactCount),
        new("fill-workspace", "fills the workspace", Tight.TempBytes, Tight, ProblemCode.LimitFiles, TakeOff: true, Telling: true),
        new("fill-workspace-unnamed", "fills the workspace with files that have no name any more", Tight.TempBytes, Tight, ProblemCode.LimitFiles, TakeOff: true, Telling: true),
        new("flood-workspace", "floods the workspace with empty files", EntriesLeast, Tight, ProblemCode.LimitFiles, TakeOff: true),
        new("endless-output", "writes to standard output without end", 4 * Megabyte, Small, ProblemCode.ReceiptTooLarge),
        new("endless-log", "writes to standard error without end", Small.OutputBytes, Small, ProblemCode.LimitOutput),
    ];
}
