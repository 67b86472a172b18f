// artifact.json (ART-02), in the seeds' spelling plus "mime"; "artifact_type" of the published draft is read as "type".
using System.Text.Json;

namespace CabinCrew.Protocol.Wire;

/// <summary>What an engine intends, as it says it. Free-form in <see cref="Type"/> and <see cref="Action"/>; see <see cref="ArtifactTypes"/> for the known ones.</summary>
public sealed record ArtifactDocument
{
    public required string Type { get; init; }
    public required string Action { get; init; }
    public ArtifactRole? Role { get; init; }
    public string? Target { get; init; }
    public string? Mime { get; init; }
    public JsonElement? Metadata { get; init; }
    public JsonElement? Body { get; init; }
    public string? BodyFile { get; init; }
    public Digest? Integrity { get; init; }
    public JsonElement? Extensions { get; init; }

    /// <summary>An inline body as bytes: a text as it is, anything else as its JSON. Null: there is none.</summary>
    public static ReadOnlyMemory<byte>? BytesOf(JsonElement? inline) => inline switch
    {
        null or { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined } => (ReadOnlyMemory<byte>?)null, // a bare null would be a byte[], and that an empty text
        { ValueKind: JsonValueKind.String } text => System.Text.Encoding.UTF8.GetBytes(text.GetString()!),
        { } other => System.Text.Encoding.UTF8.GetBytes(other.GetRawText()),
    };
}

/// <summary>The well-known types (ART-09).</summary>
public static class ArtifactTypes
{
    public const string FilePatch = "file_patch";
    public const string CodeDiff = "code_diff";
    public const string GitDiff = "git_diff";
    public const string ConfigChange = "config_change";
    public const string InfraPlan = "infra_plan";
    public const string Script = "script";
    public const string StructuredPlan = "structured_plan";

    /// <summary>
    /// Types whose body is a patch in git's extended diff format: it *is* the declaration of what take-off may change in the workspace (ENG-09).
    /// Only with role evidence, so that nobody can declare a change that reviewers do not see.
    /// </summary>
    public static bool DeclaresFileChanges(string type) => type is FilePatch or CodeDiff or GitDiff or ConfigChange;
}
