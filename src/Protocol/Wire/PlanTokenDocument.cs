// The plan-token as a document (TOK-03). How the hash is made: PlanTokens.cs.
namespace CabinCrew.Protocol.Wire;

public sealed record PlanToken
{
    /// <summary>The composite hash (TOK-02): the token itself.</summary>
    public required Digest Token { get; init; }
    public required string Version { get; init; }
    public required IReadOnlyList<PlanArtifactHash> Artifacts { get; init; }
    public required string Model { get; init; }
    public required string EngineId { get; init; }
    public required string ProtocolVersion { get; init; }
    public required Digest WorkspaceHash { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public Digest? PolicyDigest { get; init; }
    public Digest? GovernanceHash { get; init; }
    public PlanTokenExtensions? Extensions { get; init; }
}

/// <param name="Hash">Of the artifact's canonical description (one entry of the token's canonical form).</param>
public sealed record PlanArtifactHash(string Name, Digest Hash, long? Size);

/// <summary>Ours: the rest of what the token binds, when it expires, and the orchestrator's signature over the token.</summary>
public sealed record PlanTokenExtensions
{
    public required Digest EngineDigest { get; init; }
    public required Digest ConfigHash { get; init; }
    public required Digest ContextHash { get; init; }
    public required Digest DefinitionHash { get; init; }
    public Digest? NetworkHash { get; init; }
    public DateTimeOffset? ExpiresAt { get; init; }
    /// <summary>ECDSA P-256 over SHA-256 of the document's canonical form without this member and the next, DER, base64.</summary>
    public string? Signature { get; init; }
    public string? SignatureKeyRef { get; init; }
}
