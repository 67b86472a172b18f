// The gate of the MCP gateway: facts, detectors, policies, decision, limits, approval, record, passage, in this order for every frame (MCP-02, MCP-03, MCP-07).
// Invariant: a frame passes only with a judgement of its own and a record of it; whatever fails on the way is a refusal.
using System.Collections.Concurrent;
using CabinCrew.Gateways.Firewall;
using CabinCrew.Gateways.Firewall.Holds;
using CabinCrew.Gateways.Firewall.Limits;
using CabinCrew.Gateways.Firewall.Records;
using CabinCrew.Gateways.Mcp.Definitions;
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Ledger;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Calls;

/// <summary>Tells a well-known file operation from what a request says; null: it is none.</summary>
public delegate FileOperation? RecogniseFiles(MessageSubject subject);

/// <summary>Everything that a frame meets on its way.</summary>
public sealed record GateParts(
    LedgerRoom Ledger, GateSettings Settings, ScanMessage Scan, RecogniseFiles Files, IMessageJudge Judge, DefinitionPins Pins, MessageHold Hold, CallerLimits Limits, AuditQueue Audit)
{
    /// <summary>Whether a caller may use a server at all.</summary>
    public Func<MessageCaller, string, bool> Allows { get; init; } = static (_, _) => true;

    /// <summary>Null: nothing is kept besides the record.</summary>
    public FrameKeeper? Frames { get; init; }
}

public sealed class McpGate(GateParts parts) : IMessageGate
{
    private readonly OpenRequests open = new(parts.Settings.OpenPerSessionMax);
    private readonly TaskOrigins tasks = new();
    private readonly ConcurrentDictionary<string, CancellationTokenSource> holding = new(StringComparer.Ordinal);

    // Made once, and not for each message.
    private Func<string, CancellationToken>? sessionEnd;

    public async ValueTask<Passage> PassAsync(InterceptedFrame message, ICallerLine caller, CancellationToken ct)
    {
        Crossing? crossing = null;
        try
        {
            crossing = new(parts, open, tasks, sessionEnd ??= SessionEnd, message, Digest.Of(message.Frame.Bytes.Span), caller);
            return await crossing.RunAsync(ct).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            crossing?.Drop();
            throw;
        }
#pragma warning disable CA1031 // MCP-07: whatever goes wrong in here keeps the frame from passing.
        catch (Exception e)
#pragma warning restore CA1031
        {
            crossing?.Drop();
            return crossing is null ? Passage.Refuse(Problem.Bug($"the message could not be looked at: {e.GetType().Name}"), null) : await crossing.FailAsync(e).ConfigureAwait(false);
        }
    }

    public ValueTask UnansweredAsync(SessionFacts session, string server, MessageDirection direction, Frame request)
    {
        open.Take(session.Id, server, direction, request.Id);
        return default;
    }

    public async ValueTask EndAsync(SessionFacts session)
    {
        if (holding.TryRemove(session.Id, out var stop)) await stop.CancelAsync().ConfigureAwait(false);
        open.End(session.Id);
    }

    /// <summary>Cancelled when the session ends: for what waits for people.</summary>
    private CancellationToken SessionEnd(string session) => holding.GetOrAdd(session, static _ => new()).Token;
}
