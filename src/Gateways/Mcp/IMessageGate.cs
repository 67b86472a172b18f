// The seam between the session, which carries frames, and the judgement of them. A session forwards nothing that has not passed here (MCP-02, MCP-07).
using CabinCrew.Gateways.Firewall;
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Governance.Policies.Messages;

namespace CabinCrew.Gateways.Mcp;

public interface IMessageGate
{
    /// <summary>Judges one frame, holds it where a person must say yes, and puts on record what became of it. Never throws but for cancellation.</summary>
    ValueTask<Passage> PassAsync(InterceptedFrame message, ICallerLine caller, CancellationToken ct);

    /// <summary>A request that had passed will get no answer (its server is gone, it was given up): what was counted for it is given back.</summary>
    ValueTask UnansweredAsync(SessionFacts session, string server, MessageDirection direction, Frame request) => default;

    /// <summary>The session has ended: whatever it held is let go of, unforwarded.</summary>
    ValueTask EndAsync(SessionFacts session);
}

/// <param name="Id">Of the session, for the record.</param>
/// <param name="Client">What the client calls itself (<c>clientInfo.name</c>); a claim.</param>
/// <param name="ProtocolVersion">Empty until both ends have agreed.</param>
public sealed record SessionFacts(string Id, MessageCaller Caller, string? Client, string ProtocolVersion);

/// <param name="Server">As the configuration calls it. Names within the frame are the server's own (without the namespace that the caller sees).</param>
/// <param name="Answers">The request that a response answers; null for any other frame.</param>
public sealed record InterceptedFrame(SessionFacts Session, string Server, MessageDirection Direction, Frame Frame, Frame? Answers);
