// The part of the stores' contract about ownership: sessions, leases, epochs, intents, the take-off lock.
using CabinCrew.Ledger;
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;
using Xunit;

namespace CabinCrew.Tests.Contracts;

public abstract partial class StoreContract
{
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
    [Clause("ORC-04")]
    public async Task What_is_deferred_is_seen_by_all_at_once_and_keeps_its_place_among_what_is_not()
    {
        await StartAsync(Flight);
        var (session, claim) = await ClaimedAsync(Store, Flight);
        var (other, _) = await AnotherAsync();
        var next = claim.NextSequence;
        for (var i = 0; i < 12; i++)
        {
            // Signals of another node are never deferred: the writers alternate between both kinds.
            var signal = i % 3 == 0 ? other.SignalAsync(Tenant, Flight, new($"sig-{i}", "poke", Json("{}")), [], Ct) : Task.FromResult<Outcome<Done>>(Done.Ok);
            var own = Store.SignalAsync(Tenant, Flight, new($"own-{i}", "poke", Json("{}")), [], Ct);
            var committed = await Store.CommitAsync(session, claim, new Commit { ExpectedSequence = next, Entries = [Entry($"e{i}", "{}")], Deferred = i % 2 == 0 }, Ct);
            next = committed.Value.NextSequence;
            Assert.True((await signal).Ok);
            Assert.True((await own).Ok);
            var seen = (await other.ReadAsync(Tenant, Flight, Ct)).Value;
            Assert.Equal($"e{i}", seen.Entries[^1].EntryType);
        }
        Assert.Equal(16, (await Store.ReadAsync(Tenant, Flight, Ct)).Value.Inbox.Count);
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
}
