// Declared against actual (ENG-09): the same paths, the same bytes, the same kinds, and inside .git only what the plan says. Pure.
// Invariant: a change is accepted because something declares it, never because nothing forbids it.
using CabinCrew.Orchestrator.Artifacts;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;

namespace CabinCrew.Orchestrator.Workspaces;

public static partial class ChangeComparison
{
    // Enough to see what is wrong; a run that went astray may have changed everything.
    private const int ListedMax = 50;
    private const int NamedMax = 3;

    /// <summary>Declared against actual, path by path and byte by byte. <see cref="ProblemCode.TakeOffUndeclaredChange"/>, <see cref="ProblemCode.TakeOffMissingChange"/>,
    /// with the differences in the problem's evidence.</summary>
    public static Outcome<Done> Compare(ValidatedPlan declared, IReadOnlyList<FileWrite> actual)
    {
        var expected = declared.Changes.ToDictionary(w => w.Change.Path, w => w.Change);
        var git = new GitComparison(declared.Git, actual);
        var undeclared = new List<string>();
        var different = new List<string>();
        foreach (var write in actual)
        {
            var path = write.Change.Path;
            if (GitComparison.IsGit(path))
            {
                if (git.Refuse(write) is { } why) undeclared.Add($"{path} ({write.Change.Word}): {why}");
            }
            else if (!expected.Remove(path, out var change))
            {
                undeclared.Add($"{path} ({write.Change.Word})");
            }
            else if (Difference(change, write.Change) is { } difference)
            {
                different.Add($"{path} ({change.Word}): {difference}");
            }
        }
        string[] missing = [.. expected.Values.OrderBy(c => c.Path).Select(c => $"{c.Path} ({c.Word})"), .. git.Missing()];
        if (undeclared.Count + different.Count > 0)
            return Describe(ProblemCode.TakeOffUndeclaredChange, "take-off did what no artifact declares", undeclared, different, missing);
        return missing.Length > 0
            ? Describe(ProblemCode.TakeOffMissingChange, "take-off did not do what the plan declares", undeclared, different, missing)
            : Done.Ok;
    }

    private static string? Difference(FileChange declared, FileChange actual)
    {
        if (declared.Before != actual.Before) return "it was not what the plan was made on";
        if (declared.After == actual.After) return null;
        return (declared.After, actual.After) switch
        {
            (null, _) => "declared as deleted, but it is there",
            (_, null) => "it was deleted",
            var (d, a) when d!.Kind != a!.Kind => $"declared as {Word(d.Kind)}, but it is {Word(a.Kind)}",
            var (d, a) => $"the content is another ({d!.Content.Hex[..12]}, {d.Size} bytes declared; {a!.Content.Hex[..12]}, {a.Size} bytes found)",
        };
    }

    private static string Word(FileKind kind) => kind switch
    {
        FileKind.Regular => "a regular file",
        FileKind.Executable => "an executable",
        FileKind.Link => "a link",
    };

    private static Problem Describe(ProblemCode code, string what, List<string> undeclared, List<string> different, string[] missing)
    {
        string[] all = [.. undeclared, .. different, .. missing];
        var named = string.Join("; ", all.Take(NamedMax));
        var problem = new Problem(code, $"{what}: {named}{(all.Length > NamedMax ? $"; and {all.Length - NamedMax} more" : "")}");
        foreach (var (key, list) in new (string, IReadOnlyList<string>)[] { ("undeclared", undeclared), ("different", different), ("missing", missing) })
        {
            if (list.Count == 0) continue;
            problem = problem.With(key, string.Join('\n', list.Take(ListedMax))).With(key + "_count", $"{list.Count}");
        }
        return problem;
    }
}
