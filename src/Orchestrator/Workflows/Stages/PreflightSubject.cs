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
    /// <param name="inputs">What is neither in the plan nor in the definition; recorded, so that this can be built again.</param>
    public static Outcome<PolicySubject> Build(FlightState flight, StepDefinition definition, ValidatedPlan plan, JudgementInputs inputs)
    {
        var lines = new Dictionary<WorkspacePath, FilePatch>();
        foreach (var artifact in plan.Artifacts.Where(a => a.Role == ArtifactRole.Evidence && ArtifactTypes.DeclaresFileChanges(a.Type)))
        {
            if (artifact.Content is not { IsEmpty: false } content) continue;
            if (!GitPatch.Parse(content).Try(out var set, out var problem)) return problem.At($"artifact {artifact.Name}");
            foreach (var file in set.Files)
                if ((file.NewPath ?? file.OldPath) is { } path) lines[path] = file;
        }
        var frozen = flight.Steps[definition.Id].Plan!;
        return new PolicySubject
        {
            Tenant = StepContext.Tenant,
            WorkflowId = flight.Id,
            WorkflowName = flight.Definition.Name,
            StepId = definition.Id,
            Requester = flight.Requester,
            RequesterIsHuman = inputs.RequesterIsHuman,
            RequesterRoles = inputs.RequesterRoles,
            Now = inputs.Now,
            Seed = inputs.SeedNumber,
            Environment = definition.Environment,
            EngineId = frozen.EngineId,
            OutsideEffects = definition.HasOutsideEffects || plan.Artifacts.Any(SaysOutside),
            Network = definition.UnrestrictedTakeOff ? ["unrestricted"] : definition.Network?.Words ?? [],
            Sandboxed = !flight.Unsandboxed,
            Isolation = frozen.Tier,
            Config = definition.Config,
            Context = frozen.Context,
            Artifacts =
            [
                .. plan.Artifacts.Where(a => a.Role != ArtifactRole.Log)
                    .Select(a => new JudgedArtifact(a.Name, a.Role, a.Type, a.Action, a.Target, a.Metadata, a.Document, a.Content)),
            ],
            Changes = [.. plan.Changes.Select(w => Judged(w, lines.GetValueOrDefault(w.Change.Path)))],
            Refs = Refs(plan.Git),
        };
    }

    /// <summary>Everything that a plan may move in .git; HEAD and the index are named like refs, so that no rule can overlook them.</summary>
    private static IReadOnlyList<JudgedRef> Refs(DeclaredGit? git) => git is null ? [] :
    [
        .. git.Refs.Select(r => new JudgedRef(r.Key, r.Value.Before, r.Value.After, git.Forced.Contains(r.Key))),
        .. git.Head is { } head ? [new JudgedRef("HEAD", "", head)] : Array.Empty<JudgedRef>(),
        .. git.Index ? [new JudgedRef("index", "", "")] : Array.Empty<JudgedRef>(),
    ];

    // What an engine itself says to reach outside (a push) counts, whatever the workflow grants it.
    private static bool SaysOutside(ValidatedArtifact artifact) =>
        artifact.Role != ArtifactRole.Log && artifact.Metadata.ValueKind == System.Text.Json.JsonValueKind.Object && artifact.Metadata.TryGetProperty("outside", out var outside)
        && outside is not { ValueKind: System.Text.Json.JsonValueKind.Null or System.Text.Json.JsonValueKind.False };

    private static JudgedChange Judged(FileWrite write, FilePatch? patch) => patch is null
        ? new(write.Change, false, [], []) { Content = write.Content }
        : new(write.Change, patch.Binary is not null, Numbered(patch, '+', h => h.NewStart), Numbered(patch, '-', h => h.OldStart)) { Content = write.Content };

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
