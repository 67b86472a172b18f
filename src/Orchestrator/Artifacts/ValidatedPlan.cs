// A step's artifacts after validation (ART-04): in memory, hashed, consistent with the receipt, with the changes that they declare.
using System.Text.Json;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Orchestrator.Artifacts;

/// <param name="Document">artifact.json's bytes as the engine wrote them; <see cref="DocumentHash"/> is their digest.</param>
public sealed record ValidatedArtifact(
    ArtifactName Name, ArtifactRole Role, string Type, string Action, string? Target, JsonElement Metadata,
    ReadOnlyMemory<byte> Document, Digest DocumentHash, ReadOnlyMemory<byte>? Body, Digest? BodyHash)
{
    /// <summary>Content that stands in the document itself; part of <see cref="Document"/>.</summary>
    public JsonElement? Inline { get; init; }

    /// <summary>What it says, wherever that stands: body.data, else the inline body (a text as its bytes, anything else as its JSON). Null: nothing.</summary>
    public ReadOnlyMemory<byte>? Content => Body ?? ArtifactDocument.BytesOf(Inline);

    public BoundArtifact Bound => new(Name, Role, Type, Action, DocumentHash, BodyHash, Body?.Length ?? 0);
}

/// <param name="Artifacts">In name order.</param>
/// <param name="Changes">What take-off may do to the workspace's files, in path order, with the content; derived from the patches' bodies, not from what metadata claims.</param>
/// <param name="Git">What take-off may do inside .git; null: nothing.</param>
public sealed record ValidatedPlan(IReadOnlyList<ValidatedArtifact> Artifacts, IReadOnlyList<FileWrite> Changes, DeclaredGit? Git);

/// <summary>Declared by <c>metadata.git</c> of an evidence artifact. Objects may be added freely (they are content-addressed); refs and HEAD only as said.</summary>
/// <param name="Refs">Full ref name to object id before and after (40 or 64 hex digits, null: not there).</param>
/// <param name="Head">HEAD's content after, for example <c>ref: refs/heads/x</c>; null: unchanged.</param>
/// <param name="Index">Whether the index may be rewritten.</param>
public sealed record DeclaredGit(IReadOnlyDictionary<string, (string? Before, string? After)> Refs, string? Head, bool Index)
{
    /// <summary>Refs that may leave their history behind; any other may only move forward.</summary>
    public IReadOnlySet<string> Forced { get; init; } = new HashSet<string>(StringComparer.Ordinal);
}
