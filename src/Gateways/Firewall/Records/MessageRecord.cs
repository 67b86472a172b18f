// What the log tells of one message that came by: who, what, which judgement, and what became of it. Never the message itself (AUD-01, AUD-04).
using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Gateways.Firewall.Records;

internal sealed record MessageRecord : IAuditWords
{
    private const int NameCharsMax = 256;
    private const int ReasonCharsMax = 1000;
    private const int ListedMax = 20;
    private const int EvidenceBytesMax = 16 * 1024;

    [ThreadStatic] private static ArrayBufferWriter<byte>? buffer;
    [ThreadStatic] private static Utf8JsonWriter? writer;

    public required string EventId { get; init; }
    /// <summary>When it was decided.</summary>
    public required DateTimeOffset At { get; init; }
    /// <summary>Without the bytes of the message: see <see cref="WithoutBytes"/>.</summary>
    public required MessageSubject Subject { get; init; }
    /// <summary>Of the whole message.</summary>
    public required int Bytes { get; init; }
    public required Digest Frame { get; init; }
    public required Digest Policy { get; init; }
    /// <summary>The JSON text of its id; empty: a notification.</summary>
    public ReadOnlyMemory<byte> Id { get; init; }
    public string? Client { get; init; }
    public required Decision Decision { get; init; }
    public Judgement? Judgement { get; init; }
    /// <summary>Null: it was not scanned, and the record does not say that it was.</summary>
    public ScanReport? Scan { get; init; }
    public Problem? Refused { get; init; }
    public Digest? Instead { get; init; }
    /// <summary>What was taken out of it: definitions that are not shown.</summary>
    public IReadOnlyList<string> Hidden { get; init; } = [];
    public string? Approval { get; init; }
    public TimeSpan? Took { get; init; }
    /// <summary>Why it goes to that server and no other, where there was a choice (LLM-04).</summary>
    public string? Route { get; init; }
    /// <summary>What a provider counted for an exchange.</summary>
    public (long Input, long Output)? Tokens { get; init; }
    /// <summary>The beginning of what it says, redacted; only where the configuration asks for it.</summary>
    public string? Excerpt { get; init; }

    /// <summary>A record waits for its turn, and must not keep large messages in memory meanwhile.</summary>
    public static MessageSubject WithoutBytes(MessageSubject subject) => subject with { Frame = default, Content = default, Arguments = default, File = null, Annotations = null };

    /// <summary>What must be durable before anything else happens, whatever the settings: a refusal, and an approval that was used.</summary>
    public bool MustLast => Refused is not null || Approval is not null;

    public AuditEvent ToEvent() => Scrubbing.Of(Scan) is { } scrubbing ? scrubbing.Event(Written()) : Written();

    private AuditEvent Written()
    {
        IReadOnlyList<PolicyEvaluation> judged = Judgement is null ? [] : [.. (Judgement.Evaluations.Count <= ListedMax ? Judgement.Evaluations : Judgement.Evaluations.OrderByDescending(e => e.Decision).Take(ListedMax)).Select(Writable)];
        return new()
        {
            EventId = EventId,
            Timestamp = At,
            EventType = AuditEventTypes.MessageJudged,
            Gateway = Write(WriteGateway),
            Message = Words(),
            Severity = Refused?.Code.Entry().Severity ?? (Decision == Decision.Allow ? Severity.Info : Severity.Warning),
            Policy = Judgement is null ? null : new()
            {
                Decision = Judgement.Decision,
                PolicyEvaluations = judged,
                AggregationMethod = Judgement.Method,
                WorkflowState = LifecycleState.Init.Word(),
            },
            Extensions = new() { Actor = Plain.Text(Subject.Caller.Name, NameCharsMax), Problem = Refused?.Code.Id(), Data = Write(WriteData) },
        };
    }

    // One event that cannot be written would stop the log, and with it the gateway: what policies say is bounded, and has no half of a surrogate pair.
    private static PolicyEvaluation Writable(PolicyEvaluation said)
    {
        var (id, reason) = (Plain.Text(said.PolicyId, NameCharsMax), said.Reason is { } why ? Plain.Text(why, ReasonCharsMax) : null);
        var isFit = said.Evidence is not { } evidence || (JsonMarshal.GetRawUtf8Value(evidence) is { Length: <= EvidenceBytesMax } raw && raw.IndexOf("\\ud"u8) < 0 && raw.IndexOf("\\uD"u8) < 0);
        return ReferenceEquals(id, said.PolicyId) && ReferenceEquals(reason, said.Reason) && isFit ? said : said with { PolicyId = id, Reason = reason, Evidence = isFit ? said.Evidence : null };
    }

    private string Words()
    {
        var way = Subject.Direction == MessageDirection.ToServer ? "to" : "from";
        var became = Refused is { } problem ? $": {problem.Code.Id()}: {Plain.Text(problem.Message, ReasonCharsMax)}" : Decision == Decision.Allow ? "" : $": {Decision.Word()}";
        return $"{Plain.Text(Subject.Method, NameCharsMax)}{(Subject.Name is null ? "" : $" {Plain.Text(Subject.Name, NameCharsMax)}")} {way} {Subject.Server}{became}";
    }

