// What every store must do, whatever it is made of. A new store derives from this class and passes.
using System.Text.Json;
using CabinCrew.Ledger;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using Xunit;

namespace CabinCrew.Tests.Contracts;

public abstract partial class StoreContract : IAsyncLifetime
{
    protected static readonly CancellationToken Ct = CancellationToken.None;
    protected static readonly TenantId Tenant = TenantId.Local;
    protected static readonly WorkflowId Flight = WorkflowId.Parse("wf-1");

    protected SetClock Clock { get; } = new();

    /// <summary>Another node's view of the same store.</summary>
    protected abstract Task<(IStore Store, Redactor Redactor)> OpenAnotherAsync();

    protected abstract ValueTask RemoveAsync();

    protected IStore Store { get; private set; } = null!;
    protected Redactor Redactor { get; private set; } = null!;
    private readonly List<IStore> opened = [];

    public async ValueTask InitializeAsync() => (Store, Redactor) = await AnotherAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var store in opened) await store.DisposeAsync();
        await RemoveAsync();
        GC.SuppressFinalize(this);
    }

    protected async Task<(IStore Store, Redactor Redactor)> AnotherAsync()
    {
        var another = await OpenAnotherAsync();
        opened.Add(another.Store);
        return another;
    }

    [Fact]
    [Clause("ORC-04")]
    public async Task A_stream_is_read_back_as_it_was_written()
    {
        Assert.True((await StartAsync(Flight)).Ok);
        var (session, claim) = await ClaimedAsync(Store, Flight);
        Assert.Equal(1, claim.NextSequence);
        Assert.False(claim.DanglingIntent);
        var committed = await Store.CommitAsync(session, claim, new Commit
        {
            ExpectedSequence = 1,
            Entries = [Entry("step_started", """{"step":"a","n":1.0,"text":"ü \"quoted\" \u0001"}"""), Entry("step_completed", "{}")],
            Header = Header(LifecycleState.PlanRunning),
        }, Ct);
        Assert.Equal(3, committed.Value.NextSequence);
        var read = (await Store.ReadAsync(Tenant, Flight, Ct)).Value;
        Assert.Equal([0, 1, 2], read.Entries.Select(e => e.Sequence));
        Assert.Equal(["workflow_started", "step_started", "step_completed"], read.Entries.Select(e => e.EntryType));
        Assert.Equal("ü \"quoted\" \u0001", read.Entries[1].Data.GetProperty("text").GetString());
        Assert.All(read.Entries, e => Assert.Equal(Clock.GetUtcNow(), e.Timestamp));
        Assert.All(read.Entries, e => Assert.Equal(WalEntries.Checksum(e), e.Checksum));
        Assert.Equal(LifecycleState.PlanRunning, read.Header.State.State);
        Assert.Equal("node", read.Header.OwnerNode);
        Assert.Equal(1, read.Epoch);
    }

    [Fact]
    public async Task An_existing_stream_is_not_started_again()
    {
        Assert.True((await StartAsync(Flight)).Ok);
        Assert.Equal(ProblemCode.InvalidArgument, (await StartAsync(Flight)).Problem?.Code);
        Assert.Single((await Store.ReadAsync(Tenant, Flight, Ct)).Value.Entries);
        Assert.Single((await Store.ReadAuditAsync(Tenant, 1, 10, Ct)).Value.Rows);
    }

    [Fact]
    public async Task Tenants_do_not_see_each_other()
    {
        Assert.True(TenantId.TryParse("other", out var other));
        Assert.True((await StartAsync(Flight)).Ok);
        Assert.Equal(ProblemCode.NotFound, (await Store.ReadAsync(other, Flight, Ct)).Problem?.Code);
        Assert.Empty((await Store.ListAsync(other, new StreamFilter(), Ct)).Value);
        Assert.Empty((await Store.ReadAuditAsync(other, 1, 10, Ct)).Value.Rows);
        Assert.True((await Store.AppendAuditAsync(other, [Event("x")], Ct)).Ok);
        Assert.Equal(1, (await Store.ReadAuditAsync(other, 1, 10, Ct)).Value.Head!.Sequence);
        Assert.Equal(1, (await Store.ReadAuditAsync(Tenant, 1, 10, Ct)).Value.Head!.Sequence);
    }

    [Fact]
    public async Task A_list_is_newest_first_and_can_be_filtered()
    {
        foreach (var n in (string[])["wf-a", "wf-b", "wf-c"]) Assert.True((await StartAsync(WorkflowId.Parse(n))).Ok);
        var (session, claim) = await ClaimedAsync(Store, WorkflowId.Parse("wf-b"));
        Assert.True((await Store.CommitAsync(session, claim, new Commit { ExpectedSequence = 1, Header = Header(LifecycleState.Completed, finished: true), ReleaseClaim = true }, Ct)).Ok);
        Assert.Equal(["wf-c", "wf-b", "wf-a"], await Names(new StreamFilter()));
        Assert.Equal(["wf-c", "wf-a"], await Names(new StreamFilter(OpenOnly: true)));
        Assert.Equal(["wf-b"], await Names(new StreamFilter(State: LifecycleState.Completed)));
        Assert.Equal(["wf-c"], await Names(new StreamFilter(CountMax: 1)));

        // By what they are; a kind is a whole word.
        foreach (var n in (string[])["call-a", "calls-b", "call"]) Assert.True((await StartAsync(WorkflowId.Parse(n))).Ok);
        Assert.Equal(["call-a"], await Names(new StreamFilter(Kind: "call")));
        Assert.Equal(["wf-c", "wf-b", "wf-a"], await Names(new StreamFilter(Kind: "wf")));
        Assert.Equal(["wf-c"], await Names(new StreamFilter(Kind: "wf", CountMax: 1)));

        async Task<string[]> Names(StreamFilter filter) => [.. (await Store.ListAsync(Tenant, filter, Ct)).Value.Select(h => h.Workflow.ToString())];
    }

    [Fact]
    [Clause("ORC-05")]
    public async Task A_signal_waits_in_the_inbox_until_it_is_taken_up_and_counts_once()
    {
        await StartAsync(Flight);
        var signal = new Signal("approval-1", "approval_response", Json("""{"approved":true}"""));
        Assert.True((await Store.SignalAsync(Tenant, Flight, signal, [Event("approval_received")], Ct)).Ok);
        Assert.True((await Store.SignalAsync(Tenant, Flight, signal, [Event("approval_received")], Ct)).Ok);
        Assert.Equal(2, (await Store.ReadAuditAsync(Tenant, 1, 10, Ct)).Value.Rows.Count);
        Assert.Equal(ProblemCode.InvalidArgument, (await Store.SignalAsync(Tenant, Flight, signal with { Data = Json("""{"approved":false}""") }, [], Ct)).Problem?.Code);
        Assert.Equal(ProblemCode.NotFound, (await Store.SignalAsync(Tenant, WorkflowId.Parse("wf-none"), signal, [], Ct)).Problem?.Code);
        var (other, _) = await AnotherAsync();
        Assert.Equal(["approval-1"], (await other.ReadAsync(Tenant, Flight, Ct)).Value.Inbox.Select(s => s.Id));
        var (session, claim) = await ClaimedAsync(Store, Flight);
        Assert.True((await Store.CommitAsync(session, claim, new Commit { ExpectedSequence = 1, Acknowledge = ["approval-1"] }, Ct)).Ok);
        Assert.Empty((await Store.ReadAsync(Tenant, Flight, Ct)).Value.Inbox);
        Assert.True((await Store.SignalAsync(Tenant, Flight, signal, [], Ct)).Ok);
        Assert.Empty((await Store.ReadAsync(Tenant, Flight, Ct)).Value.Inbox);
    }

    [Fact]
    [Clause("APR-03")]
    public async Task A_word_that_is_good_only_at_one_point_is_not_taken_at_a_later_one()
    {
        await StartAsync(Flight);
        var (other, _) = await AnotherAsync();
        var seen = (await Store.ReadAsync(Tenant, Flight, Ct)).Value.Point;
        Assert.Equal(new StreamPoint(1, 0), seen);
        var first = new Signal("a", "approval_response", Json("{}")) { OnlyAt = seen };
        Assert.True((await Store.SignalAsync(Tenant, Flight, first, [], Ct)).Ok);
        Assert.True((await Store.SignalAsync(Tenant, Flight, first, [], Ct)).Ok); // the same once more: its reply was lost
        Assert.Equal(ProblemCode.StoreMoved, (await other.SignalAsync(Tenant, Flight, first with { Id = "b" }, [Event("approval_received")], Ct)).Problem?.Code);

        var (session, claim) = await ClaimedAsync(Store, Flight);
        Assert.Equal(ProblemCode.StoreMoved, (await Store.CommitAsync(session, claim, new Commit { ExpectedSequence = 1, SignalsSeen = 0, Entries = [Entry("granted", "{}")] }, Ct)).Problem?.Code);
        Assert.True((await Store.CommitAsync(session, claim, new Commit { ExpectedSequence = 1, SignalsSeen = 1, Entries = [Entry("granted", "{}")] }, Ct)).Ok);
        Assert.Equal(ProblemCode.StoreMoved, (await other.SignalAsync(Tenant, Flight, first with { Id = "c", OnlyAt = new(1, 1) }, [], Ct)).Problem?.Code);
        Assert.True((await other.SignalAsync(Tenant, Flight, first with { Id = "c", OnlyAt = new(2, 1) }, [], Ct)).Ok);
        Assert.Equal(new StreamPoint(2, 2), (await Store.ReadAsync(Tenant, Flight, Ct)).Value.Point);
    }

    [Fact]
    public async Task A_commit_that_fails_in_any_part_writes_nothing()
    {
        await StartAsync(Flight);
        var (session, claim) = await ClaimedAsync(Store, Flight);
        var bad = new Commit { ExpectedSequence = 1, Entries = [Entry("x", "{}")], Audit = [Event("never")], Acknowledge = ["no-such-signal"], Lock = LockMove.Acquire, Header = Header(LifecycleState.Failed) };
        Assert.False((await Store.CommitAsync(session, claim, bad, Ct)).Ok);
        Assert.Equal(ProblemCode.StoreFenced, (await Store.CommitAsync(session, claim, bad with { Acknowledge = [], ExpectedSequence = 5 }, Ct)).Problem?.Code);
        var read = (await Store.ReadAsync(Tenant, Flight, Ct)).Value;
        Assert.Single(read.Entries);
        Assert.Equal(LifecycleState.Init, read.Header.State.State);
        Assert.Single((await Store.ReadAuditAsync(Tenant, 1, 10, Ct)).Value.Rows);
        Assert.Equal(1, (await Store.CommitAsync(session, claim, new Commit { ExpectedSequence = 1, Lock = LockMove.Acquire }, Ct)).Value.LockFence);
    }

    [Fact]
    [Clause("AUD-03")]
    public async Task Audit_events_are_numbered_without_a_gap_whoever_writes_them()
    {
        await StartAsync(Flight);
        var (other, _) = await AnotherAsync();
        for (var i = 0; i < 5; i++)
        {
            Assert.True((await Store.AppendAuditAsync(Tenant, [Event("one"), Event("two")], Ct)).Ok);
            Assert.True((await other.AppendAuditAsync(Tenant, [Event("three")], Ct)).Ok);
        }
        var page = (await other.ReadAuditAsync(Tenant, 1, 100, Ct)).Value;
        Assert.Equal(Enumerable.Range(1, 16).Select(i => (long)i), page.Rows.Select(r => r.Sequence));
        Assert.Equal(16, page.Head!.Sequence);
        Assert.Equal([4L, 5L], (await Store.ReadAuditAsync(Tenant, 4, 2, Ct)).Value.Rows.Select(r => r.Sequence));
    }

    [Fact]
    [Clause("AUD-04")]
    public async Task No_known_secret_is_ever_stored()
    {
        const string secret = "hunter2-\"quoted\"\\value";
        Redactor.Learn("PASSWORD", secret);
        var told = $"before {secret} after {Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(secret))}";
        var data = JsonSerializer.SerializeToElement(new Dictionary<string, string> { ["text"] = told, [secret] = "key" });
        Assert.True((await Store.StartAsync(new StreamStart
        {
            Tenant = Tenant,
            Workflow = Flight,
            WorkspaceKey = "/ws/" + secret,
            Header = new StreamHeaderState(told, told, LifecycleState.Init, told, false),
            Entries = [new EntryDraft("workflow_started", data)],
            Audit = [Event("workflow_started") with { Message = told, Extensions = new AuditExtensions { Data = data } }],
        }, Ct)).Ok);
        Assert.True((await Store.SignalAsync(Tenant, Flight, new Signal("s", "note", data), [], Ct)).Ok);
        var read = (await Store.ReadAsync(Tenant, Flight, Ct)).Value;
        string[] texts =
        [
            read.Header.WorkspaceKey, read.Header.State.Name, read.Header.State.Requester, read.Header.State.Summary, read.Entries[0].Data.GetRawText(),
            read.Inbox[0].Data.GetRawText(), (await Store.ReadAuditAsync(Tenant, 1, 1, Ct)).Value.Rows[0].Json,
        ];
        Assert.All(texts, t => Assert.Contains("[redacted:PASSWORD]", t, StringComparison.Ordinal));
        Assert.All(texts, t => Assert.DoesNotContain("hunter2", t, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Waiting_ends_when_somebody_sends_a_signal()
    {
        await StartAsync(Flight);
        _ = await Store.ReadAsync(Tenant, Flight, Ct);
        var (other, _) = await AnotherAsync();
        var wait = Store.WaitAsync(Tenant, Flight, TimeSpan.FromSeconds(20), Ct);
        await Task.Delay(30, Ct);
        Assert.False(wait.IsCompleted);
        Assert.True((await other.SignalAsync(Tenant, Flight, new Signal("s", "k", Json("{}")), [], Ct)).Ok);
        await wait.WaitAsync(TimeSpan.FromSeconds(10), Ct);
        // What happened between the last read and the wait counts too.
        await Store.WaitAsync(Tenant, Flight, TimeSpan.FromSeconds(20), Ct).WaitAsync(TimeSpan.FromSeconds(10), Ct);
    }

    [Fact]
    public async Task Many_writers_at_once_lose_nothing_and_share_one_chain()
    {
        var (other, _) = await AnotherAsync();
        IStore[] stores = [Store, other];
        await Task.WhenAll(Enumerable.Range(0, 40).Select(async i =>
        {
            var store = stores[i % 2];
            var flight = WorkflowId.Parse($"wf-{i}");
            Assert.True((await StartAsync(flight, store: store)).Ok);
            var (session, claim) = await ClaimedAsync(store, flight);
            for (var n = 1; n <= 5; n++)
                Assert.Equal(n + 1, (await store.CommitAsync(session, claim, new Commit { ExpectedSequence = n, Entries = [Entry("x", "{}")], Audit = [Event("e")] }, Ct)).Value.NextSequence);
        }));
        var page = (await Store.ReadAuditAsync(Tenant, 1, 1000, Ct)).Value;
        Assert.Equal(Enumerable.Range(1, 240).Select(i => (long)i), page.Rows.Select(r => r.Sequence));
        foreach (var header in (await Store.ListAsync(Tenant, new StreamFilter(), Ct)).Value)
            Assert.Equal(6, (await other.ReadAsync(Tenant, header.Workflow, Ct)).Value.Entries.Count);
    }

    protected Task<Outcome<Done>> StartAsync(WorkflowId flight, string workspace = "/ws/main", IStore? store = null) => (store ?? Store).StartAsync(new StreamStart
    {
        Tenant = Tenant,
        Workflow = flight,
        WorkspaceKey = workspace,
        Header = Header(LifecycleState.Init),
        Entries = [Entry("workflow_started", "{}")],
        Audit = [Event("workflow_started")],
    }, Ct);

    protected static async Task<(NodeSession Session, Claim Claim)> ClaimedAsync(IStore store, WorkflowId flight)
    {
        var session = (await store.JoinAsync("node", Ct)).Value;
        return (session, (await store.ClaimAsync(session, Tenant, flight, Ct)).Value);
    }

    protected AuditEvent Event(string type) => new() { EventId = $"event-{type}", Timestamp = Clock.GetUtcNow(), EventType = type };

    protected static EntryDraft Entry(string type, string json) => new(type, Json(json));

    protected static JsonElement Json(string json) => JsonDocument.Parse(json).RootElement.Clone();

    protected static StreamHeaderState Header(LifecycleState state, bool finished = false) => new("flight", "tester", state, "summary", finished);

    private static HashSet<WorkflowId> Set(string id) => [WorkflowId.Parse(id)];
}

/// <summary>A clock that stands still until it is moved.</summary>
public sealed class SetClock : TimeProvider
{
    private DateTimeOffset now = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);
    private TimeSpan ticking = TimeSpan.FromDays(1);

    public override DateTimeOffset GetUtcNow() => now;

    public override long GetTimestamp() => ticking.Ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Time passes.</summary>
    public void Advance(TimeSpan by) => (now, ticking) = (now + by, ticking + by);

    /// <summary>Somebody sets the wall clock; no time passes.</summary>
    public void Set(TimeSpan by) => now += by;
}
