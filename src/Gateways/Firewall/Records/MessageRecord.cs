// What the log tells of one message that came by: who, what, which judgement, and what became of it. Never the message itself (AUD-01, AUD-04).
using System.Runtime.InteropServices;
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Gateways.Firewall.Records;

/// <summary>When in a stream's passage something is told of it.</summary>
internal enum StreamMoment
{
    /// <summary>The first of it goes on.</summary>
    Begins,

    /// <summary>All that goes of it has gone.</summary>
    Ends,
}

internal sealed record MessageRecord : IAuditWords, IAuditParts
{
    private const int NameCharsMax = 256;
    private const int ReasonCharsMax = 1000;
    private const int ListedMax = 20;
    private const int EvidenceBytesMax = 16 * 1024;

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
    /// <summary>Of the message as its caller sent it, where another was made of it before it was judged (LLM-05).</summary>
    public Digest? Original { get; init; }
    /// <summary>What was taken out of it: definitions that are not shown.</summary>
    public IReadOnlyList<string> Hidden { get; init; } = [];
    public string? Approval { get; init; }
    public TimeSpan? Took { get; init; }
    /// <summary>Why it goes to that server and no other, where there was a choice (LLM-04).</summary>
    public string? Route { get; init; }
    /// <summary>What a provider counted for an exchange.</summary>
    public (long Input, long Output)? Tokens { get; init; }
    /// <summary>What that cost, in millionths of a dollar, where a price is known.</summary>
    public long? Cost { get; init; }
    /// <summary>Of an answer that goes on while it comes. Null: it goes on as a whole.</summary>
    public StreamMoment? Moment { get; init; }
    /// <summary>So many characters of it had gone out before.</summary>
    public long Released { get; init; }
    /// <summary>The beginning of what it says, redacted; only where the configuration asks for it.</summary>
    public string? Excerpt { get; init; }

    /// <summary>A record waits for its turn, and must not keep large messages in memory meanwhile.</summary>
    public static MessageSubject WithoutBytes(MessageSubject subject) => subject with { Frame = default, Content = default, Arguments = default, File = null, Annotations = null };

    /// <summary>What must be durable before anything else happens, whatever the settings: a refusal, and an approval that was used.</summary>
    public bool MustLast => Refused is not null || Approval is not null;

    public AuditEvent ToEvent()
    {
        var told = Told();
        told = told with { Gateway = AuditWriter.Element(WriteGateway), Extensions = told.Extensions! with { Data = AuditWriter.Element(WriteData) } };
        return Scrubbing.Of(Scan) is { } scrubbing ? scrubbing.Event(told) : told;
    }

    void IAuditWords.Write(AuditEventText to)
    {
        if (Scan is { Secrets.Count: > 0 }) to.Write(ToEvent());
        else to.Write(Told(), this);
    }

    // All but the two parts that are written below.
    private AuditEvent Told()
    {
        return new()
        {
            EventId = EventId,
            Timestamp = At,
            EventType = AuditEventTypes.MessageJudged,
            Message = Words(),
            Severity = Refused?.Code.Entry().Severity ?? (Decision == Decision.Allow ? Severity.Info : Severity.Warning),
            Policy = Judgement is null ? null : new()
            {
                Decision = Judgement.Decision,
                PolicyEvaluations = Judged(Judgement.Evaluations),
                AggregationMethod = Judgement.Method,
                WorkflowState = LifecycleState.Init.Word(),
            },
            Extensions = new() { Actor = Plain.Text(Subject.Caller.Name, NameCharsMax), Problem = Refused?.Code.Id() },
        };
    }

    private static IReadOnlyList<PolicyEvaluation> Judged(IReadOnlyList<PolicyEvaluation> all)
    {
        var told = all.Count <= ListedMax ? all : [.. all.OrderByDescending(e => e.Decision).Take(ListedMax)];
        for (var i = 0; i < told.Count; i++)
            if (!ReferenceEquals(Writable(told[i]), told[i])) return [.. told.Select(Writable)];
        return told;
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
        if (Moment is { } moment) became = moment == StreamMoment.Begins ? $" begins{became}" : $" ends, {Released} characters had gone{became}";
        return $"{Plain.Text(Subject.Method, NameCharsMax)}{(Subject.Name is null ? "" : $" {Plain.Text(Subject.Name, NameCharsMax)}")} {way} {Subject.Server}{became}";
    }

