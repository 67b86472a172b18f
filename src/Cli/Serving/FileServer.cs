// The built-in file server as a program for the gateway: one directory, and what the program itself needs.
using CabinCrew.Gateways.Mcp.Servers;
using CabinCrew.Orchestrator.Engines.Servers;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Serving;

internal static class FileServer
{
    public const string Name = "files";

    /// <param name="directory">Absolute; what `cabincrew mcp --files` names.</param>
    public static Outcome<ServerProgram> Program(string directory, bool readOnly = false) => BuiltInServer.Files().Map(server => new ServerProgram
    {
        Name = Name,
        Command = [.. server.Command, directory, .. readOnly ? ["--read-only"] : Array.Empty<string>()],
        Environment = Environment,
        Mounts = [new(directory, !readOnly), .. server.Needs.Select(path => new ServerMount(path, Writable: false))],
        WorkingDirectory = directory,
    });

    /// <summary>A small process: it waits for the next call most of the time.</summary>
    public static IReadOnlyDictionary<string, string> Environment { get; } = new Dictionary<string, string> { ["DOTNET_gcServer"] = "0", ["DOTNET_GCHeapHardLimit"] = "0x30000000", ["DOTNET_EnableDiagnostics"] = "0" };
}
