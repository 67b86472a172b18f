// Joins the gateway's seam to what runs servers: neither room knows of the other (invariant 10).
using CabinCrew.Gateways.Mcp.Servers;
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Orchestrator.Engines.Servers;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Serving;

/// <param name="store">The store's directory, which no server may see.</param>
internal sealed class SandboxedLauncher(string store) : IServerLauncher
{
    private readonly ServerRunner runner = new([store]);

    public async Task<Outcome<IServerProcess>> StartAsync(ServerProgram program, CancellationToken ct) => Process(await runner.StartAsync(new()
    {
        Name = program.Name,
        Command = program.Command,
        Environment = program.Environment,
        Mounts = [.. program.Mounts.Select(m => new Mount(m.Path, m.Path, m.Writable))],
        WorkingDirectory = program.WorkingDirectory,
        Network = program.Network,
        Unsandboxed = program.Unsandboxed,
    }, ct).ConfigureAwait(false));

    internal static Outcome<IServerProcess> Process(Outcome<RunningServer> started) => started.Then(server => Outcome.Of<IServerProcess>(new ServerProcess(server)));

    private sealed class ServerProcess(RunningServer server) : IServerProcess
    {
        public Stream StandardInput => server.StandardInput;
        public Stream StandardOutput { get; } = new ReadingThread(server.StandardOutput, "server output");
        public Stream StandardError => server.StandardError;
        public string Isolation => server.Tier;
        public Task<Outcome<int>> Ended => server.Ended;
        public ValueTask DisposeAsync() => server.DisposeAsync();
    }
}
