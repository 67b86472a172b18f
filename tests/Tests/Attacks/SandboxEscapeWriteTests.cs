// An engine that writes where it may not: the workspace in flight-plan, the system, the kernel's switches, the sandbox's own directories.
using CabinCrew.Protocol;
using CabinCrew.Tests.Spec;
using Xunit;

namespace CabinCrew.Tests.Attacks;

public sealed class SandboxEscapeWriteTests : IDisposable
{
    private readonly EngineBench bench = new();

    public void Dispose() => bench.Dispose();

    private const string WriteWorkspace = """
        echo attacked >> file.txt; echo attacked > "$CABINCREW_WORKSPACE/new.txt"; mkdir -p made; ln -s /etc/passwd link; rm -f file.txt; chmod 777 file.txt; mv file.txt moved.txt; receipt
        """;

    [Fact, Clause("ENG-06")]
    public async Task the_workspace_in_flight_plan()
    {
        Assert.NotNull((await bench.ShellAsync(WriteWorkspace, unsandboxed: true)).Success);
        Assert.True(File.Exists(Path.Join(bench.Workspace, "new.txt")), "the attack does nothing even where nothing prevents it");

        using var fresh = new EngineBench();
        Assert.NotNull((await fresh.ShellAsync(WriteWorkspace)).Success);
        Assert.Equal(["file.txt"], Directory.EnumerateFileSystemEntries(fresh.Workspace).Select(e => Path.GetFileName(e)));
        Assert.Equal("content\n", File.ReadAllText(Path.Join(fresh.Workspace, "file.txt")));
    }

    [Fact, Clause("ENG-06")]
    public async Task the_system_and_everything_around_its_own_directories()
    {
        var ran = await bench.ShellAsync("""
            for d in / /usr /usr/bin /bin /lib /etc /dev /proc /proc/sys /proc/sys/kernel /run /var /workspace /cabincrew /engine; do
                ( : > "$d/attacked" ) 2>/dev/null && echo "wrote in $d" >&2
                ( mkdir "$d/attacked.d" ) 2>/dev/null && echo "made in $d" >&2
            done
            for f in /proc/sys/kernel/core_pattern /proc/sys/kernel/hostname /proc/sys/vm/drop_caches /proc/sys/user/max_user_namespaces /proc/sysrq-trigger /proc/1/oom_score_adj /etc/passwd /usr/bin/env /engine/engine; do
                ( echo 1 > "$f" ) 2>/dev/null && echo "wrote $f" >&2
            done
            for d in "$CABINCREW_ARTIFACTS_DIR" "$CABINCREW_TEMP_DIR" /var/tmp /dev/shm; do ( : > "$d/mine" ) || echo "cannot write $d" >&2; done
            rm "$CABINCREW_ARTIFACTS_DIR/mine"; receipt
            """);
        Assert.NotNull(ran.Success);
        // The one thing a process may tell about itself to the kernel is how expendable it is.
        Assert.Equal("", ran.Log.Replace("wrote /proc/1/oom_score_adj\n", "", StringComparison.Ordinal));
    }

    [Fact, Clause("ENG-06")]
    public async Task making_what_is_read_only_writable_again()
    {
        var ran = await bench.ShellAsync("""
            mount -o remount,rw /workspace 2>/dev/null && echo remounted >&2
            mount --bind /tmp /workspace 2>/dev/null && echo bound >&2
            umount /proc 2>/dev/null && echo unmounted >&2
            unshare --user --map-root-user true 2>/dev/null && echo namespace >&2
            unshare --mount true 2>/dev/null && echo mounts >&2
            chroot / true 2>/dev/null && echo chroot >&2
            setpriv --inh-caps +all true 2>/dev/null && echo capabilities >&2
            mknod /tmp/disk b 254 0 2>/dev/null && head -c1 /tmp/disk >/dev/null 2>&1 && echo device >&2
            grep -E '^(CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp):' /proc/self/status | tr -d '\t' >&2
            receipt
            """);
        Assert.NotNull(ran.Success);
        Assert.Equal(["CapPrm:0000000000000000", "CapEff:0000000000000000", "CapBnd:0000000000000000", "CapAmb:0000000000000000", "NoNewPrivs:1", "Seccomp:2"], ran.Log.TrimEnd().Split('\n'));
    }

    [Fact, Clause("ENG-06")]
    public async Task a_directory_outside_that_flight_plan_may_only_read()
    {
        var outside = Directory.CreateDirectory(Path.Join(bench.Root, "outside")).FullName;
        File.WriteAllText(Path.Join(outside, "there"), "there");
        const string script = """cat "$(cat path.txt)/there" >&2; echo x 2>/dev/null > "$(cat path.txt)/new"; receipt""";
        File.WriteAllText(Path.Join(bench.Workspace, "path.txt"), outside);
        var plan = await bench.ShellAsync(script, change: r => r with { Outside = [new(outside, outside, Writable: true)] });
        Assert.NotNull(plan.Success);
        Assert.Equal("there", plan.Log);
        Assert.False(File.Exists(Path.Join(outside, "new")));
        Assert.NotNull((await bench.ShellAsync(script, EngineMode.TakeOff, r => r with { Outside = [new(outside, outside, Writable: true)] })).Success);
        Assert.True(File.Exists(Path.Join(outside, "new")));
        var over = await bench.ShellAsync(script, change: r => r with { Outside = [new(outside, "/usr", Writable: true)] });
        Assert.Equal(ProblemCode.SandboxFailed, over.Code);
    }
}
