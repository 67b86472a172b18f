// A recorded message as a case for a trial, expecting what was decided then. Pure.
using System.Text.Json;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Review;

public static class RecordedCases
{
    /// <summary>Null: it was not kept, or it is an answer, whose request it would need.</summary>
    public static TrialCase? Of(RecordedMessage message)
    {
        if (message.Kept is not { Text.Length: > 0 } kept || kept.Kind == MessageKind.Response.Word()) return null;
        return new(
            Name: $"{message.EventId}{(kept.Redacted ? " (redacted)" : "")}", Message: JsonElement.Parse(kept.Text), Direction: kept.Direction, Server: kept.Server,
            Caller: new(kept.Caller.Name, kept.Caller.Human switch { true => "human", false => "automation", null => "unknown" }, kept.Caller.Roles, kept.Caller.AuthenticatedBy),
            ProtocolVersion: kept.ProtocolVersion, Pin: kept.Pin, Annotations: kept.Annotations, At: kept.At,
            // What was taken out of it is not found again, so that nobody can say what becomes of the rest.
            Expect: kept.Redacted ? null : message.Then.Word());
    }
}
