// One rule: when all its conditions hold, its decision. Pure. Conditions on a file are looked at for each change; counts then look at the
// changes that met them; the rest looks at the plan as a whole.
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Governance.Policies.Rules;

internal enum ChangeWord { Create, Update, Delete }

internal enum EffectsWord { None, Some }

/// <summary>Words with * and ?, and exclusions by !.</summary>
internal sealed record WordGlob(IReadOnlyList<string> Patterns)
{
    private readonly string[] wanted = [.. Patterns.Where(p => !p.StartsWith('!'))];
    private readonly string[] excluded = [.. Patterns.Where(p => p.StartsWith('!')).Select(p => p[1..])];

    public bool IsMatch(string word) => (wanted.Length == 0 || Any(wanted, word)) && !Any(excluded, word);

    private static bool Any(string[] patterns, string word)
    {
        foreach (var pattern in patterns)
            if (PathGlob.IsWordMatch(pattern, word)) return true;
        return false;
    }
}

/// <summary>Conditions on one changed file.</summary>
internal sealed record FileConditions
{
    public PathGlob? Paths { get; init; }
    public IReadOnlyList<ChangeWord>? Change { get; init; }
    public IReadOnlyList<FileKind>? Kind { get; init; }
    public bool? BecomesExecutable { get; init; }
    public bool? LinkOutside { get; init; }
    public bool? Binary { get; init; }
    public LinePattern? AddedLines { get; init; }
    public LinePattern? DeletedLines { get; init; }
    /// <summary>What detectors find in what is added, as detector/rule.</summary>
    public WordGlob? Finding { get; init; }
    /// <summary>Names of which at least one, in the same directory, changes too.</summary>
    public PathGlob? BesideChanged { get; init; }
    /// <summary>Names of which none, in the same directory, changes too.</summary>
    public PathGlob? BesideUnchanged { get; init; }

    public static readonly FileConditions None = new();

    public bool Any => this != None;
}

/// <summary>Conditions on the plan as a whole.</summary>
internal sealed record PlanConditions
{
    public long? FilesChangedMin { get; init; }
    public long? FilesChangedMax { get; init; }
    public long? FilesDeletedMin { get; init; }
    public long? LinesChangedMin { get; init; }
    public long? LinesDeletedMin { get; init; }
    /// <summary>Deleted files among the changed ones.</summary>
    public double? DeletedShareMin { get; init; }
    public WordGlob? ArtifactType { get; init; }
    public WordGlob? Action { get; init; }
    public LinePattern? ArtifactText { get; init; }
    public WordGlob? Engine { get; init; }
    public WordGlob? Step { get; init; }
    public WordGlob? Workflow { get; init; }
    public WordGlob? Requester { get; init; }
    public bool? OutsideEffects { get; init; }
    /// <summary>At least one destination that the step declares.</summary>
    public WordGlob? Network { get; init; }
    public bool? Unsandboxed { get; init; }
    public WordGlob? Isolation { get; init; }
    public EffectsWord? Effects { get; init; }
    public RefConditions? GitRefs { get; init; }
}

/// <summary>Conditions on one and the same moved git reference.</summary>
internal sealed record RefConditions(WordGlob Names, IReadOnlyList<ChangeWord>? Move, bool? Forced)
{
    public bool IsMatch(JudgedRef moved) =>
        (Forced is null || Forced == moved.Forced) && Names.IsMatch(moved.Name) && (Move?.Contains(moved.Before is null ? ChangeWord.Create : moved.After is null ? ChangeWord.Delete : ChangeWord.Update) ?? true);
}

/// <summary>A changed file that met a rule, and the lines that did (new numbers for added, old numbers for deleted ones).</summary>
internal sealed record FileMatch(JudgedChange Change, IReadOnlyList<int> AddedLines, IReadOnlyList<int> DeletedLines);

/// <param name="Files">What met the conditions on files; all changes where there are none.</param>
internal sealed record RuleMatch(Rule Rule, IReadOnlyList<FileMatch> Files, IReadOnlyList<ArtifactName> Artifacts)
{
    public IReadOnlyList<JudgedRef> Refs { get; init; } = [];
}

