// The directories that a take-off may write besides the workspace: there, apart from the workspace, and never a part of the system.
using CabinCrew.Governance.Files;
using CabinCrew.Governance.Yaml;

namespace CabinCrew.Orchestrator.Workflows;

internal sealed class OutsideDirectories(string baseDirectory, string? workspace)
{
    private const int CountMax = 16;

    // The system's own, and the names that the sandbox uses for its mounts.
    private static readonly string[] Taken =
        ["/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/proc", "/run", "/sbin", "/sys", "/usr", "/cabincrew", "/engine", "/workspace"];

    public IReadOnlyList<string> Read(YamlMap step)
    {
        List<string> found = [];
        if (step.TakeList("outside") is not { } list) return found;
        if (list.Items.Count > CountMax) step.Errors.Add(list, $"'outside': expected at most {CountMax}, found {list.Items.Count}");
        foreach (var node in list.Items.Take(CountMax))
        {
            if (node is not YamlScalar { Type: YamlType.Text, Text.Length: > 0 } scalar)
            {
                step.Errors.Add(node, $"'outside': expected the path of a directory, found {node.Is}");
                continue;
            }
            var shown = WorkflowReader.Clip(scalar.Text);
            var path = CanonicalPath.Of(Path.Combine(baseDirectory, scalar.Text));
            if (path is null || !Directory.Exists(path)) step.Errors.Add(node, $"'outside': expected a directory, found {(path is null ? "nothing" : "a file")} at '{shown}'");
            else if (Refusal(path) is { } why) step.Errors.Add(node, $"'outside': expected {why}, found '{shown}'");
            else if (found.Contains(path)) step.Errors.Add(node, $"'outside': '{shown}' stands here a second time");
            else found.Add(path);
        }
        return found;
    }

    private string? Refusal(string path)
    {
        if (workspace is not null && CanonicalPath.Contains(workspace, path)) return "a directory outside the workspace (what is inside needs no mention)";
        if (workspace is not null && CanonicalPath.Contains(path, workspace)) return "a directory that does not hold the workspace";
        return path == "/" || Taken.Any(t => CanonicalPath.Contains(t, path)) ? "a directory that is no part of the system" : null;
    }
}
