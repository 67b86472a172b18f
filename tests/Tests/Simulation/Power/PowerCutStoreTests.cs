// The power goes under a store that two processes share: commits that wait for the disk and commits that do not, large and small, alone and in groups,
// through several rounds of the write-ahead log. A cut takes a tail of what was deferred and nothing else (docs/decisions, deferred commits).
using System.Text.Json;
using CabinCrew.Ledger;
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Contracts;
using CabinCrew.Tests.Hangar;
using CabinCrew.Tests.Spec;

namespace CabinCrew.Tests.Simulation.Power;

[Clause("ORC-04")]
public sealed class PowerCutStoreTests
{
    private const int Flights = 6;

    [Fact, Clause("ORC-05"), Clause("AUD-03")]
    public Task A_power_cut_takes_a_tail_of_what_was_deferred_and_nothing_else() => Disk.InsideAsync(this, () => BothAsync(images: 45, steps: 150, seed: 7));

    [Fact(Explicit = true), Clause("ORC-05")]
    public Task Thousands_of_power_cuts_under_a_store() => Disk.InsideAsync(this, () => BothAsync(images: 1_500, steps: 400, seed: Environment.TickCount));

    private static Task BothAsync(int images, int steps, int seed) => Task.WhenAll(Enumerable.Range(seed, 2).Select(s => Task.Run(() => CutAsync(images, steps, s))));

    private static async Task CutAsync(int images, int steps, int seed)
    {
        using var tree = new TempTree();
        using var scratch = new TempTree();
        var model = new DiskModel(tree.Root);
        WholeStore whole;
        using (var disk = Disk.Attach(tree.Root, scratch["journal"])) whole = await RecordAsync(tree["store"], disk, steps, new Random(seed));
        using var lazy = Disk.Attach(tree.Root, null);
        var records = DiskJournal.Read(scratch["journal"]);
        Assert.True(records.Count(r => r.Kind == DiskKind.Flush && r.First.EndsWith("state.db", StringComparison.Ordinal)) >= 3, "the log was never brought into the database");
        var promises = new Promises();
        var (done, cutShort) = (0, 0);
        foreach (var cut in PowerCut.Spread(records, images, seed))
        {
            for (; done < cut.At; done++)
            {
                if (records[done].Kind is not (DiskKind.Mark or DiskKind.Printed)) model.Apply(records[done]);
                promises.Read(records[done]);
            }
            try
            {
                model.Restore(cut.Fate, new Random(cut.Seed));
                if (await GoOnAsync(tree["store"], promises, whole)) cutShort++;
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"store of seed {seed}: operation {cut.At} of {records.Count} ({records[cut.At - 1].Kind} {records[cut.At - 1].First}), {cut.Fate}, seed {cut.Seed}: {e.Message}", e);
            }
        }
        Assert.True(cutShort > images / 2, $"only {cutShort} of {images} images had lost something");
    }

    private static async Task<WholeStore> RecordAsync(string directory, Disk disk, int steps, Random random)
    {
        var clock = new SetClock();
        var (rooms, stores, sessions, claims) = (new LedgerRoom[2], new CutStore[2], new NodeSession[2], new Claim[Flights]);
        for (var i = 0; i < rooms.Length; i++)
        {
            rooms[i] = (await Stores.OpenAsync(directory, clock, new CountedIds(), default)).Value;
            stores[i] = new(rooms[i].Store) { OnAcknowledged = what => Promises.Acknowledge(disk, what) };
            sessions[i] = (await stores[i].JoinAsync($"node-{i}", default)).Value;
        }
        for (var i = 0; i < Flights; i++)
        {
            var id = WorkflowId.Parse($"wf-{i}");
            Assert.True((await stores[i % 2].StartAsync(new()
            {
                Tenant = TenantId.Local, Workflow = id, WorkspaceKey = $"/ws/{i}", Header = new("f", "r", LifecycleState.Init, "", false), Entries = [Entry("start")], Audit = [Event(id, 0)],
            }, default)).Ok);
            claims[i] = (await stores[i % 2].ClaimAsync(sessions[i % 2], TenantId.Local, id, default)).Value;
        }
        for (var step = 0; step < steps; step++)
        {
            if (step % 20 == 19)
                for (var i = 0; i < 2; i++) sessions[i] = (await stores[i].RenewAsync(sessions[i], default)).Value;
            if (random.Next(12) == 0) await Promises.ShowHeadAsync(disk, rooms[random.Next(2)].Store);
            // Now and then several at once, which may share a transaction.
            var some = Enumerable.Range(0, Flights).OrderBy(_ => random.Next()).Take(random.Next(4) == 0 ? 3 : 1).Select(i => (Flight: i, Deferred: random.Next(3) > 0, Text: new string('x', random.Next(4) == 0 ? random.Next(14_000) : 40))).ToList();
            await Task.WhenAll(some.Select(async s =>
            {
                var claim = claims[s.Flight];
                var done = await stores[s.Flight % 2].CommitAsync(sessions[s.Flight % 2], claim, new()
                {
                    ExpectedSequence = claim.NextSequence, Entries = [Entry(s.Text)], Audit = [Event(claim.Workflow, claim.NextSequence)], Deferred = s.Deferred,
                }, default);
                claims[s.Flight] = claim with { NextSequence = done.Value.NextSequence };
            }));
        }
        var whole = await WholeStore.OfAsync(rooms[0]);
        foreach (var room in rooms) await room.DisposeAsync();
        return whole;
    }

    // True: something was gone.
    private static async Task<bool> GoOnAsync(string directory, Promises promises, WholeStore whole)
    {
        int there;
        await using (var room = (await Stores.OpenAsync(directory, new SetClock(), new CountedIds(), default)).Value)
        {
            await promises.KeptByAsync(room, whole);
            var log = (await room.Store.ReadAuditAsync(TenantId.Local, 1, 10_000, default)).Value.Rows.Select(r => JsonElement.Parse(r.Json).GetProperty("message").GetString()!).ToList();
            there = log.Count;
            // No hole: what stands in the log stands in the flights, and the other way round.
            foreach (var header in (await room.Store.ListAsync(TenantId.Local, new(), default)).Value)
                Assert.Equal(log.Count(m => m.StartsWith($"{header.Workflow} ", StringComparison.Ordinal)), (await room.Store.ReadAsync(TenantId.Local, header.Workflow, default)).Value.Entries.Count);
            Assert.True((await room.Store.AppendAuditAsync(TenantId.Local, [Event(WorkflowId.Parse("wf-after"), 0)], default)).Ok);
        }
        await using var again = (await Stores.OpenAsync(directory, new SetClock(), new CountedIds(), default)).Value;
        Assert.Equal(there + 1, (await Ledger.Audit.AuditVerifier.VerifyStoreAsync(again.Store, TenantId.Local, again.Signer.PublicKeyPem, null, default)).Value.Events);
        return there < whole.Audit.Count;
    }

    private static EntryDraft Entry(string text) => new("note", JsonSerializer.SerializeToElement(text));

    private static AuditEvent Event(WorkflowId id, long sequence) =>
        new() { EventId = $"{id}-{sequence}", Timestamp = DateTimeOffset.UnixEpoch, EventType = "state_changed", Message = $"{id} {sequence}" };
}
