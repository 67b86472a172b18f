// How a held call is written: its entries and signals, in the shapes of a flight's approvals, and the events that go with them (AUD-01).
using System.Text.Json;
using System.Text.Json.Serialization;
using CabinCrew.Ledger;
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Governance.Approvals.Calls;

internal sealed record CallRequested(string ApprovalId, string StepId, string RequiredRole, CallRequestedMore Extensions);
internal sealed record CallRequestedMore(ApprovalRequest Request, HeldMessage Message);
internal sealed record CallAnswered(string ApprovalId, bool Approved, string Approver, HeldAnswer Extensions);
internal sealed record CallEnded(CallOutcome Outcome, string Why);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, AllowDuplicateProperties = false, RespectNullableAnnotations = true, UseStringEnumConverter = true)]
[JsonSerializable(typeof(CallRequested))]
[JsonSerializable(typeof(CallAnswered))]
[JsonSerializable(typeof(CallEnded))]
[JsonSerializable(typeof(HeldAnswer))]
[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class HeldCallJson : JsonSerializerContext;

public static class HeldCallEntries
{
    /// <summary>How the ids of their streams begin.</summary>
    public const string StreamKind = "call";

    /// <summary>The request's step: a call has no steps.</summary>
    public const string Step = "call";

    private const string SignalKind = "call_answer";

    public static EntryDraft Requested(ApprovalRequest request, HeldMessage message) => new(WalEntryTypes.ApprovalRequested,
        JsonSerializer.SerializeToElement(new(request.ApprovalId, request.StepId, request.RequiredRole, new(request, message)), HeldCallJson.Default.CallRequested));

    public static EntryDraft Answered(HeldAnswer answer) => new(WalEntryTypes.ApprovalReceived,
        JsonSerializer.SerializeToElement(new(answer.Response.ApprovalId, answer.Response.Approved, answer.Response.Approver, answer), HeldCallJson.Default.CallAnswered));

    public static EntryDraft Ended(CallOutcome outcome, string why) => new(WalEntryTypes.CallEnded, JsonSerializer.SerializeToElement(new(outcome, why), HeldCallJson.Default.CallEnded));

    public static StreamHeaderState Header(HeldMessage message, CallOutcome? outcome) => new(
        $"{message.Server}: {message.Name ?? message.Method}", message.Caller,
        outcome switch { null => LifecycleState.AwaitingApproval, CallOutcome.Released => LifecycleState.Completed, _ => LifecycleState.Failed },
        outcome is { } ended ? Word(ended) : "waits for approval", Finished: outcome is not null);

    public static Signal Signal(string id, HeldAnswer answer, StreamPoint onlyAt) => new(id, SignalKind, JsonSerializer.SerializeToElement(answer, HeldCallJson.Default.HeldAnswer)) { OnlyAt = onlyAt };

    /// <summary>What came in and nobody has taken up yet. Throws <see cref="JsonException"/> for what no answer looks like.</summary>
    public static IReadOnlyList<(string SignalId, HeldAnswer Answer)> Answers(IReadOnlyList<Signal> inbox) =>
        [.. inbox.Where(s => s.Kind == SignalKind).Select(s => (s.Id, s.Data.Deserialize(HeldCallJson.Default.HeldAnswer) ?? throw new JsonException("an answer is null")))];

    public static string Word(CallOutcome outcome) => outcome switch
    {
        CallOutcome.Released => "released",
        CallOutcome.Rejected => "rejected",
        CallOutcome.Expired => "expired",
        CallOutcome.Cancelled => "cancelled",
        CallOutcome.Abandoned => "abandoned",
        CallOutcome.Refused => "refused",
    };

    /// <summary>An event about a held call.</summary>
    public static AuditEvent Event(LedgerRoom ledger, string type, WorkflowId id, ApprovalRequest request, HeldMessage message, string words, string actor, HeldAnswer? answer = null, Problem? problem = null)
    {
        var data = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["approval_id"] = request.ApprovalId, ["binding"] = request.PlanTokenHash.ToString(), ["required_role"] = request.RequiredRole, ["caller"] = message.Caller,
            ["server"] = message.Server, ["method"] = message.Method, ["session"] = message.Session, ["frame"] = message.Frame.ToString(),
        };
        if (message.Name is { } name) data["name"] = name;
        if (answer is not null) data["channel"] = answer.Channel;
        return new()
        {
            EventId = ledger.Ids.Next("evt"),
            Timestamp = ledger.Clock.GetUtcNow(),
            EventType = type,
            Workflow = new(id.ToString()),
            WorkflowState = LifecycleState.AwaitingApproval.Word(),
            Message = words,
            Severity = problem?.Code.Entry().Severity ?? Severity.Info,
            Extensions = new() { Actor = actor, Problem = problem?.Code.Id(), Data = JsonSerializer.SerializeToElement(data, HeldCallJson.Default.DictionaryStringString) },
            Approval = answer is null ? null : new()
            {
                ApprovalId = request.ApprovalId,
                RequiredRole = request.RequiredRole,
                Approved = answer.Response.Approved,
                Approver = answer.Response.Approver,
                PlanTokenHash = answer.Response.Extensions.PlanTokenHash,
                Timestamp = answer.Response.Timestamp,
                Reason = answer.Response.Reason,
            },
        };
    }
}
