// A gate on a real store, with judges and detectors that do as they are told, and a clock that is set.
using System.Text;
using System.Text.Json;
using CabinCrew.Gateways.Firewall;
using CabinCrew.Gateways.Firewall.Holds;
using CabinCrew.Gateways.Firewall.Limits;
using CabinCrew.Gateways.Firewall.Records;
using CabinCrew.Gateways.Mcp;
using CabinCrew.Gateways.Mcp.Calls;
using CabinCrew.Gateways.Mcp.Definitions;
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Governance.Access;
using CabinCrew.Governance.Approvals.Calls;
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Ledger;
using CabinCrew.Ledger.Audit;
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Hangar;

namespace CabinCrew.Gateways.Tests.Gate;

internal sealed record HouseSettings
{
    public GateSettings Gate { get; init; } = new();
    public HoldSettings Hold { get; init; } = new() { Expiry = TimeSpan.FromSeconds(8), ProgressEvery = TimeSpan.FromMilliseconds(50) };
    public AuditSettings Audit { get; init; } = new() { GatherFor = TimeSpan.FromMilliseconds(2) };
    public LimitSettings Limits { get; init; } = new();
    public PinMode Pins { get; init; }
    public bool SelfApproval { get; init; }
    /// <summary>The store of an earlier house, to be opened again.</summary>
    public string? Directory { get; init; }
    public IStore? Store { get; init; }
}

internal sealed class GateHouse : IAsyncDisposable
{
    public static readonly MessageCaller Agent = new("agent", false, ["agents"], "token");
    public static readonly Caller Kim = new("kim", ["maintainer"], Human: true, "os_user");

    private readonly bool ownsDirectory;
    private readonly string client = "test-client";

    private GateHouse(string directory, SetClock clock, LedgerRoom ledger, CutStore store, HouseSettings settings)
    {
        (Directory, Clock, Store, ownsDirectory) = (directory, clock, store, settings.Directory is null);
        Ledger = ledger with { Store = store };
        Book = new([Person("kim", "maintainer"), Person("lee", "maintainer"), Person("ana", "agents"), new("agent", false, ["agents"], null, null, new byte[32])], [], settings.SelfApproval, "maintainer");
        Node = new(Ledger.Store, clock);
        Pins = new(Ledger, TenantId.Local, settings.Pins, Node);
        Hold = new(Ledger, TenantId.Local, Book, settings.Hold, Node);
        Audit = new(Ledger.Store, TenantId.Local, settings.Audit, clock);
        Kept = new(Ledger, TenantId.Local, Node);
        Calls = new(Ledger, Book, TenantId.Local);
        Gate = new(new(Ledger, settings.Gate, (s, ct) => Scan(s, ct), s => Files(s), Judge, Pins, Hold, new(_ => settings.Limits, Kept, clock), Audit));
    }

    public string Directory { get; }
    public SetClock Clock { get; }
    public CutStore Store { get; }
    public LedgerRoom Ledger { get; }
    public IdentityBook Book { get; }
    public Node Node { get; }
    public DefinitionPins Pins { get; }
    public MessageHold Hold { get; }
    public AuditQueue Audit { get; }
    public KeptBudgets Kept { get; }
    public HeldCalls Calls { get; }
    public McpGate Gate { get; }
    public SetJudge Judge { get; } = new();
    public ScanMessage Scan { get; set; } = (_, _) => new(new ScanReport([], [], ["secrets"]));
    public RecogniseFiles Files { get; set; } = _ => null;

    public static async Task<GateHouse> OpenAsync(HouseSettings? settings = null)
    {
        settings ??= new();
        var directory = settings.Directory ?? Path.Combine(Path.GetTempPath(), "cabincrew-gate-" + Guid.NewGuid().ToString("N"));
        var clock = new SetClock();
        var ledger = (await Stores.OpenAsync(directory, clock, new RandomIds(), default)).Value;
        return new(directory, clock, ledger, new CutStore(ledger.Store), settings);
    }

    /// <summary>The same store as another process would find it: nothing of this one is given back in an orderly way.</summary>
    public async Task<GateHouse> ReopenAsync(HouseSettings? settings = null)
    {
        Store.Kill();
        await Ledger.Store.DisposeAsync();
        var house = await OpenAsync((settings ?? new()) with { Directory = Directory });
        // Past the dead one's lease, as whoever comes after a crash of another machine.
        house.Clock.Advance(TimeSpan.FromSeconds(20));
        return house;
    }

