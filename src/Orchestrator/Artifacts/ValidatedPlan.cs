// A step's artifacts after validation (ART-04): in memory, hashed, consistent with the receipt, with the changes that they declare.
using System.Text.Json;
using CabinCrew.Orchestrator.Posix;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;
using CabinCrew.Protocol.Wire;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Orchestrator.Workflows;

namespace CabinCrew.Orchestrator.Artifacts;

/// <param name="Document">artifact.json's bytes as the engine wrote them; <see cref="DocumentHash"/> is their digest.</param>
public sealed record ValidatedArtifact(
    ArtifactName Name, ArtifactRole Role, string Type, string Action, string? Target, JsonElement Metadata,
    ReadOnlyMemory<byte> Document, Digest DocumentHash, ReadOnlyMemory<byte>? Body, Digest? BodyHash)
{
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
public sealed record DeclaredGit(IReadOnlyDictionary<string, (string? Before, string? After)> Refs, string? Head, bool Index);

public static partial class ArtifactReader
{
    /// <summary>Reads and validates everything an engine emitted. The first problem in name order is the answer.</summary>
    /// <param name="readBase">The workspace as it was when planned; patches must apply to it exactly.</param>
    public static Outcome<ValidatedPlan> Read(
        DirectoryHandle artifacts, EngineOutput receipt, EngineLimits limits, Redactor redactor, ReadBase readBase) => throw new NotImplementedException();

    /// <summary>The same validation over frozen bytes: documents and bodies by name (restart, take-off).</summary>
    public static Outcome<ValidatedPlan> Rebuild(
        IReadOnlyList<(ArtifactName Name, ReadOnlyMemory<byte> Document, ReadOnlyMemory<byte>? Body, ArtifactRole Role)> frozen, ReadBase readBase) => throw new NotImplementedException();
}
