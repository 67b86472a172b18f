// The servers that come along: found beside the program, and run as untrusted as any other.
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Engines.Servers;

/// <param name="Command">The program, before its own arguments.</param>
/// <param name="Needs">Files and directories of the host that it must see, read-only.</param>
public sealed record BuiltInServer(IReadOnlyList<string> Command, IReadOnlyList<string> Needs)
{
    private const string FilesProgram = "cabincrew-server-files";

    /// <summary>The governed file server (servers/Files).</summary>
    public static Outcome<BuiltInServer> Files()
    {
        var own = AppContext.BaseDirectory.TrimEnd('/');
        // A directory of its own, as installed; else among the files of a developer's build.
        var installed = Path.Join(own, "servers", "files");
        if (File.Exists(Path.Join(installed, FilesProgram + ".dll"))) return Make(installed, [installed]);
        if (File.Exists(Path.Join(own, FilesProgram + ".dll"))) return Make(own, [.. BuiltInEngines.Files(FilesProgram, own).Select(f => Path.Join(own, f))]);
        return new Problem(ProblemCode.EngineNotFound, $"The built-in file server is not installed: there is no {FilesProgram}.dll in {installed}.") { Remedy = "Build the whole solution, or install CabinCrew anew." };
    }

    private static Outcome<BuiltInServer> Make(string directory, IReadOnlyList<string> files)
    {
        if (BuiltInEngines.Runtime() is not { } runtime) return new Problem(ProblemCode.EngineNotFound, "The built-in file server needs the .NET runtime, and none was found.");
        return new BuiltInServer([Path.Join(runtime, "dotnet"), Path.Join(directory, FilesProgram + ".dll")], runtime.StartsWith("/usr/", StringComparison.Ordinal) ? files : [.. files, runtime]);
    }
}
