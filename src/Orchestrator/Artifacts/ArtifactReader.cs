// The gate for everything that an engine emitted (ART-01 to ART-07): read once into memory, validated, bound to what was hashed.
// Invariant: what leaves here was parsed from the very bytes whose digests it carries; the first problem in name order is the answer.
using System.Text.Json;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Orchestrator.Posix;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;
using CabinCrew.Protocol.Json;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Orchestrator.Artifacts;

public static partial class ArtifactReader
{
    /// <summary>Reads and validates everything an engine emitted. The first problem in name order is the answer.</summary>
    /// <param name="readBase">The workspace as it was when planned; patches must apply to it exactly.</param>
    public static Outcome<ValidatedPlan> Read(
        DirectoryHandle artifacts, EngineOutput receipt, EngineLimits limits, Redactor redactor, ReadBase readBase)
    {
        if (!ReceiptList.Read(receipt).Try(out var listed, out var problem)) return problem;
        if (!ArtifactDirectory.Read(artifacts, limits).Try(out var found, out problem)) return problem;

        var validated = new List<ValidatedArtifact>(found.Count);
        foreach (var raw in found)
        {
            if (!Validate(raw, listed.RoleOf(raw.Name), redactor).Try(out var artifact, out problem)) return problem;
            if (listed.Disagreement(artifact) is { } disagreement) return disagreement;
            validated.Add(artifact);
        }
        return listed.Missing(validated) is { } missing ? missing : Complete(validated, readBase);
    }

    /// <summary>The same validation over frozen bytes: documents and bodies by name (restart, take-off).</summary>
    public static Outcome<ValidatedPlan> Rebuild(
        IReadOnlyList<(ArtifactName Name, ReadOnlyMemory<byte> Document, ReadOnlyMemory<byte>? Body, ArtifactRole Role)> frozen, ReadBase readBase) =>
        Validate(frozen).Then(validated => Complete(validated, readBase));

    /// <summary>The same with changes that are known: nothing is read but the frozen bytes.</summary>
    public static Outcome<ValidatedPlan> Recorded(
        IReadOnlyList<(ArtifactName Name, ReadOnlyMemory<byte> Document, ReadOnlyMemory<byte>? Body, ArtifactRole Role)> frozen, IReadOnlyList<FileWrite> changes) =>
        Validate(frozen).Then(validated => DeclaredGitReader.ReadAll(validated).Map(git => new ValidatedPlan(validated, changes, git.Declared)));

    private static Outcome<List<ValidatedArtifact>> Validate(IReadOnlyList<(ArtifactName Name, ReadOnlyMemory<byte> Document, ReadOnlyMemory<byte>? Body, ArtifactRole Role)> frozen)
    {
        var validated = new List<ValidatedArtifact>(frozen.Count);
        foreach (var (name, document, body, role) in frozen.OrderBy(f => f.Name))
        {
            if (validated.Count > 0 && string.Equals(validated[^1].Name.ToString(), name.ToString(), StringComparison.OrdinalIgnoreCase))
                return ArtifactProblem.Of(ProblemCode.ArtifactNameTwin, name.ToString(), "it is there twice");
            if (!Validate(new(name, document, body), role.Word(), null).Try(out var artifact, out var problem)) return problem;
            validated.Add(artifact);
        }
        return validated;
    }

    private static Outcome<ValidatedPlan> Complete(List<ValidatedArtifact> validated, ReadBase readBase)
    {
        if (!DeclaredChanges.Read(validated, readBase).Try(out var changes, out var problem)) return problem;
        return DeclaredGitReader.ReadAll(validated).Map(git => new ValidatedPlan(validated, changes, git.Declared));
    }

