// A set of changes that somebody else made (an agent, in a view of the workspace) as a workflow of one step: the patch engine declares them anew, from the workspace
// as it stands, so that they are planned, bound, judged, approved and applied like any others (INT-03). Judged as the workspace's own workflow file says.
using System.Text;
using System.Text.Json;
using CabinCrew.Governance.Policies;
using CabinCrew.Orchestrator.Posix;
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;

namespace CabinCrew.Orchestrator.Workflows;

public static class ChangeProposal
{
    public const string Name = "agent-changes", Step = "changes";

    /// <summary>The patch is in the flight's first journal entry, which the store bounds; escaped it may be a half longer.</summary>
    public const int PatchBytesMax = 5 << 20;
    public const int MessageCharsMax = 4000;

    /// <param name="workspace">Absolute, links resolved.</param>
    /// <param name="message">For those who review it.</param>
    public static Outcome<WorkflowDefinition> Of(string workspace, IReadOnlyList<FileWrite> changes, string message)
    {
        if (message.Length is 0 or > MessageCharsMax) return new Problem(ProblemCode.InvalidArgument, $"a proposal needs a message of 1 to {MessageCharsMax} characters");
        var inside = changes.Where(c => IsGit(c.Change.Path)).ToList();
        if (inside.Count > 0)
            return new Problem(ProblemCode.TakeOffUndeclaredChange, $"{inside[0].Change.Path} is git's own, and no patch declares it") { Where = workspace, Remedy = "Undo the changes in .git; commits are made by a workflow's git engine." };
        byte[] patch;
        try
        {
            using var root = DirectoryHandle.Open(workspace);
            patch = GitPatch.Write(changes, path => WorkspaceTree.Read(root, path));
        }
        catch (Exception e) when (e is IOException or InvalidDataException or ArgumentException)
        {
            return new Problem(ProblemCode.WorkspaceUnreadable, $"the workspace moved while its difference was written down: {e.Message}") { Where = workspace };
        }
        if (patch.Length > PatchBytesMax) return new Problem(ProblemCode.LimitFiles, $"the changes are a patch of {patch.Length} bytes; one proposal holds {PatchBytesMax}") { Remedy = "Propose smaller parts: take some of the changes back, propose, and make them afterwards." };
        return Judged(workspace).Map(definition => definition with
        {
            Name = Name,
            OnDrift = DriftAnswer.Fail,
            Steps =
            [
                new()
                {
                    Id = StepId.Parse(Step), Engine = "patch", Config = Config(patch, message), Secrets = new Dictionary<string, SecretSource>(), Needs = [], Context = new Dictionary<string, ContextSource>(),
                },
            ],
        });
    }

    /// <summary>The workspace's own rules, read from the workspace itself and never from the changed view; without a workflow file, the built-in defaults.</summary>
    private static Outcome<WorkflowDefinition> Judged(string workspace)
    {
        var file = Path.Join(workspace, WorkflowFile.DefaultName);
        if (!Path.Exists(file)) return new WorkflowDefinition { Name = Name, File = file, Workspace = workspace, Steps = [], Policies = [new PolicyRef("builtin", "defaults")] };
        return WorkflowFile.Load(file).Then(definition => definition.Workspace == workspace
            ? definition
            : (Outcome<WorkflowDefinition>)new Problem(ProblemCode.InvalidArgument, $"{file} is about another workspace, {definition.Workspace}") { Remedy = "Serve that directory, or move the file." });
    }

    private static JsonElement Config(byte[] patch, string message) => StepDefinitionJson.JsonOf(w =>
    {
        w.WriteStartObject();
        w.WriteString("message", message);
        if (System.Text.Unicode.Utf8.IsValid(patch)) w.WriteString("patch", Encoding.UTF8.GetString(patch));
        else w.WriteBase64String("patch_base64", patch);
        w.WriteEndObject();
    });

    private static bool IsGit(WorkspacePath path) => path.ToString() is var text && (text == ".git" || text.StartsWith(".git/", StringComparison.Ordinal));
}
