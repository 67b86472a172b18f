// A good first workflow file for the repository it stands in, and who may approve. Never overwrites, follows no link out of the directory,
// and the first flight that it describes works as it is and does no harm.
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Workflows;

/// <param name="Path">Relative to the directory, with '/'.</param>
public sealed record InitFile(string Path, string Text);

public static class WorkflowInit
{
    private const int EntriesMax = 10_000;
    private const string IdentitiesFile = WorkspaceHasher.StoreDirectory + "/identities.yaml";
    private const string IgnoreFile = WorkspaceHasher.StoreDirectory + "/.gitignore";

    /// <summary>What would be written. A workflow file that is there already is a refusal; other files that are there are left out.</summary>
    public static Outcome<IReadOnlyList<InitFile>> Plan(string directory, string osUser)
    {
        var root = Path.GetFullPath(directory);
        if (!Directory.Exists(root)) return new Problem(ProblemCode.InvalidArgument, $"there is no directory {directory}");
        if (osUser.Length is 0 or > 256 || osUser.Any(char.IsControl)) return new Problem(ProblemCode.InvalidArgument, "the name of the operating system's user cannot be written into a file");
        if (IsThere(root, WorkflowFile.DefaultName))
            return new Problem(ProblemCode.InvalidArgument, $"there is a {WorkflowFile.DefaultName} already, and it is never overwritten")
            {
                Where = Path.Combine(root, WorkflowFile.DefaultName), Remedy = "Edit it, or move it away and run init again.",
            };
        List<string> entries;
        try
        {
            entries = [.. new DirectoryInfo(root).EnumerateFileSystemInfos().Take(EntriesMax).Select(e => e.Name)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Problem(ProblemCode.IoFailed, $"the directory {directory} cannot be read: {e.Message}");
        }

        List<InitFile> files = [new(WorkflowFile.DefaultName, FirstWorkflow.Text(PlainName(Path.GetFileName(root.TrimEnd('/')), "first-flight"), entries))];
        if (!IsThere(root, IdentitiesFile)) files.Add(new(IdentitiesFile, FirstWorkflow.Identities(PlainName(osUser, "me"), osUser)));
        if (!IsThere(root, IgnoreFile)) files.Add(new(IgnoreFile, "# State, keys and identities of this machine: never part of the repository.\n*\n"));
        return Outcome.Of<IReadOnlyList<InitFile>>(files);
    }

    /// <summary>Writes the files and gives their absolute paths. What appeared in the meantime is not overwritten.</summary>
    public static Outcome<IReadOnlyList<string>> Write(string directory, IReadOnlyList<InitFile> files)
    {
        var root = Path.GetFullPath(directory);
        List<string> written = [];
        try
        {
            foreach (var file in files)
            {
                var path = Path.Combine(root, file.Path);
                var isPrivate = file.Path.StartsWith(WorkspaceHasher.StoreDirectory + "/", StringComparison.Ordinal);
                if (isPrivate && new DirectoryInfo(Path.GetDirectoryName(path)!) is { LinkTarget: not null } link)
                    return new Problem(ProblemCode.IoFailed, $"{link.FullName} is a link; identities and keys belong into a directory of its own") { Where = link.FullName };
                if (isPrivate && !OperatingSystem.IsWindows())
                    Directory.CreateDirectory(Path.GetDirectoryName(path)!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
                var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
                if (isPrivate && !OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
                using var writer = new StreamWriter(path, options);
                writer.Write(file.Text);
                written.Add(path);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Problem(ProblemCode.IoFailed, $"a file could not be written: {e.Message}").With("written", string.Join(' ', written));
        }
        return Outcome.Of<IReadOnlyList<string>>(written);
    }

    // A dangling link counts as there: nothing is written through it.
    private static bool IsThere(string root, string path)
    {
        var file = new FileInfo(Path.Combine(root, path));
        return file.Exists || file.LinkTarget is not null || Directory.Exists(file.FullName);
    }

    private static string PlainName(string text, string otherwise)
    {
        var name = string.Concat(text.Where(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-')).TrimStart('.', '_', '-');
        return name.Length switch { 0 => otherwise, > 100 => name[..100], _ => name };
    }
}
