// One thread per run, from spawn to the last process's end: it feeds, reads, watches and kills (ENG-10, ENG-12).
// It spawns the child itself and outlives it, because "die with parent" means the thread that spawned.
using System.Diagnostics;
using CabinCrew.Orchestrator.Engines.Network;
using CabinCrew.Orchestrator.Engines.Processes;
using CabinCrew.Orchestrator.Posix;
using CabinCrew.Protocol;
using Microsoft.Win32.SafeHandles;

namespace CabinCrew.Orchestrator.Engines;

internal abstract class RunThread(EngineRun run, CancellationToken ct) : IDisposable
{
    /// <summary>Of standard output: the receipt.</summary>
    public const int ReceiptBytesMax = 4 << 20;

    private const int FirstTickMilliseconds = 25, TickMilliseconds = 100;
    private const int DrainMilliseconds = 2000;

    private readonly Stopwatch clock = new();
    private readonly MemoryStream output = new(), log = new();
    private readonly byte[] chunk = new byte[64 << 10];
    private Problem? breach;
    private bool asked;
    private int tasksPeak;
    private long memoryPeak;
    private TimeSpan cpu;
    private readonly CpuAccount account = new();

    protected EngineRun Run => run;
    protected Pipe Output { get; } = Pipe.Create().ReadWithoutBlocking();
    protected Pipe Log { get; } = Pipe.Create().ReadWithoutBlocking();
    protected ChildProcess? Leader { get; set; }
    protected DirectoryHandle? Artifacts { get; set; }
    protected Action? Cleanup { get; set; }

    /// <summary>The engine's standard input: inherited empty, filled when the run is cleared.</summary>
    protected SafeFileHandle Input { get; } = MemoryFile.Empty("input");

    /// <summary>Spawns, prepares, limits and releases the engine; sets <see cref="Leader"/>. A problem means that the engine ran not one instruction.</summary>
    protected abstract Problem? Launch();

    protected abstract ProcessUse Measure();

    /// <summary>Bytes and entries written so far, against their limits.</summary>
    protected abstract Problem? CheckFiles(bool final);

    /// <summary>Kills every process of the run and returns when none is left; false if one would not go.</summary>
    protected abstract bool End();

    /// <summary>After <see cref="End"/>: the engine's exit code, or why there is none.</summary>
    protected abstract Outcome<int> ExitCode();

    /// <summary>After <see cref="End"/>: cuts what is open, and gives the record.</summary>
    protected virtual NetworkLog? EndNetwork() => null;

