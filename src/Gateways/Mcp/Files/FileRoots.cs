// The directories that a server's files are in, and where a path leads in them (MCP-04). Invariant: a path without fault lies below its root, whatever links were on its way.
// What is judged is where the path leads now. A server that is not confined can follow a link that somebody makes a moment later; only the sandbox, or the built-in file server, closes
// that gap: docs/reference/file-operations.md.
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Files;

public sealed class FileRoots
{
    private const int RootsMax = 64;

    // As given and as they really are: a path may be spelled by either.
    private readonly (string[] Given, string[] Real)[] roots;
    private readonly string[]? working;
    private readonly bool isLocal;

    private FileRoots((string[], string[])[] roots, string[]? working, bool isLocal) => (this.roots, this.working, this.isLocal) = (roots, working, isLocal);

    /// <summary>No root at all: every path is outside.</summary>
    public static readonly FileRoots None = new([], null, isLocal: false);

    /// <param name="directories">Absolute. Of local files they must be there.</param>
    /// <param name="workingDirectory">What the server takes relative paths to be relative to. Null: the root, where there is just one.</param>
    /// <param name="isLocal">The files are on this machine, and links can be looked at.</param>
    public static Outcome<FileRoots> Of(IReadOnlyList<string> directories, string? workingDirectory, bool isLocal)
    {
        if (directories.Count > RootsMax) return Wrong($"there are {directories.Count} roots; at most {RootsMax} are taken");
        var roots = new (string[], string[])[directories.Count];
        for (var i = 0; i < roots.Length; i++)
        {
            if (Absolute(directories[i]) is not { } given) return Wrong($"the root '{directories[i]}' is no absolute path without '..'");
            if (!isLocal) roots[i] = (given, given);
            else if (LinkWalk.Run(given) is { Fault: FileFault.None, Exists: true } walked) roots[i] = (given, [.. walked.Names]);
            else return Wrong($"the root '{directories[i]}' is not there") with { Remedy = "Create the directory, or name another." };
        }
        string[]? working = null;
        if (workingDirectory is not null && (working = Absolute(workingDirectory)) is null) return Wrong($"the working directory '{workingDirectory}' is no absolute path without '..'");
        return new FileRoots(roots, working ?? (roots.Length == 1 ? roots[0].Item1 : null), isLocal);
    }

    /// <param name="directory">What a relative path is relative to, itself as the caller spelled it; null: the working directory.</param>
    public FileTarget Resolve(string given, string? directory = null)
    {
        var spelling = PathSpelling.Of(given);
        if (spelling.Fault != FileFault.None) return new(given, null, null, spelling.Fault, null);
        IReadOnlyList<string> names = spelling.Names;
        if (!spelling.IsAbsolute)
        {
            if (From(directory) is not { } from) return new(given, null, null, FileFault.Unresolved, null);
            names = [.. from, .. names];
        }
        if (RootOf(names, real: false) is not (>= 0 and var root)) return new(given, null, null, FileFault.OutsideRoots, null);
        if (!isLocal) return Below(given, names, roots[root].Given, null);
        var walked = LinkWalk.Run(names);
        if (walked.Fault != FileFault.None) return new(given, null, null, walked.Fault, null);
        return RootOf(walked.Names, real: true) is >= 0 and var reached ? Below(given, walked.Names, roots[reached].Real, walked.Exists) : new(given, null, null, FileFault.LinkEscape, null);
    }

    /// <summary>The root itself, where a call leaves the path out. Null: there are several.</summary>
    public FileTarget? Whole() => working is null ? null : Resolve("/" + string.Join('/', working));

    private string[]? From(string? directory)
    {
        if (directory is null) return working;
        var spelling = PathSpelling.Of(directory);
        return spelling.Fault != FileFault.None ? null : spelling.IsAbsolute ? [.. spelling.Names] : working is null ? null : [.. working, .. spelling.Names];
    }

    // The deepest root that it lies below: roots may be nested.
    private int RootOf(IReadOnlyList<string> names, bool real)
    {
        var best = -1;
        for (var i = 0; i < roots.Length; i++)
        {
            if (!IsBelow(names, roots[i].Real) && (real || !IsBelow(names, roots[i].Given))) continue;
            if (best < 0 || roots[i].Real.Length > roots[best].Real.Length) best = i;
        }
        return best;
    }

    private static bool IsBelow(IReadOnlyList<string> names, string[] root)
    {
        if (names.Count < root.Length) return false;
        for (var i = 0; i < root.Length; i++)
            if (names[i] != root[i]) return false;
        return true;
    }

    private static FileTarget Below(string given, IReadOnlyList<string> names, string[] root, bool? exists) =>
        new(given, string.Join('/', names.Skip(root.Length)), "/" + string.Join('/', root), FileFault.None, exists);

    private static string[]? Absolute(string path) => PathSpelling.Of(path) is { IsAbsolute: true, Fault: FileFault.None } spelling ? [.. spelling.Names] : null;

    private static Problem Wrong(string why) => new(ProblemCode.GatewayFileInvalid, $"The files of a server cannot be governed: {why}.");
}
