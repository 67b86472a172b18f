// The plan-token: one hash over everything that matters (TOK-02). Pure; the only place in the house where a token is computed.
// Canonical form: RFC 8785 JSON of the object below; the token is its SHA-256.
using System.Text.Json.Nodes;
using CabinCrew.Protocol.Json;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Protocol;

/// <summary>An artifact as the token binds it. <paramref name="Size"/> is the body's, in bytes; it informs, and is bound too.</summary>
/// <param name="MetadataHash">SHA-256 of the bytes of artifact.json as the engine wrote them.</param>
/// <param name="BodyHash">SHA-256 of body.data, or null where there is none.</param>
public sealed record BoundArtifact(
    ArtifactName Name, ArtifactRole Role, string Type, string Action, Digest MetadataHash, Digest? BodyHash, long Size);

/// <summary>Everything that a plan-token binds. Two equal inputs give one token, on any machine.</summary>
public sealed record PlanTokenInputs
{
    public required WorkflowId WorkflowId { get; init; }
    public required StepId StepId { get; init; }
    public required string EngineId { get; init; }
    public required Digest EngineDigest { get; init; }
    public string Model { get; init; } = "none";
    public required string ProtocolVersion { get; init; }
    /// <summary>SHA-256 of the canonical form of the step's config.</summary>
    public required Digest ConfigHash { get; init; }
    /// <summary>SHA-256 of the canonical form of the context handed over by earlier steps.</summary>
    public required Digest ContextHash { get; init; }
    /// <summary>SHA-256 of the canonical form of the step's definition: limits, network, secrets by name, approvals (never a secret's value).</summary>
    public required Digest DefinitionHash { get; init; }
    public required Digest WorkspaceHash { get; init; }
    public required IReadOnlyList<BoundArtifact> Artifacts { get; init; }
    /// <summary>Of the policy files in force.</summary>
    public required Digest PolicyDigest { get; init; }
    /// <summary>Of the whole judgement: policies, models, thresholds, aggregation, approvers' rules.</summary>
    public required Digest GovernanceHash { get; init; }
    /// <summary>Of the record of what the flight-plan said to a declared network. Null, and then no member at all, where it had none.</summary>
    public Digest? NetworkHash { get; init; }
}

public static class PlanTokens
{
    public const string FormatVersion = "1";

    /// <summary>The composite hash. Artifacts may come in any order; they are bound in name order.</summary>
    public static Digest Compute(PlanTokenInputs inputs) => Digest.Of(CanonicalJson.Write(CanonicalForm(inputs)));

    /// <summary>The object that is hashed, for <c>token explain</c> and for people with public tools.</summary>
    public static JsonObject CanonicalForm(PlanTokenInputs inputs)
    {
        var form = WithoutNetwork(inputs);
        if (inputs.NetworkHash is { } network) form["network_hash"] = network.ToString();
        return form;
    }

    private static JsonObject WithoutNetwork(PlanTokenInputs inputs) => new()
    {
        ["version"] = FormatVersion,
        ["workflow_id"] = inputs.WorkflowId.ToString(),
        ["step_id"] = inputs.StepId.ToString(),
        ["engine"] = new JsonObject { ["id"] = inputs.EngineId, ["digest"] = inputs.EngineDigest.ToString() },
        ["model"] = inputs.Model,
        ["protocol_version"] = inputs.ProtocolVersion,
        ["config_hash"] = inputs.ConfigHash.ToString(),
        ["context_hash"] = inputs.ContextHash.ToString(),
        ["definition_hash"] = inputs.DefinitionHash.ToString(),
        ["workspace_hash"] = inputs.WorkspaceHash.ToString(),
        ["artifacts"] = new JsonArray([.. InOrder(inputs).Select(a => (JsonNode)Describe(a))]),
        ["policy_digest"] = inputs.PolicyDigest.ToString(),
        ["governance_hash"] = inputs.GovernanceHash.ToString(),
    };

    /// <summary>The unsigned document (TOK-03).</summary>
    public static PlanToken Create(PlanTokenInputs inputs, DateTimeOffset createdAt, DateTimeOffset? expiresAt) => new()
    {
        Token = Compute(inputs),
        Version = FormatVersion,
        Artifacts = [.. InOrder(inputs).Select(a => new PlanArtifactHash(a.Name.ToString(), Digest.Of(CanonicalJson.Write(Describe(a))), a.Size))],
        Model = inputs.Model,
        EngineId = inputs.EngineId,
        ProtocolVersion = inputs.ProtocolVersion,
        WorkspaceHash = inputs.WorkspaceHash,
        CreatedAt = createdAt,
        PolicyDigest = inputs.PolicyDigest,
        GovernanceHash = inputs.GovernanceHash,
        Extensions = new()
        {
            EngineDigest = inputs.EngineDigest,
            ConfigHash = inputs.ConfigHash,
            ContextHash = inputs.ContextHash,
            DefinitionHash = inputs.DefinitionHash,
            NetworkHash = inputs.NetworkHash,
            ExpiresAt = expiresAt,
        },
    };

    private static IEnumerable<BoundArtifact> InOrder(PlanTokenInputs inputs) => inputs.Artifacts.OrderBy(a => a.Name);

    private static JsonObject Describe(BoundArtifact a) => new()
    {
        ["name"] = a.Name.ToString(),
        ["role"] = a.Role.Word(),
        ["type"] = a.Type,
        ["action"] = a.Action,
        ["metadata_hash"] = a.MetadataHash.ToString(),
        ["body_hash"] = a.BodyHash?.ToString(),
        ["size"] = a.Size,
    };
}
