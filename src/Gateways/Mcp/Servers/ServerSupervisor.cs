// Keeps one server's program running for a session: starts it, starts it again with growing pauses when it ends, and gives up when that keeps failing (MCP-07).
// Invariant: at most one process at a time; disposing a connection ends its process. What the program was at when it ended is not repeated here.
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Servers;

/// <param name="RestartsMax">In a row, without a run that was long enough.</param>
/// <param name="FirstPause">Before the first restart; doubled for each further one.</param>
/// <param name="PauseMax">No pause is longer.</param>
/// <param name="LongEnough">A run that counts as healthy: the pauses begin anew after it.</param>
/// <param name="Farewell">How long a server may take to end by itself once its input is closed.</param>
public sealed record RestartPolicy(int RestartsMax, TimeSpan FirstPause, TimeSpan PauseMax, TimeSpan LongEnough, TimeSpan Farewell)
{
    public static readonly RestartPolicy Default = new(5, TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(2));

    public static readonly RestartPolicy Never = Default with { RestartsMax = 0 };

    /// <param name="failures">Runs in a row that were not long enough; from 1.</param>
    public TimeSpan Pause(int failures)
    {
        var pause = FirstPause;
        for (var i = 1; i < failures && pause < PauseMax; i++) pause *= 2;
        return pause < PauseMax ? pause : PauseMax;
    }
}

public sealed class ServerSupervisor(ServerProgram program, IServerLauncher launcher, RestartPolicy policy, StreamRules rules, TimeProvider time) : IServerSource
{
    private readonly Lock gate = new();
    private readonly LastWords words = new();
    private ServerHealth health = new(program.Name, ServerState.Idle, time.GetUtcNow());
    private int failures;

    public string Name => program.Name;

    public ServerHealth Health
    {
        get { lock (gate) return health with { LastWords = words.Lines }; }
    }

    public async Task<Outcome<IServerConnection>> ConnectAsync(CancellationToken ct)
    {
        while (true)
        {
            if (failures > policy.RestartsMax)
            {
                Become(ServerState.GivenUp);
                return new Problem(ProblemCode.UpstreamFailed, $"the server '{Name}' is not started again: it ended {failures} times in a row ({Health.LastProblem?.Message ?? "without a word"})");
            }
            if (failures > 0)
            {
                var pause = policy.Pause(failures);
                Become(ServerState.Pausing, nextTry: time.GetUtcNow() + pause);
                await Task.Delay(pause, time, ct);
            }
            Become(ServerState.Starting);
            var started = await launcher.StartAsync(program, ct);
            if (started.Try(out var process, out var problem)) return Outcome.Of<IServerConnection>(Run(process));
            failures++;
            Become(ServerState.Pausing, problem);
        }
    }

    private SupervisedConnection Run(IServerProcess process)
    {
        lock (gate) health = health with { State = ServerState.Running, Since = time.GetUtcNow(), Starts = health.Starts + 1, Isolation = process.Isolation, NextTry = null };
        var began = time.GetTimestamp();
        var connection = new SupervisedConnection(process, new StreamConnection(process.StandardOutput, process.StandardInput, rules, time), words, policy.Farewell, time);
        connection.Over = ended =>
        {
            failures = time.GetElapsedTime(began) >= policy.LongEnough ? 1 : failures + 1;
            Become(ServerState.Ended, ended.Problem ?? new Problem(ProblemCode.UpstreamFailed, $"the server '{Name}' ended with exit code {ended.Value}"));
        };
        connection.Watch();
        return connection;
    }

    private void Become(ServerState state, Problem? why = null, DateTimeOffset? nextTry = null)
    {
        lock (gate) health = health with { State = state, Since = time.GetUtcNow(), LastProblem = why ?? health.LastProblem, NextTry = nextTry };
    }
}
