// The list of flights.
using System.Text.Json.Nodes;
using CabinCrew.Cli.Rendering;
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Views;

internal static class StatusView
{
    public static void Show(Screen screen, IReadOnlyList<StreamHeader> headers)
    {
        if (screen.Json)
        {
            screen.Document(new() { ["workflows"] = new JsonArray([.. headers.Select(h => (JsonNode)Document(h))]) });
            return;
        }
        if (headers.Count == 0)
        {
            screen.Line("No flights yet. Start one with `cabincrew plan` or `cabincrew run`.");
            return;
        }
        var table = new TextTable(new("workflow"), new("name"), new("state"), new("requester"), new("updated"), new("", Flexible: true));
        foreach (var h in headers)
            table.Add(h.Workflow.ToString(), h.State.Name, State(h), h.State.Requester, FlightDocument.Time(h.UpdatedAt)[..19].Replace('T', ' '), h.State.Summary);
        screen.Table(table);
    }

    private static string State(StreamHeader h) => h.InDoubt ? "IN DOUBT" : h.State.State.Word() + (h.OwnerNode is not null && !h.State.Finished ? " *" : "");

    private static JsonObject Document(StreamHeader h) => new()
    {
        ["workflow_id"] = h.Workflow.ToString(),
        ["name"] = h.State.Name,
        ["state"] = h.State.State.Word(),
        ["in_doubt"] = h.InDoubt,
        ["finished"] = h.State.Finished,
        ["requester"] = h.State.Requester,
        ["summary"] = h.State.Summary,
        ["workspace"] = h.WorkspaceKey,
        ["owner"] = h.OwnerNode,
        ["created_at"] = FlightDocument.Time(h.CreatedAt),
        ["updated_at"] = FlightDocument.Time(h.UpdatedAt),
    };
}
