// What every way to run an engine promises, whatever its isolation: how it is started, what it may say, how its end is read, its limits, and that nothing of it is left
// (ENG-01 to ENG-05, ENG-10, ENG-12).
using System.Text;
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Orchestrator.Engines.Reduced;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Tests.Spec;
using Xunit;

namespace CabinCrew.Tests.Contracts;

public abstract class EngineRunnerContract : IDisposable
{
    private readonly EngineBench bench = new();

    private protected abstract Task<IEngineRunner> RunnerAsync();

    protected abstract string Tier { get; }

    public void Dispose()
    {
        bench.Dispose();
        GC.SuppressFinalize(this);
    }

    private async Task<Ran> RunAsync(EngineRun run, CancellationToken ct = default) => await bench.RunAsync(run, await RunnerAsync(), ct);

    private Task<Ran> ShellAsync(string script, EngineMode mode = EngineMode.FlightPlan, Func<EngineRun, EngineRun>? change = null) =>
        RunAsync(change?.Invoke(bench.Run(bench.Shell(script), mode)) ?? bench.Run(bench.Shell(script), mode));

    private async Task Breaks(ProblemCode code, string script, EngineLimits limits)
    {
        bench.Limits = limits;
        var ran = await ShellAsync(script);
        Assert.True(ran.Code == code, $"expected {code}: {(ran.Log.Length > 500 ? ran.Failure?.Problem.ToString() : ran.ToString())}");
        Assert.True(ran.Failure!.Usage.Wall < TimeSpan.FromSeconds(10), $"ended after {ran.Failure.Usage.Wall}");
    }

    [Theory, Clause("ENG-01"), Clause("ENG-02")]
    [InlineData(EngineMode.FlightPlan, "flight-plan")]
    [InlineData(EngineMode.TakeOff, "take-off")]
    public async Task the_mode_is_an_argument_and_a_variable_and_the_engine_stands_in_the_workspace(EngineMode mode, string word)
    {
        var ran = await ShellAsync("""echo "$# $1 $2 $CABINCREW_MODE" >&2; [ "$PWD" = "$CABINCREW_WORKSPACE" ] && cat file.txt >&2; receipt""", mode);
        Assert.NotNull(ran.Success);
        Assert.Equal($"2 --mode {word} {word}\ncontent\n", ran.Log);
        Assert.Equal(Tier, ran.Success.Tier);
    }

    [Fact, Clause("ENG-02")]
    public async Task no_variable_of_ours_reaches_the_engine()
    {
        var ran = await ShellAsync("tr '\\0' '\\n' < /proc/$$/environ | cut -d= -f1 | sort >&2; receipt");
        Assert.NotNull(ran.Success);
        string[] known = ["CABINCREW_ARTIFACTS_DIR", "CABINCREW_MODE", "CABINCREW_TEMP_DIR", "CABINCREW_WORKSPACE", "HOME", "LANG", "LC_ALL", "PATH", "PWD", "OLDPWD", "SOURCE_DATE_EPOCH", "TMPDIR", "TZ"];
        Assert.Empty(ran.Log.TrimEnd().Split('\n').Except(known));
    }

    [Fact, Clause("ENG-03")]
    public async Task an_input_larger_than_any_pipe_arrives_whole_and_may_be_left_unread()
    {
        var input = "{\"text\": \"" + new string('x', 3_000_000) + "\"}";
        var read = await RunAsync(bench.Run(bench.Shell("wc -c >&2; receipt"), input: input));
        Assert.NotNull(read.Success);
        Assert.Equal($"{input.Length}\n", read.Log);
        Assert.NotNull((await RunAsync(bench.Run(bench.Shell("receipt"), input: input))).Success);
    }

    [Fact, Clause("ENG-01")]
    public async Task what_it_writes_as_artifacts_can_be_read_afterwards()
    {
        var ran = await ShellAsync("""mkdir "$CABINCREW_ARTIFACTS_DIR/a" && echo body > "$CABINCREW_ARTIFACTS_DIR/a/artifact.json" && echo x > "$CABINCREW_TEMP_DIR/x"; receipt""");
        using var artifact = ran.Success.Artifacts!.OpenDirectory("a");
        using var file = artifact.OpenFile("artifact.json");
        var bytes = new byte[100];
        Assert.Equal("body\n", Encoding.UTF8.GetString(bytes, 0, RandomAccess.Read(file, bytes, 0)));
    }

