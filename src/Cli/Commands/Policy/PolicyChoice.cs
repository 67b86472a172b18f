// Policies named on the command line, by what they are: nothing is guessed from a file's content but whether a YAML file is a workflow or rules.
using CabinCrew.Governance.Policies;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Orchestrator.Workflows.Review;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Commands.Policy;

internal static class PolicyChoice
{
    /// <summary>One set of them all. Bundles are taken as they are: their signatures are for flights.</summary>
    public static async Task<Outcome<PolicySet>> LoadAsync(PolicyReview review, IReadOnlyList<string> names, string? package, CancellationToken ct)
    {
        var here = Directory.GetCurrentDirectory();
        if (names.FirstOrDefault(IsWorkflow) is { } file)
        {
            if (names.Count > 1) return new Problem(ProblemCode.InvalidArgument, $"'{file}' is a workflow file, whose policies are a set by themselves; name it alone");
            if (!WorkflowFile.Load(Path.GetFullPath(file, here)).Try(out var workflow, out var problem)) return problem;
            return await review.LoadAsync(workflow, ct).ConfigureAwait(false);
        }
        return await review.LoadAsync(Refs(names, package), here, ct).ConfigureAwait(false);
    }

    /// <param name="package">Whose rules are the answer of Rego policies; null: as for plans.</param>
    public static IReadOnlyList<PolicyRef> Refs(IReadOnlyList<string> names, string? package)
    {
        var rego = package is null ? null : new RegoPolicyOptions(package);
        return [.. names.Select(n => Of(n, rego))];
    }

    private static PolicyRef Of(string name, RegoPolicyOptions? rego)
    {
        if (name.StartsWith("builtin:", StringComparison.Ordinal)) return new("builtin", name["builtin:".Length..]);
        if (Ends(name, ".yaml") || Ends(name, ".yml")) return new("rules", name);
        if (name.StartsWith("git:", StringComparison.Ordinal) || name.StartsWith("oci:", StringComparison.Ordinal) || Ends(name, ".tar.gz") || Ends(name, ".tgz"))
            return new("bundle", name) { Bundle = new(IgnoreSignature: true), Rego = rego };
        return new("rego", name) { Rego = rego };
    }

    private static bool IsWorkflow(string name)
    {
        if (!Ends(name, ".yaml") && !Ends(name, ".yml")) return false;
        try
        {
            return File.Exists(name) && File.ReadLines(name).Any(l => l.StartsWith("steps:", StringComparison.Ordinal));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // loading it says why
        }
    }

    private static bool Ends(string name, string ending) => name.EndsWith(ending, StringComparison.Ordinal);
}
