// A well-known file operation as a server offers it: what the tool is called, and which of its arguments mean what. Data; the built-in ones are in FileTools.cs, and a configuration
// adds its own.
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Files;

/// <summary>Pointers into the arguments: <c>/path</c>, <c>/edits/*/newText</c>; <c>*</c> is any item or member.</summary>
public sealed record FileTool
{
    /// <summary>The tool, or the method, as the server calls it.</summary>
    public required string Name { get; init; }

    public required FileAction Action { get; init; }

    /// <summary>Where the paths stand, in the order in which they are judged. At least one must be there, or the call is not this operation.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];

    /// <summary>Those of <see cref="Paths"/> that a call may leave out, and for which then the root itself stands.</summary>
    public IReadOnlyList<string> PathsOptional { get; init; } = [];

    /// <summary>Where a directory stands that the other paths are relative to.</summary>
    public string? Base { get; init; }

    /// <summary>Text that it brings.</summary>
    public IReadOnlyList<string> Content { get; init; } = [];

    /// <summary>Text that it takes away.</summary>
    public IReadOnlyList<string> Removed { get; init; } = [];

    /// <summary>Content in base64.</summary>
    public IReadOnlyList<string> Blob { get; init; } = [];

    /// <summary>Where a patch stands; its files are paths too.</summary>
    public IReadOnlyList<string> Patch { get; init; } = [];

    /// <summary>An argument with which it is this operation: pointer and value. Null: it always is.</summary>
    public (string Pointer, string Value)? When { get; init; }

    /// <summary>What is wrong with it; null: nothing. For what a configuration adds.</summary>
    public Problem? Fault()
    {
        if (string.IsNullOrWhiteSpace(Name)) return Wrong("it has no name");
        if (Paths.Count == 0 && PathsOptional.Count == 0 && Patch.Count == 0) return Wrong($"'{Name}' names no argument with a path or a patch");
        foreach (var pointer in (IEnumerable<string>)[.. Paths, .. PathsOptional, .. Content, .. Removed, .. Blob, .. Patch, .. Base is null ? [] : new[] { Base }, .. When is { } when ? [when.Pointer] : Array.Empty<string>()])
            if (MessageArguments.Pointer(pointer) is null or []) return Wrong($"'{pointer}' of '{Name}' is no JSON pointer; write '/{pointer}'");
        return null;
    }

    private static Problem Wrong(string why) => new(ProblemCode.GatewayFileInvalid, $"A file tool is not well described: {why}.");
}