    public Task<RawRun> Start()
    {
        var done = new TaskCompletionSource<RawRun>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            try
            {
                using (this) done.SetResult(Execute());
            }
            catch (IOException e)
            {
                done.SetResult(Left(new(ProblemCode.IoFailed, $"The engine's run could not be set up: {e.Message}"), -1));
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        }) { IsBackground = true, Name = "engine run" }.Start();
        return done.Task;
    }

    /// <summary>Everything stands ready: asks whether the engine may run, and hands it its input. The lease is looked at last.</summary>
    protected Problem? Clear()
    {
        asked = true;
        if (!run.Clearance().GetAwaiter().GetResult().Try(out var input, out var refused)) return refused;
        MemoryFile.Seal(Input, input.Span);
        return run.StillOurs() ? null : new(ProblemCode.StoreFenced, "The run was stopped before the engine started: it is not ours any more.");
    }

    private RawRun Execute()
    {
        try
        {
            var failed = Launch();
            // Only children hold these from here on, so that their end is the end of the stream.
            Output.Writer.Dispose();
            Log.Writer.Dispose();
            clock.Start();
            if (failed is null) Supervise();
            if (!End()) failed ??= new(ProblemCode.SandboxFailed, "A process of the engine's run could not be ended.");
            clock.Stop();
            Drain();
            if (failed is not null) return Left(failed, -1);
            breach ??= CheckFiles(final: true);
            return ExitCode().Try(out var code, out var problem) ? Left(breach, code) : Left(breach ?? problem, -1);
        }
        finally
        {
            // However this ended, nothing is left running and nothing uncollected.
            Leader?.Kill();
            Leader?.Wait();
        }
    }

    private RawRun Left(Problem? problem, int exitCode)
    {
        if (problem is null && exitCode == 128 + 24) problem = Exceeded(ProblemCode.LimitCpu, "CPU time", run.Limits.CpuSeconds, "s");
        if (problem is null && exitCode == 128 + 25) problem = Exceeded(ProblemCode.LimitFiles, "one file's size", FileBytesMax, "bytes");
        return new(problem, exitCode, output.GetBuffer().AsMemory(0, (int)output.Length), log.GetBuffer().AsMemory(0, (int)log.Length),
            Artifacts, new(clock.Elapsed, cpu, memoryPeak, tasksPeak), Cleanup) { Network = EndNetwork(), Asked = asked };
    }

    /// <summary>Until the leader ends, a limit breaks or the caller gives up.</summary>
    private unsafe void Supervise()
    {
        var entries = stackalloc SpawnNative.PollEntry[3];
        entries[0] = new() { Descriptor = Number(Output.Reader), Events = SpawnNative.PollIn };
        entries[1] = new() { Descriptor = Number(Log.Reader), Events = SpawnNative.PollIn };
        entries[2] = new() { Descriptor = Leader!.Descriptor, Events = SpawnNative.PollIn };
        var nextTick = FirstTickMilliseconds;
        while (breach is null)
        {
            SpawnNative.Poll(entries, 3, (int)Math.Clamp(nextTick - clock.ElapsedMilliseconds, 0, TickMilliseconds));
            if (entries[0].Happened != 0 && !ReadOutput()) entries[0].Descriptor = -1;
            if (entries[1].Happened != 0 && !ReadLog()) entries[1].Descriptor = -1;
            if (entries[2].Happened != 0) return;
            if (clock.ElapsedMilliseconds < nextTick) continue;
            var began = clock.ElapsedMilliseconds;
            breach ??= Tick();
            // Where looking is dear (a machine with thousands of processes), it is done less often.
            nextTick = (int)Math.Max(clock.ElapsedMilliseconds + TickMilliseconds, began + 10 * (clock.ElapsedMilliseconds - began));
        }
    }

    private Problem? Tick()
    {
        if (ct.IsCancellationRequested) return new(ProblemCode.Cancelled, "The run was cancelled; the engine was ended.");
        var limits = run.Limits;
        if (clock.Elapsed.TotalSeconds > limits.WallClockSeconds) return Exceeded(ProblemCode.LimitWallClock, "wall-clock time", limits.WallClockSeconds, "s");
        var use = Measure();
        tasksPeak = Math.Max(tasksPeak, use.Tasks);
        memoryPeak = Math.Max(memoryPeak, use.ResidentBytes);
        if (account.Add(use) is var time && time > cpu) cpu = time;
        if (use.Tasks > limits.Processes) return Exceeded(ProblemCode.LimitProcesses, "processes and threads", limits.Processes, "", use.Tasks);
        if (use.ResidentBytes > limits.MemoryBytes) return Exceeded(ProblemCode.LimitMemory, "memory", limits.MemoryBytes, "bytes", use.ResidentBytes);
        if (cpu.TotalSeconds > limits.CpuSeconds) return Exceeded(ProblemCode.LimitCpu, "CPU time", limits.CpuSeconds, "s", (long)cpu.TotalSeconds);
        return CheckFiles(final: false);
    }

    /// <summary>One file of any kind can be no larger than this (RLIMIT_FSIZE).</summary>
    protected long FileBytesMax => Math.Max(run.Limits.TempBytes, run.Limits.ArtifactBytes) + (64 << 10);

    protected static Problem Exceeded(ProblemCode code, string what, long limit, string unit, long? measured = null)
    {
        var problem = new Problem(code, $"The engine exceeded its limit of {limit} {unit}".TrimEnd() + $" for {what} and was ended.").With("limit", $"{limit}");
        return measured is { } m ? problem.With("measured", $"{m}") : problem;
    }

    /// <returns>False at the end of the stream.</returns>
    private bool ReadOutput()
    {
        var n = ReadSome(Output.Reader);
        if (n > 0) output.Write(chunk, 0, n);
        if (output.Length > ReceiptBytesMax)
            breach ??= new Problem(ProblemCode.ReceiptTooLarge, $"Standard output exceeded the receipt's {ReceiptBytesMax} bytes; the engine was ended.").With("limit", $"{ReceiptBytesMax}");
        return n != 0;
    }

    private bool ReadLog()
    {
        var n = ReadSome(Log.Reader);
        var kept = (int)Math.Min(Math.Max(n, 0), run.Limits.OutputBytes - log.Length);
        log.Write(chunk, 0, kept);
        if (kept > 0) run.OnLog?.Invoke(chunk.AsMemory(0, kept).ToArray());
        if (n > kept) breach ??= Exceeded(ProblemCode.LimitOutput, "standard error", run.Limits.OutputBytes, "bytes");
        return n != 0;
    }

    /// <summary>What the dead have left in the pipes. Nobody writes any more, so this ends; the deadline is for what we did not think of.</summary>
    private void Drain()
    {
        var deadline = Stopwatch.StartNew();
        while (breach is null && deadline.ElapsedMilliseconds < DrainMilliseconds && ReadOutput()) WaitFor(Number(Output.Reader), 10);
        while (breach is null && deadline.ElapsedMilliseconds < DrainMilliseconds && ReadLog()) WaitFor(Number(Log.Reader), 10);
    }

    /// <summary>The last words on standard error so far, on one line: for the launcher's own messages only.</summary>
    protected string PeekLog()
    {
        while (ReadSomeLog()) { }
        var text = System.Text.Encoding.UTF8.GetString(log.GetBuffer(), (int)Math.Max(0, log.Length - 500), (int)Math.Min(log.Length, 500));
        return new string([.. text.Trim().Select(c => char.IsControl(c) ? ' ' : c)]).TrimEnd('.');

        bool ReadSomeLog()
        {
            var n = ReadSome(Log.Reader);
            if (n > 0 && log.Length < run.Limits.OutputBytes) log.Write(chunk, 0, n);
            return n > 0;
        }
    }

    /// <returns>Bytes, 0 at the end, -1 for nothing yet.</returns>
    private unsafe int ReadSome(SafeFileHandle pipe)
    {
        fixed (byte* buffer = chunk) return (int)SpawnNative.Read(Number(pipe), buffer, (nuint)chunk.Length);
    }

    internal static int Number(SafeFileHandle handle) => (int)handle.DangerousGetHandle();

    /// <returns>Whether it has become readable (or, for a process, has ended).</returns>
    internal static unsafe bool WaitFor(int descriptor, int milliseconds)
    {
        var entry = new SpawnNative.PollEntry { Descriptor = descriptor, Events = SpawnNative.PollIn };
        return SpawnNative.Poll(&entry, 1, milliseconds) > 0;
    }

    public virtual void Dispose()
    {
        Input.Dispose();
        Output.Dispose();
        Log.Dispose();
        Leader?.Dispose();
    }
}
