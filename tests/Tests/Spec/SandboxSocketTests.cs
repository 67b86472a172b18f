// Both ways to get a socket of a sandbox's own network: root's, and an ordinary user's.
using System.Diagnostics;
using System.Net.Sockets;
using CabinCrew.Orchestrator.Engines.Network;
using CabinCrew.Protocol;

namespace CabinCrew.Tests.Spec;

public sealed class SandboxSocketTests : IDisposable
{
    // Brings the loopback up, as every sandbox does.
    private readonly Process sandbox = Process.Start(new ProcessStartInfo("bwrap", ["--unshare-user", "--unshare-net", "--die-with-parent", "--dev-bind", "/", "/", "/bin/sh", "-c", "echo ready; sleep 20"])
    {
        RedirectStandardOutput = true,
    })!;

    private readonly int inside;

    public SandboxSocketTests()
    {
        Assert.Equal("ready", sandbox.StandardOutput.ReadLine());
        inside = int.Parse(File.ReadAllText($"/proc/{sandbox.Id}/task/{sandbox.Id}/children").Split(' ')[0]);
    }

    public void Dispose()
    {
        sandbox.Kill(entireProcessTree: true);
        sandbox.Dispose();
    }

    [Theory, Clause("ENG-06")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Who_connects_inside_is_accepted_outside(bool byProcess)
    {
        // Only root has both.
        if (!byProcess && !Environment.IsPrivilegedProcess) byProcess = true;
        using var listener = SandboxSocket.Listen(inside, 3128, byProcess).Value;
        using var time = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var accepting = listener.AcceptAsync(time.Token);
        using var client = Process.Start("nsenter", ["--user", "--net", "--preserve-credentials", "-t", $"{inside}", "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/3128; echo hello >&3"]);
        using var accepted = await accepting;
        var buffer = new byte[6];
        Assert.Equal(6, await accepted.ReceiveAsync(buffer, time.Token));
        // And nobody outside of it finds it.
        Assert.DoesNotContain($":{3128:X4} ", File.ReadAllText("/proc/net/tcp").Split('\n').Where(l => l.Contains(" 0A ")).Aggregate("", string.Concat));
    }

    [Fact]
    public void A_process_that_is_gone_is_refused() => Assert.Equal(ProblemCode.SandboxFailed, SandboxSocket.Listen(int.MaxValue, 3128).Problem!.Code);
}
