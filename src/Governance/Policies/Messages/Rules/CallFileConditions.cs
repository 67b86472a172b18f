// What a rule says of the files that a call touches (MCP-04). An allow is read narrowly: every path must be as said; anything stricter widely: one path is enough.
using CabinCrew.Governance.Policies.Rules;

namespace CabinCrew.Governance.Policies.Messages.Rules;

internal sealed record CallFileConditions
{
    public IReadOnlyList<FileAction>? Action { get; init; }
    public PathGlob? Paths { get; init; }
    /// <summary>Faults of which a path has one; an empty list: no path has any.</summary>
    public IReadOnlyList<FileFault>? Fault { get; init; }
    public bool? Exists { get; init; }
    public bool? Binary { get; init; }
    public long? BytesMin { get; init; }
    public long? BytesMax { get; init; }
    public long? FilesDeletedMin { get; init; }
    public long? LinesDeletedMin { get; init; }
    public long? TargetsMin { get; init; }
    public LinePattern? AddedLines { get; init; }

    // Asked of every rule for every call.
    private int? actions;

    private static int MaskOf(IReadOnlyList<FileAction> actions)
    {
        var mask = 0;
        foreach (var action in actions) mask |= 1 << (int)action;
        return mask;
    }

    /// <param name="every">The rule allows.</param>
    public CallFileMatch? Match(FileOperation? file, CallView view, bool every, CancellationToken ct)
    {
        if (file is null) return null;
        if (Action is not null && ((actions ??= MaskOf(Action)) & (1 << (int)file.Action)) == 0) return null;
        if (Binary is { } binary && binary != file.Binary) return null;
        if (file.Bytes < BytesMin || file.Bytes > BytesMax || file.FilesDeleted < FilesDeletedMin || file.LinesDeleted < LinesDeletedMin || file.Targets.Count < TargetsMin) return null;
        if (Fault is { Count: 0 } && HasFault(file)) return null;
        var targets = Targets(file, view, every);
        if (targets is null) return null;
        IReadOnlyList<int> lines = [];
        if (AddedLines is not null && (lines = AddedLines.Match(file.AddedLines, ct) ?? []).Count == 0) return null;
        return new(targets, lines);
    }

    private static bool HasFault(FileOperation file)
    {
        foreach (var target in file.Targets)
            if (target.Fault != FileFault.None) return true;
        return false;
    }

    // Null: the conditions on paths do not hold.
    private IReadOnlyList<FileTarget>? Targets(FileOperation file, CallView view, bool every)
    {
        if (Paths is null && Fault is not { Count: > 0 } && Exists is null) return file.Targets;
        List<FileTarget>? matched = null;
        for (var i = 0; i < file.Targets.Count; i++)
        {
            var target = file.Targets[i];
            if (IsMatch(target, view.NamesOf(i), every)) (matched ??= []).Add(target);
            else if (every) return null;
        }
        return matched;
    }

    // Where a path leads is not known of one with a fault: an allow never holds for it, a prohibition looks at its spelling.
    private bool IsMatch(FileTarget target, string[] names, bool every) =>
        (Fault is not { Count: > 0 } || Fault.Contains(target.Fault))
        && (Exists is null || Exists == (target.Exists ?? !every))
        && (Paths is null || ((target.Path is not null || !every) && Paths.IsMatch(names)));
}

/// <param name="AddedLines">The numbers of the lines that matched.</param>
internal sealed record CallFileMatch(IReadOnlyList<FileTarget> Targets, IReadOnlyList<int> AddedLines);