    private static JsonElement Write(Action<Utf8JsonWriter> body)
    {
        var to = buffer ??= new(1024);
        to.ResetWrittenCount();
        var json = writer ??= new(to);
        json.Reset(to);
        body(json);
        json.Flush();
        return JsonElement.Parse(to.WrittenSpan);
    }

    // Members in order of their names throughout: what is written so need not be sorted again.
    private void WriteGateway(Utf8JsonWriter w)
    {
        w.WriteStartObject();
        w.WriteString("gateway_type"u8, Subject.Gateway);
        var isModel = Subject.Gateway == MessageSubject.LlmGateway;
        if (isModel && Subject.Name is { } model) w.WriteString("model"u8, Plain.Text(model, NameCharsMax));
        w.WriteString("policy_decision"u8, (Refused is null ? Decision : Decision.Deny).Word());
        if (!Id.IsEmpty) w.WriteString("request_id"u8, Plain.Text(System.Text.Encoding.UTF8.GetString(Id.Span), NameCharsMax));
        if (!isModel && Subject.Name is { } tool) w.WriteString("tool"u8, Plain.Text(tool, NameCharsMax));
        w.WriteEndObject();
    }

    private void WriteData(Utf8JsonWriter w)
    {
        w.WriteStartObject();
        if (Approval is { } approval) w.WriteString("approval_id"u8, approval);
        w.WriteString("authenticated_by"u8, Subject.Caller.AuthenticatedBy);
        w.WriteNumber("bytes"u8, Bytes);
        if (Client is { } client) w.WriteString("client"u8, Plain.Text(client, NameCharsMax));
        w.WriteString("decision"u8, Decision.Word());
        w.WriteString("direction"u8, Subject.Direction == MessageDirection.ToServer ? "to_server"u8 : "to_caller"u8);
        if (Excerpt is { } excerpt) w.WriteString("excerpt"u8, excerpt);
        if (Scan is { Findings.Count: > 0 } scan) WriteFindings(w, scan.Findings);
        w.WriteString("frame"u8, Frame.ToString());
        if (Hidden.Count > 0) WriteTexts(w, "hidden"u8, Hidden);
        if (Tokens is var (input, _)) w.WriteNumber("input_tokens"u8, input);
        if (Instead is { } instead) w.WriteString("instead"u8, instead.ToString());
        if (Subject.Caller.Issuer is { } issuer) w.WriteString("issuer"u8, Plain.Text(issuer, NameCharsMax));
        w.WriteString("kind"u8, KindWord(Subject.Kind));
        w.WriteString("method"u8, Plain.Text(Subject.Method, NameCharsMax));
        if (Took is { } took) w.WriteNumber("microseconds"u8, (long)took.TotalMicroseconds);
        if (Tokens is var (_, output)) w.WriteNumber("output_tokens"u8, output);
        if (Subject.Pin != PinState.None) w.WriteString("pin"u8, PinWord(Subject.Pin));
        w.WriteString("policy_digest"u8, Policy.ToString());
        if (Subject.ProtocolVersion.Length > 0) w.WriteString("protocol_version"u8, Plain.Text(Subject.ProtocolVersion, NameCharsMax));
        if (Scan is { Cuts.Count: > 0 and var redacted }) w.WriteNumber("redacted"u8, redacted);
        if (Route is { } route) w.WriteString("route"u8, Plain.Text(route, ReasonCharsMax));
        if (Scan is { Ran.Count: > 0 and var _ }) WriteTexts(w, "scanned"u8, Scan.Ran);
        w.WriteString("server"u8, Subject.Server);
        w.WriteString("session"u8, Subject.Session);
        w.WriteEndObject();
    }

    private static void WriteFindings(Utf8JsonWriter w, IReadOnlyList<MessageFinding> findings)
    {
        w.WriteStartArray("findings"u8);
        for (var i = 0; i < Math.Min(findings.Count, ListedMax); i++)
        {
            var finding = findings[i];
            w.WriteStartObject();
            w.WriteString("decision"u8, finding.Decision.Word());
            w.WriteString("detector"u8, finding.Detector);
            w.WriteString("place"u8, Plain.Text(finding.Place, NameCharsMax));
            w.WriteString("reason"u8, Plain.Text(finding.Reason, ReasonCharsMax));
            w.WriteString("rule"u8, finding.Rule);
            w.WriteEndObject();
        }
        w.WriteEndArray();
        if (findings.Count > ListedMax) w.WriteNumber("findings_more"u8, findings.Count - ListedMax);
    }

    private static void WriteTexts(Utf8JsonWriter w, ReadOnlySpan<byte> name, IReadOnlyList<string> texts)
    {
        w.WriteStartArray(name);
        for (var i = 0; i < Math.Min(texts.Count, ListedMax); i++) w.WriteStringValue(Plain.Text(texts[i], NameCharsMax));
        w.WriteEndArray();
    }

    private static ReadOnlySpan<byte> KindWord(MessageKind kind) => kind switch
    {
        MessageKind.Request => "request"u8,
        MessageKind.Notification => "notification"u8,
        MessageKind.Response => "response"u8,
        MessageKind.Listing => "listing"u8,
    };

    private static ReadOnlySpan<byte> PinWord(PinState pin) => pin switch
    {
        PinState.None => "none"u8,
        PinState.New => "new"u8,
        PinState.Accepted => "accepted"u8,
        PinState.Changed => "changed"u8,
    };
}
