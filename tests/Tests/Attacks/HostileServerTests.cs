// A server that means harm, in short form: what every engine is tried with, from a server's place (invariant 10). That the attacks work without a sandbox is shown beside.
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using CabinCrew.Orchestrator.Engines.Servers;
using CabinCrew.Protocol;
using CabinCrew.Tests.Hangar;
using CabinCrew.Tests.Spec;
using Xunit;

namespace CabinCrew.Tests.Attacks;

public sealed class HostileServerTests : IAsyncDisposable
{
    private readonly ServerBench bench = new();

    public ValueTask DisposeAsync() => bench.DisposeAsync();

    [Fact]
    public async Task It_writes_nowhere_but_into_its_writable_mounts()
    {
        // What lies beside a mount is the sandbox's own, in memory: there it may write, and the host has nothing of it.
        var outside = Path.Join(bench.Root, "outside");
        var script = $"for p in {bench.Workspace}/inside /usr/local/planted /etc/planted /dev/planted /proc/sys/kernel/core_pattern /planted /var/planted; do (echo x > $p) 2>/dev/null && echo \"wrote $p\"; done; echo x > {outside}; true";
        Assert.Equal("", (await bench.RunAsync(script)).Output);
        Assert.Equal($"wrote {bench.Workspace}/inside\n", (await bench.RunAsync(script, writable: true)).Output);
        Assert.False(File.Exists(outside));
        await bench.RunAsync(bench.Shell($"echo x > {outside}") with { Unsandboxed = true });
        Assert.True(File.Exists(outside));
    }

    [Fact]
    public async Task It_does_not_see_the_store_wherever_a_mount_shows_it()
    {
        var script = $"cat {bench.Store}/key; ls -A {bench.Store}; echo x > {bench.Store}/planted && echo planted; true";
        foreach (var mount in (string[])[bench.Workspace, bench.Root])
        {
            var (output, _) = await bench.RunAsync(bench.Shell(script) with { Mounts = [new(mount, mount, true)] });
            Assert.DoesNotContain("secret of the store", output);
            Assert.DoesNotContain("planted", output.Split('\n'));
        }
        Assert.False(File.Exists(Path.Join(bench.Store, "planted")));
        // Another house's store at the root of a mount, though nobody told of it.
        var other = Directory.CreateDirectory(Path.Join(bench.Root, "other", ".cabincrew")).Parent!.FullName;
        File.WriteAllText(Path.Join(other, ".cabincrew", "key"), "another secret");
        Assert.DoesNotContain("another secret", (await bench.RunAsync(bench.Shell("cat .cabincrew/key") with { Mounts = [new(other, other, true)] })).Output);
        Assert.Contains("another secret", (await bench.RunAsync(bench.Shell($"cat {other}/.cabincrew/key") with { Unsandboxed = true })).Output);
    }

    [Fact]
    public async Task A_link_out_of_a_mount_leads_nowhere()
    {
        File.WriteAllText(Path.Join(bench.Root, "outside"), "from outside");
        File.CreateSymbolicLink(Path.Join(bench.Workspace, "link"), Path.Join(bench.Root, "outside"));
        Assert.DoesNotContain("from outside", (await bench.RunAsync("cat link")).Output);
    }

