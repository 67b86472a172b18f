// Waiting for a process or a pipe while signals come to the thread that waits, as the kernel sends one for each child that ends (ENG-12).
using System.Diagnostics;
using System.Runtime.InteropServices;
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Orchestrator.Engines.Processes;
using CabinCrew.Tests.Hangar;
using Xunit;

namespace CabinCrew.Tests.Contracts;

public sealed partial class InterruptedWaitTests
{
    private const int ChildSignal = 17;

    [Fact]
    public void A_wait_lasts_as_long_as_it_was_to_last_whatever_signals_come_between()
    {
        // So that the runtime handles the signal: one that is ignored interrupts nobody.
        using (var child = Process.Start(new ProcessStartInfo("/bin/true"))!) child.WaitForExit();
        using var pipe = Pipe.Create();
        var (thread, happened, waited, sent) = (0, true, TimeSpan.Zero, 0);
        var waits = new Thread(() =>
        {
            Volatile.Write(ref thread, GetThread());
            var clock = Stopwatch.StartNew();
            happened = RunThread.WaitFor(RunThread.Number(pipe.Reader), 1_000);
            waited = clock.Elapsed;
        });
        waits.Start();
        while (waits.IsAlive)
        {
            if (Volatile.Read(ref thread) is not 0 and var id && ThreadKill(Environment.ProcessId, id, ChildSignal) == 0) sent++;
            Thread.Sleep(20);
        }
        Assert.True(sent > 5, $"{sent} signals");
        Assert.False(happened);
        Assert.True(waited > TimeSpan.FromMilliseconds(900), $"only {waited}");
    }

    [LibraryImport("libc", EntryPoint = "gettid")]
    private static partial int GetThread();

    [LibraryImport("libc", EntryPoint = "tgkill")]
    private static partial int ThreadKill(int process, int thread, int signal);
}
