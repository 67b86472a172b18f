// An event straight in canonical form (RFC 8785), redacted as it is written, with the gaps that AuditDraft fills: one pass, because a gateway writes thousands a second. Several go into the
// same memory, one behind the other.
using System.Buffers;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Ledger.Streams;

public sealed class AuditEventText
{
    public const int MessageCharsMax = 60_000;

    /// <summary>Most events are shorter.</summary>
    internal const int BytesFirst = 3072;

    private readonly ArrayBufferWriter<byte> to;
    private readonly Redactor redactor;
    private readonly AuditWriter json;
    private readonly List<(int From, int Hash, int Extensions, int Sequence, int Signature, int End)> written = [];

    /// <param name="to">Empty, and not to be written by anybody else while the drafts are used.</param>
    internal AuditEventText(ArrayBufferWriter<byte> to, Redactor redactor) => (this.to, this.redactor, json) = (to, redactor, new(to, redactor));

    internal int Count => written.Count;

    /// <summary>Of the last one.</summary>
    internal int Length => written.Count == 0 ? 0 : written[^1].End - written[^1].From;

    /// <summary>What the event itself says of its place, its chain and its signature is left out: the ledger gives them.</summary>
    internal static AuditDraft Draft(AuditEvent audit, Redactor redactor)
    {
        var text = new AuditEventText(new(BytesFirst), redactor);
        text.Write(audit);
        return text.Drafts()[0];
    }

    internal AuditDraft[] Drafts()
    {
        var drafts = new AuditDraft[written.Count];
        for (var i = 0; i < drafts.Length; i++)
        {
            var at = written[i];
            drafts[i] = new(to.WrittenMemory[at.From..at.End], (at.Hash - at.From, at.Extensions - at.From, at.Sequence - at.From, at.Signature - at.From, at.End - at.From));
        }
        return drafts;
    }

    /// <param name="parts">Writes what the event has in <c>gateway</c> and in its extensions' <c>data</c>. Null: the event itself says it.</param>
    public void Write(AuditEvent audit, IAuditParts? parts = null)
    {
        var from = json.EndPiece();
        json.Part("approval"u8, audit.Approval, ProtocolJson.Default.AuditApproval);
        json.Part("artifacts"u8, audit.Artifacts, ProtocolJson.Default.IReadOnlyListAuditArtifact);
        var hash = json.EndPiece();
        json.Part("engine"u8, audit.Engine, ProtocolJson.Default.AuditEngine);
        json.Text("event_id"u8, audit.EventId);
        json.Word("event_type"u8, audit.EventType);
        var extensions = json.EndPiece();
        json.Text("actor"u8, audit.Extensions?.Actor);
        if (parts is null) json.Element("data"u8, audit.Extensions?.Data);
        else
        {
            json.Open("data"u8);
            parts.WriteData(json);
            json.Close();
        }
        json.Word("problem"u8, audit.Extensions?.Problem);
        var sequence = json.EndPiece();
        if (parts is null) json.Element("gateway"u8, audit.Gateway);
        else
        {
            json.Open("gateway"u8);
            parts.WriteGateway(json);
            json.Close();
        }
        json.Part("integrity_check"u8, audit.IntegrityCheck, ProtocolJson.Default.AuditIntegrity);
        // Cut only what is redacted, lest half a secret stays.
        if (audit.Message is { } message) json.Word("message"u8, Cut(redactor.Redact(message)));
        json.Part("plan_token"u8, audit.PlanToken, ProtocolJson.Default.PlanToken);
        if (audit.Policy is { } policy) Write(policy);
        if (audit.Severity is { } severity) json.Word("severity"u8, Of(severity));
        var signature = json.EndPiece();
        json.Time("timestamp"u8, audit.Timestamp);
        json.Part("workflow"u8, audit.Workflow, ProtocolJson.Default.AuditWorkflow);
        // A required member: an event outside of any flight says INIT.
        json.Word("workflow_state"u8, audit.WorkflowState ?? LifecycleState.Init.Word());
        written.Add((from, hash, extensions, sequence, signature, json.EndPiece()));
    }

    private void Write(AuditPolicy policy)
    {
        json.Open("policy"u8);
        if (policy.AggregationMethod is { } method) json.Word("aggregation_method"u8, Of(method));
        json.Word("decision"u8, policy.Decision.Word());
        if (policy.PolicyEvaluations is { } evaluations)
        {
            json.OpenList("policy_evaluations"u8);
            for (var i = 0; i < evaluations.Count; i++) Write(evaluations[i]);
            json.CloseList();
        }
        json.Texts("violations"u8, policy.Violations);
        json.Texts("warnings"u8, policy.Warnings);
        json.Word("workflow_state"u8, policy.WorkflowState);
        json.Close();
    }

    private void Write(PolicyEvaluation evaluation)
    {
        json.Item();
        json.Word("decision"u8, evaluation.Decision.Word());
        json.Time("evaluated_at"u8, evaluation.EvaluatedAt);
        json.Element("evidence"u8, evaluation.Evidence);
        json.Text("policy_id"u8, evaluation.PolicyId);
        json.Text("reason"u8, evaluation.Reason);
        json.Digit("severity"u8, evaluation.Severity);
        json.Word("source"u8, Of(evaluation.Source));
        json.Close();
    }

    private static string Cut(string text) => text.Length <= MessageCharsMax ? text
        : text[..(char.IsHighSurrogate(text[MessageCharsMax - 1]) ? MessageCharsMax - 1 : MessageCharsMax)] + " [cut]";

    private static string Of(Severity severity) => severity switch
    {
        Severity.Info => "info",
        Severity.Warning => "warning",
        Severity.Error => "error",
        Severity.Critical => "critical",
    };

    private static string Of(AggregationMethod method) => method switch
    {
        AggregationMethod.MostRestrictive => "most_restrictive",
        AggregationMethod.Unanimous => "unanimous",
        AggregationMethod.Majority => "majority",
        AggregationMethod.AnyDeny => "any_deny",
        AggregationMethod.AllAllow => "all_allow",
    };

    private static string Of(PolicyOrigin origin) => origin switch
    {
        PolicyOrigin.Opa => "opa",
        PolicyOrigin.Onnx => "onnx",
        PolicyOrigin.LlmGateway => "llm_gateway",
        PolicyOrigin.McpGateway => "mcp_gateway",
        PolicyOrigin.Custom => "custom",
    };
}
