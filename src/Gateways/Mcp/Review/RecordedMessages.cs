// Messages that went through gateways, as the log tells of them, with what was kept of each. Reads; writes nothing.
// Invariant: what is read as kept is what the log names by its digest.
using System.Text.Json;
using CabinCrew.Gateways.Firewall.Records;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Ledger;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Gateways.Mcp.Review;

/// <param name="Then">What decided, findings included.</param>
/// <param name="Refused">The problem's id where it did not go on.</param>
/// <param name="Kept">Null: it was not kept, or is no more.</param>
public sealed record RecordedMessage(string EventId, DateTimeOffset At, string Server, string Method, string? Name, string Caller, bool IsCall, Decision Then, string? Refused,
    IReadOnlyList<PolicyEvaluation> Evaluations, IReadOnlyList<MessageFinding> Findings, KeptMessage? Kept);

/// <param name="Unread">Segments of kept messages that cannot be read, and why.</param>
/// <param name="IsCut">There are more than were read: the oldest are not among these.</param>
public sealed record RecordedMessages(IReadOnlyList<RecordedMessage> Messages, IReadOnlyList<Problem> Unread, bool IsCut)
{
    private const int PageSize = 1000;
    private const int MessagesMax = 50_000;

    /// <param name="callsOnly">Only what callers asked of servers.</param>
    public static async Task<Outcome<RecordedMessages>> ReadAsync(LedgerRoom ledger, TenantId tenant, DateTimeOffset? since, bool callsOnly, CancellationToken ct)
    {
        var messages = new LinkedList<RecordedMessage>();
        List<Digest> segments = [];
        var isCut = false;
        for (var from = 1L; ;)
        {
            if (!(await ledger.Store.ReadAuditAsync(tenant, from, PageSize, ct).ConfigureAwait(false)).Try(out var page, out var problem)) return problem;
            foreach (var row in page.Rows)
            {
                // Most of a log may be of flights: a look at the text spares the parsing.
                if (row.Json.Contains($"\"{AuditEventTypes.MessageJudged}\"", StringComparison.Ordinal))
                {
                    if (Message(row.Json) is not { } message || message.At < since || (callsOnly && !message.IsCall)) continue;
                    messages.AddLast(message);
                    if (messages.Count <= MessagesMax) continue;
                    messages.RemoveFirst();
                    isCut = true;
                }
                else if (row.Json.Contains($"\"{AuditEventTypes.FramesKept}\"", StringComparison.Ordinal) && Segment(row.Json, since) is { } segment) segments.Add(segment);
            }
            if (page.Rows.Count < PageSize) break;
            from = page.Rows[^1].Sequence + 1;
        }
        var (kept, unread) = await KeptAsync(ledger, tenant, segments, [.. messages.Select(m => m.EventId)], ct).ConfigureAwait(false);
        return new RecordedMessages([.. messages.Select(m => kept.TryGetValue(m.EventId, out var own) ? m with { Kept = own } : m)], unread, isCut);
    }

    private static async Task<(Dictionary<string, KeptMessage> Kept, List<Problem> Unread)> KeptAsync(LedgerRoom ledger, TenantId tenant, List<Digest> segments, HashSet<string> wanted, CancellationToken ct)
    {
        Dictionary<string, KeptMessage> kept = new(StringComparer.Ordinal);
        List<Problem> unread = [];
        foreach (var segment in segments)
        {
            if (ledger.Frames is not { } frames) break;
            var read = (await frames.GetAsync(tenant, segment, ct).ConfigureAwait(false)).Then(KeptSegment.Read);
            // What is older than it is kept is gone, and nobody's fault.
            if (read.Problem is { Code: not ProblemCode.BlobMissing } problem) unread.Add(problem);
            foreach (var message in read.Ok ? read.Value : [])
                if (wanted.Contains(message.EventId)) kept[message.EventId] = message;
        }
        return (kept, unread);
    }

    private static Digest? Segment(string json, DateTimeOffset? since)
    {
        using var document = JsonDocument.Parse(json);
        var told = document.RootElement;
        if (Text(told, "event_type") != AuditEventTypes.FramesKept || Time(told) is not { } at || at < since) return null;
        return Digest.TryParse(Text(told, "extensions", "data", "segment"), out var digest) ? digest : null;
    }

    private static RecordedMessage? Message(string json)
    {
        using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 256 });
        var told = document.RootElement;
        if (Text(told, "event_type") != AuditEventTypes.MessageJudged || Time(told) is not { } at || Text(told, "event_id") is not { } id || At(told, "extensions", "data") is not { } data) return null;
        // What another gateway judged is none of these messages.
        if (Text(told, "gateway", "gateway_type") != MessageSubject.McpGateway) return null;
        // Refused before anybody judged it: there is no judgement that could be another.
        if (At(told, "policy") is not { ValueKind: JsonValueKind.Object } policy || TrialCase.DecisionOf(Text(data, "decision") ?? "") is not { } then) return null;
        var method = Text(data, "method") ?? "";
        return new(id, at, Text(data, "server") ?? "", method, Text(told, "gateway", "tool"), Text(told, "extensions", "actor") ?? "",
            Text(data, "direction") == "to_server" && Text(data, "kind") == "request" && Wire.McpMethods.IsCall(method), then, Text(told, "extensions", "problem"),
            At(policy, "policy_evaluations") is { ValueKind: JsonValueKind.Array } said ? [.. said.EnumerateArray().Select(e => e.Deserialize(ProtocolJson.Default.PolicyEvaluation)!)] : [], Findings(data), null);
    }

    private static IReadOnlyList<MessageFinding> Findings(JsonElement data) => At(data, "findings") is not { ValueKind: JsonValueKind.Array } found ? [] :
    [
        .. found.EnumerateArray().Select(f => new MessageFinding(Text(f, "detector") ?? "", Text(f, "rule") ?? "", Text(f, "place") ?? "", TrialCase.DecisionOf(Text(f, "decision") ?? "") ?? Decision.Deny, Text(f, "reason") ?? "")),
    ];

    private static DateTimeOffset? Time(JsonElement told) => Text(told, "timestamp") is { } text && DateTimeOffset.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var at) ? at : null;

    private static JsonElement? At(JsonElement e, params ReadOnlySpan<string> path)
    {
        foreach (var name in path)
            if (e.ValueKind != JsonValueKind.Object || !e.TryGetProperty(name, out e)) return null;
        return e;
    }

    private static string? Text(JsonElement e, params ReadOnlySpan<string> path) => At(e, path) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;
}
