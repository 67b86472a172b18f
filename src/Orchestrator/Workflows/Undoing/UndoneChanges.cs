// What some steps of a flight changed, taken together: from before the first to after the last of them, path by path and ref by ref. Pure.
using CabinCrew.Orchestrator.Artifacts;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;

namespace CabinCrew.Orchestrator.Workflows;

/// <param name="Files">With HEAD and the index of git among them; from then to as it was left.</param>
/// <param name="Refs">Likewise.</param>
internal sealed record UndoneChanges(IReadOnlyList<FileChange> Files, IReadOnlyDictionary<string, (string? Before, string? After)> Refs)
{
    public const string Head = ".git/HEAD", Index = ".git/index";

    /// <param name="landed">In the order in which they landed.</param>
    public static Outcome<UndoneChanges> Of(IEnumerable<(StepFlight Step, DeclaredGit? Git)> landed)
    {
        var files = new SortedDictionary<WorkspacePath, FileChange>();
        var refs = new SortedDictionary<string, (string? Before, string? After)>(StringComparer.Ordinal);
        var between = new List<string>();
        foreach (var (step, git) in landed)
        {
            foreach (var change in step.TakeOff!.Changes.Select(c => c.ToChange()))
            {
                // Objects stay, harmless without a name; logs only grow; refs are told by what was declared, and compared with.
                var path = change.Path.ToString();
                if (path.StartsWith(".git/", StringComparison.Ordinal) && path is not (Head or Index)) continue;
                if (!files.TryGetValue(change.Path, out var earlier)) files[change.Path] = change;
                else if (earlier.After == change.Before || path == Index) files[change.Path] = new(change.Path, earlier.Before, change.After);
                else between.Add(path);
            }
            foreach (var (name, move) in git?.Refs ?? new Dictionary<string, (string?, string?)>())
                if (!refs.TryGetValue(name, out var earlier)) refs[name] = move;
                else if (earlier.After == move.Before) refs[name] = (earlier.Before, move.After);
                else between.Add(name);
        }
        if (between.Count > 0)
            return new Problem(ProblemCode.UndoMovedOn, $"somebody changed {string.Join(", ", between.Take(10))} between the flight's own steps") { Remedy = "Undo the steps one by one, the last one first: --step." };
        return new UndoneChanges([.. files.Values.Where(c => c.Before != c.After)], refs.Where(r => r.Value.Before != r.Value.After).ToDictionary(StringComparer.Ordinal));
    }
}
