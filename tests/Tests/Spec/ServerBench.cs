// A place to run servers from test code: directories to mount, a store that must stay hidden, and a way to talk to what runs; gone afterwards.
using System.Text;
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Orchestrator.Engines.Servers;
using CabinCrew.Protocol;

namespace CabinCrew.Tests.Spec;

public sealed class ServerBench : IAsyncDisposable
{
    private readonly List<RunningServer> running = [];

    public string Root { get; } = Directory.CreateTempSubdirectory("cabincrew-serve-").FullName;
    public string Workspace { get; }
    public string Store { get; }

    public ServerBench()
    {
        Workspace = Directory.CreateDirectory(Path.Join(Root, "workspace")).FullName;
        Store = Directory.CreateDirectory(Path.Join(Workspace, ".cabincrew")).FullName;
        File.WriteAllText(Path.Join(Store, "key"), "secret of the store\n");
        File.WriteAllText(Path.Join(Workspace, "file.txt"), "content\n");
    }

    public ServerRun Shell(string script, bool writable = false) => new() { Name = "test", Command = ["/bin/bash", "-c", script], Mounts = [new(Workspace, Workspace, writable)] };

    public Task<Outcome<RunningServer>> TryAsync(ServerRun run) => new ServerRunner([Store]).StartAsync(run, CancellationToken.None);

    public async Task<RunningServer> StartAsync(ServerRun run)
    {
        var started = await TryAsync(run);
        Assert.True(started.Ok, started.ToString());
        running.Add(started.Value);
        return started.Value;
    }

    /// <summary>Runs a script to its end: what it said, and how it ended.</summary>
    public async Task<(string Output, Outcome<int> End)> RunAsync(ServerRun run)
    {
        var server = await StartAsync(run);
        await server.StandardInput.DisposeAsync();
        var errors = ReadAllAsync(server.StandardError);
        var output = await ReadAllAsync(server.StandardOutput);
        return (output + await errors, await server.Ended.WaitAsync(TimeSpan.FromSeconds(60)));
    }

    public Task<(string Output, Outcome<int> End)> RunAsync(string script, bool writable = false) => RunAsync(Shell(script, writable));

    /// <summary>Processes on the whole machine that go by this name.</summary>
    public static int Named(string name) => Directory.EnumerateDirectories("/proc").Count(d =>
    {
        try
        {
            return int.TryParse(Path.GetFileName(d), out _) && File.ReadAllText(Path.Join(d, "cmdline")).StartsWith(name, StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    });

    public static async Task<string> ReadAllAsync(Stream stream)
    {
        using var reader = new StreamReader(stream, leaveOpen: true);
        return await reader.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(60));
    }

    public static async Task SayAsync(RunningServer server, string line)
    {
        await server.StandardInput.WriteAsync(Encoding.UTF8.GetBytes(line + "\n"));
        await server.StandardInput.FlushAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in running) await server.DisposeAsync();
        Directory.Delete(Root, recursive: true);
    }
}
