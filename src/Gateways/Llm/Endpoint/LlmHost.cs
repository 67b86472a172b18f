// An LLM gateway that stands: everything that its configuration names, loaded before anything is served (LLM-07). The only place that knows all of it.
using System.Security.Cryptography;
using System.Text;
using CabinCrew.Gateways.Firewall;
using CabinCrew.Gateways.Firewall.Callers;
using CabinCrew.Gateways.Firewall.Configuration;
using CabinCrew.Gateways.Firewall.Holds;
using CabinCrew.Gateways.Firewall.Limits;
using CabinCrew.Gateways.Firewall.Records;
using CabinCrew.Gateways.Http;
using CabinCrew.Gateways.Llm.Calls;
using CabinCrew.Gateways.Llm.Configuration;
using CabinCrew.Gateways.Llm.Recordings;
using CabinCrew.Gateways.Llm.Routing;
using CabinCrew.Gateways.Metrics;
using CabinCrew.Governance.Access;
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Governance.Policies.Rego;
using CabinCrew.Ledger;
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Llm.Endpoint;

/// <param name="Secret">A secret's value from its source (<c>env</c> or <c>file</c>).</param>
/// <param name="Models">Null: no model can be run.</param>
public sealed record LlmSurroundings(Func<string, string, CancellationToken, Task<Outcome<string>>> Secret, TextModelLoader? Models)
{
    /// <summary>Null: nothing is recorded, and providers answer.</summary>
    public RecordingMode? Recordings { get; init; }
}

public sealed class LlmHost : IAsyncDisposable
{
    private const int KeyBytes = 32;

    private readonly MessageHold hold;
    private readonly AuditQueue audit;
    private readonly FrameKeeper frames;
    private readonly Node node;
    private readonly HttpMessageInvoker[] clients;
    private readonly LlmMeter meter;

    private LlmHost(LlmEndpoint endpoint, Router router, MessageHold hold, AuditQueue audit, FrameKeeper frames, Node node, HttpMessageInvoker[] clients, LlmMeter meter) =>
        (Endpoint, Router, this.hold, this.audit, this.frames, this.node, this.clients, this.meter) = (endpoint, router, hold, audit, frames, node, clients, meter);

    public LlmEndpoint Endpoint { get; }

    public Router Router { get; }

    /// <summary>Null: the configuration does not ask for it, and nothing is counted.</summary>
    public MetricsText? Metrics { get; private init; }

    public AuditQueue Audit => audit;

    /// <summary>Closes what a gateway that died had held: it was never forwarded. The number of them.</summary>
    public Task<Outcome<int>> AbandonLeftAsync(CancellationToken ct) => hold.AbandonLeftAsync(ct);

