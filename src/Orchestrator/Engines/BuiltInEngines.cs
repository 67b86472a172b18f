// The engines that come along: found beside the program, hashed like any other, and run as untrusted as any other.
using System.Runtime.InteropServices;
using System.Text.Json;
using CabinCrew.Orchestrator.Engines.Processes;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Engines;

internal static class BuiltInEngines
{
    private const string RuntimeInside = "/engine-runtime";

    public static Outcome<ResolvedEngine> Resolve(string name)
    {
        var program = $"cabincrew-engine-{name}";
        var own = AppContext.BaseDirectory;
        var named = Environment.GetEnvironmentVariable(EngineCatalog.DirectoryVariable);
        // A directory of its own, as installed; else among the files of a developer's build, where engines are copied together.
        foreach (var directory in (string[])[.. named is { Length: > 0 } ? (string[])[Path.Join(named, name), named] : [], Path.Join(own, "engines", name)])
            if (File.Exists(Path.Join(directory, program + ".dll")) || File.Exists(Path.Join(directory, program)))
                return Make(name, program, Path.GetFullPath(directory), whole: directory != named);
        if (File.Exists(Path.Join(own, program + ".dll"))) return Make(name, program, own.TrimEnd('/'), whole: false);
        return new Problem(ProblemCode.EngineNotFound, $"The built-in engine '{name}' is not installed: no {program}.dll in {Path.Join(own, "engines", name)}.")
        {
            Where = name,
            Remedy = $"Build the whole solution, or set {EngineCatalog.DirectoryVariable} to the directory that holds it.",
        };
    }

    private static Outcome<ResolvedEngine> Make(string name, string program, string directory, bool whole)
    {
        var isAssembly = File.Exists(Path.Join(directory, program + ".dll"));
        var digest = EngineDigest.OfTree(directory);
        List<Mount> mounts = [new(directory, EngineCatalog.Inside, Writable: false)];
        if (!whole)
        {
            IReadOnlyList<string> files = [.. Files(program, directory)];
            digest = EngineDigest.OfFiles(files.Select(f => (f, Path.Join(directory, f))));
            mounts = [.. files.Select(f => new Mount(Path.Join(directory, f), $"{EngineCatalog.Inside}/{f}", Writable: false))];
        }
        if (!digest.Try(out var hash, out var problem)) return problem;
        if (!isAssembly) return new ResolvedEngine(name, hash, [$"{EngineCatalog.Inside}/{program}"], mounts);
        if (Runtime() is not { } runtime)
            return new Problem(ProblemCode.EngineNotFound, $"The built-in engine '{name}' needs the .NET runtime, and none was found.") { Where = name };
        var host = Path.Join(runtime, "dotnet");
        if (!runtime.StartsWith("/usr/", StringComparison.Ordinal))
        {
            mounts.Add(new(runtime, RuntimeInside, Writable: false));
            host = RuntimeInside + "/dotnet";
        }
        return new ResolvedEngine(name, hash, [host, $"{EngineCatalog.Inside}/{program}.dll"], mounts);
    }

    /// <summary>What the program's dependency list names, as far as it is there.</summary>
    internal static SortedSet<string> Files(string program, string directory)
    {
        var files = new SortedSet<string>(StringComparer.Ordinal) { program + ".dll" };
        foreach (var extension in (string[])[".deps.json", ".runtimeconfig.json"])
            if (File.Exists(Path.Join(directory, program + extension))) files.Add(program + extension);
        if (!files.Contains(program + ".deps.json")) return files;
        using var list = JsonDocument.Parse(File.ReadAllBytes(Path.Join(directory, program + ".deps.json")));
        foreach (var target in list.RootElement.GetProperty("targets").EnumerateObject())
            foreach (var library in target.Value.EnumerateObject())
                if (library.Value.TryGetProperty("runtime", out var assemblies))
                    foreach (var assembly in assemblies.EnumerateObject())
                        if (Path.GetFileName(assembly.Name) is var file && File.Exists(Path.Join(directory, file))) files.Add(file);
        return files;
    }

    /// <summary>The directory of the dotnet host whose runtime runs us.</summary>
    internal static string? Runtime()
    {
        var root = Path.GetFullPath(Path.Join(RuntimeEnvironment.GetRuntimeDirectory(), "../../.."));
        if (!File.Exists(Path.Join(root, "dotnet"))) root = Processes.Programs.Find("dotnet") is { } found ? Path.GetDirectoryName(File.ResolveLinkTarget(found, true)?.FullName ?? found)! : "";
        return root.Length > 0 ? root : null;
    }
}
