// ENG: how an engine is started, what it sees, what it may say, and how its end is read.
using System.Text;
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Protocol;
using Xunit;

namespace CabinCrew.Tests.Spec;

public sealed class EngineRunnerTests : IDisposable
{
    private readonly EngineBench bench = new();

    public void Dispose() => bench.Dispose();

    [Fact, Clause("ENG-02")]
    public async Task an_engine_sees_exactly_the_documented_environment()
    {
        var ran = await bench.ShellAsync("""tr '\0' '\n' < /proc/$$/environ | sort >&2; receipt""");
        Assert.NotNull(ran.Success);
        Assert.Equal(
            ["CABINCREW_ARTIFACTS_DIR=/cabincrew/artifacts", "CABINCREW_MODE=flight-plan", "CABINCREW_TEMP_DIR=/tmp", "CABINCREW_WORKSPACE=/workspace", "HOME=/tmp", "LANG=C.UTF-8",
             "LC_ALL=C.UTF-8", "PATH=/usr/bin:/bin", "PWD=/workspace", "SOURCE_DATE_EPOCH=0", "TZ=UTC"],
            ran.Log.TrimEnd().Split('\n'));
    }

    [Theory, Clause("ENG-01"), Clause("ENG-02")]
    [InlineData(EngineMode.FlightPlan, "flight-plan")]
    [InlineData(EngineMode.TakeOff, "take-off")]
    public async Task the_mode_is_given_as_argument_and_variable(EngineMode mode, string word)
    {
        var ran = await bench.ShellAsync("""echo "$# $1 $2 $CABINCREW_MODE" >&2; receipt""", mode);
        Assert.NotNull(ran.Success);
        Assert.Equal($"2 --mode {word} {word}\n", ran.Log);
    }

    [Fact, Clause("ENG-01"), Clause("ENG-03")]
    public async Task a_python_engine_reads_its_input_and_writes_an_artifact()
    {
        var engine = bench.Engine("""
            #!/usr/bin/env python3
            import json, os, sys
            given = json.load(sys.stdin)
            d = os.path.join(os.environ["CABINCREW_ARTIFACTS_DIR"], "hello")
            os.mkdir(d)
            open(os.path.join(d, "artifact.json"), "w").write(given["text"])
            open(os.path.join(os.environ["CABINCREW_TEMP_DIR"], "scratch"), "w").write("x")
            print(json.dumps({"protocol_version": "draft-1", "engine_id": "py", "mode": sys.argv[2], "receipt_id": "r", "status": "success", "artifacts": []}))
            """);
        var ran = await bench.RunAsync(bench.Run(engine, input: """{"text": "from the input"}"""));
        using var result = ran.Success;
        Assert.Equal("py", result.Receipt.EngineId);
        using var artifact = result.Artifacts!.OpenDirectory("hello");
        using var file = artifact.OpenFile("artifact.json");
        var bytes = new byte[100];
        Assert.Equal("from the input", Encoding.UTF8.GetString(bytes, 0, RandomAccess.Read(file, bytes, 0)));
    }

    [Fact, Clause("ENG-06")]
    public async Task an_entry_that_comes_and_goes_while_the_sandbox_is_set_up_is_no_failure()
    {
        using var over = new CancellationTokenSource();
        var hidden = Path.Join(bench.Workspace, ".cabincrew");
        var blinking = Task.Run(async () =>
        {
            while (!over.IsCancellationRequested)
            {
                Directory.CreateDirectory(hidden);
                await Task.Delay(5);
                Directory.Delete(hidden);
                await Task.Delay(5);
            }
        });
        try
        {
            for (var i = 0; i < 20; i++) Assert.NotNull((await bench.ShellAsync("receipt")).Success);
        }
        finally
        {
            await over.CancelAsync();
            await blinking;
        }
    }

    [Fact, Clause("ENG-03")]
    public async Task an_input_larger_than_any_pipe_arrives_whole_and_may_be_left_unread()
    {
        var input = "{\"text\": \"" + new string('x', 3_000_000) + "\"}";
        var read = await bench.RunAsync(bench.Run(bench.Shell("wc -c >&2; receipt"), input: input));
        Assert.NotNull(read.Success);
        Assert.Equal($"{input.Length}\n", read.Log);
        Assert.NotNull((await bench.RunAsync(bench.Run(bench.Shell("receipt"), input: input))).Success);
    }

