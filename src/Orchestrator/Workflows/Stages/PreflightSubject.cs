// Turns a validated plan into what policies judge: the same parsed values that were hashed, with the lines that patches add and delete.
using System.Text;
using CabinCrew.Governance.Policies;
using CabinCrew.Orchestrator.Artifacts;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Orchestrator.Workflows.Stages;

internal static class PreflightSubject
{
    public static Outcome<PolicySubject> Build(StepContext c, ValidatedPlan plan)
    {
        var lines = new Dictionary<WorkspacePath, FilePatch>();
        foreach (var artifact in plan.Artifacts.Where(a => a.Role == ArtifactRole.Evidence && ArtifactTypes.DeclaresFileChanges(a.Type) && a.Body is not null))
        {
            if (!GitPatch.Parse(artifact.Body!.Value).Try(out var set, out var problem)) return problem.At($"artifact {artifact.Name}");
            foreach (var file in set.Files)
                if ((file.NewPath ?? file.OldPath) is { } path) lines[path] = file;
        }
        return new PolicySubject
        {
            Tenant = StepContext.Tenant,
            WorkflowId = c.Workflow,
            WorkflowName = c.WorkflowDefinition.Name,
            StepId = c.Id,
            Requester = c.Journal.State.Requester,
            EngineId = c.Flight.Plan!.EngineId,
            OutsideEffects = c.Definition.HasOutsideEffects,
            Sandboxed = !c.Journal.State.Unsandboxed,
            Config = c.Definition.Config,
            Context = c.Flight.Plan.Context,
            Artifacts =
            [
                .. plan.Artifacts.Where(a => a.Role != ArtifactRole.Log)
                    .Select(a => new JudgedArtifact(a.Name, a.Role, a.Type, a.Action, a.Target, a.Metadata, a.Document, a.Body)),
            ],
            Changes = [.. plan.Changes.Select(w => Judged(w, lines.GetValueOrDefault(w.Change.Path)))],
        };
    }

    private static JudgedChange Judged(FileWrite write, FilePatch? patch) => patch is null
        ? new(write.Change, false, [], [])
        : new(write.Change, patch.Binary is not null, Numbered(patch, '+', h => h.NewStart), Numbered(patch, '-', h => h.OldStart));

    private static List<NumberedLine> Numbered(FilePatch patch, char mark, Func<Hunk, int> start)
    {
        var found = new List<NumberedLine>();
        foreach (var hunk in patch.Hunks)
        {
            var number = start(hunk);
            foreach (var line in hunk.Lines)
            {
                if (line.Mark == mark) found.Add(new(number, Encoding.UTF8.GetString(line.Text.Span).TrimEnd('\n')));
                if (line.Mark == mark || line.Mark == ' ') number++;
            }
        }
        return found;
    }
}
