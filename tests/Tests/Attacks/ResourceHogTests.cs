// Engines that take everything: time, processors, memory, processes, disk, output. Each limit ends the run with a code of its own (ENG-12).
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Tests.Spec;
using Xunit;

namespace CabinCrew.Tests.Attacks;

public sealed class ResourceHogTests : IDisposable
{
    private readonly EngineBench bench = new();

    public void Dispose() => bench.Dispose();

    private async Task Breaks(ProblemCode code, string script, EngineLimits limits)
    {
        bench.Limits = limits;
        var ran = await bench.ShellAsync(script);
        Assert.True(ran.Code == code, $"expected {code}: {(ran.Log.Length > 500 ? ran.Failure?.Problem.ToString() : ran.ToString())}");
        Assert.True(ran.Failure!.Problem.Evidence.ContainsKey("limit"));
    }

    [Theory, Clause("ENG-12")]
    [InlineData("sleep 60")]
    [InlineData("trap '' TERM INT HUP; while :; do sleep 1; done")]
    [InlineData("cat < /proc/self/fd/0 > /dev/null; exec 1>&- 2>&-; kill -STOP $$")]
    public Task hanging(string script) => Breaks(ProblemCode.LimitWallClock, script, EngineBench.Small with { WallClockSeconds = 1 });

    [Theory, Clause("ENG-12")]
    [InlineData("while :; do :; done")]
    [InlineData("(while :; do :; done) & (while :; do :; done) & (while :; do :; done) & wait")]
    public Task burning_the_processor(string script) => Breaks(ProblemCode.LimitCpu, script, EngineBench.Small with { CpuSeconds = 1 });

    [Theory, Clause("ENG-12")]
    [InlineData("exec python3 -c 'import time\nx = bytearray(200 << 20)\ntime.sleep(20)'")]
    [InlineData("for i in 1 2 3 4; do python3 -c 'import time\nx = bytearray(50 << 20)\ntime.sleep(20)' & done; wait")]
    [InlineData("exec python3 -c 'import mmap, time\nm = mmap.mmap(-1, 200 << 20)\nm.write(b\"x\" * (200 << 20))\ntime.sleep(20)'")]
    public Task eating_memory(string script) => Breaks(ProblemCode.LimitMemory, script, EngineBench.Small with { MemoryBytes = 120 << 20 });

    [Fact, Clause("ENG-12")]
    public Task starting_processes() =>
        Breaks(ProblemCode.LimitProcesses, "for i in $(seq 150); do sleep 20 & done; wait", EngineBench.Small with { Processes = 20 });

    [Fact, Clause("ENG-12")]
    public Task starting_threads() =>
        Breaks(ProblemCode.LimitProcesses, "exec python3 -c 'import threading, time\nfor i in range(60): threading.Thread(target=time.sleep, args=(20,)).start()'", EngineBench.Small with { Processes = 20 });

    [Fact, Clause("ENG-12")]
    public async Task a_fork_bomb()
    {
        // Bounded by its own depth as well, in case that nothing else bounds it.
        await Breaks(ProblemCode.LimitProcesses, "bomb() { [ $1 -gt 0 ] && { bomb $(($1 - 1)) & bomb $(($1 - 1)) & }; sleep 20; }; bomb 9", EngineBench.Small with { Processes = 30 });
    }

    [Theory, Clause("ENG-12")]
    [InlineData("head -c 50M /dev/zero > /tmp/fill; sleep 20")]
    [InlineData("head -c 50M /dev/zero > /tmp/fill; receipt")]
    [InlineData("for i in $(seq 3000); do head -c 1000 /dev/zero > /tmp/$i; done; receipt")]
    public Task filling_the_temporary_directory(string script) => Breaks(ProblemCode.LimitFiles, script, EngineBench.Small with { TempBytes = 1 << 20 });

    [Fact, Clause("ENG-12")]
    public async Task a_sparse_file_of_a_terabyte() =>
        await Breaks(ProblemCode.LimitFiles, "exec python3 -c 'import os, signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_DFL)\nos.truncate(os.open(\"/tmp/sparse\", os.O_CREAT | os.O_RDWR), 1 << 40)'", EngineBench.Small);

    [Fact, Clause("ENG-12")]
    public Task filling_the_artifacts_directory() =>
        Breaks(ProblemCode.LimitArtifactBytes, "mkdir $CABINCREW_ARTIFACTS_DIR/a; head -c 50M /dev/zero > $CABINCREW_ARTIFACTS_DIR/a/body.data; receipt", EngineBench.Small with { ArtifactBytes = 1 << 20 });

    [Fact, Clause("ENG-12")]
    public Task writing_too_many_artifacts() =>
        Breaks(ProblemCode.LimitArtifactCount, "mkdir $CABINCREW_ARTIFACTS_DIR/{1..100}; receipt", EngineBench.Small with { ArtifactCount = 10 });

    [Fact, Clause("ENG-12")]
    public Task endless_log() => Breaks(ProblemCode.LimitOutput, "exec yes >&2", EngineBench.Small);

    [Fact, Clause("ENG-05"), Clause("ENG-12")]
    public Task endless_receipt() => Breaks(ProblemCode.ReceiptTooLarge, "exec yes", EngineBench.Small);

    [Fact, Clause("ENG-12")]
    public async Task a_log_beyond_its_limit_is_kept_up_to_it()
    {
        bench.Limits = EngineBench.Small with { OutputBytes = 1000 };
        var ran = await bench.ShellAsync("head -c 5000 /dev/zero | tr '\\0' x >&2; receipt");
        Assert.Equal(ProblemCode.LimitOutput, ran.Code);
        Assert.Equal(new string('x', 1000), ran.Log);
    }
}
