// Finds an engine and binds it by content (TOK-02): a built-in, one executable file, or a directory that says what to run.
// What is hashed is what is mounted: nothing beside it is visible to the engine.
using System.Text.Json;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;

namespace CabinCrew.Orchestrator.Engines;

public static class EngineCatalog
{
    public static readonly IReadOnlyList<string> BuiltIns = ["git", "patch", "script"];

    /// <summary>Built in too, but not to be named in a workflow: `cabincrew undo` hands it what it needs.</summary>
    public const string Undo = "undo";

    /// <summary>In an engine's directory: <c>{"engine_id": "hello", "command": ["./run"]}</c>.</summary>
    public const string ManifestName = "cabincrew-engine.json";

    /// <summary>Where a developer's built-in engines are, when not beside the program.</summary>
    public const string DirectoryVariable = "CABINCREW_ENGINES";

    /// <summary>Where the engine's own files are inside the sandbox.</summary>
    public const string Inside = "/engine";

    /// <param name="reference">As the workflow writes it: a built-in's name, or a path.</param>
    /// <param name="baseDirectory">Absolute; what a relative path is relative to.</param>
    public static Outcome<ResolvedEngine> Resolve(string reference, string baseDirectory)
    {
        if (reference.Length == 0 || reference.Any(char.IsControl)) return NotFound(reference, "is not a name", null);
        if (reference == Undo || BuiltIns.Contains(reference)) return BuiltInEngines.Resolve(reference);
        var path = Path.GetFullPath(reference, baseDirectory);
        if (!reference.Contains('/'))
            return File.Exists(path) || Directory.Exists(path)
                ? NotFound(reference, "is no built-in engine", $"./{reference}")
                : NotFound(reference, "is no built-in engine", NearMatch.Of(reference, BuiltIns));
        try
        {
            if (Directory.Exists(path)) return FromDirectory(reference, path);
            if (File.Exists(path)) return FromFile(reference, path);
            return NotFound(reference, $"does not exist at {path}", NearFile(reference, path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return NotFound(reference, $"cannot be read: {e.Message.TrimEnd('.')}", null);
        }
    }

    private static Outcome<ResolvedEngine> FromFile(string reference, string path)
    {
        // A link is resolved once, here: its target is what is hashed and mounted.
        var real = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        if (!EngineDigest.IsRegular(real)) return NotFound(reference, "is not a regular file", null);
        if ((File.GetUnixFileMode(real) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) == 0)
            return NotFound(reference, "is not executable", null) with { Remedy = $"chmod +x {real}" };
        var inside = $"{Inside}/{Path.GetFileName(path)}";
        return EngineDigest.OfFile(real).Map(digest => new ResolvedEngine(reference, digest, [inside], [new(real, inside, Writable: false)]));
    }

    private static Outcome<ResolvedEngine> FromDirectory(string reference, string path)
    {
        var file = Path.Join(path, ManifestName);
        if (!File.Exists(file)) return NotFound(reference, $"is a directory without {ManifestName}", null);
        if (!StrictJson.Parse(File.ReadAllBytes(file)).Try(out var manifest, out var problem)) return problem.At(file);
        if (manifest.ValueKind != JsonValueKind.Object
            || !manifest.TryGetProperty("command", out var words) || words.ValueKind != JsonValueKind.Array || words.GetArrayLength() is 0 or > 64
            || words.EnumerateArray().Any(w => w.ValueKind != JsonValueKind.String || w.GetString()!.Contains('\0'))
            || manifest.EnumerateObject().Any(p => p.Name is not ("engine_id" or "command")))
            return new Problem(ProblemCode.SchemaInvalid, "Expected an object with engine_id (a text) and command (1 to 64 texts, the program first), and nothing else.") { Where = file };
        var command = words.EnumerateArray().Select(w => w.GetString()!).ToList();
        // "./run" and "bin/run" are the directory's own; "python3" is the system's.
        if (command[0].Contains('/') && command[0][0] != '/')
        {
            var program = Path.GetFullPath(command[0], path);
            if (!program.StartsWith(path.TrimEnd('/') + "/", StringComparison.Ordinal) || !File.Exists(program)) return NotFound(reference, $"names a program '{command[0]}' that its directory does not hold", null);
            command[0] = Inside + program[path.TrimEnd('/').Length..];
        }
        return EngineDigest.OfTree(path).Map(digest => new ResolvedEngine(reference, digest, command, [new(path, Inside, Writable: false)]));
    }

    private static Problem NotFound(string reference, string why, string? near) =>
        new(ProblemCode.EngineNotFound, $"The engine '{reference}' {why}.{(near is null ? "" : $" Did you mean '{near}'?")}") { Where = reference };

    private static string? NearFile(string reference, string path)
    {
        var directory = Path.GetDirectoryName(path);
        if (!Directory.Exists(directory)) return null;
        var near = NearMatch.Of(Path.GetFileName(path), Directory.EnumerateFileSystemEntries(directory).Take(1000).Select(e => Path.GetFileName(e)!));
        return near is null ? null : reference[..(reference.LastIndexOf('/') + 1)] + near;
    }
}
