// A server's program is started, started again with growing pauses, and given up; its health is there to see (MCP-07).
using System.IO.Pipelines;
using System.Text;
using CabinCrew.Gateways.Mcp.Servers;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Tests.Sessions;

public sealed class SupervisorTests
{
    /// <summary>A clock that is moved by hand; timers fire when it passes them.</summary>
    private sealed class HandClock : TimeProvider
    {
        private readonly Lock gate = new();
        private readonly List<HandTimer> timers = [];
        private DateTimeOffset now = new(2026, 11, 30, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() { lock (gate) return now; }

        public override long GetTimestamp() => GetUtcNow().Ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan due, TimeSpan period)
        {
            var timer = new HandTimer(this, () => callback(state));
            timer.Change(due, period);
            return timer;
        }

        /// <summary>Moves to the next timer, when one waits for at least so long.</summary>
        public async Task<TimeSpan> NextAsync(TimeSpan least)
        {
            for (var i = 0; ; i++)
            {
                HandTimer? first;
                DateTimeOffset before;
                lock (gate)
                {
                    before = now;
                    first = timers.Where(t => t.Due - now >= least).MinBy(t => t.Due);
                    if (first is not null)
                    {
                        now = first.Due;
                        timers.Remove(first);
                    }
                }
                if (first is not null)
                {
                    first.Fire();
                    return GetUtcNow() - before;
                }
                Assert.True(i < 2000, "nothing waits for the clock");
                await Task.Delay(5);
            }
        }

        public void Advance(TimeSpan by) { lock (gate) now += by; }

        private sealed class HandTimer(HandClock clock, Action fire) : ITimer
        {
            public DateTimeOffset Due { get; private set; }

            public void Fire() => fire();

            public bool Change(TimeSpan due, TimeSpan period)
            {
                lock (clock.gate)
                {
                    clock.timers.Remove(this);
                    if (due == Timeout.InfiniteTimeSpan) return true;
                    Due = clock.now + due;
                    clock.timers.Add(this);
                }
                return true;
            }

            public void Dispose() { lock (clock.gate) clock.timers.Remove(this); }

            public ValueTask DisposeAsync()
            {
                Dispose();
                return ValueTask.CompletedTask;
            }
        }
    }

    private sealed class FakeProcess : IServerProcess
    {
        private readonly Pipe input = new(), output = new(), error = new();
        private readonly TaskCompletionSource<Outcome<int>> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public FakeProcess() => (StandardInput, StandardOutput, StandardError) = (input.Writer.AsStream(), output.Reader.AsStream(), error.Reader.AsStream());

        public Stream StandardInput { get; }
        public Stream StandardOutput { get; }
        public Stream StandardError { get; }
        public string Isolation => "bubblewrap";
        public Task<Outcome<int>> Ended => ended.Task;
        public bool Disposed { get; private set; }

        public async Task SayAsync(string line) => await output.Writer.WriteAsync(Encoding.UTF8.GetBytes(line));

        public async Task GrumbleAsync(string line) => await error.Writer.WriteAsync(Encoding.UTF8.GetBytes(line));

        public void Exit(int code, bool keepsOutputOpen = false)
        {
            if (!keepsOutputOpen) output.Writer.Complete();
            error.Writer.Complete();
            ended.TrySetResult(code);
        }

        public ValueTask DisposeAsync()
        {
            Disposed = true;
            Exit(137);
            return ValueTask.CompletedTask;
        }
    }

    private sealed class FakeLauncher(Func<int, Outcome<IServerProcess>> start) : IServerLauncher
    {
        private int count;

        public Task<Outcome<IServerProcess>> StartAsync(ServerProgram program, CancellationToken ct) => Task.FromResult(start(++count));
    }

    private static readonly ServerProgram Program = new() { Name = "files", Command = ["server"] };
    private static readonly RestartPolicy Policy = new(3, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(3), TimeSpan.FromMinutes(1), TimeSpan.FromMilliseconds(100));

