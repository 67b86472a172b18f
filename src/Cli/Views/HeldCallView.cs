// A call that a gateway holds until people answer: what is asked, by whom, why, and the binding that an answer is for.
using System.Text.Json.Nodes;
using CabinCrew.Governance.Approvals.Calls;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Cli.Views;

internal static class HeldCallView
{
    /// <summary>One line of the list.</summary>
    public static void Pending(Screen screen, PendingCall pending)
    {
        var (request, message) = (pending.Call.Request, pending.Call.Message);
        screen.Title($"{request.ApprovalId}  {Called(message)}, {pending.Call.Id}");
        screen.Field("asked by", request.Extensions.Requester);
        screen.Field("because", request.Reason);
        screen.Field("needs", ApprovalView.Needs(pending.Tally.Outstanding));
        screen.Field("binding", request.PlanTokenHash.ToString());
        if (request.Extensions.ExpiresAt is { } end) screen.Field("expires", FlightDocument.Time(end));
        if (pending.Call.Holder is null) screen.Field("held by", "nobody any more: it will be closed, and never goes on");
        screen.Hint($"cabincrew show {pending.Call.Id}");
        screen.Hint($"cabincrew approve {request.ApprovalId}{(screen.Interactive ? "" : $" --token {request.PlanTokenHash.Hex[..16]}")}");
    }

    public static void Show(Screen screen, HeldCall call)
    {
        if (screen.Json)
        {
            screen.Document(Members(call));
            return;
        }
        var (request, message) = (call.Request, call.Message);
        screen.Title($"{call.Id}  {Called(message)}");
        screen.Field("state", call.Outcome is { } outcome ? $"{HeldCallEntries.Word(outcome)}: {call.Why}" : "waits for approval");
        screen.Field("server", message.Server);
        screen.Field("method", message.Method);
        if (message.Name is { } name) screen.Field("name", name);
        screen.Field("asked by", $"{message.Caller}, session {message.Session}");
        screen.Field("because", request.Reason);
        screen.Field("policies", string.Join(", ", request.Extensions.TriggeredPolicies));
        screen.Field("size", $"{message.Bytes} bytes, {message.Frame}");
        if (message.Pin is { } pin) screen.Field("definition", pin.ToString());
        foreach (var answer in call.Answers) screen.Field(answer.Response.Approved ? "approved" : "rejected", $"{answer.Response.Approver}, {answer.Channel}, {FlightDocument.Time(answer.Response.Timestamp)}{(answer.Response.Reason is { } why ? $": {why}" : "")}");
        screen.Block(message.Direction == "response" ? "what the server answers" : "what it says", message.Arguments.Length == 0 ? "(nothing)" : message.Cut ? message.Arguments + "\n(cut)" : message.Arguments);
        screen.Field("approval", request.ApprovalId);
        screen.Field("binding", request.PlanTokenHash.ToString());
        if (request.Extensions.ExpiresAt is { } end) screen.Field("expires", FlightDocument.Time(end));
    }

    public static void Answered(Screen screen, HeldCall call, ApprovalResponse response)
    {
        if (screen.Json)
        {
            screen.Document(new() { ["response"] = FlightDocument.Element(response, ProtocolJson.Default.ApprovalResponse), ["call_id"] = call.Id.ToString() });
            return;
        }
        screen.Line($"{(response.Approved ? "Approved" : "Rejected")} by {Screen.Safe(response.Approver)}, for binding {response.Extensions.PlanTokenHash}.");
        if (call.Holder is null) screen.Note("nobody holds this call any more: it will be closed, and is never forwarded");
    }

    public static JsonNode Document(PendingCall pending)
    {
        var document = Members(pending.Call);
        document["outstanding"] = new JsonArray([.. pending.Tally.Outstanding.Select(n => (JsonNode)new JsonObject { ["role"] = n.Role, ["count"] = n.Count })]);
        return document;
    }

    private static JsonObject Members(HeldCall call) => new()
    {
        ["request"] = FlightDocument.Element(call.Request, ProtocolJson.Default.ApprovalRequest),
        ["responses"] = new JsonArray([.. call.Responses.Select(r => FlightDocument.Element(r, ProtocolJson.Default.ApprovalResponse))]),
        ["call"] = new JsonObject
        {
            ["call_id"] = call.Id.ToString(),
            ["outcome"] = call.Outcome is { } outcome ? HeldCallEntries.Word(outcome) : null,
            ["why"] = call.Why,
            ["gateway"] = call.Message.Gateway,
            ["server"] = call.Message.Server,
            ["method"] = call.Message.Method,
            ["name"] = call.Message.Name,
            ["direction"] = call.Message.Direction,
            ["caller"] = call.Message.Caller,
            ["session"] = call.Message.Session,
            ["arguments"] = call.Message.Arguments,
            ["cut"] = call.Message.Cut,
            ["bytes"] = call.Message.Bytes,
            ["frame"] = call.Message.Frame.ToString(),
            ["definition"] = call.Message.Pin?.ToString(),
            ["policy_digest"] = call.Message.Policy.ToString(),
            ["holder"] = call.Holder,
        },
    };

    private static string Called(HeldMessage message) => $"{message.Server}: {message.Name ?? message.Method}";
}
