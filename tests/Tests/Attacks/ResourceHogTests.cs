// Engines that take everything: time, processors, memory, processes, disk, output. Each works outside; inside each ends with a code of its own,
// within about a second of the limit, with no process left (ENG-10, ENG-12).
using System.Diagnostics;
using System.Text;
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Orchestrator.Engines.Processes;
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;
using CabinCrew.Tests.Spec;

namespace CabinCrew.Tests.Attacks;

public sealed class ResourceHogTests : IDisposable
{
    private static readonly TimeSpan LateMax = TimeSpan.FromSeconds(2), OutsideMax = TimeSpan.FromSeconds(30);

    private readonly EngineBench bench = new();

    private string Mark => Path.GetFileName(bench.Root);

    public void Dispose() => bench.Dispose();

    public static TheoryData<string> Names => [.. HogTable.Rows.Where(r => r.Telling || !AttackProgram.TellingOnly).Select(r => r.Name)];

    [Theory, Clause("ENG-10"), Clause("ENG-12"), MemberData(nameof(Names))]
    public async Task It_takes_too_much_outside_and_is_ended_inside(string name)
    {
        var row = HogTable.Rows.Single(r => r.Name == name);
        await WorksOutsideAsync(row);

        bench.Limits = row.Limits;
        var engine = AttackProgram.Engine(bench, "hog", row.Name, $"{row.Amount}", Mark);
        using var ear = new Ear(Mark);
        var run = bench.Run(engine, row.TakeOff ? EngineMode.TakeOff : EngineMode.FlightPlan) with { OnLog = ear.Hear };
        Ran ran;
        if (row.TakeOff)
        {
            using var view = WorkspaceViews.Create(bench.Workspace, Path.Join(bench.Root, "scratch")).Value;
            ran = await bench.RunAsync(run with { Workspace = view.Root, LaunchPrefix = view.LaunchPrefix, Written = view.Written, HiddenEntries = [] });
        }
        else ran = await bench.RunAsync(run);
        var late = ear.Since();

        Assert.True(ran.Code == row.Code, $"{ran.Failure?.Problem.ToString() ?? "success"} {ran.Log[..Math.Min(300, ran.Log.Length)]}");
        Assert.True(ran.Failure!.Problem.Evidence.ContainsKey("limit"));
        Assert.True(late < LateMax, $"ended {late.TotalMilliseconds:0} ms after the limit");
        Assert.Empty(AttackProgram.Alive(Mark));
        Assert.Equal(0, ear.LeftInNamespace());
        Assert.Equal(["file.txt"], Directory.EnumerateFileSystemEntries(bench.Workspace).Select(e => Path.GetFileName(e)));
    }

    /// <summary>In a pid namespace, so that nothing of it is left here either, and in directories of the test's.</summary>
    private async Task WorksOutsideAsync(HogRow row)
    {
        var place = Directory.CreateDirectory(Path.Join(bench.Root, "outside")).FullName;
        var start = new ProcessStartInfo("/usr/bin/unshare",
            [.. AttackProgram.AsRoot ? (string[])[] : ["--user", "--map-root-user"], "--pid", "--fork", "--kill-child", "--", AttackProgram.File, "hog", row.Name, $"{row.Amount}", Mark])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = place,
        };
        foreach (var variable in (string[])["CABINCREW_TEMP_DIR", "CABINCREW_ARTIFACTS_DIR", "CABINCREW_WORKSPACE", "SHARED_DIR"]) start.Environment[variable] = place;
        using var process = Process.Start(start)!;
        var dropped = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
        var heard = false;
        try
        {
            heard = await HeardAsync(process.StandardError).WaitAsync(OutsideMax);
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
        await dropped;
        Assert.True(heard, "outside it never took that much; so nothing was shown");
        var waited = Stopwatch.StartNew();
        // The namespace dies with its first process, which dies with its parent: a moment later.
        while (AttackProgram.Alive(Mark).Count > 0 && waited.Elapsed < OutsideMax) await Task.Delay(5);
        Assert.Empty(AttackProgram.Alive(Mark));
        Directory.Delete(place, recursive: true);
    }