    public SessionFacts Session(MessageCaller? caller = null, string id = "session-1") => new(id, caller ?? Agent, client, "2025-11-25");

    public Task<Passage> ToServerAsync(Frame frame, ICallerLine? line = null, SessionFacts? session = null, CancellationToken ct = default) =>
        Gate.PassAsync(new(session ?? Session(), "files", MessageDirection.ToServer, frame, null), line ?? new SilentLine(), ct).AsTask();

    public Task<Passage> ToCallerAsync(Frame frame, Frame? answers, SessionFacts? session = null) =>
        Gate.PassAsync(new(session ?? Session(), "files", MessageDirection.ToCaller, frame, answers), new SilentLine(), default).AsTask();

    /// <summary>Everything in the log, oldest first, after the queue is empty.</summary>
    public async Task<List<JsonElement>> EventsAsync()
    {
        await Audit.FlushAsync();
        var page = (await Ledger.Store.ReadAuditAsync(TenantId.Local, 1, 10_000, default)).Value;
        return [.. page.Rows.Select(r => JsonElement.Parse(r.Json))];
    }

    public async Task<AuditReport> VerifyLogAsync() => (await AuditVerifier.VerifyStoreAsync(Ledger.Store, TenantId.Local, Ledger.Signer.PublicKeyPem, null, default)).Value;

    public async Task<PendingCall> WaitForHeldAsync()
    {
        for (var tries = 0; tries < 500; tries++)
        {
            if ((await Calls.ListAsync(default)).Value is [var one, ..]) return one;
            await Task.Delay(10);
        }
        throw new TimeoutException("nothing was held");
    }

    public async ValueTask DisposeAsync()
    {
        await Audit.DisposeAsync();
        await Node.DisposeAsync();
        await Ledger.DisposeAsync();
        if (ownsDirectory && System.IO.Directory.Exists(Directory)) System.IO.Directory.Delete(Directory, recursive: true);
    }

    private static Identity Person(string name, string role) => new(name, true, [role], name, null, null);
}

internal sealed class SetJudge : IMessageJudge
{
    public Digest PolicyDigest { get; set; } = Digest.Of("policy 1"u8);

    public Func<MessageSubject, Judgement> Judges { get; set; } = _ => Say(Decision.Allow);

    public List<MessageSubject> Seen { get; } = [];

    public bool Keep { get; set; } = true;

    public ValueTask<Judgement> JudgeAsync(MessageSubject subject, CancellationToken ct)
    {
        if (Keep)
            lock (Seen) Seen.Add(subject);
        return new(Judges(subject));
    }

    public static Judgement Say(Decision decision, string why = "because") => new(
        decision, AggregationMethod.MostRestrictive, [new() { Source = PolicyOrigin.Custom, PolicyId = "test/rule", Decision = decision, Reason = why, EvaluatedAt = DateTimeOffset.UnixEpoch }],
        decision == Decision.RequireApproval ? [new("maintainer", 1, [why])] : [], decision == Decision.Deny ? [why] : [], decision == Decision.Warn ? [why] : []);
}

/// <summary>A clock that is set. The lease of a session goes by it too.</summary>
internal sealed class SetClock : TimeProvider
{
    private readonly DateTimeOffset began = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);
    private long passed;

    public override DateTimeOffset GetUtcNow() => began + TimeSpan.FromTicks(Interlocked.Read(ref passed));

    public override long GetTimestamp() => TimeSpan.TicksPerDay + Interlocked.Read(ref passed);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public void Advance(TimeSpan by) => Interlocked.Add(ref passed, by.Ticks);
}

internal sealed class SilentLine : ICallerLine
{
    private int progressed;

    public int Progressed => Volatile.Read(ref progressed);
    public Func<string, Task<bool?>>? Person { get; init; }
    public bool CanAskPerson => Person is not null;

    public ValueTask ProgressAsync(string words, CancellationToken ct)
    {
        Interlocked.Increment(ref progressed);
        return default;
    }

    public async ValueTask<bool?> AskPersonAsync(string question, CancellationToken ct) => await Person!(question);
}

internal static class Shown
{
    public static string Text(this Passage passage) => Encoding.UTF8.GetString(passage.Instead!.Value.Span);
    public static string Type(this JsonElement told) => told.GetProperty("event_type").GetString()!;
    public static JsonElement Data(this JsonElement told) => told.GetProperty("extensions").GetProperty("data");
}
