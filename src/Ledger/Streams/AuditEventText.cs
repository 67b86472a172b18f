// Writes an event straight in canonical form (RFC 8785), redacted as it goes, with the gaps that AuditDraft fills: one pass, because a gateway writes thousands a second.
// Invariant: whatever came from outside of the program passes the redactor; words of the program's own (types, states, decisions, times) cannot hold a secret.
using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Ledger.Streams;

internal sealed class AuditEventText
{
    public const int MessageCharsMax = 60_000;

    /// <summary>Most events are shorter.</summary>
    private const int BytesFirst = 3072;

    private readonly ArrayBufferWriter<byte> to = new(BytesFirst);
    private readonly Redactor redactor;
    private bool isFirst = true;

    private AuditEventText(Redactor redactor) => this.redactor = redactor;

    /// <summary>What the event itself says of its place, its chain and its signature is left out: the ledger gives them.</summary>
    public static AuditDraft Draft(AuditEvent audit, Redactor redactor) => new AuditEventText(redactor).Write(audit);

    private AuditDraft Write(AuditEvent audit)
    {
        Part("approval"u8, audit.Approval, ProtocolJson.Default.AuditApproval);
        Part("artifacts"u8, audit.Artifacts, ProtocolJson.Default.IReadOnlyListAuditArtifact);
        var hash = EndPiece();
        Part("engine"u8, audit.Engine, ProtocolJson.Default.AuditEngine);
        Text("event_id"u8, audit.EventId);
        Word("event_type"u8, audit.EventType);
        var extensions = EndPiece();
        Text("actor"u8, audit.Extensions?.Actor);
        Element("data"u8, audit.Extensions?.Data);
        Word("problem"u8, audit.Extensions?.Problem);
        var sequence = EndPiece();
        Element("gateway"u8, audit.Gateway);
        Part("integrity_check"u8, audit.IntegrityCheck, ProtocolJson.Default.AuditIntegrity);
        // Cut only what is redacted, lest half a secret stays.
        if (audit.Message is { } message) Word("message"u8, Cut(redactor.Redact(message)));
        Part("plan_token"u8, audit.PlanToken, ProtocolJson.Default.PlanToken);
        if (audit.Policy is { } policy) Write(policy);
        if (audit.Severity is { } severity) Word("severity"u8, Of(severity));
        var signature = EndPiece();
        Name("timestamp"u8);
        Time(audit.Timestamp);
        Part("workflow"u8, audit.Workflow, ProtocolJson.Default.AuditWorkflow);
        // A required member: an event outside of any flight says INIT.
        Word("workflow_state"u8, audit.WorkflowState ?? LifecycleState.Init.Word());
        return new(to.WrittenMemory, (hash, extensions, sequence, signature, to.WrittenCount));
    }

    private void Write(AuditPolicy policy)
    {
        Open("policy"u8);
        if (policy.AggregationMethod is { } method) Word("aggregation_method"u8, Of(method));
        Word("decision"u8, policy.Decision.Word());
        if (policy.PolicyEvaluations is { } evaluations)
        {
            Name("policy_evaluations"u8);
            to.Write("["u8);
            for (var i = 0; i < evaluations.Count; i++)
            {
                if (i > 0) to.Write(","u8);
                Write(evaluations[i]);
            }
            to.Write("]"u8);
        }
        Texts("violations"u8, policy.Violations);
        Texts("warnings"u8, policy.Warnings);
        Word("workflow_state"u8, policy.WorkflowState);
        Close();
    }

    private void Write(PolicyEvaluation evaluation)
    {
        to.Write("{"u8);
        isFirst = true;
        Word("decision"u8, evaluation.Decision.Word());
        Name("evaluated_at"u8);
        Time(evaluation.EvaluatedAt);
        Element("evidence"u8, evaluation.Evidence);
        Text("policy_id"u8, evaluation.PolicyId);
        Text("reason"u8, evaluation.Reason);
        Name("severity"u8);
        to.Write([(byte)('0' + evaluation.Severity)]);
        Word("source"u8, Of(evaluation.Source));
        Close();
    }

    private int EndPiece()
    {
        isFirst = true;
        return to.WrittenCount;
    }

    private void Name(ReadOnlySpan<byte> name)
    {
        var space = to.GetSpan(name.Length + 4);
        var at = 0;
        if (!isFirst) space[at++] = (byte)',';
        isFirst = false;
        space[at++] = (byte)'"';
        name.CopyTo(space[at..]);
        at += name.Length;
        space[at++] = (byte)'"';
        space[at++] = (byte)':';
        to.Advance(at);
    }

    private void Open(ReadOnlySpan<byte> name)
    {
        Name(name);
        to.Write("{"u8);
        isFirst = true;
    }

    private void Close()
    {
        to.Write("}"u8);
        isFirst = false;
    }

    /// <summary>A word of the program's own.</summary>
    private void Word(ReadOnlySpan<byte> name, string? word)
    {
        if (word is null) return;
        Name(name);
        CanonicalJson.Append(to, word);
    }

    private void Text(ReadOnlySpan<byte> name, string? text)
    {
        if (text is not null) Word(name, redactor.Redact(text));
    }

    private void Texts(ReadOnlySpan<byte> name, IReadOnlyList<string>? texts)
    {
        if (texts is null) return;
        Name(name);
        to.Write("["u8);
        for (var i = 0; i < texts.Count; i++)
        {
            if (i > 0) to.Write(","u8);
            CanonicalJson.Append(to, redactor.Redact(texts[i]));
        }
        to.Write("]"u8);
    }

    private void Element(ReadOnlySpan<byte> name, JsonElement? element)
    {
        if (element is not { } value) return;
        Name(name);
        CanonicalJson.Write(to, redactor.Redact(value));
    }

    private void Part<T>(ReadOnlySpan<byte> name, T? part, JsonTypeInfo<T> type) where T : class
    {
        if (part is not null) Element(name, JsonSerializer.SerializeToElement(part, type));
    }

    // As yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz: the fraction without the zeros at its end, and without its point where there is none.
    private void Time(DateTimeOffset at)
    {
        const int seconds = 19, fraction = 7, offset = 6;
        var space = to.GetSpan(seconds + 1 + fraction + offset + 2);
        space[0] = (byte)'"';
        Utf8Formatter.TryFormat(at, space[1..], out var length, 'O');
        var kept = space.Slice(1, seconds + 1 + fraction).TrimEnd((byte)'0');
        if (kept[^1] == '.') kept = kept[..^1];
        space.Slice(1 + length - offset, offset).CopyTo(space[(1 + kept.Length)..]);
        space[1 + kept.Length + offset] = (byte)'"';
        to.Advance(kept.Length + offset + 2);
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
