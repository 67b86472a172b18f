// The questions that a server puts to the caller within an answer or a notification (2026-07-28, multi round-trip requests; tasks): each is judged as the request that it would be in the era of sessions (MCP-02).
// Invariant: no spelling hides a question, and what is no question that can be judged keeps the whole message back.
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Calls;

internal static class InputQuestions
{
    private const int Max = 64;
    private static readonly MessageSubject[] None = [];

    public static Outcome<MessageSubject[]> Of(MessageSubject carrier)
    {
        if (carrier.Direction != MessageDirection.ToCaller || carrier.Kind == MessageKind.Request || !MayAsk(carrier.Content.Span)) return None;
        var asked = JsonParts.Member(carrier.Content, "inputRequests"u8);
        if (asked.IsEmpty || asked.Span.SequenceEqual("null"u8)) return None;
        if (!JsonParts.IsObject(asked)) return Unreadable("'inputRequests' is no object");
        var members = JsonParts.Members(asked);
        if (members.Count > Max) return Unreadable($"it asks for more than {Max} things at once");
        var questions = new List<MessageSubject>(members.Count);
        foreach (var (_, question) in members)
        {
            if (JsonParts.Text(JsonParts.Member(question, "method"u8)) is not { Length: > 0 } method) return Unreadable("one of its questions has no method");
            questions.Add(carrier with { Kind = MessageKind.Request, Method = method, Name = null, Content = JsonParts.Member(question, "params"u8), Arguments = default });
        }
        return questions.ToArray();
    }

    /// <summary>One judgement of a message and of a question within it: nobody is milder than the other.</summary>
    public static Judgement Together(Judgement message, Judgement question)
    {
        var decision = Decisions.Strictest(message.Decision, question.Decision);
        var needs = message.Needs.Concat(question.Needs).SelectMany(n => n.Reasons.Select(r => (n.Role, n.Count, r)));
        return new(decision, message.Method, [.. message.Evaluations, .. question.Evaluations], decision == Decision.RequireApproval ? Aggregation.Needs(needs) : [],
            [.. message.Violations, .. question.Violations], [.. message.Warnings, .. question.Warnings]);
    }

    // Two looks at the bytes spare the walk through an answer that asks for nothing; a key may be spelled with escapes.
    private static bool MayAsk(ReadOnlySpan<byte> content) => content.IndexOf("inputRequests"u8) >= 0 || content.IndexOf("\\u"u8) >= 0;

    private static Problem Unreadable(string why) => new(ProblemCode.MessageInvalid, $"what the server asks of the caller cannot be judged: {why}");
}