    public void WriteGateway(AuditWriter to)
    {
        to.Text("gateway_type"u8, Subject.Gateway);
        var isModel = Subject.Gateway == MessageSubject.LlmGateway;
        if (isModel && Subject.Name is { } model) to.Text("model"u8, Plain.Text(model, NameCharsMax));
        to.Text("policy_decision"u8, (Refused is null ? Decision : Decision.Deny).Word());
        if (!Id.IsEmpty) to.Text("request_id"u8, Plain.Text(System.Text.Encoding.UTF8.GetString(Id.Span), NameCharsMax));
        if (!isModel && Subject.Name is { } tool) to.Text("tool"u8, Plain.Text(tool, NameCharsMax));
    }

    public void WriteData(AuditWriter to)
    {
        to.Text("approval_id"u8, Approval);
        to.Text("authenticated_by"u8, Subject.Caller.AuthenticatedBy);
        to.Number("bytes"u8, Bytes);
        if (Client is { } client) to.Text("client"u8, Plain.Text(client, NameCharsMax));
        to.Text("decision"u8, Decision.Word());
        to.Text("direction"u8, Subject.Direction.Word());
        to.Text("excerpt"u8, Excerpt);
        if (Scan is { Findings.Count: > 0 } scan) WriteFindings(to, scan.Findings);
        to.Text("frame"u8, Frame.ToString());
        if (Hidden.Count > 0) WriteTexts(to, "hidden"u8, Hidden);
        if (Tokens is var (input, _)) to.Number("input_tokens"u8, input);
        to.Text("instead"u8, Instead?.ToString());
        if (Subject.Caller.Issuer is { } issuer) to.Text("issuer"u8, Plain.Text(issuer, NameCharsMax));
        to.Text("kind"u8, Subject.Kind.Word());
        to.Text("method"u8, Plain.Text(Subject.Method, NameCharsMax));
        if (Took is { } took) to.Number("microseconds"u8, (long)took.TotalMicroseconds);
        to.Text("original"u8, Original?.ToString());
        if (Tokens is var (_, output)) to.Number("output_tokens"u8, output);
        if (Subject.Pin != PinState.None) to.Text("pin"u8, Subject.Pin.Word());
        to.Text("policy_digest"u8, Policy.ToString());
        if (Subject.ProtocolVersion.Length > 0) to.Text("protocol_version"u8, Plain.Text(Subject.ProtocolVersion, NameCharsMax));
        if (Scan is { Cuts.Count: > 0 and var redacted }) to.Number("redacted"u8, redacted);
        if (Moment == StreamMoment.Ends) to.Number("released"u8, Released);
        if (Route is { } route) to.Text("route"u8, Plain.Text(route, ReasonCharsMax));
        if (Scan is { Ran.Count: > 0 and var _ }) WriteTexts(to, "scanned"u8, Scan.Ran);
        to.Text("server"u8, Subject.Server);
        to.Text("session"u8, Subject.Session);
        if (Moment is { } moment) to.Text("stream"u8, moment == StreamMoment.Begins ? "begins" : "ends");
        if (Cost is { } cost) to.Number("usd_micros"u8, cost);
    }

    private static void WriteFindings(AuditWriter to, IReadOnlyList<MessageFinding> findings)
    {
        to.OpenList("findings"u8);
        for (var i = 0; i < Math.Min(findings.Count, ListedMax); i++)
        {
            var finding = findings[i];
            to.Item();
            to.Text("decision"u8, finding.Decision.Word());
            to.Text("detector"u8, finding.Detector);
            to.Text("place"u8, Plain.Text(finding.Place, NameCharsMax));
            to.Text("reason"u8, Plain.Text(finding.Reason, ReasonCharsMax));
            to.Text("rule"u8, finding.Rule);
            to.Close();
        }
        to.CloseList();
        if (findings.Count > ListedMax) to.Number("findings_more"u8, findings.Count - ListedMax);
    }

    private static void WriteTexts(AuditWriter to, ReadOnlySpan<byte> name, IReadOnlyList<string> texts)
    {
        to.OpenList(name);
        for (var i = 0; i < Math.Min(texts.Count, ListedMax); i++) to.Item(Plain.Text(texts[i], NameCharsMax));
        to.CloseList();
    }
}
