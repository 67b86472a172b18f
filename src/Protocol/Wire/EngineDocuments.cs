// What crosses the line between orchestrator and engine: EngineInput (ENG-03) and EngineOutput, the receipt (ENG-04).
using System.Text.Json;

namespace CabinCrew.Protocol.Wire;

/// <summary>The one JSON document that an engine reads (ENG-03). Objects are never null; absent members are written as empty.</summary>
public sealed record EngineInput
{
    public required string ProtocolVersion { get; init; }
    public required EngineMode Mode { get; init; }
    public required EngineMeta Meta { get; init; }
    public JsonElement? Config { get; init; }
    public IReadOnlyDictionary<string, string>? Secrets { get; init; }
    public IReadOnlyList<string>? AllowedSecrets { get; init; }
    public JsonElement? Context { get; init; }
    public string? IdentityToken { get; init; }
    public EngineOrchestrator? Orchestrator { get; init; }
    public string? ExpectedPlanToken { get; init; }
    public JsonElement? Extensions { get; init; }
}

public sealed record EngineMeta(string WorkflowId, string StepId);

/// <param name="RunIndex">0 for the first run of this mode of this step, and one more for every further one.</param>
/// <param name="ArtifactsSalt">The same for the two runs of <c>determinism: verify</c>; a seed for engines that need one.</param>
public sealed record EngineOrchestrator(int RunIndex, string WorkspaceHash, string ArtifactsSalt);

/// <summary>The receipt: the one JSON document on an engine's standard output (ENG-04).</summary>
public sealed record EngineOutput
{
    public required string ProtocolVersion { get; init; }
    public required string EngineId { get; init; }
    public required EngineMode Mode { get; init; }
    public required string ReceiptId { get; init; }
    public required string Status { get; init; }
    public string? Error { get; init; }
    public IReadOnlyList<string>? Warnings { get; init; }
    public JsonElement? Diagnostics { get; init; }
    public IReadOnlyList<EngineArtifact>? Artifacts { get; init; }
    public IReadOnlyList<EngineMetric>? Metrics { get; init; }
    public string? PlanToken { get; init; }
    public JsonElement? Extensions { get; init; }

    public const string Success = "success";
    public const string Failure = "failure";
}

/// <param name="Path">Relative to the artifacts directory: <c>NAME/artifact.json</c>.</param>
/// <param name="Hash">SHA-256 of <c>artifact.json</c>'s bytes, <c>sha256:hex</c>.</param>
/// <param name="Size">Bytes of <c>artifact.json</c> and <c>body.data</c> together.</param>
public sealed record EngineArtifact(string Name, string Role, string Path, string Hash, long? Size);

public sealed record EngineMetric(string Name, double Value, JsonElement? Tags = null);
