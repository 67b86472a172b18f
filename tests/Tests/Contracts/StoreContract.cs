// What every store must do, whatever it is made of. A new store derives from this class and passes.
using System.Text.Json;
using CabinCrew.Ledger;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using Xunit;

namespace CabinCrew.Tests.Contracts;

public abstract class StoreContract : IAsyncLifetime
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

        async Task<string[]> Names(StreamFilter filter) => [.. (await Store.ListAsync(Tenant, filter, Ct)).Value.Select(h => h.Workflow.ToString())];
    }

    [Fact]
    [Clause("ORC-06")]
    public async Task One_node_owns_a_stream_until_it_gives_it_back()
    {
        await StartAsync(Flight);
        var (session, claim) = await ClaimedAsync(Store, Flight);
        var (other, _) = await AnotherAsync();
        var rival = (await other.JoinAsync("rival", Ct)).Value;
        Assert.Equal(ProblemCode.WorkflowBusy, (await other.ClaimAsync(rival, Tenant, Flight, Ct)).Problem?.Code);
        Assert.True((await Store.CommitAsync(session, claim, new Commit { ExpectedSequence = 1, ReleaseClaim = true }, Ct)).Ok);
        Assert.Equal(claim.Epoch + 1, (await other.ClaimAsync(rival, Tenant, Flight, Ct)).Value.Epoch);
        Assert.Equal(ProblemCode.StoreFenced, (await Store.CommitAsync(session, claim, new Commit { ExpectedSequence = 1, Entries = [Entry("x", "{}")] }, Ct)).Problem?.Code);
        Assert.Single((await Store.ReadAsync(Tenant, Flight, Ct)).Value.Entries);
    }

    [Fact]
    [Clause("ORC-05")]
    public async Task A_stale_epoch_is_fenced_even_for_the_same_session()
    {
        await StartAsync(Flight);
        var (session, stale) = await ClaimedAsync(Store, Flight);
        Assert.Equal(1, (await Store.ReapAsync(session, new HashSet<WorkflowId>(), Ct)).Value);
        var fresh = (await Store.ClaimAsync(session, Tenant, Flight, Ct)).Value;
        Assert.Equal(ProblemCode.StoreFenced, (await Store.CommitAsync(session, stale, new Commit { ExpectedSequence = 1 }, Ct)).Problem?.Code);
        Assert.True((await Store.CommitAsync(session, fresh, new Commit { ExpectedSequence = 1 }, Ct)).Ok);
    }

    [Fact]
    [Clause("ORC-05")]
    public async Task A_lost_lease_is_fenced_and_another_node_takes_over()
    {
        await StartAsync(Flight);
        var (session, claim) = await ClaimedAsync(Store, Flight);
        Clock.Advance(TimeSpan.FromSeconds(14));
        Assert.True((await Store.RenewAsync(session, Ct)).Ok);
        Clock.Advance(TimeSpan.FromSeconds(14));
        Assert.True((await Store.CommitAsync(session, claim, new Commit { ExpectedSequence = 1 }, Ct)).Ok);
        Clock.Advance(TimeSpan.FromSeconds(2));
        var lost = await Store.CommitAsync(session, claim, new Commit { ExpectedSequence = 1, Intent = IntentMove.Set, Audit = [Event("never")] }, Ct);
        Assert.Equal(ProblemCode.StoreFenced, lost.Problem?.Code);
        Assert.Equal(ProblemCode.StoreFenced, (await Store.RenewAsync(session, Ct)).Problem?.Code);
        Assert.Equal(ProblemCode.StoreFenced, (await Store.ClaimAsync(session, Tenant, Flight, Ct)).Problem?.Code);
        var (other, _) = await AnotherAsync();
        var taken = await other.ClaimAsync((await other.JoinAsync("rival", Ct)).Value, Tenant, Flight, Ct);
        Assert.Equal(claim.Epoch + 1, taken.Value.Epoch);
        Assert.DoesNotContain((await Store.ReadAuditAsync(Tenant, 1, 100, Ct)).Value.Rows, r => r.Json.Contains("never", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_holder_stops_before_anyone_may_take_over()
    {
        var before = BootClock.Now();
        var session = (await Store.JoinAsync("node", Ct)).Value;
        Assert.InRange(session.LeaseEndsBoottime, before + TimeSpan.FromSeconds(10), BootClock.Now() + TimeSpan.FromSeconds(13));
        var renewed = (await Store.RenewAsync(session, Ct)).Value;
        Assert.True(renewed.LeaseEndsBoottime >= session.LeaseEndsBoottime);
        Assert.Equal(session.SessionId, renewed.SessionId);
    }

    [Fact]
    [Clause("ORC-05")]
    public async Task Reaping_frees_the_claims_of_the_dead_and_spares_the_living()
    {
        await StartAsync(Flight);
        await StartAsync(WorkflowId.Parse("wf-2"));
        var (dead, _) = await ClaimedAsync(Store, Flight);
        var (other, _) = await AnotherAsync();
        var living = (await other.JoinAsync("rival", Ct)).Value;
        Assert.True((await other.ClaimAsync(living, Tenant, WorkflowId.Parse("wf-2"), Ct)).Ok);
        Assert.Equal(0, (await other.ReapAsync(living, Set("wf-2"), Ct)).Value);
        Clock.Advance(TimeSpan.FromSeconds(10));
        living = (await other.RenewAsync(living, Ct)).Value;
        Clock.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(1, (await other.ReapAsync(living, Set("wf-2"), Ct)).Value);
        Assert.Equal(ProblemCode.StoreFenced, (await Store.RenewAsync(dead, Ct)).Problem?.Code);
        Assert.Equal("rival", (await other.ReadAsync(Tenant, WorkflowId.Parse("wf-2"), Ct)).Value.Header.OwnerNode);
        Assert.Null((await other.ReadAsync(Tenant, Flight, Ct)).Value.Header.OwnerNode);
    }

    [Fact]
    public async Task Leaving_gives_every_claim_back()
    {
        await StartAsync(Flight);
        var (session, _) = await ClaimedAsync(Store, Flight);
        await Store.LeaveAsync(session, Ct);
        Assert.Equal(2, (await ClaimedAsync(Store, Flight)).Claim.Epoch);
    }

    [Fact]
    [Clause("ORC-05")]
    public async Task A_dangling_intent_is_reported_to_the_next_owner()
    {
        await StartAsync(Flight);
        var (session, claim) = await ClaimedAsync(Store, Flight);
        Assert.True((await Store.CommitAsync(session, claim, new Commit { ExpectedSequence = 1, Lock = LockMove.Acquire, Intent = IntentMove.Set }, Ct)).Ok);
        await Store.LeaveAsync(session, Ct);
        var (next, again) = await ClaimedAsync(Store, Flight);
        Assert.True(again.DanglingIntent);
        Assert.True((await Store.ReadAsync(Tenant, Flight, Ct)).Value.Intent);
        Assert.True((await Store.CommitAsync(next, again, new Commit { ExpectedSequence = 1, Intent = IntentMove.Clear, Lock = LockMove.Release, ReleaseClaim = true }, Ct)).Ok);
        Assert.False((await ClaimedAsync(Store, Flight)).Claim.DanglingIntent);
    }

    [Fact]
    [Clause("ORC-06")]
    public async Task One_take_off_at_a_time_per_workspace_and_the_fence_grows()
    {
        var second = WorkflowId.Parse("wf-2");
        var elsewhere = WorkflowId.Parse("wf-3");
        await StartAsync(Flight);
        await StartAsync(second);
        await StartAsync(elsewhere, workspace: "/ws/other");
        var (session, a) = await ClaimedAsync(Store, Flight);
        var b = (await Store.ClaimAsync(session, Tenant, second, Ct)).Value;
        var c = (await Store.ClaimAsync(session, Tenant, elsewhere, Ct)).Value;
        var acquire = new Commit { ExpectedSequence = 1, Lock = LockMove.Acquire };
        Assert.Equal(1, (await Store.CommitAsync(session, a, acquire, Ct)).Value.LockFence);
        Assert.Equal(1, (await Store.CommitAsync(session, c, acquire, Ct)).Value.LockFence);
        var refused = await Store.CommitAsync(session, b, acquire with { Entries = [Entry("x", "{}")], Audit = [Event("never")] }, Ct);
        Assert.Equal(ProblemCode.WorkspaceLocked, refused.Problem?.Code);
        Assert.Contains("wf-1", refused.Problem!.Message, StringComparison.Ordinal);
        Assert.Single((await Store.ReadAsync(Tenant, second, Ct)).Value.Entries);
        Assert.DoesNotContain((await Store.ReadAuditAsync(Tenant, 1, 100, Ct)).Value.Rows, r => r.Json.Contains("never", StringComparison.Ordinal));
        Assert.True((await Store.CommitAsync(session, a, new Commit { ExpectedSequence = 1, Lock = LockMove.Release }, Ct)).Ok);
        Assert.Equal(2, (await Store.CommitAsync(session, b, acquire, Ct)).Value.LockFence);
    }

    [Fact]
    [Clause("ORC-05")]
    [Clause("ORC-06")]
    public async Task A_flight_in_doubt_keeps_the_lock_until_somebody_decides()
    {
        var second = WorkflowId.Parse("wf-2");
        await StartAsync(Flight);
        await StartAsync(second);
        var (session, a) = await ClaimedAsync(Store, Flight);
        var b = (await Store.ClaimAsync(session, Tenant, second, Ct)).Value;
        var commit = new Commit { ExpectedSequence = 1, Lock = LockMove.Acquire, Intent = IntentMove.Set };
        Assert.True((await Store.CommitAsync(session, a, commit, Ct)).Ok);
        Assert.True((await Store.CommitAsync(session, a, new Commit { ExpectedSequence = 1, MarkInDoubt = true, Header = Header(LifecycleState.Failed, finished: true), ReleaseClaim = true }, Ct)).Ok);
        var header = (await Store.ReadAsync(Tenant, Flight, Ct)).Value.Header;
        Assert.True(header.InDoubt);
        Assert.Contains(header.Workflow, (await Store.ListAsync(Tenant, new StreamFilter(OpenOnly: true), Ct)).Value.Select(h => h.Workflow));
        var refused = await Store.CommitAsync(session, b, new Commit { ExpectedSequence = 1, Lock = LockMove.Acquire }, Ct);
        Assert.Equal(ProblemCode.WorkspaceLocked, refused.Problem?.Code);
        Assert.Contains("in doubt", refused.Problem!.Message, StringComparison.Ordinal);
        var decided = (await Store.ClaimAsync(session, Tenant, Flight, Ct)).Value;
        Assert.True(decided.DanglingIntent);
        Assert.True((await Store.CommitAsync(session, decided, new Commit { ExpectedSequence = 1, Lock = LockMove.Release, Intent = IntentMove.Clear, ReleaseClaim = true }, Ct)).Ok);
        Assert.False((await Store.ReadAsync(Tenant, Flight, Ct)).Value.Header.InDoubt);
        Assert.Equal(2, (await Store.CommitAsync(session, b, new Commit { ExpectedSequence = 1, Lock = LockMove.Acquire }, Ct)).Value.LockFence);
        Assert.Equal(ProblemCode.WorkflowFinished, (await Store.ClaimAsync(session, Tenant, Flight, Ct)).Problem?.Code);
    }

    [Fact]
    public async Task A_finished_stream_is_not_claimed_and_cannot_keep_a_lock_silently()
    {
        await StartAsync(Flight);
        var (session, claim) = await ClaimedAsync(Store, Flight);
        var end = new Commit { ExpectedSequence = 1, Header = Header(LifecycleState.Completed, finished: true), ReleaseClaim = true };
        Assert.Equal(ProblemCode.InternalBug, (await Store.CommitAsync(session, claim, end with { Lock = LockMove.Acquire }, Ct)).Problem?.Code);
        Assert.Equal(ProblemCode.InternalBug, (await Store.CommitAsync(session, claim, end with { Intent = IntentMove.Set }, Ct)).Problem?.Code);
        Assert.True((await Store.CommitAsync(session, claim, end, Ct)).Ok);
        Assert.Equal(ProblemCode.WorkflowFinished, (await Store.ClaimAsync(session, Tenant, Flight, Ct)).Problem?.Code);
        Assert.Equal(ProblemCode.NotFound, (await Store.ClaimAsync(session, Tenant, WorkflowId.Parse("wf-none"), Ct)).Problem?.Code);
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

    public override DateTimeOffset GetUtcNow() => now;

    public void Advance(TimeSpan by) => now += by;
}
