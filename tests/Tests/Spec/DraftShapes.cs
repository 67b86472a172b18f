// The published draft's documents, reduced to what a structural check needs: members, which of them are required ("!"), and their shapes.
// A document of ours without its `extensions` must fit (PROTOCOL: additions stand under one member).
using System.Text.Json;

namespace CabinCrew.Tests.Spec;

internal static class DraftShapes
{
    private const string PlanToken = "token! version! artifacts!:[PlanArtifactHash] model! engine_id! protocol_version! workspace_hash! created_at! policy_digest governance_hash";

    private static readonly Dictionary<string, string> Shapes = new(StringComparer.Ordinal)
    {
        ["EngineInput"] = "protocol_version! mode!:Mode meta!:EngineMeta config secrets allowed_secrets context identity_token orchestrator:EngineOrchestrator expected_plan_token",
        ["EngineMeta"] = "workflow_id! step_id!",
        ["EngineOrchestrator"] = "run_index workspace_hash artifacts_salt",
        ["EngineOutput"] = "protocol_version! engine_id! mode!:Mode receipt_id! status!:Status error warnings diagnostics artifacts:[EngineArtifact] metrics:[EngineMetric] plan_token",
        ["EngineArtifact"] = "name! role! path! hash! size",
        ["EngineMetric"] = "name! value! tags",
        ["PlanToken"] = PlanToken,
        ["PlanArtifactHash"] = "name! hash! size",
        ["PreflightInput"] = "workflow_id! step_id! mode!:Mode engine_output! evidence:[PreflightEvidence] context plan_token:PlanToken",
        ["PreflightEvidence"] = "name! path! hash!",
        ["PreflightOutput"] = "decision!:Decision violations warnings requires:PreflightRequires",
        ["PreflightRequires"] = "role reason",
        ["ApprovalRequest"] = "approval_id! workflow_id! step_id! reason! required_role! engine_output evidence:[PreflightEvidence] plan_token_hash!",
        ["ApprovalResponse"] = "approval_id! approved! approver reason timestamp",
        ["AuditEvent"] = "event_id! timestamp! event_type! workflow:AuditWorkflow workflow_state! engine:AuditEngine plan_token:PlanToken artifacts:[AuditArtifact] policy:AuditPolicy "
            + "approval:AuditApproval integrity_check:AuditIntegrity gateway:AuditGateway signature signature_key_ref chain_hash message severity:Severity",
        ["AuditWorkflow"] = "workflow_id step_id mode",
        ["AuditEngine"] = "engine_id receipt_id status error",
        ["AuditArtifact"] = "name role path hash size",
        ["AuditPolicy"] = "decision!:Decision policy_evaluations:[PolicyEvaluation] aggregation_method:Aggregation workflow_state! violations warnings engine",
        ["PolicyEvaluation"] = "source!:Source policy_id! decision!:Decision severity!:DecisionSeverity reason evidence evaluated_at!",
        ["AuditApproval"] = "approval_id! required_role! approved! approver! plan_token_hash! timestamp! reason",
        ["AuditIntegrity"] = "expected_plan_token actual_plan_token plan_token_match artifacts_match differences",
        ["AuditGateway"] = "gateway_type request_id model tool policy_decision:Decision",
        ["WALEntry"] = "sequence! timestamp! workflow_id! entry_type! data! checksum!",
        ["WorkflowStateRecord"] = "workflow_id! current_state!:State plan_token_hash! created_at! updated_at! steps_completed! steps_pending! approvals!:[ApprovalRecord] artifacts!:[ArtifactRecord] "
            + "policy_evaluations!:[PolicyEvaluationRecord] metadata",
        ["ApprovalRecord"] = "approval_id! step_id! plan_token_hash! approved! approver! approved_at! reason evidence_hashes",
        ["ArtifactRecord"] = "artifact_id! step_id! artifact_hash! artifact_type! created_at! metadata",
        ["PolicyEvaluationRecord"] = "evaluation_id! step_id! policy_name! decision!:Decision evaluated_at! reason evidence_hashes",
        ["workflow_started"] = "plan_token_hash! initial_state!:State",
        ["step_started"] = "step_id! step_type!",
        ["step_completed"] = "step_id! artifacts",
        ["approval_requested"] = "approval_id! step_id! required_role!",
        ["approval_received"] = "approval_id! approved! approver!",
        ["artifact_created"] = "artifact_id! artifact_hash! artifact_type!",
        ["policy_evaluated"] = "evaluation_id! policy_name! decision!:Decision",
        ["workflow_completed"] = "final_state!:State artifacts!",
        ["workflow_failed"] = "error! failed_step",
    };

    private static readonly Dictionary<string, string[]> Words = new(StringComparer.Ordinal)
    {
        ["Mode"] = ["flight-plan", "take-off"],
        ["Status"] = ["success", "failure"],
        ["Decision"] = ["allow", "warn", "require_approval", "deny"],
        ["DecisionSeverity"] = ["0", "1", "2", "3"],
        ["Source"] = ["opa", "onnx", "llm_gateway", "mcp_gateway", "custom"],
        ["Aggregation"] = ["all_allow", "any_deny", "custom", "majority", "most_restrictive", "unanimous"],
        ["Severity"] = ["critical", "debug", "error", "info", "warning"],
        ["State"] = ["INIT", "PLAN_RUNNING", "PLAN_GENERATED", "ARTIFACTS_VALIDATED", "TOKEN_CREATED", "PRE_FLIGHT_RUNNING", "PREFLIGHT_COMPLETE", "AWAITING_APPROVAL", "APPROVED",
            "READY_FOR_TAKEOFF", "TAKEOFF_RUNNING", "EXECUTION_COMPLETE", "COMPLETED", "FAILED"],
    };

    /// <summary>Everything in which the document, without its <c>extensions</c>, departs from the draft's definition.</summary>
    public static IEnumerable<string> Departures(string definition, JsonElement e, string at = "")
    {
        if (Words.TryGetValue(definition, out var words))
        {
            if (!words.Contains(e.ToString(), StringComparer.Ordinal)) yield return $"{at}: '{e}' is no {definition}";
            yield break;
        }
        var members = Shapes[definition].Split(' ').Select(m => m.Split(':')).ToDictionary(m => m[0].TrimEnd('!'), m => (Required: m[0].EndsWith('!'), Shape: m.ElementAtOrDefault(1)));
        foreach (var (name, member) in members)
            if (member.Required && !e.TryGetProperty(name, out _)) yield return $"{at}/{name} is missing";
        foreach (var p in e.EnumerateObject().Where(p => p.Name != "extensions"))
        {
            if (!members.TryGetValue(p.Name, out var member))
            {
                yield return $"{at}/{p.Name} is not of the draft";
                continue;
            }
            var inner = member.Shape is null ? []
                : member.Shape[0] != '[' ? Departures(member.Shape, p.Value, $"{at}/{p.Name}")
                : p.Value.EnumerateArray().SelectMany((item, i) => Departures(member.Shape[1..^1], item, $"{at}/{p.Name}/{i}"));
            foreach (var departure in inner) yield return departure;
        }
        if (definition == "WALEntry" && Shapes.ContainsKey(e.GetProperty("entry_type").GetString()!))
            foreach (var departure in Departures(e.GetProperty("entry_type").GetString()!, e.GetProperty("data"), $"{at}/data")) yield return departure;
    }
}