    private static async Task<bool> HeardAsync(StreamReader errors)
    {
        var (buffer, tail) = (new char[4096], "");
        for (int n; (n = await errors.ReadAsync(buffer)) > 0;)
        {
            tail += new string(buffer, 0, n);
            if (tail.Contains("over ", StringComparison.Ordinal)) return true;
            tail = tail[^Math.Min(tail.Length, 8)..];
        }
        return false;
    }

    [Fact, Clause("ENG-12")]
    public async Task A_log_beyond_its_limit_is_kept_up_to_it()
    {
        bench.Limits = EngineBench.Small with { OutputBytes = 1000 };
        var ran = await bench.ShellAsync("head -c 5000 /dev/zero | tr '\\0' x >&2; receipt");
        Assert.True(ran.Code == ProblemCode.LimitOutput, ran.ToString());
        Assert.Equal(new string('x', 1000), ran.Log);
    }

    [Theory, Clause("ENG-12")]
    [InlineData("head -c 50M /dev/zero > /tmp/fill; receipt", ProblemCode.LimitFiles)]
    [InlineData("for i in $(seq 3000); do head -c 1000 /dev/zero > /tmp/$i; done; receipt", ProblemCode.LimitFiles)]
    [InlineData("mkdir $CABINCREW_ARTIFACTS_DIR/a; head -c 50M /dev/zero > $CABINCREW_ARTIFACTS_DIR/a/body.data; receipt", ProblemCode.LimitArtifactBytes)]
    [InlineData("mkdir $CABINCREW_ARTIFACTS_DIR/{1..100}; receipt", ProblemCode.LimitArtifactCount)]
    public async Task A_receipt_of_success_does_not_hide_what_was_written(string script, ProblemCode code)
    {
        bench.Limits = EngineBench.Small with { TempBytes = 1 << 20, ArtifactBytes = 1 << 20, ArtifactCount = 10 };
        var ran = await bench.ShellAsync(script);
        Assert.True(ran.Code == code, ran.ToString());
    }

    /// <summary>Hears when the program says that it is over its limit, and then takes hold of its pid namespace, so that the number of it stays its own.</summary>
    private sealed class Ear(string mark) : IDisposable
    {
        private string tail = "";
        private long over;
        private Microsoft.Win32.SafeHandles.SafeFileHandle? held;
        private string? name;

        public void Hear(ReadOnlyMemory<byte> bytes)
        {
            if (over != 0) return;
            tail += Encoding.ASCII.GetString(bytes.Span);
            var at = tail.IndexOf("over ", StringComparison.Ordinal);
            if (at >= 0 && tail.IndexOf('\n', at) is > 0 and var end)
            {
                over = long.Parse(tail[(at + 5)..end]);
                Hold();
            }
            else if (at < 0) tail = tail[^Math.Min(tail.Length, 8)..];
        }

        private void Hold()
        {
            foreach (var pid in ProcessTable.Pids())
                try
                {
                    if (ProcessTable.Namespace(pid) is not { } own || own == ProcessTable.Namespace(Environment.ProcessId)) continue;
                    if (!File.ReadAllText($"/proc/{pid}/cmdline").Contains(mark, StringComparison.Ordinal)) continue;
                    held = SpawnNative.Opened(SpawnNative.Open($"/proc/{pid}/ns/pid", SpawnNative.CloseOnExec));
                    name = own;
                    return;
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    // It ended, or is somebody else's.
                }
        }

        /// <summary>The clock is the machine's, inside and outside.</summary>
        public TimeSpan Since() => over == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds((double)Stopwatch.GetTimestamp() / Stopwatch.Frequency - over / 1e9);

        public int LeftInNamespace() => name is null ? 0 : ProcessTable.Sum(ProcessTable.Pids().Where(p => ProcessTable.Namespace(p) == name)).Pids.Count;

        public void Dispose() => held?.Dispose();
    }
}
