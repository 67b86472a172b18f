// A server that runs: three live streams, and one thread that spawned it, watches it and outlives it. Disposing ends it and every process that it started:
// its input is closed first, and whoever does not leave in time is killed.
using System.IO.Pipes;
using CabinCrew.Orchestrator.Engines.Processes;
using CabinCrew.Protocol;
using Microsoft.Win32.SafeHandles;
using static CabinCrew.Orchestrator.Engines.RunThread;

namespace CabinCrew.Orchestrator.Engines.Servers;

public abstract class RunningServer : IAsyncDisposable
{
    /// <summary>What a server that was asked to leave has left to do it in.</summary>
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(2);

    private readonly Pipe input = Pipe.Create(), output = Pipe.Create(), log = Pipe.Create().ReadWithoutBlocking(), stop = Pipe.Create();
    private readonly TaskCompletionSource<Outcome<int>> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Stream? standardInput, standardOutput, standardError;
    private int disposed;

    public Stream StandardInput => standardInput!;

    public Stream StandardOutput => standardOutput!;

    /// <summary>For people; may hold secrets.</summary>
    public Stream StandardError => standardError!;

    /// <summary>One of <see cref="Tiers"/>.</summary>
    public abstract string Tier { get; }

    /// <summary>The exit code (128 + signal for one that a signal ended), or why it was ended.</summary>
    public Task<Outcome<int>> Ended => ended.Task;

    /// <summary>For the child: its standard streams, under their numbers.</summary>
    private protected IReadOnlyList<(SafeFileHandle, int)> Standard => [(input.Reader, 0), (output.Writer, 1), (log.Writer, 2)];

    /// <summary>Spawns and releases it. A problem means that it ran not one instruction.</summary>
    private protected abstract Problem? Launch();

    private protected abstract ChildProcess? Leader { get; }

    /// <summary>How often <see cref="Look"/> is due.</summary>
    private protected abstract int LookMilliseconds { get; }

    /// <summary>A limit that it has broken.</summary>
    private protected abstract Problem? Look();

    /// <summary>Kills every process of it and returns when none is left; false if one would not go.</summary>
    private protected abstract bool End();

    private protected abstract Outcome<int> ExitCode();

    private protected abstract void Release();

    internal Task<Outcome<RunningServer>> StartAsync()
    {
        var started = new TaskCompletionSource<Outcome<RunningServer>>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            try
            {
                Run(started);
            }
            catch (Exception e)
            {
                var problem = new Problem(e is IOException ? ProblemCode.IoFailed : ProblemCode.InternalBug, $"The server could not be run: {e.Message}");
                if (!started.TrySetResult(problem)) ended.TrySetResult(problem);
            }
        }) { IsBackground = true, Name = "server" }.Start();
        return started.Task;
    }

    private void Run(TaskCompletionSource<Outcome<RunningServer>> started)
    {
        var last = default(Outcome<int>);
        try
        {
            var failed = Launch();
            // Only children hold these from here on, so that their end is the end of the stream.
            input.Reader.Dispose();
            output.Writer.Dispose();
            log.Writer.Dispose();
            if (failed is null)
            {
                standardInput = StreamOf(input.Writer, PipeDirection.Out);
                standardOutput = StreamOf(output.Reader, PipeDirection.In);
                standardError = StreamOf(log.Reader, PipeDirection.In);
                started.SetResult(this);
                failed = Watch();
            }
            var gone = End();
            last = failed ?? (gone ? ExitCode() : new Problem(ProblemCode.SandboxFailed, "A process of the server could not be ended."));
        }
        finally
        {
            // However this ended, nothing is left running and nothing uncollected.
            Leader?.Kill();
            Leader?.Wait();
            Release();
        }
        if (started.TrySetResult(last.Problem ?? new(ProblemCode.SandboxFailed, "The server ended before it began."))) CloseEnds();
        else ended.SetResult(last);
    }

    /// <summary>Until the leader ends, a limit breaks or it is told to stop.</summary>
    private unsafe Problem? Watch()
    {
        var entries = stackalloc SpawnNative.PollEntry[2];
        entries[0] = new() { Descriptor = Leader!.Descriptor, Events = SpawnNative.PollIn };
        entries[1] = new() { Descriptor = Number(stop.Reader), Events = SpawnNative.PollIn };
        while (true)
        {
            SpawnNative.Poll(entries, 2, LookMilliseconds);
            if (entries[0].Happened != 0) return null;
            if (entries[1].Happened != 0) return new(ProblemCode.Cancelled, "The server was ended with its session.");
            if (Look() is { } broken) return broken;
        }
    }

    // The framework reads and writes pipes by epoll, without a thread that waits.
    private static AnonymousPipeClientStream StreamOf(SafeFileHandle end, PipeDirection direction)
    {
        var number = end.DangerousGetHandle();
        end.SetHandleAsInvalid();
        return new(direction, new SafePipeHandle(number, ownsHandle: true));
    }

    /// <summary>The last words on standard error of one that did not come to run, on one line.</summary>
    private protected unsafe string LastWords()
    {
        log.Writer.Dispose();
        var buffer = stackalloc byte[4096];
        var length = (int)Math.Max(0, SpawnNative.Read(Number(log.Reader), buffer, 4096));
        var text = System.Text.Encoding.UTF8.GetString(buffer, length).Trim();
        return new string([.. (text.Length > 500 ? text[^500..] : text).Select(c => char.IsControl(c) ? ' ' : c)]).TrimEnd('.');
    }

    /// <summary>Ends it now.</summary>
    internal unsafe void Stop()
    {
        byte word = 1;
        SpawnNative.Write(Number(stop.Writer), &word, 1);
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0) return;
        await StandardInput.DisposeAsync().ConfigureAwait(false);
        await Task.WhenAny(Ended, Task.Delay(Farewell)).ConfigureAwait(false);
        if (!Ended.IsCompleted) Stop();
        await Ended.ConfigureAwait(false);
        await StandardOutput.DisposeAsync().ConfigureAwait(false);
        await StandardError.DisposeAsync().ConfigureAwait(false);
        CloseEnds();
        GC.SuppressFinalize(this);
    }

    private void CloseEnds()
    {
        input.Dispose();
        output.Dispose();
        log.Dispose();
        stop.Dispose();
    }
}
