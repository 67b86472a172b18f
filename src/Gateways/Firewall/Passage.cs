// What becomes of one intercepted message: it goes on (the very bytes that were judged, or those that stand in for them), or it is refused (MCP-03, LLM-02).
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Firewall;

public sealed record Passage
{
    /// <summary>The bytes go on as they came.</summary>
    public static readonly Passage Unchanged = new() { Decision = Decision.Allow };

    public required Decision Decision { get; init; }

    /// <summary>The whole message that goes on in place of the one that came: something in it was redacted, filtered or annotated, as configured. Null: none.</summary>
    public ReadOnlyMemory<byte>? Instead { get; init; }

    /// <summary>Why it does not go on. Null: it does.</summary>
    public Problem? Refused { get; init; }

    /// <summary>Whose word decided, where it is not allow.</summary>
    public string? PolicyId { get; init; }

    /// <summary>For the caller, where the decision is warn.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    public static Passage Refuse(Problem why, string? policyId, Decision decision = Decision.Deny) => new() { Decision = decision, Refused = why, PolicyId = policyId };
}

/// <summary>The caller who waits at the other end while a message is held: kept alive, and perhaps asked.</summary>
public interface ICallerLine
{
    /// <summary>Says that it still goes on (a progress notification where the request asked for them; otherwise nothing). Never fails.</summary>
    ValueTask ProgressAsync(string words, CancellationToken ct);

    /// <summary>The client can put a question to its person (MCP elicitation).</summary>
    bool CanAskPerson { get; }

    /// <summary>Puts a question with a yes and a no to the client's person. Null: declined, cancelled, or no answer.</summary>
    ValueTask<bool?> AskPersonAsync(string question, CancellationToken ct);
}