    [Fact]
    public async Task It_has_no_network_and_no_socket_of_the_host()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        using var local = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        local.Bind(new UnixDomainSocketEndPoint(Path.Join(bench.Workspace, "socket")));
        local.Listen();
        var script = $$"""
            (exec 3<>/dev/tcp/127.0.0.1/{{port}}) 2>/dev/null && echo tcp
            /usr/bin/python3 -c 'import socket; s=socket.socket(socket.AF_UNIX); s.connect("{{bench.Workspace}}/socket"); print("unix")' 2>/dev/null
            true
            """;
        Assert.Equal("", (await bench.RunAsync(script)).Output);
        Assert.Equal("tcp\nunix\n", (await bench.RunAsync(bench.Shell(script) with { Unsandboxed = true })).Output);
    }

    [Fact]
    public async Task It_reaches_the_hosts_that_are_declared_and_no_others()
    {
        using var declared = new FarServer(_ => FarServer.Text("declared"));
        using var other = new FarServer(_ => FarServer.Text("undeclared"));
        var (output, _) = await bench.RunAsync(bench.Shell($"curl -sS http://127.0.0.1:{declared.Port}/; echo; curl -sS -X POST -d x http://127.0.0.1:{declared.Port}/; echo; curl -sS http://127.0.0.1:{other.Port}/; curl -sS --noproxy '*' http://127.0.0.1:{other.Port}/") with { Network = [$"127.0.0.1:{declared.Port}"] });
        Assert.StartsWith("declared\ndeclared\n", output);
        Assert.Contains("network_host_undeclared", output);
        Assert.Empty(other.Requests);
    }

    [Fact]
    public async Task A_fork_bomb_ends_with_the_server()
    {
        var server = await bench.StartAsync(bench.Shell("bomb() { bomb | bomb & }; bomb; sleep 60") with { Limits = ServerLimits.Default with { Processes = 40 } });
        Assert.Equal(ProblemCode.LimitProcesses, (await server.Ended.WaitAsync(TimeSpan.FromSeconds(60))).Problem?.Code);
    }

    [Fact]
    public async Task Memory_beyond_the_limit_ends_the_server()
    {
        var server = await bench.StartAsync(bench.Shell("/usr/bin/python3 -c 'x = [b\"x\" * (1 << 20) for _ in range(4000)]'; sleep 60") with { Limits = ServerLimits.Default with { MemoryBytes = 128L << 20, TempBytes = 1 << 20 } });
        Assert.Equal(ProblemCode.LimitMemory, (await server.Ended.WaitAsync(TimeSpan.FromSeconds(60))).Problem?.Code);
    }

    [Fact]
    public async Task Temporary_files_end_at_their_limit()
    {
        var (output, _) = await bench.RunAsync(bench.Shell("head -c 20M /dev/zero > /tmp/big; stat -c %s /tmp/big") with { Limits = ServerLimits.Default with { TempBytes = 4 << 20 } });
        Assert.Contains("No space left", output);
    }

    [Fact]
    public async Task What_it_daemonizes_goes_when_it_goes()
    {
        var mark = "daemon-" + Path.GetFileName(bench.Root);
        var (output, _) = await bench.RunAsync($"(trap '' TERM HUP INT; setsid bash -c 'exec -a {mark} sleep 300' </dev/null >/dev/null 2>&1 &); for i in $(seq 500); do grep -qa '^{mark}' /proc/[0-9]*/cmdline && break; sleep 0.02; done; grep -la '^{mark}' /proc/[0-9]*/cmdline | wc -l");
        Assert.Equal("1\n", output);
        Assert.Equal(0, ServerBench.Named(mark));
    }

    // Without a sandbox what a server started is ended by the next gateway, by a mark; from here that cannot be shown, since this process bears a mark already that its children keep.
    [Fact]
    public async Task Nothing_of_it_outlives_a_gateway_that_is_killed()
    {
        var mark = "outlives-" + Path.GetFileName(bench.Root);
        using var gateway = Process.Start(new ProcessStartInfo(Environment.ProcessPath!,
            [ServingHost.Verb, bench.Workspace, $"{false}", $"trap '' TERM HUP INT; (exec -a {mark} sleep 300) & exec -a {mark} sleep 300"]) { RedirectStandardOutput = true })!;
        Assert.Equal("started", await gateway.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60)));
        for (var i = 0; i < 500 && ServerBench.Named(mark) < 2; i++) await Task.Delay(20);
        Assert.Equal(2, ServerBench.Named(mark));
        gateway.Kill();
        await gateway.WaitForExitAsync();
        for (var i = 0; i < 500 && ServerBench.Named(mark) > 0; i++) await Task.Delay(20);
        Assert.Equal(0, ServerBench.Named(mark));
    }
}
