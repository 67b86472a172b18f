// Starts servers: in the sandbox that was proven on this machine; or, in so many words, in none. Refuses what the sandbox cannot express, before anything starts.
using CabinCrew.Orchestrator.Engines.Network;
using CabinCrew.Orchestrator.Engines.Processes;
using CabinCrew.Orchestrator.Engines.Sandbox;
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Engines.Servers;

/// <param name="hidden">Directories (absolute) that no server may see, whatever its mounts show: the store's.</param>
public sealed class ServerRunner(IReadOnlyList<string> hidden)
{
    private const int MountsMax = 256, WordsMax = 256, VariablesMax = 256;

    public async Task<Outcome<RunningServer>> StartAsync(ServerRun run, CancellationToken ct)
    {
        Leftovers.SweepOnce(ScratchPlace.Candidates(Environment.GetEnvironmentVariable), TimeProvider.System);
        if (Words(run) is { } malformed) return malformed;
        if (run.Unsandboxed) return await PlainAsync(run).ConfigureAwait(false);
        var report = await SandboxProbe.RunAsync(ct).ConfigureAwait(false);
        if (report.Problem is { } none)
            return none with { Where = run.Name, Message = $"The server '{run.Name}' is untrusted code, and there is no sandbox to start it in. {none.Message}" };
        var network = (NetworkRules?)null;
        if (run.Network.Count > 0 && !NetworkWords.Parse(run.Network).Try(out network, out var problem)) return problem with { Where = run.Name };
        if (!new ServerSurroundings(run, hidden).Check().Try(out var covered, out problem)) return problem;
        return await new SandboxedServer(run, network, covered, report.Bubblewrap!, report.Features).StartAsync().ConfigureAwait(false);
    }

    private static async Task<Outcome<RunningServer>> PlainAsync(ServerRun run)
    {
        // What nothing enforces would be a promise.
        if (run.Network.Count > 0) return Refuse(run, ProblemCode.NetworkNeedsSandbox, "declares what it may reach, and without a sandbox nothing would hold it to that");
        if (run.LaunchPrefix.Count > 0 || run.PreparedSource is not null) return Refuse(run, ProblemCode.InvalidArgument, "is to work on a view of a directory, which only a sandbox can give it");
        return await new PlainServer(run).StartAsync().ConfigureAwait(false);
    }

    private static Problem? Words(ServerRun run)
    {
        if (run.Command.Count is 0 or > WordsMax || run.Command[0].Length == 0) return Refuse(run, ProblemCode.InvalidArgument, $"needs a command: a program and at most {WordsMax - 1} arguments");
        if (run.Command.Any(w => w.Contains('\0')) || run.Environment.Any(v => v.Value.Contains('\0'))) return Refuse(run, ProblemCode.InvalidArgument, "has a NUL in its command or in a variable");
        if (run.Environment.Count > VariablesMax || run.Mounts.Count > MountsMax) return Refuse(run, ProblemCode.InvalidArgument, $"has more than {VariablesMax} variables or {MountsMax} mounts");
        return run.Environment.Keys.FirstOrDefault(k => k.Length == 0 || k.Contains('=') || k.Any(char.IsControl)) is { } odd
            ? Refuse(run, ProblemCode.InvalidArgument, $"has a variable with the name '{odd}', which no variable can have")
            : null;
    }

    internal static Problem Refuse(ServerRun run, ProblemCode code, string why, string? remedy = null) => new(code, $"The server '{run.Name}' {why}.") { Where = run.Name, Remedy = remedy };
}
