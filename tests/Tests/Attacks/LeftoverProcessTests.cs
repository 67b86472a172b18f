// An engine that leaves a daemon behind: detached, orphaned, in a session of its own, deaf to signals (ENG-10).
using CabinCrew.Tests.Spec;
using Xunit;

namespace CabinCrew.Tests.Attacks;

public sealed class LeftoverProcessTests : IDisposable
{
    private readonly EngineBench bench = new();

    public void Dispose() => bench.Dispose();

    private string Mark => "left-by-" + Path.GetFileName(bench.Root);

    private string Daemon => $"""
        (trap '' TERM HUP INT; setsid bash -c 'exec -a {Mark} sleep 300' </dev/null >/dev/null 2>&1 &)
        for i in $(seq 500); do grep -qa '^{Mark}' /proc/[0-9]*/cmdline 2>/dev/null && break; sleep 0.02; done
        grep -la '^{Mark}' /proc/[0-9]*/cmdline 2>/dev/null | wc -l >&2
        """;

    private int Alive => Directory.EnumerateDirectories("/proc").Count(d =>
    {
        try
        {
            return int.TryParse(Path.GetFileName(d), out _) && File.ReadAllText(Path.Join(d, "cmdline")).StartsWith(Mark, StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    });

    [Theory, Clause("ENG-10")]
    [InlineData(false, "receipt")]
    [InlineData(false, "receipt failure; exit 1")]
    [InlineData(false, "kill -KILL $$")]
    [InlineData(true, "receipt")]
    public async Task a_daemon_is_gone_when_the_run_has_ended(bool unsandboxed, string end)
    {
        var ran = await bench.ShellAsync(Daemon + "\n" + end, unsandboxed: unsandboxed);
        Assert.True("1\n" == ran.Log, "the daemon never ran: " + ran);
        Assert.Equal(0, Alive);
        ran.Result?.Dispose();
    }

    [Fact, Clause("ENG-10"), Clause("ENG-06")]
    public async Task whoever_started_it_cannot_be_killed()
    {
        // Outside, the one whom a process was started by is in its reach.
        var launcher = TempTree.Run(bench.Root, "/bin/bash", "-c", "bash -c 'bash -c \"kill -KILL \\$PPID\"; echo survived' || echo killed");
        Assert.Equal("killed\n", launcher);

        var ran = await bench.ShellAsync("for s in KILL STOP TERM INT HUP SEGV; do kill -$s $PPID 1; done 2>/dev/null; sleep 0.2; echo $PPID >&2; receipt");
        Assert.NotNull(ran.Success);
        Assert.Equal("1\n", ran.Log);
        Assert.NotNull((await bench.ShellAsync("(sleep 60 & sleep 60 & wait) & sleep 0.1; kill -KILL -1; receipt")).Success);
    }

    [Fact, Clause("ENG-05"), Clause("ENG-10")]
    public async Task a_receipt_that_a_child_writes_after_the_end_comes_too_late()
    {
        const string late = "(sleep 0.5; receipt) & exit 0";
        Assert.Contains("r-1", TempTree.Run(bench.Root, "/bin/bash", "-c", EngineBench.ReceiptFunction + "\n" + late));
        Assert.Equal(Protocol.ProblemCode.ReceiptMissing, (await bench.ShellAsync(late)).Code);
    }

    [Fact, Clause("ENG-10"), Clause("ORC-02")]
    public async Task nothing_that_one_run_wrote_is_there_for_the_next()
    {
        const string script = """ls -A "$CABINCREW_TEMP_DIR" "$CABINCREW_ARTIFACTS_DIR" /dev/shm /run /var | grep -v : | grep -v '^tmp$' | grep . >&2; for d in /tmp /dev/shm "$CABINCREW_ARTIFACTS_DIR"; do mkdir $d/kept; done; receipt""";
        Assert.Equal("", (await bench.ShellAsync(script)).Log);
        Assert.Equal("", (await bench.ShellAsync(script)).Log);
    }
}
