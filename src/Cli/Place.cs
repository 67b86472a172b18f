// Where a command stands: the nearest directory upwards with a workflow file or a store, and the store that goes with it.
using CabinCrew.Orchestrator.Workspaces;

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

    /// <param name="file">What <c>--file</c> says, or null. Its directory is the place then.</param>
    /// <param name="store">What <c>--store</c> or CABINCREW_STORE says, or null.</param>
    public static Place Find(string directory, string? file, string? store)
    {
        var root = file is null ? Upwards(directory) : Path.GetDirectoryName(Path.GetFullPath(file, directory))!;
        if (store?.Contains("://", StringComparison.Ordinal) == true) return new(root, store, Path.Combine(root, WorkspaceHasher.StoreDirectory)); // opening it says what is known
        var storeDirectory = store is null
            ? Path.Combine(root, WorkspaceHasher.StoreDirectory)
            : Path.GetFullPath(store.StartsWith("sqlite:", StringComparison.Ordinal) ? store["sqlite:".Length..] : store, directory);
        return new(root, $"sqlite:{storeDirectory}", storeDirectory);
    }

    private static string Upwards(string directory)
    {
        for (var at = new DirectoryInfo(directory); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, WorkflowFileName)) || Directory.Exists(Path.Combine(at.FullName, WorkspaceHasher.StoreDirectory)))
                return at.FullName;
        return directory;
    }
}
