// A step's declared network around a run: what it is granted beforehand, and what goes on record of it afterwards (ENG-06, ENG-07, AUD-01).
// Invariant: whatever a run said to the network is in the audit log, however the run ended.
using System.Collections.Immutable;
using System.Text.Json.Nodes;
using CabinCrew.Ledger;
using CabinCrew.Orchestrator.Engines.Network;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Orchestrator.Workflows.Stages;

/// <param name="Grant">Null: the run has no declared network in this mode.</param>
internal sealed record StepGrant(NetworkGrant? Grant);

/// <param name="Record">Null: there was no declared network.</param>
internal sealed record KeptNetwork(NetworkRecord? Record);

internal static class StepNetwork
{
    private const int HostsShownMax = 20;

    public static async Task<Outcome<StepGrant>> GrantAsync(StepContext c, EngineMode mode, CancellationToken ct)
    {
        if (c.Definition.Network is not { } rules || !rules.Reaches(mode)) return new StepGrant(null);
        var grant = new NetworkGrant(rules, c.Ledger.Redactor, c.Ledger.Clock);
        if (mode != EngineMode.FlightPlan || rules.Replay is not { } replay) return new StepGrant(grant);
        return (await RecordOfAsync(c, WorkflowId.Parse(replay), ct).ConfigureAwait(false)).Try(out var log, out var problem)
            ? new StepGrant(grant with { Replay = log })
            : problem.At($"step {c.Id}, network, replay");
    }

    /// <summary>The record of the same step of another workflow, with every body that was kept.</summary>
    private static async Task<Outcome<NetworkLog>> RecordOfAsync(StepContext c, WorkflowId workflow, CancellationToken ct)
    {
        if (!(await c.Ledger.Store.ReadAsync(StepContext.Tenant, workflow, ct).ConfigureAwait(false)).Try(out var snapshot, out var problem)) return problem;
        if (!FlightFold.Replay(workflow, snapshot.Entries).Try(out var state, out problem)) return problem;
        if (!state.Steps.TryGetValue(c.Id, out var flight) || flight.Plan?.Network is not { } record)
            return new Problem(ProblemCode.NotFound, $"workflow {workflow} has no record of network use by a flight-plan of step {c.Id}");
        if (!(await LoadAsync(c.Ledger, record, ct).ConfigureAwait(false)).Try(out var log, out problem)) return problem;
        var bodies = ImmutableDictionary.CreateBuilder<Digest, ReadOnlyMemory<byte>>();
        foreach (var digest in log.Exchanges.Where(e => e.Kept).Select(e => e.ResponseBody!.Value).Distinct())
        {
            if (!(await c.Ledger.Blobs.GetAsync(StepContext.Tenant, digest, ct).ConfigureAwait(false)).Try(out var body, out problem)) return problem;
            bodies[digest] = body;
        }
        return log with { Bodies = bodies.ToImmutable() };
    }

    public static async Task<Outcome<NetworkLog>> LoadAsync(LedgerRoom ledger, NetworkRecord record, CancellationToken ct) =>
        (await ledger.Blobs.GetAsync(StepContext.Tenant, record.Log, ct).ConfigureAwait(false)).Then(NetworkLog.Read);

    /// <summary>Stores the record and the bodies it names.</summary>
    public static async Task<Outcome<KeptNetwork>> KeepAsync(StepContext c, NetworkLog? log, CancellationToken ct)
    {
        if (log is null || c.Definition.Network is not { } rules) return new KeptNetwork(null);
        var kept = await c.KeepAsync([.. log.Bodies.Values], [log.ToJson()], ct).ConfigureAwait(false);
        return kept.Map(texts => new KeptNetwork(new(rules.Words, texts[0], log.Exchanges.Length, log.Refused, log.SentBytes, log.ReceivedBytes)));
    }

    /// <summary>The event that tells of it; none without a declared network.</summary>
    public static AuditEvent[] Told(StepContext c, LifecycleState state, EngineMode mode, NetworkLog? log, NetworkRecord? record)
    {
        if (log is null || record is null) return [];
        var hosts = new JsonObject();
        foreach (var group in log.Exchanges.Where(e => e.Problem is null).GroupBy(e => HostOf(e.Url)).OrderBy(g => g.Key, StringComparer.Ordinal).Take(HostsShownMax)) hosts[group.Key] = group.Count();
        return
        [
            c.Audit.Event(AuditEventTypes.NetworkRecorded, c.Id, state, $"{mode.Word()} exchanged with the network: {record.Exchanges}, refused: {record.Refused}", record.Refused > 0 ? Severity.Warning : Severity.Info,
                data: new()
                {
                    ["mode"] = mode.Word(), ["record"] = record.Log.ToString(), ["exchanges"] = record.Exchanges, ["refused"] = record.Refused, ["unrecorded"] = log.Unrecorded,
                    ["sent_bytes"] = record.SentBytes, ["received_bytes"] = record.ReceivedBytes, ["hosts"] = hosts,
                    ["refusals"] = new JsonArray([.. log.Exchanges.Select(e => e.Problem).OfType<string>().GroupBy(p => p).Select(g => (JsonNode)$"{g.Key}: {g.Count()}")]),
                }),
        ];
    }

    private static string HostOf(string url) => Uri.TryCreate(url, UriKind.Absolute, out var uri) ? uri.Authority : url;
}
