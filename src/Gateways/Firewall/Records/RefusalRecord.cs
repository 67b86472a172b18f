// Puts on record what a gateway refused before there was a message that could be judged (AUD-01, MCP-07, LLM-07). Where that cannot be written, nothing was forwarded either.
using System.Text.Json;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Ledger;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Gateways.Firewall.Records;

/// <param name="gateway">As records call it.</param>
public sealed class RefusalRecord(string gateway, LedgerRoom ledger, AuditQueue audit)
{
    private const int CharsMax = 1000;

    /// <summary>Whoever has not shown who it is.</summary>
    public static readonly MessageCaller Stranger = new("unknown", null, [], "none");

    /// <param name="session">Of the caller's connection or exchange.</param>
    /// <param name="server">Null: it came as far as the gateway only.</param>
    public async ValueTask RefusedAsync(string session, MessageCaller caller, string? server, MessageDirection direction, Problem why)
    {
        await audit.RecordAsync(new AuditEvent
        {
            EventId = ledger.Ids.Next("evt"),
            Timestamp = ledger.Clock.GetUtcNow(),
            EventType = AuditEventTypes.ProblemReported,
            Gateway = Gateway(gateway),
            Message = $"a message {(direction == MessageDirection.ToServer ? "to" : "from")} {server ?? "the gateway"} was refused unread: {why.Code.Id()}: {Plain.Text(why.Where is { } where ? $"{why.Message} ({where})" : why.Message, CharsMax)}",
            Severity = why.Code.Entry().Severity,
            Extensions = new() { Actor = Plain.Text(caller.Name, CharsMax), Problem = why.Code.Id(), Data = Data(session, caller, server, direction) },
        }, strict: false).ConfigureAwait(false);
    }

    private static JsonElement Gateway(string gateway) => JsonElement.Parse($$"""{"gateway_type":"{{gateway}}","policy_decision":"deny"}""");

    private static JsonElement Data(string session, MessageCaller caller, string? server, MessageDirection direction)
    {
        var bytes = new System.Buffers.ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString("session", session);
            json.WriteString("authenticated_by", caller.AuthenticatedBy);
            json.WriteString("direction", direction == MessageDirection.ToServer ? "to_server" : "to_caller");
            json.WriteString("server", server);
            json.WriteEndObject();
        }
        return JsonElement.Parse(bytes.WrittenSpan);
    }
}