/// <param name="Line">Where it stands in its file.</param>
internal sealed record Rule(
    string Id, int Line, FileConditions Files, PlanConditions Plan, Decision Decision, string? Role, int Count, string Reason)
{
    public RuleMatch? Match(PolicySubject subject, CancellationToken ct)
    {
        if (!HoldsForContext(subject)) return null;
        List<FileMatch> files = [];
        foreach (var change in subject.Changes)
        {
            ct.ThrowIfCancellationRequested();
            if (MatchFile(change, subject, ct) is { } match) files.Add(match);
        }

        if (Files.Any && files.Count == 0) return null;
        if (!HoldsForCounts(files)) return null;
        if (MatchArtifacts(subject, ct) is not { } artifacts) return null;
        IReadOnlyList<JudgedRef> refs = Plan.GitRefs is { } wanted ? [.. subject.Refs.Where(wanted.IsMatch)] : [];
        if (Plan.GitRefs is not null && refs.Count == 0) return null;
        return new(this, files, artifacts) { Refs = refs };
    }

    private bool HoldsForContext(PolicySubject subject) =>
        (Plan.Engine?.IsMatch(subject.EngineId) ?? true)
        && (Plan.Step?.IsMatch(subject.StepId.ToString()) ?? true)
        && (Plan.Workflow?.IsMatch(subject.WorkflowName) ?? true)
        && (Plan.Requester?.IsMatch(subject.Requester) ?? true)
        && (Plan.OutsideEffects is not { } outside || outside == subject.OutsideEffects)
        && (Plan.Network is not { } network || subject.Network.Any(network.IsMatch))
        && (Plan.Unsandboxed is not { } bare || bare == !subject.Sandboxed)
        && (Plan.Isolation?.IsMatch(subject.Isolation) ?? true)
        && (Plan.Effects is not { } effects || (effects == EffectsWord.Some) == HasEffects(subject));

    /// <summary>Whether take-off could do anything: change files, restore state, move git references, reach outside.</summary>
    private static bool HasEffects(PolicySubject subject) =>
        subject.OutsideEffects || subject.Changes.Count > 0 || subject.Refs.Count > 0
        || subject.Artifacts.Any(a => a.Role == ArtifactRole.State
            || (a.Metadata.ValueKind == System.Text.Json.JsonValueKind.Object && a.Metadata.TryGetProperty("git", out _)));

    private bool HoldsForCounts(List<FileMatch> files)
    {
        if (Plan is { FilesChangedMin: null, FilesChangedMax: null, FilesDeletedMin: null, LinesChangedMin: null, LinesDeletedMin: null, DeletedShareMin: null }) return true;
        var deleted = files.Count(f => f.Change.Change.After is null);
        var linesDeleted = files.Sum(f => (long)f.Change.DeletedLines.Count);
        var linesChanged = linesDeleted + files.Sum(f => (long)f.Change.AddedLines.Count);
        return !(files.Count < Plan.FilesChangedMin) && !(files.Count > Plan.FilesChangedMax) && !(deleted < Plan.FilesDeletedMin)
            && !(linesChanged < Plan.LinesChangedMin) && !(linesDeleted < Plan.LinesDeletedMin)
            && (Plan.DeletedShareMin is not { } share || (files.Count > 0 && deleted >= share * files.Count));
    }

    // One and the same artifact must meet all conditions on artifacts.
    private List<ArtifactName>? MatchArtifacts(PolicySubject subject, CancellationToken ct)
    {
        if (Plan is { ArtifactType: null, Action: null, ArtifactText: null }) return [];
        List<ArtifactName> matched = [];
        foreach (var artifact in subject.Artifacts)
        {
            ct.ThrowIfCancellationRequested();
            if (Plan.ArtifactType?.IsMatch(artifact.Type) is false || Plan.Action?.IsMatch(artifact.Action) is false) continue;
            if (Plan.ArtifactText is { } text && !ArtifactTexts.Of(artifact).Any(text.IsMatch)) continue;
            matched.Add(artifact.Name);
        }

        return matched.Count > 0 ? matched : null;
    }

    private FileMatch? MatchFile(JudgedChange change, PolicySubject subject, CancellationToken ct)
    {
        var (path, before, after) = change.Change;
        if (Files.Paths is { } paths && !paths.IsMatch(path.ToString())) return null;
        if (Files.Change is { } words && !words.Contains(before is null ? ChangeWord.Create : after is null ? ChangeWord.Delete : ChangeWord.Update)) return null;
        if (Files.Kind is { } kinds && !kinds.Contains((after ?? before)!.Kind)) return null;
        if (Files.BecomesExecutable is { } executable && executable != (after?.Kind == FileKind.Executable && before?.Kind != FileKind.Executable)) return null;
        if (Files.Binary is { } binary && binary != change.Binary) return null;
        if (Files.LinkOutside is { } outside && outside != LinkTargets.LeadsOutside(change)) return null;
        if (Files.BesideChanged is { } with && !Beside(change, subject).Any(with.IsMatch)) return null;
        if (Files.BesideUnchanged is { } without && Beside(change, subject).Any(without.IsMatch)) return null;
        IReadOnlyList<int> added = [], deleted = [];
        if (Files.AddedLines is { } a && (added = a.Match(change.AddedLines, ct) ?? []).Count == 0) return null;
        if (Files.DeletedLines is { } d && (deleted = d.Match(change.DeletedLines, ct) ?? []).Count == 0) return null;
        if (Files.Finding is { } wanted)
        {
            var text = path.ToString();
            List<int> lines = [.. (subject.Findings?.Found ?? []).Where(f => f.Path == text && wanted.IsMatch(f.Id)).Select(f => f.Line).Distinct()];
            if (lines.Count == 0) return null;
            if (added.Count == 0) added = lines;
        }
        return new(change, added, deleted);
    }

    /// <summary>The names of the other changed files in the same directory.</summary>
    private static IEnumerable<string> Beside(JudgedChange change, PolicySubject subject)
    {
        var path = change.Change.Path.ToString();
        var directory = path[..(path.LastIndexOf('/') + 1)];
        foreach (var other in subject.Changes)
        {
            var text = other.Change.Path.ToString();
            if (text.Length > directory.Length && text != path && text.StartsWith(directory, StringComparison.Ordinal) && !text.AsSpan(directory.Length).Contains('/'))
                yield return text[directory.Length..];
        }
    }
}