    [Theory, Clause("ENG-05")]
    [InlineData("receipt failure; exit 1", ProblemCode.EngineFailed)]
    [InlineData("exit 1", ProblemCode.EngineFailed)]
    [InlineData("receipt failure; exit 2", ProblemCode.EngineValidationFailed)]
    [InlineData("receipt; exit 3", ProblemCode.EngineExitReserved)]
    [InlineData("receipt; exit 77", ProblemCode.EngineExitReserved)]
    [InlineData("receipt; exit 255", ProblemCode.EngineExitReserved)]
    [InlineData("receipt; kill -SEGV $$", ProblemCode.EngineKilled)]
    [InlineData("receipt failure; exit 0", ProblemCode.ReceiptDisagrees)]
    [InlineData("receipt success; exit 1", ProblemCode.ReceiptDisagrees)]
    [InlineData("receipt success; exit 2", ProblemCode.ReceiptDisagrees)]
    [InlineData("CABINCREW_MODE=take-off; receipt", ProblemCode.ReceiptDisagrees)]
    [InlineData("receipt | sed s/draft-1/draft-9/", ProblemCode.ReceiptDisagrees)]
    [InlineData("", ProblemCode.ReceiptMissing)]
    [InlineData("echo hello", ProblemCode.ReceiptMalformed)]
    [InlineData("receipt | sed 's/}$//'", ProblemCode.ReceiptMalformed)]
    [InlineData("receipt | sed 's/\"status\"/\"mode\"/'", ProblemCode.ReceiptMalformed)]
    public async Task an_end_that_is_no_success_says_which_it_is(string script, ProblemCode code)
    {
        var ran = await bench.ShellAsync(script);
        Assert.True(ran.Code == code, ran.ToString());
    }

    [Fact, Clause("ENG-05")]
    public async Task the_engine_s_own_words_are_in_the_problem()
    {
        var ran = await bench.ShellAsync("""
            printf '{"protocol_version":"draft-1","engine_id":"t","mode":"flight-plan","receipt_id":"r","status":"failure","error":"no such\\nbranch"}'; exit 1
            """);
        Assert.Equal("The engine ended with exit code 1: no such branch.", ran.Failure!.Problem.Message);
    }

    [Fact, Clause("ENG-06")]
    public async Task flight_plan_reads_the_workspace_and_take_off_writes_the_view()
    {
        var plan = await bench.ShellAsync("cat file.txt >&2; echo x 2>/dev/null > file.txt && exit 9; receipt");
        Assert.NotNull(plan.Success);
        Assert.Equal("content\n", plan.Log);
        Assert.NotNull((await bench.ShellAsync("echo changed > file.txt; echo new > new.txt; receipt", EngineMode.TakeOff)).Success);
        Assert.Equal("changed\n", File.ReadAllText(Path.Join(bench.Workspace, "file.txt")));
        Assert.Equal("new\n", File.ReadAllText(Path.Join(bench.Workspace, "new.txt")));
    }

    [Fact, Clause("ENG-08")]
    public async Task take_off_sees_the_frozen_artifacts_and_cannot_change_them()
    {
        var frozen = Directory.CreateDirectory(Path.Join(bench.Root, "frozen", "a")).FullName;
        File.WriteAllText(Path.Join(frozen, "artifact.json"), "frozen");
        var ran = await bench.ShellAsync("""cat "$CABINCREW_ARTIFACTS_DIR/a/artifact.json" >&2; touch "$CABINCREW_ARTIFACTS_DIR/b" 2>/dev/null && exit 9; receipt""",
            EngineMode.TakeOff, r => r with { FrozenArtifacts = Path.Join(bench.Root, "frozen") });
        Assert.Null(ran.Success.Artifacts);
        Assert.Equal("frozen", ran.Log);
    }

    [Fact]
    public async Task a_run_that_is_no_longer_ours_never_starts_the_engine()
    {
        var ran = await bench.ShellAsync("echo started >&2; receipt", change: r => r with { StillOurs = () => false });
        Assert.Equal(ProblemCode.StoreFenced, ran.Code);
        Assert.Equal("", ran.Log);
    }

    [Fact, Clause("ENG-04")]
    public async Task the_log_comes_live_and_is_kept()
    {
        var live = new StringBuilder();
        var ran = await bench.ShellAsync("echo one >&2; echo two >&2; receipt", change: r => r with { OnLog = b => live.Append(Encoding.UTF8.GetString(b.Span)) });
        Assert.NotNull(ran.Success);
        Assert.Equal("one\ntwo\n", ran.Log);
        Assert.Equal("one\ntwo\n", live.ToString());
    }

    [Fact]
    public async Task a_missing_interpreter_is_a_failed_start()
    {
        var ran = await bench.RunAsync(bench.Run(bench.Engine("#!/nowhere/interpreter\n")));
        Assert.True(ran.Code == ProblemCode.EngineStartFailed, ran.ToString());
    }

