// Tells what a call does to files, whatever the server calls it (MCP-02, MCP-04). Pure but for the look at links. Null is not a word on harmlessness: it is a call that names no file.
// Recognition goes by what a tool promises; a tool that does something else is caught by the sandbox that its server runs in, not here.
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Files;

public sealed class FileRecognizer
{
    private const int TargetsMax = 1000;
    private const string CallMethod = "tools/call";

    private readonly Dictionary<string, KnownTool[]> tools;
    private readonly FileRoots roots;

    private FileRecognizer(Dictionary<string, KnownTool[]> tools, FileRoots roots) => (this.tools, this.roots) = (tools, roots);

    /// <param name="own">What the configuration adds, and where names are the same puts in the place of the built-in ones.</param>
    public static Outcome<FileRecognizer> Of(IReadOnlyList<FileTool> own, FileRoots roots)
    {
        foreach (var tool in own)
            if (tool.Fault() is { } fault) return fault;
        var names = own.Select(t => t.Name).ToHashSet(StringComparer.Ordinal);
        var all = own.Concat(FileTools.Table.Where(t => !names.Contains(t.Name)));
        return new FileRecognizer(all.GroupBy(t => t.Name, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Select(t => new KnownTool(t)).ToArray(), StringComparer.Ordinal), roots);
    }

    /// <param name="method">Of the request.</param>
    /// <param name="name">The tool that is called, as its server calls it; of a resource, its URI.</param>
    /// <param name="arguments">The JSON text of the arguments, or of params where the method itself is the operation.</param>
    public FileOperation? Recognize(string method, string? name, ReadOnlyMemory<byte> arguments) => Recognize(method, name, MessageArguments.Of(arguments));

    /// <param name="given">The same taken apart.</param>
    public FileOperation? Recognize(string method, string? name, MessageArguments given)
    {
        var called = method == CallMethod ? name : method;
        if (called is null || ReferenceEquals(given, MessageArguments.None)) return null;
        if (tools.TryGetValue(called, out var known))
            foreach (var tool in known)
                if (tool.IsMeant(given) && Of(tool, given) is { } operation) return operation;
        return method == CallMethod ? Other(given) : null;
    }

    // Null: what the operation needs is not there, so it is not this operation.
    private FileOperation? Of(KnownTool tool, MessageArguments given)
    {
        // A URI that is no file's is no path.
        if (tool.IsResource && !(given.TextAt(tool.Paths[0])?.StartsWith("file:", StringComparison.OrdinalIgnoreCase) ?? false)) return null;
        var call = new CallReading(given, roots, tool);
        if (!call.Read()) return null;
        return call.Operation();
    }

    // What a tool that nobody knows is given: every argument that reads like a path.
    private FileOperation? Other(MessageArguments given)
    {
        List<FileTarget>? targets = null;
        foreach (var value in given.Values)
        {
            if (CallReading.PathOf(value) is not { } path) continue;
            (targets ??= []).Add(roots.Resolve(path));
            if (targets.Count > TargetsMax) return Overflow(FileAction.Other);
        }
        if (given.IsPartial) return Overflow(FileAction.Other);
        return targets is null ? null : new(FileAction.Other, targets, [], 0, false);
    }

    internal static FileOperation Overflow(FileAction action) => new(action, [new("(too many arguments)", null, null, FileFault.Unresolved, null)], [], 0, false);
}
