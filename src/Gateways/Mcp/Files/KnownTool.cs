// A line of the table with its pointers taken apart.
using CabinCrew.Governance.Policies.Messages;

namespace CabinCrew.Gateways.Mcp.Files;

internal sealed class KnownTool(FileTool tool)
{
    public FileAction Action => tool.Action;

    public bool IsResource { get; } = tool.Name.StartsWith("resources/", StringComparison.Ordinal);

    public string[][] Paths { get; } = Take([.. tool.Paths, .. tool.PathsOptional]);

    public bool NeedsPath { get; } = tool.Paths.Count > 0;

    public string[]? Base { get; } = tool.Base is null ? null : MessageArguments.Pointer(tool.Base)!;

    public string[][] Content { get; } = Take(tool.Content);

    public string[][] Removed { get; } = Take(tool.Removed);

    public string[][] Blob { get; } = Take(tool.Blob);

    public string[][] Patch { get; } = Take(tool.Patch);

    private readonly (string[] Pointer, string Value)? when = tool.When is { } w ? (MessageArguments.Pointer(w.Pointer)!, w.Value) : null;

    public bool IsMeant(MessageArguments given) => when is not { } condition || given.TextAt(condition.Pointer) == condition.Value;

    public static bool IsAny(ArgumentValue value, string[][] pointers)
    {
        foreach (var pointer in pointers)
            if (MessageArguments.IsAt(value, pointer)) return true;
        return false;
    }

    private static string[][] Take(IReadOnlyList<string> pointers) => [.. pointers.Select(p => MessageArguments.Pointer(p)!)];
}
