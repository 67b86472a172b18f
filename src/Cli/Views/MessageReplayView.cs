// What another configuration would have made of recorded messages: a table of what changes, with what could not be judged and why; or one document with everything.
using System.Text.Json.Nodes;
using CabinCrew.Cli.Rendering;
using CabinCrew.Gateways.Mcp.Configuration;
using CabinCrew.Gateways.Mcp.Review;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Views;

internal static class MessageReplayView
{
    public static void Show(Screen screen, RecordedMessages recorded, IReadOnlyList<RejudgedMessage> judged, AssembledJudge judge, bool all)
    {
        if (screen.Json)
        {
            screen.Document(Document(recorded, judged, judge));
            return;
        }
        var table = new TextTable(new("when"), new("caller"), new("what", Flexible: true), new("then"), new("now"), new("why", Flexible: true));
        foreach (var one in judged.Where(j => all || j.Changes || (j.Now is null && j.Message.Kept is not null)))
            table.Add(FlightDocument.Time(one.Message.At), one.Message.Caller, What(one.Message), one.Message.Then.Word(), one.Now is { } now ? now.Decision.Word() + (one.IsExact ? "" : " (redacted)") : "NOT JUDGED", Why(one));
        if (table.Rows > 0) screen.Table(table);
        var (changes, lost, failed, inexact) = (judged.Count(j => j.Changes), judged.Count(j => j.Message.Kept is null), judged.Count(j => j.Now is null && j.Message.Kept is not null), judged.Count(j => j is { Now: not null, IsExact: false }));
        screen.Line($"{(table.Rows > 0 ? "\n" : "")}recorded: {judged.Count}; otherwise: {changes}, the same: {judged.Count - changes - lost - failed}, not kept: {lost}{(failed > 0 ? $", could not be judged: {failed}" : "")}.");
        if (inexact > 0) screen.Line($"Of {inexact} a credential was taken out before they were kept: a policy that looks at it may have decided otherwise than this.");
        if (lost > 0) screen.Line($"What was not kept cannot be judged again. `record: calls` in {GatewayFile.DefaultName} keeps calls, redacted, for 30 days.");
        foreach (var problem in recorded.Unread) screen.Line($"Kept messages could not be read: {Screen.Safe(problem.Message)}");
        if (recorded.IsCut) screen.Line("There are more than were read: the oldest are not among these. Name a time with --since.");
    }

    private static JsonObject Document(RecordedMessages recorded, IReadOnlyList<RejudgedMessage> judged, AssembledJudge judge) => new()
    {
        ["policies"] = new JsonArray([.. judge.Policies.Select(p => (JsonNode)p)]),
        ["policy_digest"] = judge.Judge.PolicyDigest.ToString(),
        ["messages"] = judged.Count,
        ["changes"] = judged.Count(j => j.Changes),
        ["not_kept"] = judged.Count(j => j.Message.Kept is null),
        ["not_judged"] = judged.Count(j => j.Now is null && j.Message.Kept is not null) + recorded.Unread.Count,
        ["redacted"] = judged.Count(j => j is { Now: not null, IsExact: false }),
        ["cut"] = recorded.IsCut,
        ["results"] = new JsonArray([.. judged.Select(j => (JsonNode)Document(j))]),
        ["unread"] = new JsonArray([.. recorded.Unread.Select(u => (JsonNode)u.ToString())]),
    };

    private static JsonObject Document(RejudgedMessage judged) => new()
    {
        ["event_id"] = judged.Message.EventId,
        ["judged_at"] = FlightDocument.Time(judged.Message.At),
        ["caller"] = judged.Message.Caller,
        ["server"] = judged.Message.Server,
        ["method"] = judged.Message.Method,
        ["tool"] = judged.Message.Name,
        ["kept"] = judged.Message.Kept is not null,
        ["exact"] = judged.IsExact,
        ["then"] = judged.Message.Then.Word(),
        ["refused_then"] = judged.Message.Refused,
        ["now"] = judged.Now?.Decision.Word(),
        ["changes"] = judged.Changes,
        ["why"] = new JsonArray([.. judged.Why.Select(w => (JsonNode)w)]),
        ["problem"] = judged.Problem?.Code.Id(),
    };

    private static string What(RecordedMessage message) => $"{message.Method}{(message.Name is null ? "" : $" {message.Name}")} at {message.Server}";

    private static string Why(RejudgedMessage judged) => judged.Why switch { [] => "", [var only] => only, { Count: var count } why => $"{why[0]} (and {count - 1} more)" };
}