    [Fact, Clause("ENG-08")]
    public async Task take_off_writes_its_view_with_modes_and_times_and_reads_the_frozen_artifacts()
    {
        var frozen = Directory.CreateDirectory(Path.Join(bench.Root, "frozen", "a")).FullName;
        File.WriteAllText(Path.Join(frozen, "artifact.json"), "frozen\n");
        var ran = await ShellAsync("""
            cat "$CABINCREW_ARTIFACTS_DIR/a/artifact.json" >&2
            echo new > new.txt && chmod +x new.txt && touch -d 2001-01-01 new.txt && mkdir d && mv file.txt d/moved.txt && ln -s moved.txt d/link && cp -p new.txt copy.txt || exit 9
            receipt
            """, EngineMode.TakeOff, r => r with { FrozenArtifacts = Path.Join(bench.Root, "frozen") });
        Assert.NotNull(ran.Success);
        Assert.Equal("frozen\n", ran.Log);
        Assert.Equal("content\n", File.ReadAllText(Path.Join(bench.Workspace, "d", "link")));
        Assert.True(File.GetUnixFileMode(Path.Join(bench.Workspace, "copy.txt")).HasFlag(UnixFileMode.UserExecute));
        Assert.Equal(2001, File.GetLastWriteTimeUtc(Path.Join(bench.Workspace, "copy.txt")).AddDays(1).Year);
    }

    [Theory, Clause("ENG-04"), Clause("ENG-05")]
    [InlineData("receipt failure; exit 1", ProblemCode.EngineFailed)]
    [InlineData("receipt failure; exit 2", ProblemCode.EngineValidationFailed)]
    [InlineData("receipt; exit 3", ProblemCode.EngineExitReserved)]
    [InlineData("receipt; kill -SEGV $$", ProblemCode.EngineKilled)]
    [InlineData("receipt failure; exit 0", ProblemCode.ReceiptDisagrees)]
    [InlineData("", ProblemCode.ReceiptMissing)]
    [InlineData("echo hello", ProblemCode.ReceiptMalformed)]
    [InlineData("receipt; receipt", ProblemCode.ReceiptTrailingOutput)]
    [InlineData("exec /nowhere/at/all", ProblemCode.EngineStartFailed, "without an engine's words")]
    public async Task an_end_that_is_no_success_says_which_it_is(string script, ProblemCode code, string? note = null)
    {
        // A shell that cannot exec ends with 127: only where no sandbox stands between is that known to be the start.
        var ran = await ShellAsync(script);
        Assert.True(ran.Code == code || (note is not null && ran.Code == ProblemCode.EngineExitReserved), ran.ToString());
    }

    [Fact]
    public async Task a_run_that_is_no_longer_ours_never_starts_the_engine()
    {
        var ran = await ShellAsync("echo started >&2; receipt", change: r => r with { StillOurs = () => false });
        Assert.Equal(ProblemCode.StoreFenced, ran.Code);
        Assert.Equal("", ran.Log);
    }

    [Fact]
    public async Task a_run_that_is_not_cleared_never_starts_the_engine()
    {
        var ran = await ShellAsync("echo started >&2; receipt", change: r => r with { Clearance = () => Task.FromResult<Outcome<ReadOnlyMemory<byte>>>(new Problem(ProblemCode.WorkspaceDrift, "moved")) });
        Assert.Equal(ProblemCode.WorkspaceDrift, ran.Code);
        Assert.Equal("", ran.Log);
    }

    [Fact]
    public async Task a_cancelled_run_ends_at_once()
    {
        using var cancel = new CancellationTokenSource(200);
        var ran = await RunAsync(bench.Run(bench.Shell("sleep 20; receipt")), cancel.Token);
        Assert.Equal(ProblemCode.Cancelled, ran.Code);
        Assert.True(ran.Failure!.Usage.Wall < TimeSpan.FromSeconds(10));
    }

    [Theory, Clause("ENG-12")]
    [InlineData("sleep 60", ProblemCode.LimitWallClock)]
    [InlineData("trap '' TERM INT HUP; while :; do sleep 1; done", ProblemCode.LimitWallClock)]
    [InlineData("kill -STOP $$", ProblemCode.LimitWallClock)]
    [InlineData("while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx >&2; done", ProblemCode.LimitOutput)]
    [InlineData("while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done", ProblemCode.ReceiptTooLarge)]
    public Task time_and_output_are_limited(string script, ProblemCode code) => Breaks(code, script, EngineBench.Small with { WallClockSeconds = code == ProblemCode.LimitWallClock ? 1 : 20, OutputBytes = 100_000 });

