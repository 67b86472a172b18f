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

    [Fact, Clause("ENG-10"), Clause("ORC-02")]
    public async Task nothing_that_one_run_wrote_is_there_for_the_next()
    {
        const string script = """ls -A "$CABINCREW_TEMP_DIR" "$CABINCREW_ARTIFACTS_DIR" /dev/shm /run /var | grep -v : | grep -v '^tmp$' | grep . >&2; for d in /tmp /dev/shm "$CABINCREW_ARTIFACTS_DIR"; do mkdir $d/kept; done; receipt""";
        Assert.Equal("", (await bench.ShellAsync(script)).Log);
        Assert.Equal("", (await bench.ShellAsync(script)).Log);
    }
}
