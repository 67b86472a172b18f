// Plan-token inputs for tests: from a vector's canonical form, and one that has everything.
using System.Text.Json;
using CabinCrew.Protocol;

namespace CabinCrew.Tests.Golden;

internal static class PlanTokenSamples
{
    public static readonly PlanTokenInputs Full = new()
    {
        WorkflowId = WorkflowId.Parse("wf-20260131-7h3k9q2m"),
        StepId = StepId.Parse("fix"),
        EngineId = "patch",
        EngineDigest = Digest.Of("engine"u8),
        ProtocolVersion = ProtocolWords.ProtocolVersion,
        ConfigHash = Digest.Of("config"u8),
        ContextHash = Digest.Of("context"u8),
        DefinitionHash = Digest.Of("definition"u8),
        WorkspaceHash = Digest.Of("workspace"u8),
        Artifacts =
        [
            Artifact("change", ArtifactRole.Evidence, "file_patch", Digest.Of("patch"u8)),
            Artifact("a-1", ArtifactRole.State, "git_bundle", Digest.Of("bundle"u8)),
            Artifact("Zeta", ArtifactRole.Log, "script", null),
        ],
        PolicyDigest = Digest.Of("policies"u8),
        GovernanceHash = Digest.Of("governance"u8),
    };

    public static BoundArtifact Artifact(string name, ArtifactRole role, string type, Digest? body) =>
        new(Name(name), role, type, "apply", Digest.Of(System.Text.Encoding.UTF8.GetBytes(name)), body, body is null ? 0 : 5);

    public static ArtifactName Name(string name) => ArtifactName.TryParse(name, out var n) ? n : throw new ArgumentException(name);

    public static PlanTokenInputs FromForm(JsonElement form)
    {
        string Text(string key) => form.GetProperty(key).GetString()!;
        return new()
        {
            WorkflowId = WorkflowId.Parse(Text("workflow_id")),
            StepId = StepId.Parse(Text("step_id")),
            EngineId = form.GetProperty("engine").GetProperty("id").GetString()!,
            EngineDigest = Digest.Parse(form.GetProperty("engine").GetProperty("digest").GetString()!),
            Model = Text("model"),
            ProtocolVersion = Text("protocol_version"),
            ConfigHash = Digest.Parse(Text("config_hash")),
            ContextHash = Digest.Parse(Text("context_hash")),
            DefinitionHash = Digest.Parse(Text("definition_hash")),
            WorkspaceHash = Digest.Parse(Text("workspace_hash")),
            Artifacts = [.. form.GetProperty("artifacts").EnumerateArray().Reverse().Select(Artifact)],
            PolicyDigest = Digest.Parse(Text("policy_digest")),
            GovernanceHash = Digest.Parse(Text("governance_hash")),
        };
    }

    private static BoundArtifact Artifact(JsonElement a) => new(
        Name(a.GetProperty("name").GetString()!),
        Enum.GetValues<ArtifactRole>().Single(r => r.Word() == a.GetProperty("role").GetString()),
        a.GetProperty("type").GetString()!,
        a.GetProperty("action").GetString()!,
        Digest.Parse(a.GetProperty("metadata_hash").GetString()!),
        a.GetProperty("body_hash").GetString() is { } body ? Digest.Parse(body) : null,
        a.GetProperty("size").GetInt64());
}
