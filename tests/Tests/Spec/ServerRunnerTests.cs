// MCP-01, invariant 10: how a server is started, what it sees, how it is talked to and how it ends.
using System.Text;
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Orchestrator.Engines.Servers;
using CabinCrew.Protocol;
using Xunit;

namespace CabinCrew.Tests.Spec;

public sealed class ServerRunnerTests : IAsyncDisposable
{
    private readonly ServerBench bench = new();

    public ValueTask DisposeAsync() => bench.DisposeAsync();

    [Fact]
    public async Task What_is_said_is_answered_while_it_runs()
    {
        var server = await bench.StartAsync(bench.Shell("while read -r line; do echo \"heard $line\"; echo \"noted $line\" >&2; done"));
        using var answers = new StreamReader(server.StandardOutput, leaveOpen: true);
        using var notes = new StreamReader(server.StandardError, leaveOpen: true);
        foreach (var word in (string[])["one", "two"])
        {
            await ServerBench.SayAsync(server, word);
            Assert.Equal($"heard {word}", await answers.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(20)));
            Assert.Equal($"noted {word}", await notes.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(20)));
        }
        Assert.Equal(Tiers.Full, server.Tier);
        Assert.False(server.Ended.IsCompleted);
        await server.StandardInput.DisposeAsync();
        Assert.Equal(0, (await server.Ended.WaitAsync(TimeSpan.FromSeconds(20))).Value);
    }

    [Fact]
    public async Task Megabytes_go_both_ways_and_whoever_does_not_read_holds_the_other_up()
    {
        var server = await bench.StartAsync(bench.Shell("cat"));
        var sent = new byte[8 << 20];
        for (var i = 0; i < sent.Length; i++) sent[i] = (byte)(i * 31 >> 3);
        var writing = server.StandardInput.WriteAsync(sent).AsTask();
        await Task.Delay(300);
        Assert.False(writing.IsCompleted);
        var received = new byte[sent.Length];
        await server.StandardOutput.ReadExactlyAsync(received).AsTask().WaitAsync(TimeSpan.FromSeconds(30));
        await writing.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.True(sent.AsSpan().SequenceEqual(received));
    }

    [Fact]
    public async Task A_read_that_waits_can_be_given_up()
    {
        var server = await bench.StartAsync(bench.Shell("sleep 60"));
        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => Assert.Equal(0, await server.StandardOutput.ReadAsync(new byte[10], stop.Token)));
    }

    [Fact]
    public async Task The_environment_is_what_is_declared_and_the_documented_few()
    {
        var (output, _) = await bench.RunAsync(bench.Shell("tr '\\0' '\\n' < /proc/$$/environ | sort; tr '\\0' ' ' < /proc/1/cmdline | grep -c 'hus[h] hush'") with
        {
            Environment = new Dictionary<string, string> { ["TOKEN"] = "hush hush", ["EMPTY"] = "", ["TZ"] = "Europe/Berlin" },
        });
        Assert.Equal(["EMPTY=", "HOME=/tmp", "LANG=C.UTF-8", "LC_ALL=C.UTF-8", "PATH=/usr/local/bin:/usr/bin:/bin", $"PWD={bench.Workspace}", "TMPDIR=/tmp", "TOKEN=hush hush", "TZ=Europe/Berlin", "0"], output.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task A_secret_variable_stands_on_no_command_line_of_the_host()
    {
        await bench.StartAsync(bench.Shell("sleep 60") with { Environment = new Dictionary<string, string> { ["TOKEN"] = $"hush-{Path.GetFileName(bench.Root)}" } });
        Assert.Empty(Attacks.AttackProgram.Alive($"hush-{Path.GetFileName(bench.Root)}"));
    }

    [Fact]
    public async Task Mounts_lie_at_their_own_place_and_are_writable_only_where_that_is_said()
    {
        var other = Directory.CreateDirectory(Path.Join(bench.Root, "other")).FullName;
        var inner = Directory.CreateDirectory(Path.Join(bench.Workspace, "inner")).FullName;
        var (output, _) = await bench.RunAsync(bench.Shell($"pwd; cat file.txt; echo x > new.txt && echo wrote; echo x > inner/new.txt && echo wrote inside; echo x > {other}/new.txt || echo read-only; ls {bench.Root}") with
        {
            Mounts = [new(inner, inner, false), new(bench.Workspace, bench.Workspace, true), new(other, other, false)], WorkingDirectory = bench.Workspace,
        });
        Assert.Contains($"{bench.Workspace}\ncontent\nwrote\nread-only\nother\nworkspace\n", output);
        Assert.True(File.Exists(Path.Join(bench.Workspace, "new.txt")));
        Assert.False(File.Exists(Path.Join(inner, "new.txt")));
    }

    [Fact]
    public async Task Its_exit_code_is_told()
    {
        Assert.Equal(7, (await bench.RunAsync("exit 7")).End.Value);
        Assert.Equal(137, (await bench.RunAsync("kill -KILL $$")).End.Value);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Whoever_stays_when_its_input_is_closed_is_ended_with_all_that_it_started(bool unsandboxed)
    {
        var mark = "stays-" + Path.GetFileName(bench.Root);
        var server = await bench.StartAsync(bench.Shell($"trap '' TERM HUP; (setsid bash -c 'exec -a {mark} sleep 300' &) ; exec -a {mark} sleep 300") with { Unsandboxed = unsandboxed });
        for (var i = 0; i < 200 && ServerBench.Named(mark) < 2; i++) await Task.Delay(20);
        Assert.Equal(2, ServerBench.Named(mark));
        await server.DisposeAsync();
        Assert.Equal(0, ServerBench.Named(mark));
        Assert.Equal(ProblemCode.Cancelled, (await server.Ended).Problem?.Code);
    }

    [Fact]
    public async Task Without_a_sandbox_it_is_an_ordinary_process_of_this_user()
    {
        var server = await bench.StartAsync(bench.Shell("echo $HOME; echo $TOKEN; cat $0") with { Unsandboxed = true, Environment = new Dictionary<string, string> { ["TOKEN"] = "declared" }, Command = ["/bin/bash", "-c", "echo $TOKEN; cat \"$0\"", Path.Join(bench.Store, "key")] });
        Assert.Equal("declared\nsecret of the store\n", await ServerBench.ReadAllAsync(server.StandardOutput));
        Assert.Equal(Tiers.None, server.Tier);
        Assert.Equal(0, (await server.Ended).Value);
    }

    [Fact]
    public async Task What_cannot_be_shown_is_refused_with_what_to_do()
    {
        var run = bench.Shell("true");
        foreach (var (change, code, words) in ((Func<ServerRun, ServerRun>, ProblemCode, string)[])
        [
            (r => r with { Command = [] }, ProblemCode.InvalidArgument, "needs a command"),
            (r => r with { Command = ["no-such-program-anywhere"] }, ProblemCode.EngineNotFound, "is not on this machine"),
            (r => r with { Command = [Path.Join(bench.Root, "elsewhere")] }, ProblemCode.EngineNotFound, "is not on this machine"),
            (r => r with { Mounts = [new("/", "/", false)] }, ProblemCode.InvalidArgument, "a directory of its own"),
            (r => r with { Mounts = [new("/proc/self", "/proc/self", false)] }, ProblemCode.InvalidArgument, "a directory of its own"),
            (r => r with { Mounts = [new("relative", "relative", false)] }, ProblemCode.InvalidArgument, "no absolute path"),
            (r => r with { Mounts = [new(bench.Root + "/../x", bench.Root + "/../x", false)] }, ProblemCode.InvalidArgument, "no absolute path"),
            (r => r with { Mounts = [new(bench.Root + "/absent", bench.Root + "/absent", false)] }, ProblemCode.NotFound, "does not exist"),
            (r => r with { Mounts = [new(bench.Store, bench.Store, false)] }, ProblemCode.InvalidArgument, "lies in the store"),
            (r => r with { Mounts = [.. r.Mounts, .. r.Mounts] }, ProblemCode.InvalidArgument, "twice"),
            (r => r with { WorkingDirectory = "/home" }, ProblemCode.InvalidArgument, "none of its mounts shows"),
            (r => r with { Network = ["not a host"] }, ProblemCode.InvalidArgument, "which is no host"),
            (r => r with { Network = ["example.org"], Unsandboxed = true }, ProblemCode.NetworkNeedsSandbox, "without a sandbox"),
            (r => r with { Environment = new Dictionary<string, string> { ["A=B"] = "x" } }, ProblemCode.InvalidArgument, "A=B"),
        ])
        {
            var refused = (await bench.TryAsync(change(run))).Problem;
            Assert.True(refused?.Code == code && refused.Message.Contains(words, StringComparison.Ordinal), $"{words}: {refused}");
        }
    }

    [Fact]
    public async Task A_program_outside_is_named_with_the_mount_that_it_needs()
    {
        var tools = Directory.CreateDirectory(Path.Join(bench.Root, "tools", "bin")).FullName;
        var program = Path.Join(tools, "tool");
        File.WriteAllText(program, "#!/bin/sh\necho works\n");
        File.SetUnixFileMode(program, (UnixFileMode)0b111_101_101);
        var refused = (await bench.TryAsync(bench.Shell("") with { Command = [program] })).Problem!;
        Assert.Contains(Path.Join(bench.Root, "tools"), refused.Remedy);
        var (output, _) = await bench.RunAsync(bench.Shell("") with { Command = [program], Mounts = [new(Path.Join(bench.Root, "tools"), Path.Join(bench.Root, "tools"), false)] });
        Assert.Equal("works\n", output);
    }
}
