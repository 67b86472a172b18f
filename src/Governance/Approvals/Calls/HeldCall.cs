// One message that a gateway holds until people answer: its stream in the store, read back. A fold over the entries and nothing else (APR-04, APR-07).
using System.Text.Json;
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Governance.Approvals.Calls;

/// <summary>What a person is shown of the message. It decides nothing: what an answer is bound to is the request's digest.</summary>
/// <param name="Arguments">The beginning of what the message says, redacted.</param>
/// <param name="Bytes">Of the whole message.</param>
public sealed record HeldMessage(
    string Gateway, string Server, string Method, string? Name, string Direction, string Caller, string Session, string Arguments, bool Cut, long Bytes,
    Digest Frame, Digest? Pin, Digest Policy);

/// <param name="Channel">Which way it came: <c>command_line</c>, <c>elicitation</c>.</param>
public sealed record HeldAnswer(ApprovalResponse Response, string Channel);

public enum CallOutcome
{
    /// <summary>Its approvals were counted and used up: it may be forwarded, this once.</summary>
    Released,
    Rejected,
    Expired,

    /// <summary>Its caller took it back.</summary>
    Cancelled,

    /// <summary>Whoever held it is gone: the gateway, or the caller's session. Never forwarded.</summary>
    Abandoned,

    /// <summary>What the approvals were bound to is no longer what would be forwarded.</summary>
    Refused,
}

public sealed record HeldCall(WorkflowId Id, HeldMessage Message, ApprovalRequest Request, IReadOnlyList<HeldAnswer> Answers, CallOutcome? Outcome, string? Why)
{
    /// <summary>Where the stream stood when this was read: an answer is taken only there, or verified anew.</summary>
    public StreamPoint Point { get; init; }

    /// <summary>Who holds it now. Null: nobody that lives.</summary>
    public string? Holder { get; init; }

    public IReadOnlyList<ApprovalResponse> Responses => [.. Answers.Select(a => a.Response)];

    /// <summary>With the answers that nobody has taken up yet.</summary>
    public static Outcome<HeldCall> Read(WorkflowId id, StreamSnapshot snapshot)
    {
        HeldCall? call = null;
        try
        {
            foreach (var entry in snapshot.Entries)
            {
                call = entry.EntryType switch
                {
                    WalEntryTypes.ApprovalRequested when call is null && entry.Data.Deserialize(HeldCallJson.Default.CallRequested) is { } asked => new(id, asked.Extensions.Message, asked.Extensions.Request, [], null, null),
                    WalEntryTypes.ApprovalReceived when call is { Outcome: null } && entry.Data.Deserialize(HeldCallJson.Default.CallAnswered) is { } answered => call with { Answers = [.. call.Answers, answered.Extensions] },
                    WalEntryTypes.CallEnded when call is { Outcome: null } && entry.Data.Deserialize(HeldCallJson.Default.CallEnded) is { } ended => call with { Outcome = ended.Outcome, Why = ended.Why },
                    _ => throw new JsonException($"entry {entry.Sequence} of type {entry.EntryType} has no place there"),
                };
            }
            return call is null ? Corrupt(id, "it has no entry") : call with { Answers = [.. call.Answers, .. HeldCallEntries.Answers(snapshot.Inbox).Select(a => a.Answer)], Point = snapshot.Point, Holder = snapshot.Header.OwnerNode };
        }
        catch (JsonException e)
        {
            return Corrupt(id, e.Message);
        }
    }

    private static Problem Corrupt(WorkflowId id, string why) => new(ProblemCode.StoreCorrupt, $"the held call {id} cannot be read: {why}") { Where = $"held call {id}" };
}
