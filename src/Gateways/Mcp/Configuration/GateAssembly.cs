// Puts the gate together as the configuration says: policies, detectors, files, pins, holds, limits, records, callers. The only place that knows all of them.
using CabinCrew.Gateways.Firewall.Configuration;
using System.Security.Cryptography;
using CabinCrew.Gateways.Firewall.Callers;
using CabinCrew.Gateways.Firewall.Holds;
using CabinCrew.Gateways.Firewall.Limits;
using CabinCrew.Gateways.Firewall.Records;
using CabinCrew.Gateways.Mcp.Calls;
using CabinCrew.Gateways.Mcp.Definitions;
using CabinCrew.Governance.Access;
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Ledger;
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Configuration;

/// <summary>A gate that stands. Disposing it writes out what it has to tell, and gives its session with the store back; the sessions of callers have ended before.</summary>
public sealed class AssembledGate(McpGate gate, CallerDoor door, MessageHold hold, DefinitionPins pins, AuditQueue audit, FrameKeeper frames, Node node, Func<MessageCaller, string, bool> allows) : IAsyncDisposable
{
    public McpGate Gate => gate;
    public CallerDoor Door => door;
    public DefinitionPins Pins => pins;

    /// <summary>Whether a caller may use a server at all.</summary>
    public bool Allows(MessageCaller caller, string server) => allows(caller, server);

    /// <summary>For what never comes as far as the gate.</summary>
    public AuditQueue Audit => audit;

    /// <summary>Closes the calls that a gateway left behind when it died. At the start, and now and then.</summary>
    public Task<Outcome<int>> AbandonLeftAsync(CancellationToken ct) => hold.AbandonLeftAsync(ct);

    public async ValueTask DisposeAsync()
    {
        await frames.DisposeAsync().ConfigureAwait(false);
        await audit.DisposeAsync().ConfigureAwait(false);
        await node.DisposeAsync().ConfigureAwait(false);
    }
}

public static class GateAssembly
{
    /// <summary>Loads everything that may be refused before anything stands.</summary>
    /// <param name="http">For issuers' keys, by whether they may be at a private address: follows no redirects. Null: no key set is asked for over the network.</param>
    /// <param name="models">Null: no model can be run.</param>
    public static async Task<Outcome<AssembledGate>> BuildAsync(GatewayDefinition definition, LedgerRoom ledger, IdentityBook identities, Func<bool, HttpMessageInvoker>? http, TextModelLoader? models, CancellationToken ct)
    {
        if (!(await AssembledJudge.BuildAsync(definition, ledger.Redactor, identities.DefaultRole, models, ledger.Clock, ct).ConfigureAwait(false)).Try(out var judge, out var problem)) return problem;
        if (!CallerAssembly.Door(definition.Callers, http, ledger.Clock).Try(out var door, out problem)) return problem;
        if (!CallerAssembly.Limits(definition.Callers, definition.Limits).Try(out var limitsOf, out problem)) return problem;

        var node = new Node(ledger.Store, ledger.Clock);
        var pins = new DefinitionPins(ledger, TenantId.Local, definition.Pins, node);
        var hold = new MessageHold(ledger, TenantId.Local, identities, new()
        {
            Expiry = definition.Holds.Expires, AskPerson = definition.Holds.AskPerson, PerCallerMax = definition.Holds.WaitingPerCallerMax, TotalMax = definition.Holds.WaitingMax, BytesMax = definition.Holds.WaitingBytesMax,
        }, node);
        var audit = new AuditQueue(ledger.Store, TenantId.Local, new() { Strict = definition.Audit == AuditDurability.Strict }, ledger.Clock);
        var settings = new GateSettings { RequestBytesMax = definition.RequestBytesMax, ResponseBytesMax = definition.ResponseBytesMax, WarningsInMeta = definition.WarningsInMeta, Context = definition.Context };
        var frames = new FrameKeeper(ledger, TenantId.Local, definition.Record, audit, RandomNumberGenerator.GetBytes(AssembledJudge.PlaceholderKeyBytes));
        var allows = CallerAssembly.Usable(definition.Callers);
        var gate = new McpGate(new(ledger, settings, judge.Scan, judge.Files, judge.Judge, pins, hold,
            new Firewall.Limits.CallerLimits(limitsOf, new KeptBudgets(ledger, TenantId.Local, node), ledger.Clock), audit) { Allows = allows, Frames = frames });
        return new AssembledGate(gate, door, hold, pins, audit, frames, node, allows);
    }
}