    private static Outcome<ValidatedArtifact> Validate(RawArtifact raw, string? receiptRole, Redactor? redactor)
    {
        var name = raw.Name.ToString();
        Problem Refuse(ProblemCode code, string field, string why) => ArtifactProblem.Of(code, name, why, field);

        if (!StrictJson.Parse(raw.Document, ArtifactDocuments.Limits).Try(out var json, out var problem)) return problem.At(ArtifactProblem.Place(name));
        if (redactor is not null && ArtifactSecrets.FindIn(raw, json, redactor) is { } leak) return leak;
        if (ArtifactRules.ProhibitedField(json) is { } field)
            return Refuse(ProblemCode.ArtifactProhibitedField, field, "only the orchestrator says this; an engine may not claim it");
        if (!ArtifactDocuments.Read(json).Try(out var document, out problem)) return problem.At(ArtifactProblem.Place(name));
        if (ArtifactRules.ExternalReference(json) is { } reference)
            return Refuse(ProblemCode.ArtifactExternalReference, reference.Field, reference.Why);

        if (!RoleOf(name, document.Role, receiptRole).Try(out var role, out problem)) return problem;
        if (raw.Body is null && document.BodyFile is not null) return Refuse(ProblemCode.ArtifactBodyMissing, "/body_file", "body.data is not there");
        if (raw.Body is not null && document.BodyFile is null) return Refuse(ProblemCode.ArtifactBodyUndeclared, "/body_file", "body.data is there, but nothing refers to it");
        if (document.BodyFile is not null && document.Body is { ValueKind: not JsonValueKind.Null })
            return Refuse(ProblemCode.ArtifactMalformed, "/body", "there is an inline body and a body_file; write one of them");

        Digest? bodyHash = raw.Body is { } body ? Digest.Of(body.Span) : null;
        if (bodyHash != document.Integrity)
            return Refuse(ProblemCode.ArtifactIntegrityMismatch, "/integrity", "the hash of body.data is another")
                .With("declared", document.Integrity?.ToString() ?? "none").With("actual", bodyHash?.ToString() ?? "none");
        return new ValidatedArtifact(raw.Name, role, document.Type, document.Action, document.Target, document.Metadata ?? EmptyObject(),
            raw.Document, Digest.Of(raw.Document.Span), raw.Body, bodyHash) { Inline = document.Body };
    }

    private static Outcome<ArtifactRole> RoleOf(string name, ArtifactRole? own, string? listed)
    {
        ArtifactRole? fromReceipt = listed switch { "evidence" => ArtifactRole.Evidence, "state" => ArtifactRole.State, "log" => ArtifactRole.Log, _ => null };
        if (fromReceipt is null && !string.IsNullOrEmpty(listed))
            return ArtifactProblem.Of(ProblemCode.ArtifactRoleConflict, name, "the receipt names a role that does not exist", "receipt role");
        if (own is null && fromReceipt is null)
            return ArtifactProblem.Of(ProblemCode.ArtifactRoleMissing, name, "neither artifact.json nor the receipt names a role", "/role");
        if (own is not null && fromReceipt is not null && own != fromReceipt)
            return ArtifactProblem.Of(ProblemCode.ArtifactRoleConflict, name, $"artifact.json says {own.Value.Word()}, the receipt says {listed}", "/role");
        return own ?? fromReceipt!.Value;
    }

    private static JsonElement EmptyObject()
    {
        using var document = JsonDocument.Parse("{}");
        return document.RootElement.Clone();
    }
}

/// <summary>How a refused artifact is named: artifact, field, reason (ART-04).</summary>
internal static class ArtifactProblem
{
    public static string Place(string name) => $"artifact '{Printable(name)}'";

    public static Problem Of(ProblemCode code, string name, string why, string? field = null)
    {
        var problem = new Problem(code, why) { Where = field is null ? Place(name) : $"{Place(name)}: {field}" }.With("artifact", Printable(name));
        return field is null ? problem : problem.With("field", field);
    }

    /// <summary>A hostile name, fit to be shown: bounded, without control characters.</summary>
    public static string Printable(string text)
    {
        var shown = new string([.. text.Take(128).Select(c => char.IsControl(c) || char.IsSurrogate(c) || char.GetUnicodeCategory(c) is System.Globalization.UnicodeCategory.Format ? '?' : c)]);
        return text.Length > 128 ? shown + "…" : shown;
    }
}
