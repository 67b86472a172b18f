// The child of a test that kills a gateway: starts one server, changes a file through it where that is asked for, and then does nothing, until it is killed itself.
using CabinCrew.Cli.Serving;
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Orchestrator.Engines.Servers;

namespace CabinCrew.Tests.Hangar;

internal static class ServingHost
{
    public const string Verb = "serving-host", CollectVerb = "collecting-host";

    /// <summary>serving-host DIRECTORY UNSANDBOXED SCRIPT</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        var started = await new ServerRunner([]).StartAsync(new()
        {
            Name = "killed", Command = ["/bin/bash", "-c", args[3]], Mounts = [new Mount(args[1], args[1], Writable: true)], WorkingDirectory = args[1], Unsandboxed = bool.Parse(args[2]),
        }, CancellationToken.None);
        Console.WriteLine(started.Ok ? "started" : started.ToString());
        await Task.Delay(Timeout.Infinite);
        return 0;
    }

    /// <summary>collecting-host WORKSPACE STORE</summary>
    public static async Task<int> CollectAsync(string[] args)
    {
        // It never comes to propose anything: it needs no flights.
        await using var collector = new PlanCollector(null!, null!, args[1], args[2]);
        var started = await collector.StartAsync(CancellationToken.None);
        if (!started.Try(out var server, out var problem))
        {
            Console.WriteLine(problem);
            return 1;
        }
        await server.StandardInput.WriteAsync("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"write_file","arguments":{"path":"a.txt","content":"survived\n","overwrite":true}}}"""u8.ToArray().Append((byte)'\n').ToArray());
        await server.StandardInput.FlushAsync();
        using var answers = new StreamReader(server.StandardOutput);
        Console.WriteLine((await answers.ReadLineAsync())!.Contains("\"isError\":false", StringComparison.Ordinal) ? "written" : "refused");
        await Task.Delay(Timeout.Infinite);
        return 0;
    }
}