    [Theory, Clause("ENG-12")]
    [InlineData("(while :; do :; done) & (while :; do :; done) & wait", ProblemCode.LimitCpu)]
    [InlineData("exec /usr/bin/python3 -c 'import time\nx = bytearray(200 << 20)\ntime.sleep(20)'", ProblemCode.LimitMemory)]
    [InlineData("for i in $(seq 60); do sleep 20 & done; wait", ProblemCode.LimitProcesses)]
    [InlineData("head -c 50M /dev/zero > \"$CABINCREW_TEMP_DIR/fill\"; sleep 20", ProblemCode.LimitFiles)]
    [InlineData("for i in $(seq 100); do head -c 100000 /dev/zero > \"$CABINCREW_ARTIFACTS_DIR/$i\"; done; sleep 20", ProblemCode.LimitArtifactBytes)]
    public Task what_it_takes_is_limited(string script, ProblemCode code) =>
        Breaks(code, script, EngineBench.Small with { CpuSeconds = code == ProblemCode.LimitCpu ? 1 : 20, MemoryBytes = 120 << 20, Processes = 20, ArtifactBytes = 1 << 20, TempBytes = 2 << 20 });

    [Theory, Clause("ENG-10")]
    [InlineData("receipt")]
    [InlineData("receipt failure; exit 1")]
    [InlineData("kill -KILL $$")]
    public async Task a_daemon_is_gone_when_the_run_has_ended(string end)
    {
        var mark = "left-by-" + Path.GetFileName(bench.Root);
        var ran = await ShellAsync($"""
            (trap '' TERM HUP INT; setsid bash -c 'exec -a {mark} sleep 300' </dev/null >/dev/null 2>&1 &)
            for i in $(seq 500); do grep -qa '^{mark}' /proc/[0-9]*/cmdline 2>/dev/null && break; sleep 0.02; done
            grep -la '^{mark}' /proc/[0-9]*/cmdline 2>/dev/null | wc -l >&2
            {end}
            """);
        Assert.True("1\n" == ran.Log, "the daemon never ran: " + ran);
        Assert.Equal(0, Living(mark));
    }

    [Fact, Clause("ORC-02")]
    public async Task many_runs_at_once_stay_apart()
    {
        var runner = await RunnerAsync();
        var runs = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => bench.RunAsync(bench.Run(bench.Engine($"""
            #!/bin/bash
            {EngineBench.ReceiptFunction}
            mkdir "$CABINCREW_ARTIFACTS_DIR/mine-{i}"; sleep 0.0{i % 10}; ls "$CABINCREW_ARTIFACTS_DIR" >&2; cat >&2; receipt
            """, $"engine-{i}"), input: $"{i}"), runner)));
        for (var i = 0; i < runs.Length; i++)
        {
            Assert.True($"mine-{i}\n{i}" == runs[i].Log, runs[i].ToString());
            Assert.Equal($"mine-{i}", Assert.Single(runs[i].Success.Artifacts!.Entries(10)).Name);
        }
    }

    internal static int Living(string mark) => Directory.EnumerateDirectories("/proc").Count(d =>
    {
        try
        {
            return int.TryParse(Path.GetFileName(d), out _) && File.ReadAllText(Path.Join(d, "cmdline")).StartsWith(mark, StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    });
}

public sealed class BubblewrapRunnerTests : EngineRunnerContract
{
    protected override string Tier => "bubblewrap";

    private protected override async Task<IEngineRunner> RunnerAsync() => (await EngineRunners.CreateAsync(unsandboxed: false, default)).Value;
}

public sealed class ReducedRunnerTests : EngineRunnerContract
{
    protected override string Tier => "reduced";

    private protected override async Task<IEngineRunner> RunnerAsync()
    {
        Assert.Null(await ReducedProbe.RunAsync(default));
        return new ReducedRunner();
    }
}

public sealed class UnsandboxedRunnerTests : EngineRunnerContract
{
    protected override string Tier => "none";

    private protected override async Task<IEngineRunner> RunnerAsync() => (await EngineRunners.CreateAsync(unsandboxed: true, default)).Value;
}
