// One full sample of every document that crosses a process boundary, for tests of schemas and round trips.
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Golden;

namespace CabinCrew.Tests.Spec;

/// <param name="Schema">The schema's name.</param>
/// <param name="Draft">The definition of the same document in the published draft (see <see cref="DraftShapes"/>).</param>
/// <param name="Again">Reads the document back through its schema and writes it once more.</param>
public sealed record WireSample(string Schema, string Draft, JsonElement Document, Func<JsonElement, JsonElement> Again);

internal static class WireSamples
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 31, 12, 0, 0, 123, TimeSpan.FromHours(2));
    private static readonly Digest Hash = Digest.Of("x"u8);

    public static readonly PlanToken Token = PlanTokens.Create(PlanTokenSamples.Full, Noon, Noon.AddHours(1)) is var t
        ? t with { Extensions = t.Extensions! with { Signature = "MEUCIQ==", SignatureKeyRef = "orchestrator-1" } } : null!;

    public static readonly PolicyEvaluation Evaluation = new()
    {
        Source = PolicyOrigin.Custom, PolicyId = "rules:ci", Decision = Decision.RequireApproval, Reason = "CI changes", Evidence = Json("""{"files":["a"]}"""), EvaluatedAt = Noon,
    };

    private static readonly EvidenceRef Evidence = new("change", "change/body.data", Hash);

    public static readonly EngineOutput Receipt = new()
    {
        ProtocolVersion = "draft-1", EngineId = "patch", Mode = EngineMode.FlightPlan, ReceiptId = "r-1", Status = EngineOutput.Failure, Error = "no", Warnings = ["w"],
        Diagnostics = Json("[1]"), Artifacts = [new("change", "evidence", "change/artifact.json", Hash.ToString(), 12)], Metrics = [new("files", 1.5, Json("""{"k":"v"}"""))],
        PlanToken = Hash.ToString(), Extensions = Json("{}"),
    };

    public static readonly IReadOnlyList<WireSample> All =
    [
        Of("engine-input", "EngineInput", new EngineInput
        {
            ProtocolVersion = "draft-1", Mode = EngineMode.TakeOff, Meta = new("wf-1", "fix"), Config = Json("{}"), Secrets = new Dictionary<string, string> { ["TOKEN"] = "t" }, AllowedSecrets = ["TOKEN"],
            Context = Json("{}"), IdentityToken = "jwt", Orchestrator = new(1, Hash.ToString(), "salt"), ExpectedPlanToken = Hash.ToString(), Extensions = Json("""{"epoch":3}"""),
        }, ProtocolJson.Default.EngineInput),
        Of("engine-output", "EngineOutput", Receipt, ProtocolJson.Default.EngineOutput),
        Of("plan-token", "PlanToken", Token, ProtocolJson.Default.PlanToken),
        Of("preflight-input", "PreflightInput", new PreflightInput
        {
            WorkflowId = "wf-1", StepId = "fix", Mode = EngineMode.FlightPlan, EngineOutput = WireJson.ToElement(Receipt, ProtocolJson.Default.EngineOutput), Evidence = [Evidence],
            Context = Json("{}"), PlanToken = Token, Extensions = Json("{}"),
        }, ProtocolJson.Default.PreflightInput),
        Of("preflight-output", "PreflightOutput", new PreflightOutput
        {
            Decision = Decision.RequireApproval, Violations = ["v"], Warnings = ["w"], Requires = new("security", "CI"),
            Extensions = new([Evaluation], AggregationMethod.MostRestrictive, [new("security", 2)]),
        }, ProtocolJson.Default.PreflightOutput),
        Of("approval-request", "ApprovalRequest", new ApprovalRequest
        {
            ApprovalId = "ap-1", WorkflowId = "wf-1", StepId = "fix", Reason = "CI", RequiredRole = "security", EngineOutput = Json("{}"), Evidence = [Evidence], PlanTokenHash = Hash,
            Extensions = new([new("security", 1)], "alice", Noon, Noon.AddDays(1), "two files", ["rules:ci"]),
        }, ProtocolJson.Default.ApprovalRequest),
        Of("approval-response", "ApprovalResponse", new ApprovalResponse
        {
            ApprovalId = "ap-1", Approved = true, Approver = "bob", Reason = "fine", Timestamp = Noon, Extensions = new(Hash, ["security"], "os_user", "carol"),
        }, ProtocolJson.Default.ApprovalResponse),
        Of("audit-event", "AuditEvent", new AuditEvent
        {
            EventId = "ev-1", Timestamp = Noon, EventType = AuditEventTypes.PreflightComplete, Workflow = new("wf-1", "fix", "flight-plan"), WorkflowState = "PREFLIGHT_COMPLETE",
            Engine = new("patch", "r-1", "success", "none"), PlanToken = Token, Artifacts = [new("change", "evidence", "change/artifact.json", Hash.ToString(), 12)],
            Policy = new() { Decision = Decision.Deny, PolicyEvaluations = [Evaluation], AggregationMethod = AggregationMethod.AnyDeny, WorkflowState = "PRE_FLIGHT_RUNNING", Violations = ["v"], Warnings = ["w"] },
            Approval = new() { ApprovalId = "ap-1", RequiredRole = "security", Approved = false, Approver = "bob", PlanTokenHash = Hash, Timestamp = Noon, Reason = "no" },
            IntegrityCheck = new() { ExpectedPlanToken = "a", ActualPlanToken = "b", PlanTokenMatch = false, ArtifactsMatch = true, Differences = ["d"] },
            Gateway = Json("""{"gateway_type":"mcp","request_id":"1","tool":"file.read","policy_decision":"allow"}"""), Message = "m", Severity = Severity.Critical,
            Extensions = new() { Sequence = 7, Tenant = "local", Actor = "orchestrator", Problem = "token_mismatch", Data = Json("""{"k":1}""") },
            Signature = "MEUCIQ==", SignatureKeyRef = "orchestrator-1", ChainHash = Hash.ToString(),
        }, ProtocolJson.Default.AuditEvent),
        .. LogEntries(),
        Of("workflow-state", "WorkflowStateRecord", new WorkflowStateRecord
        {
            WorkflowId = "wf-1", CurrentState = LifecycleState.AwaitingApproval, PlanTokenHash = WorkflowStateRecord.NoPlanYet, CreatedAt = Noon, UpdatedAt = Noon, StepsCompleted = ["a"], StepsPending = ["b"],
            Approvals = [new("ap-1", "fix", Hash, true, "bob", Noon, "fine", [Hash.ToString()])], Artifacts = [new("fix/change", "fix", Hash, "file_patch", Noon, Json("{}"))],
            PolicyEvaluations = [new("e-1", "fix", "rules:ci", Decision.Warn, Noon, "r", [Hash.ToString()])], Metadata = Json("{}"),
        }, ProtocolJson.Default.WorkflowStateRecord),
    ];

    private static IEnumerable<WireSample> LogEntries()
    {
        (string Type, string Data)[] entries =
        [
            (WalEntryTypes.WorkflowStarted, $$"""{"plan_token_hash":"{{Hash}}","initial_state":"INIT","extensions":{"requester":"alice"} }"""),
            (WalEntryTypes.StepStarted, """{"step_id":"fix","step_type":"flight-plan","extensions":{}}"""),
            (WalEntryTypes.StepCompleted, """{"step_id":"fix","artifacts":["fix/change"]}"""),
            (WalEntryTypes.ApprovalRequested, """{"approval_id":"ap-1","step_id":"fix","required_role":"security"}"""),
            (WalEntryTypes.ApprovalReceived, """{"approval_id":"ap-1","approved":true,"approver":"bob"}"""),
            (WalEntryTypes.ArtifactCreated, $$"""{"artifact_id":"fix/change","artifact_hash":"{{Hash}}","artifact_type":"file_patch"}"""),
            (WalEntryTypes.PolicyEvaluated, """{"evaluation_id":"e-1","policy_name":"rules:ci","decision":"warn"}"""),
            (WalEntryTypes.WorkflowCompleted, """{"final_state":"COMPLETED","artifacts":[]}"""),
            (WalEntryTypes.WorkflowFailed, """{"error":"no","failed_step":"fix"}"""),
        ];
        return entries.Select((e, i) => Of("wal-entry", "WALEntry", WalEntries.Seal(i, Noon, "wf-1", e.Type, Json(e.Data)), ProtocolJson.Default.WalEntry));
    }

    private static WireSample Of<T>(string schema, string draft, T value, JsonTypeInfo<T> type) where T : class => new(schema, draft, WireJson.ToElement(value, type),
        e => WireJson.ToElement(Protocol.Schemas.SchemaCatalog.Read(schema, WireJson.Indented(e), type).Value, type));

    private static JsonElement Json(string text) => JsonElement.Parse(text);
}
