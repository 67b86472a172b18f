// Reads cabincrew.yaml into a WorkflowDefinition that cannot be wrong in form. Every error of the file is reported at once, with its place.
// The file is hostile input: bounded, without aliases, unknown keys refused. Reference: docs/reference/workflow-file.md.
using CabinCrew.Governance.Yaml;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Workflows;

public static class WorkflowFile
{
    public const string DefaultName = "cabincrew.yaml";
    public const int Version = 1;
    public const int StepsMax = 256;

    /// <summary>The definition, or one problem whose message has a line <c>file:line:column: what</c> for each error.</summary>
    public static Outcome<WorkflowDefinition> Load(string path)
    {
        var file = Path.GetFullPath(path);
        if (YamlNodes.ReadFile(file, ProblemCode.WorkflowFileInvalid, path).Try(out var root, out var problem)) return Read(root, file);
        return problem.Code == ProblemCode.NotFound
            ? new Problem(ProblemCode.WorkflowFileMissing, $"there is no workflow file {path}") { Where = path }
            : problem;
    }

    private static Outcome<WorkflowDefinition> Read(YamlMap root, string file)
    {
        var reader = new WorkflowReader(root, file);
        var definition = reader.Read();
        if (root.Errors.Any) return root.Errors.ToProblem();
        if (reader.NotYet.Any) return reader.NotYet.ToProblem();
        return definition ?? throw new InvalidOperationException("a workflow file without errors gave no definition");
    }
}
