// An engine that reads what it was not shown: the store inside the workspace, other people's files, the host's processes and environment.
using CabinCrew.Tests.Spec;
using Xunit;

namespace CabinCrew.Tests.Attacks;

public sealed class SandboxEscapeReadTests : IDisposable
{
    private readonly EngineBench bench = new();

    public void Dispose() => bench.Dispose();

    [Fact, Clause("ENG-06"), Clause("ENG-11")]
    public async Task the_store_inside_the_workspace()
    {
        var store = Directory.CreateDirectory(Path.Join(bench.Workspace, ".cabincrew")).FullName;
        File.WriteAllText(Path.Join(store, "store.db"), "approvals");
        const string script = """cat .cabincrew/store.db /workspace/.cabincrew/* ./.cabincrew/../.cabincrew/store.db >&2 2>/dev/null; echo x > .cabincrew/store.db; ls -A .cabincrew >&2; receipt""";
        Assert.Contains("approvals", (await bench.ShellAsync(script.Replace("echo x > .cabincrew/store.db;", "", StringComparison.Ordinal), unsandboxed: true)).Log);
        foreach (var mode in Enum.GetValues<Protocol.EngineMode>())
        {
            var ran = await bench.ShellAsync(script + " 2>/dev/null", mode);
            Assert.NotNull(ran.Success);
            Assert.DoesNotContain("approvals", ran.Log);
            Assert.DoesNotContain("store.db\n", ran.Log.Replace("engine: line", "", StringComparison.Ordinal).Replace(": store.db", "", StringComparison.Ordinal));
            Assert.Equal("approvals", File.ReadAllText(Path.Join(store, "store.db")));
        }
    }

    [Fact]
    public async Task a_hidden_entry_that_is_a_link_is_refused()
    {
        Directory.CreateSymbolicLink(Path.Join(bench.Workspace, ".cabincrew"), "/usr");
        var ran = await bench.ShellAsync("receipt");
        Assert.Equal(Protocol.ProblemCode.SandboxFailed, ran.Code);
    }

    [Fact, Clause("ENG-06")]
    public async Task files_of_the_host_by_name_and_through_proc()
    {
        var secret = Path.Join(bench.Root, "secret.txt");
        File.WriteAllText(secret, "outside the workspace");
        File.CreateSymbolicLink(Path.Join(bench.Workspace, "link"), secret);
        var script = $$"""
            for p in {{secret}} link ../secret.txt /proc/1/root{{secret}} /proc/self/cwd/../..{{secret}} /proc/1/cwd/{{secret}}; do cat "$p" 2>/dev/null >&2 && echo "read $p" >&2; done
            for p in /root /home /sys /boot /mnt /srv /opt /etc/shadow /etc/ssh /etc/hosts /var/lib /var/log /run/docker.sock /run/dbus /dev/sda /dev/vda /dev/mem /dev/kmsg /dev/fuse /dev/kvm; do [ -e "$p" ] && echo "sees $p" >&2; done
            for p in /proc/kcore /proc/kmsg /proc/1/mem /proc/kallsyms; do head -c 16 "$p" 2>/dev/null | tr -d '0 ' | grep -q . && [ "$p" != /proc/kallsyms ] && echo "reads $p" >&2; done
            receipt
            """;
        Assert.Contains($"read {secret}", (await bench.ShellAsync(script, unsandboxed: true)).Log);
        var ran = await bench.ShellAsync(script);
        Assert.NotNull(ran.Success);
        Assert.Equal("", ran.Log);
    }

    [Fact, Clause("ENG-02"), Clause("ENG-06")]
    public async Task the_host_s_processes_and_their_environment()
    {
        Environment.SetEnvironmentVariable("CABINCREW_TEST_TOKEN", "from-the-host");
        var ran = await bench.ShellAsync("""
            ls /proc | grep -E '^[0-9]+$' | wc -l >&2
            cat /proc/[0-9]*/environ 2>/dev/null | tr '\0' '\n' | grep -c from-the-host >&2
            cat /proc/sys/kernel/hostname >&2
            id -u >&2; whoami >&2
            receipt
            """);
        Assert.NotNull(ran.Success);
        var lines = ran.Log.TrimEnd().Split('\n');
        // The sandbox's first process, the engine, and what it just started.
        Assert.InRange(int.Parse(lines[0]), 2, 8);
        Assert.Equal(["0", "cabincrew", "65534", "engine"], lines[1..]);
    }

    [Fact, Clause("ENG-06")]
    public async Task descriptors_that_its_starter_has_open()
    {
        using var open = File.Open(Path.Join(bench.Root, "open"), FileMode.Create);
        var ran = await bench.ShellAsync("for f in /proc/self/fd/*; do [ -e $f ] || continue; echo $(basename $f) >&2; done; ls -l /proc/1/fd 2>/dev/null | grep -c open >&2; receipt");
        Assert.NotNull(ran.Success);
        Assert.Equal(["0", "1", "2", "255", "0"], ran.Log.TrimEnd().Split('\n').Where(l => l != "3"));
    }
}