    /// <param name="hosts">What a Host header may say.</param>
    public static async Task<Outcome<LlmHost>> OpenAsync(LlmDefinition definition, IReadOnlyList<string> hosts, LedgerRoom ledger, IdentityBook identities, LlmSurroundings surroundings, CancellationToken ct)
    {
        var keys = new Dictionary<string, string>(StringComparer.Ordinal);
        // Who answers from recordings needs no key.
        foreach (var provider in definition.Providers.Where(p => p.Key is not null && surroundings.Recordings is not { Replays: true }))
        {
            if (!(await surroundings.Secret(provider.Key!.Kind, provider.Key.Value, ct).ConfigureAwait(false)).Try(out var key, out var unread)) return unread.At($"provider {provider.Name}, key");
            key = key.Trim();
            if (key.Length == 0 || key.AsSpan().ContainsAnyExceptInRange('!', '~')) return new Problem(ProblemCode.GatewayFileInvalid, "the key is empty, or has characters that no header may have").At($"provider {provider.Name}");
            // From here on no prompt, answer or record has it in clear.
            ledger.Redactor.Learn($"{provider.Name}-key", key);
            keys[provider.Name] = key;
        }
        var at = new PolicySurroundings(definition.BaseDirectory, ledger.Redactor) { Models = surroundings.Models, Messages = PolicyDocument.Prompt };
        if (!(await MessagePolicySet.LoadAsync(definition.Policies, at, definition.Aggregation, definition.PolicyTimeLimit, ledger.Clock, ct).ConfigureAwait(false)).Try(out var policies, out var problem)) return problem;
        if (!TextDetection.Of(definition.Detectors.Prompts, ledger.Redactor).Try(out var prompts, out problem)) return problem;
        if (!TextDetection.Of(definition.Detectors.Answers, ledger.Redactor).Try(out var answers, out problem)) return problem;
        if (!CallerAssembly.Limits(definition.Callers, definition.Limits).Try(out var limitsOf, out problem)) return problem;
        var key32 = RandomNumberGenerator.GetBytes(KeyBytes);
        if (!RecordingParts.Open(surroundings.Recordings, ledger.Redactor, key32).Try(out var recordings, out problem)) return problem;
        HttpMessageInvoker[] clients = [UpstreamClient.Create(privateAddress: false), UpstreamClient.Create(privateAddress: true)];
        if (!CallerAssembly.Door(definition.Callers, isPrivate => clients[isPrivate ? 1 : 0], ledger.Clock).Try(out var door, out problem))
        {
            foreach (var client in clients) client.Dispose();
            return problem;
        }
        var meter = new LlmMeter();
        var node = new Node(ledger.Store, ledger.Clock);
        var hold = new MessageHold(ledger, TenantId.Local, identities, new() { Expiry = definition.Holds.Expires, PerCallerMax = definition.Holds.WaitingPerCallerMax, TotalMax = definition.Holds.WaitingMax, BytesMax = definition.Holds.WaitingBytesMax }, node);
        var audit = new AuditQueue(ledger.Store, TenantId.Local, new() { Strict = definition.Audit == AuditDurability.Strict }, ledger.Clock);
        var frames = new FrameKeeper(ledger, TenantId.Local, definition.Record, audit, key32);
        var scan = new TextScan(prompts, answers, new CommandScan(definition.Detectors.Commands), key32);
        var gate = new LlmGate(new(ledger, new() { Context = definition.Context }, scan, new Judge(policies, scan, identities.DefaultRole), hold, new CallerLimits(limitsOf, new KeptBudgets(ledger, TenantId.Local, node), ledger.Clock), audit, frames, meter));
        var (router, health) = (new Router(definition.Models), new ProviderHealth(ledger.Clock));
        var asked = definition.Providers.ToDictionary(p => p.Name, IProvider (p) => new MeasuredProvider(new TracedProvider(recordings.InPlaceOf(p, definition.ResponseBytesMax) ?? new ProviderClient(p, keys.GetValueOrDefault(p.Name), clients[p.PrivateAddress ? 1 : 0], definition.ResponseBytesMax, definition.AnswerWithin, ledger.Clock)), meter, ledger.Clock), StringComparer.Ordinal);
        var record = new RefusalRecord(MessageSubject.LlmGateway, ledger, audit);
        var exchanges = new LlmExchanges(new(definition.Restore, key32) { Streams = definition.Streams, Recordings = surroundings.Recordings, Context = definition.Context, Rewrites = definition.Rewrites }, ledger, gate, router, health, asked, recordings.Recorder, meter, record);
        var endpoint = new LlmEndpoint(new([.. hosts], definition.Listen.Origins, definition.RequestBytesMax), door, router, CallerAssembly.Usable(definition.Callers), exchanges, record);
        return new LlmHost(endpoint, router, hold, audit, frames, node, clients, meter) { Metrics = definition.Metrics is null ? null : Counted(meter, definition, health) };
    }

    public async ValueTask DisposeAsync()
    {
        await frames.DisposeAsync().ConfigureAwait(false);
        await audit.DisposeAsync().ConfigureAwait(false);
        await node.DisposeAsync().ConfigureAwait(false);
        Metrics?.Dispose();
        meter.Dispose();
        foreach (var client in clients) client.Dispose();
    }

    private static MetricsText Counted(LlmMeter meter, LlmDefinition definition, ProviderHealth health)
    {
        var metrics = new MetricsText(meter.Meter);
        meter.Watch([.. definition.Providers.Select(p => p.Name)], health.Rests);
        return metrics;
    }

    private sealed class Judge(MessagePolicySet policies, TextScan scan, string defaultRole) : IMessageJudge
    {
        public Digest PolicyDigest { get; } = Digest.Of(Encoding.ASCII.GetBytes($"{policies.GovernanceHash}\n{scan.Digests}"));

        public ValueTask<Judgement> JudgeAsync(MessageSubject subject, CancellationToken ct) => policies.JudgeAsync(subject, defaultRole, ct);
    }
}
