// Puts on record what a session refused before it was a frame that could be judged (AUD-01, MCP-07). Where that cannot be written, nothing was forwarded either.
using System.Text.Json;
using CabinCrew.Gateways.Firewall;
using CabinCrew.Gateways.Firewall.Records;
using CabinCrew.Gateways.Mcp.Sessions;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Ledger;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Gateways.Mcp.Hosting;

public sealed class RefusalRecord(LedgerRoom ledger, AuditQueue audit) : ISessionRecord
{
    private const int CharsMax = 1000;

    public async ValueTask RefusedAsync(SessionFacts session, string? server, MessageDirection direction, Problem why)
    {
        await audit.RecordAsync(new AuditEvent
        {
            EventId = ledger.Ids.Next("evt"),
            Timestamp = ledger.Clock.GetUtcNow(),
            EventType = AuditEventTypes.ProblemReported,
            Gateway = Gateway(),
            Message = $"a message {(direction == MessageDirection.ToServer ? "to" : "from")} {server ?? "the gateway"} was refused unread: {why.Code.Id()}: {Plain.Text(why.Where is { } where ? $"{why.Message} ({where})" : why.Message, CharsMax)}",
            Severity = why.Code.Entry().Severity,
            Extensions = new() { Actor = Plain.Text(session.Caller.Name, CharsMax), Problem = why.Code.Id(), Data = Data(session, server, direction) },
        }, strict: false).ConfigureAwait(false);
    }

    private static JsonElement Gateway() => JsonElement.Parse("""{"gateway_type":"mcp","policy_decision":"deny"}""");

    private static JsonElement Data(SessionFacts session, string? server, MessageDirection direction)
    {
        var bytes = new System.Buffers.ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString("session", session.Id);
            json.WriteString("authenticated_by", session.Caller.AuthenticatedBy);
            json.WriteString("direction", direction == MessageDirection.ToServer ? "to_server" : "to_caller");
            json.WriteString("server", server);
            json.WriteEndObject();
        }
        return JsonElement.Parse(bytes.WrittenSpan);
    }
}
