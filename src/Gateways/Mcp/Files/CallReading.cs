// Reads one call of a well-known tool: its paths, what it brings and what it takes away. Every argument is looked at: one that the tool is not known to have, and that reads like a path,
// is a path that may be used.
using System.Text;
using System.Text.Json;
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Policies.Messages;

namespace CabinCrew.Gateways.Mcp.Files;

internal sealed class CallReading(MessageArguments given, FileRoots roots, KnownTool tool)
{
    private const int TargetsMax = 10_000;

    private readonly List<FileTarget> targets = [];
    private readonly List<NumberedLine> added = [];
    private readonly string? directory = tool.Base is null ? null : given.TextAt(tool.Base);
    private long bytes;
    private int filesDeleted;
    private int linesDeleted;
    private bool binary;
    private bool isUnclear;

    /// <summary>False: it is not this operation.</summary>
    public bool Read()
    {
        var hasPath = false;
        foreach (var value in given.Values)
        {
            if (KnownTool.IsAny(value, tool.Paths))
            {
                if (value.Kind != JsonTokenType.String) return false;
                hasPath = true;
                var isBase = tool.Base is not null && MessageArguments.IsAt(value, tool.Base);
                targets.Add(roots.Resolve(value.Text(), isBase ? null : directory));
            }
            else if (KnownTool.IsAny(value, tool.Patch)) Patch(value);
            else if (KnownTool.IsAny(value, tool.Content)) Content(value);
            else if (KnownTool.IsAny(value, tool.Removed)) linesDeleted += value.Kind == JsonTokenType.String ? LinesOf(value.Text()) : 0;
            else if (KnownTool.IsAny(value, tool.Blob)) Blob(value);
            else if (PathOf(value) is { } path) targets.Add(roots.Resolve(path, directory));
            if (targets.Count > TargetsMax) isUnclear = true;
            if (isUnclear) break;
        }
        if (tool.NeedsPath && !hasPath) return false;
        if (tool.Action is FileAction.Patch && targets.Count == 0) return false;
        if (targets.Count == 0) targets.Add(roots.Whole() ?? new("(no path)", null, null, FileFault.Unresolved, null));
        return true;
    }

    public FileOperation Operation() => isUnclear || given.IsPartial
        ? FileRecognizer.Overflow(tool.Action)
        : new(tool.Action, targets, added, bytes, binary) { FilesDeleted = tool.Action == FileAction.Delete ? targets.Count : filesDeleted, LinesDeleted = linesDeleted };

    /// <summary>The text of an argument that reads like a path; null: it does not.</summary>
    public static string? PathOf(ArgumentValue value)
    {
        if (value.Kind != JsonTokenType.String || value.Raw.Length is 0 or > 8192) return null;
        // The nearest name: of an item, the name of its list.
        var name = "";
        for (var i = value.Path.Length - 1; i >= 0; i--)
            if (!IsNumber(value.Path[i]))
            {
                name = value.Path[i];
                break;
            }
        var text = value.Text();
        return PathLike.Is(name, text) ? text : null;
    }

    private static bool IsNumber(string name) => name.Length > 0 && name.AsSpan().IndexOfAnyExceptInRange('0', '9') < 0;

    private void Content(ArgumentValue value)
    {
        if (value.Kind != JsonTokenType.String) return;
        var text = value.Text();
        bytes += Encoding.UTF8.GetByteCount(text);
        binary |= text.Contains('\0', StringComparison.Ordinal);
        foreach (var line in text.AsSpan().EnumerateLines()) added.Add(new(added.Count + 1, line.ToString()));
    }

    private void Blob(ArgumentValue value)
    {
        binary = true;
        bytes += value.Raw.Length / 4 * 3L;
    }

    private void Patch(ArgumentValue value)
    {
        if (value.Kind != JsonTokenType.String) return;
        var text = value.Text();
        bytes += Encoding.UTF8.GetByteCount(text);
        var facts = PatchFacts.Of(text);
        if (!facts.IsRead)
        {
            targets.Add(new("(the patch)", null, null, text.Contains("../", StringComparison.Ordinal) ? FileFault.Traversal : FileFault.Unresolved, null));
            return;
        }
        foreach (var path in facts.Paths) targets.Add(roots.Resolve(path, directory));
        foreach (var line in facts.AddedLines) added.Add(new(added.Count + 1, line.Text));
        (filesDeleted, linesDeleted, binary) = (filesDeleted + facts.FilesDeleted, linesDeleted + facts.LinesDeleted, binary || facts.Binary);
    }

    private static int LinesOf(string text)
    {
        var count = 0;
        foreach (var _ in text.AsSpan().EnumerateLines()) count++;
        return count;
    }
}
