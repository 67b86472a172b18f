// Open requests, and the answer just given.
using System.Text.Json.Nodes;
using CabinCrew.Governance.Approvals.Calls;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Cli.Views;

internal static class ApprovalView
{
    public static void List(Screen screen, IReadOnlyList<PendingApproval> pending, IReadOnlyList<PendingCall> calls)
    {
        if (screen.Json)
        {
            screen.Document(new()
            {
                ["approvals"] = new JsonArray([.. pending.Select(p => (JsonNode)new JsonObject
                {
                    ["request"] = FlightDocument.Element(p.Request, ProtocolJson.Default.ApprovalRequest),
                    ["responses"] = new JsonArray([.. p.Responses.Select(r => FlightDocument.Element(r, ProtocolJson.Default.ApprovalResponse))]),
                    ["outstanding"] = new JsonArray([.. p.Tally.Outstanding.Select(n => (JsonNode)new JsonObject { ["role"] = n.Role, ["count"] = n.Count })]),
                }), .. calls.Select(HeldCallView.Document)]),
            });
            return;
        }
        if (pending.Count + calls.Count == 0)
        {
            screen.Line("Nothing waits for approval.");
            return;
        }
        foreach (var p in pending)
        {
            screen.Title($"{p.Request.ApprovalId}  {p.Flight.Definition.Name}, step {p.Step.Id}");
            screen.Field("asked by", p.Request.Extensions.Requester);
            screen.Field("because", p.Request.Reason);
            screen.Field("needs", Needs(p.Tally.Outstanding));
            screen.Field("token", p.Request.PlanTokenHash.ToString());
            if (p.Request.Extensions.ExpiresAt is { } end) screen.Field("expires", FlightDocument.Time(end));
            screen.Hint($"cabincrew show {p.Flight.Id}");
            screen.Hint($"cabincrew approve {p.Request.ApprovalId}{(screen.Interactive ? "" : $" --token {p.Request.PlanTokenHash.ToString()[7..23]}")}");
        }
        foreach (var call in calls) HeldCallView.Pending(screen, call);
    }

    public static void Answered(Screen screen, PendingApproval pending, ApprovalResponse response)
    {
        if (screen.Json)
        {
            screen.Document(new() { ["response"] = FlightDocument.Element(response, ProtocolJson.Default.ApprovalResponse), ["workflow_id"] = pending.Flight.Id.ToString() });
            return;
        }
        screen.Line($"{(response.Approved ? "Approved" : "Rejected")} by {Screen.Safe(response.Approver)}, for plan-token {response.Extensions.PlanTokenHash}.");
        screen.Hint($"cabincrew resume {pending.Flight.Id}     (a waiting `cabincrew run` goes on by itself)");
    }

    public static string Needs(IReadOnlyList<RoleNeed> needs) => needs.Count == 0 ? "nothing more" : string.Join(", ", needs.Select(n => $"{n.Count} x {n.Role}"));
}
