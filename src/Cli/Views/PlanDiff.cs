// The diff of a plan: the very bytes that were judged and hashed, coloured for people or raw for `git apply`.
using System.Text;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Orchestrator.Workflows.Stages;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Cli.Views;

internal static class PlanDiff
{
    public static void Show(Screen screen, FrozenBytes plan)
    {
        foreach (var artifact in plan.Flight.Plan!.Artifacts.Where(a => a.Role == ArtifactRole.Evidence && a.Body is not null))
        {
            var body = Body(plan, artifact);
            screen.Line("");
            if (IsText(artifact, body)) screen.Diff(body);
            else screen.Line($"  artifact {artifact.Name} ({Screen.Safe(artifact.Type)}, {Screen.Safe(artifact.Action)}): {artifact.Size} bytes, {artifact.Body}");
        }
    }

    public static void Raw(Screen screen, IReadOnlyList<StepFlight> steps, IReadOnlyDictionary<StepId, FrozenBytes> plans)
    {
        foreach (var step in steps)
            if (plans.TryGetValue(step.Id, out var plan)) screen.Raw(Text(plan));
    }

    public static string Text(FrozenBytes plan)
    {
        var text = new StringBuilder();
        foreach (var artifact in plan.Flight.Plan!.Artifacts.Where(a => a.Role == ArtifactRole.Evidence && ArtifactTypes.DeclaresFileChanges(a.Type) && a.Body is not null))
            text.Append(Encoding.UTF8.GetString(Body(plan, artifact).Span));
        return text.ToString();
    }

    private static bool IsText(FrozenArtifact artifact, ReadOnlyMemory<byte> body) =>
        ArtifactTypes.DeclaresFileChanges(artifact.Type) || (body.Length <= 1 << 20 && !body.Span.Contains((byte)0) && System.Text.Unicode.Utf8.IsValid(body.Span));

    private static ReadOnlyMemory<byte> Body(FrozenBytes plan, FrozenArtifact artifact) =>
        plan.Artifacts.First(a => a.Name.ToString() == artifact.Name).Body!.Value;
}