    [Fact]
    public async Task a_cancelled_run_ends_at_once()
    {
        using var cancel = new CancellationTokenSource(200);
        var ran = await bench.RunAsync(bench.Run(bench.Shell("sleep 20; receipt")), ct: cancel.Token);
        Assert.Equal(ProblemCode.Cancelled, ran.Code);
        Assert.True(ran.Failure!.Usage.Wall < TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task a_launch_prefix_comes_before_the_sandbox()
    {
        var mark = Path.Join(bench.Root, "mark");
        var ran = await bench.ShellAsync("receipt", EngineMode.TakeOff, r => r with { HiddenEntries = [], LaunchPrefix = ["sh", "-c", $"echo ran > {mark}; exec \"$@\"", "sh"] });
        Assert.NotNull(ran.Success);
        Assert.Equal("ran\n", File.ReadAllText(mark));
    }

    [Fact, Clause("ENG-08"), Clause("ENG-09")]
    public async Task take_off_on_an_overlay_that_only_the_launcher_sees_leaves_the_workspace_alone()
    {
        string Made(string name) => Directory.CreateDirectory(Path.Join(bench.Root, name)).FullName;
        var (upper, work, merged) = (Made("upper"), Made("work"), Made("merged"));
        var store = Made("workspace/.cabincrew");
        File.WriteAllText(Path.Join(store, "store.db"), "approvals");
        var asRoot = Environment.UserName == "root";
        string[] prefix =
        [
            "unshare", "--mount", "--propagation", "private", .. asRoot ? (string[])[] : ["--user", "--map-root-user"], "sh", "-c",
            $"mount -t overlay overlay -o lowerdir={bench.Workspace},upperdir={upper},workdir={work}{(asRoot ? "" : ",userxattr")} {merged} && exec \"$@\"", "sh",
        ];
        var ran = await bench.ShellAsync("cat file.txt >&2; ls -A .cabincrew >&2; echo changed > file.txt; echo new > new.txt; receipt", EngineMode.TakeOff, r => r with { Workspace = merged, LaunchPrefix = prefix });
        Assert.NotNull(ran.Success);
        Assert.Equal("content\n", ran.Log);
        Assert.Equal("content\n", File.ReadAllText(Path.Join(bench.Workspace, "file.txt")));
        Assert.Equal(["file.txt", "new.txt"], Directory.EnumerateFileSystemEntries(upper).Select(e => Path.GetFileName(e)).Order());
        Assert.Equal("changed\n", File.ReadAllText(Path.Join(upper, "file.txt")));
        // The overlay leaves a directory there that nobody may enter.
        File.SetUnixFileMode(Path.Join(work, "work"), (UnixFileMode)0b111_000_000);
    }

    [Fact, Clause("ORC-02")]
    public async Task many_runs_at_once_stay_apart()
    {
        var runs = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => bench.RunAsync(bench.Run(bench.Engine($"""
            #!/bin/bash
            {EngineBench.ReceiptFunction}
            mkdir "$CABINCREW_ARTIFACTS_DIR/mine-{i}"; sleep 0.0{i % 10}; ls "$CABINCREW_ARTIFACTS_DIR" >&2; cat >&2; receipt
            """, $"engine-{i}"), input: $"{i}"))));
        for (var i = 0; i < runs.Length; i++)
        {
            Assert.Equal($"mine-{i}\n{i}", runs[i].Log);
            Assert.Equal($"mine-{i}", Assert.Single(runs[i].Success.Artifacts!.Entries(10)).Name);
        }
    }

    [Fact, Clause("ENG-01")]
    public async Task without_a_sandbox_the_same_engine_runs_the_same()
    {
        var ran = await bench.ShellAsync("""
            cat file.txt >&2; mkdir "$CABINCREW_ARTIFACTS_DIR/a" && echo body > "$CABINCREW_ARTIFACTS_DIR/a/artifact.json"; [ "$CABINCREW_WORKSPACE" = "$PWD" ] || exit 9; receipt
            """, unsandboxed: true);
        string kept;
        using (var result = ran.Success)
        {
            Assert.Equal("none", result.Tier);
            Assert.Equal("a", Assert.Single(result.Artifacts!.Entries(10)).Name);
            kept = ran.Log;
        }
        Assert.Equal("content\n", kept);
    }

    [Theory, Clause("ENG-12")]
    [InlineData("sleep 30", ProblemCode.LimitWallClock)]
    [InlineData("while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx >&2; done", ProblemCode.LimitOutput)]
    [InlineData("exit 3", ProblemCode.EngineExitReserved)]
    [InlineData("exec /nowhere/at/all", ProblemCode.EngineStartFailed)]
    public async Task without_a_sandbox_limits_hold_and_ends_are_told_apart(string script, ProblemCode code)
    {
        bench.Limits = bench.Limits with { WallClockSeconds = 1 };
        var ran = await bench.ShellAsync(script, unsandboxed: true);
        Assert.True(ran.Code == code, ran.ToString());
    }
}
