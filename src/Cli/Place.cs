// Where a command stands: the nearest directory upwards with a workflow file or a store, and the store that goes with it.
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;

namespace CabinCrew.Cli;

/// <param name="Root">The directory that a relative workflow file is looked for in.</param>
/// <param name="Store">The store's string, as <c>--store</c> takes it.</param>
internal sealed record Place(string Root, string Store, string StoreDirectory)
{
    public const string WorkflowFileName = "cabincrew.yaml";

    public string IdentitiesFile => Path.Combine(StoreDirectory, "identities.yaml");

    /// <summary>Something has been kept here before.</summary>
    public bool HasStore => !Store.StartsWith("sqlite:", StringComparison.Ordinal) || File.Exists(Path.Combine(StoreDirectory, "state.db"));

    public string WorkflowFile => Path.Combine(Root, WorkflowFileName);

    /// <param name="file">What <c>--file</c> says, or null. The place is then the nearest directory upwards from it that has a store, else its own.</param>
    /// <param name="store">What <c>--store</c> or CABINCREW_STORE says, or null.</param>
    public static Place Find(string directory, string? file, string? store)
    {
        var root = file is null
            ? Upwards(directory, d => File.Exists(Path.Combine(d, WorkflowFileName)) || Directory.Exists(Path.Combine(d, WorkspaceHasher.StoreDirectory)))
            : Upwards(Path.GetDirectoryName(Path.GetFullPath(file, directory))!, d => Directory.Exists(Path.Combine(d, WorkspaceHasher.StoreDirectory)));
        if (store?.Contains("://", StringComparison.Ordinal) == true) return new(root, store, Path.Combine(root, WorkspaceHasher.StoreDirectory)); // opening it says what is known
        var storeDirectory = store is null
            ? Path.Combine(root, WorkspaceHasher.StoreDirectory)
            : Path.GetFullPath(store.StartsWith("sqlite:", StringComparison.Ordinal) ? store["sqlite:".Length..] : store, directory);
        return new(root, $"sqlite:{storeDirectory}", storeDirectory);
    }

    /// <summary>A store inside the workspace, other than .cabincrew at its root, would show keys, logs and plans to engines. Null: it is not there.</summary>
    public Problem? Within(string workspace)
    {
        var inside = Path.GetRelativePath(workspace, StoreDirectory);
        return inside == WorkspaceHasher.StoreDirectory || inside == ".." || inside.StartsWith("../", StringComparison.Ordinal) || Path.IsPathRooted(inside)
            ? null
            : new Problem(ProblemCode.InvalidArgument, $"the store {StoreDirectory} lies in the workspace, where engines could read its keys and logs") { Remedy = $"Keep it outside, or at the workspace's root, which is hidden from engines: --store sqlite:{Path.Combine(workspace, WorkspaceHasher.StoreDirectory)}" };
    }

    private static string Upwards(string directory, Func<string, bool> found)
    {
        for (var at = new DirectoryInfo(directory); at is not null; at = at.Parent)
            if (found(at.FullName)) return at.FullName;
        return directory;
    }
}