    [Fact]
    public async Task Pauses_grow_to_their_limit_and_then_it_is_given_up()
    {
        var clock = new HandClock();
        var supervisor = new ServerSupervisor(Program, new FakeLauncher(_ => new Problem(ProblemCode.IoFailed, "no such program")), Policy, StreamRules.Server, clock);
        Assert.Equal(ServerState.Idle, supervisor.Health.State);
        var connect = supervisor.ConnectAsync(default);
        foreach (var pause in (int[])[1, 2, 3]) Assert.Equal(TimeSpan.FromSeconds(pause), await clock.NextAsync(TimeSpan.FromSeconds(1)));
        var refused = (await connect.WaitAsync(Peer.Patience)).Problem!;
        Assert.Contains("no such program", refused.Message, StringComparison.Ordinal);
        Assert.Equal(ServerState.GivenUp, supervisor.Health.State);
        Assert.Equal(0, supervisor.Health.Starts);
        Assert.Equal(ProblemCode.UpstreamFailed, (await supervisor.ConnectAsync(default)).Problem!.Code);
    }

    [Fact]
    public async Task A_long_run_makes_the_pauses_begin_anew()
    {
        var clock = new HandClock();
        var processes = new List<FakeProcess>();
        var supervisor = new ServerSupervisor(Program, new FakeLauncher(_ =>
        {
            processes.Add(new FakeProcess());
            return Outcome.Of<IServerProcess>(processes[^1]);
        }), Policy, StreamRules.Server, clock);

        foreach (var (run, pause) in ((int, int)[])[(1, 0), (1, 1), (120, 2), (1, 1), (1, 2)])
            await OnceAsync(supervisor, clock, processes, TimeSpan.FromSeconds(run), TimeSpan.FromSeconds(pause));
        Assert.Equal(5, supervisor.Health.Starts);
    }

    private static async Task OnceAsync(ServerSupervisor supervisor, HandClock clock, List<FakeProcess> processes, TimeSpan run, TimeSpan pause)
    {
        var connect = supervisor.ConnectAsync(default);
        if (pause > TimeSpan.Zero)
        {
            Assert.Equal(ServerState.Pausing, supervisor.Health.State);
            Assert.Equal(pause, await clock.NextAsync(TimeSpan.FromSeconds(1)));
        }
        var connection = (await connect.WaitAsync(Peer.Patience)).Value;
        Assert.Equal((ServerState.Running, "bubblewrap"), (supervisor.Health.State, supervisor.Health.Isolation));
        clock.Advance(run);
        processes[^1].Exit(3);
        Assert.Null(await connection.ReceiveAsync(default));
        await connection.DisposeAsync();
        Assert.True(processes[^1].Disposed);
        Assert.Equal(ServerState.Ended, supervisor.Health.State);
        Assert.Contains("exit code 3", supervisor.Health.LastProblem!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_process_that_has_ended_ends_its_connection_though_a_child_holds_the_pipe()
    {
        var process = new FakeProcess();
        var supervisor = new ServerSupervisor(Program, new FakeLauncher(_ => Outcome.Of<IServerProcess>(process)), Policy, StreamRules.Server, TimeProvider.System);
        var connection = (await supervisor.ConnectAsync(default)).Value;
        await process.SayAsync("last\n");
        await process.GrumbleAsync("what now?\n" + new string('x', 5000));
        process.Exit(0, keepsOutputOpen: true);
        Assert.Equal("last", Encoding.UTF8.GetString((await connection.ReceiveAsync(default))!.Value.Value.Span));
        Assert.Null(await connection.ReceiveAsync(default).AsTask().WaitAsync(Peer.Patience));
        await connection.DisposeAsync();
        Assert.Equal("what now?", supervisor.Health.LastWords[0]);
        Assert.True(supervisor.Health.LastWords[1].Length <= 1000);
    }

    [Fact]
    public async Task A_process_that_does_not_end_is_ended()
    {
        var process = new FakeProcess();
        var supervisor = new ServerSupervisor(Program, new FakeLauncher(_ => Outcome.Of<IServerProcess>(process)), RestartPolicy.Never with { Farewell = TimeSpan.FromMilliseconds(50) }, StreamRules.Server, TimeProvider.System);
        var connection = (await supervisor.ConnectAsync(default)).Value;
        await connection.DisposeAsync();
        Assert.True(process.Disposed);
        Assert.Contains("was ended", supervisor.Health.LastProblem!.Message, StringComparison.Ordinal);
        Assert.Equal(ProblemCode.UpstreamFailed, (await supervisor.ConnectAsync(default)).Problem!.Code);
    }
}
