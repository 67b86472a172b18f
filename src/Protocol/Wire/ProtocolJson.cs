// The one serializer context of the wire records: snake_case, nulls left out, no reflection.
// Reading goes through StrictJson and the document's schema first; this context then only maps.
using System.Text.Json;
using System.Text.Json.Serialization;

namespace CabinCrew.Protocol.Wire;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = false,
    UseStringEnumConverter = true,
    MaxDepth = 128)]
[JsonSerializable(typeof(EngineInput))]
[JsonSerializable(typeof(EngineOutput))]
[JsonSerializable(typeof(ArtifactDocument))]
[JsonSerializable(typeof(PlanToken))]
[JsonSerializable(typeof(PolicyEvaluation))]
[JsonSerializable(typeof(PreflightInput))]
[JsonSerializable(typeof(PreflightOutput))]
[JsonSerializable(typeof(ApprovalRequest))]
[JsonSerializable(typeof(ApprovalResponse))]
[JsonSerializable(typeof(AuditEvent))]
[JsonSerializable(typeof(WalEntry))]
[JsonSerializable(typeof(WorkflowStateRecord))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
public sealed partial class ProtocolJson : JsonSerializerContext;
